package policy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/mkfifo"
	"github.com/bindgate/bindgate/internal/policy/bundle"
)

const needsGroup = "# METADATA\n# scope: package\n# custom:\n#   needs: [group]\n"

// Each of these would be silent, or say nothing that holds, in a laxer engine.
func TestLoadRefusesModules(t *testing.T) {
	head := "package bindgate.policy.x\n"
	for name, c := range map[string]struct {
		module string
		want   []string
	}{
		"does not parse":               {head + "deny contains {", []string{"x.rego:2:", "unexpected"}},
		"empty":                        {"", []string{"x.rego", "empty module"}},
		"only a comment":               {"# nothing\n", []string{"x.rego"}},
		"rego v0":                      {head + "deny[msg] { msg := \"no\" }", []string{"x.rego:2:1", "`if` keyword is required"}},
		"does not compile":             {head + "deny contains x if { y := 1 }", []string{"x.rego:2:", "unsafe"}},
		"strict: unused":               {head + "deny contains \"x\" if { y := 1 }", []string{"x.rego:2:", "assigned var y unused"}},
		"strict: shadowed":             {head + "deny contains \"x\" if { input := 1; input == 1 }", []string{"x.rego:2:", "input"}},
		"misspelt namespace":           {"package bindgate.polices.x\ndeny contains \"x\"", []string{"x.rego:1:1", "bindgate.polices.x is never asked", "bindgate.policy.<name>"}},
		"another namespace":            {"package main\ndeny contains \"x\"", []string{"main is never asked"}},
		"at the group itself":          {"package bindgate.policy\ndeny contains \"x\"", []string{"bindgate.policy is never asked"}},
		"an odd name":                  {"package bindgate.policy[\"a.b\"]\ndeny contains \"x\"", []string{"is never asked"}},
		"adds to a shipped one":        {"package bindgate.force.rebind\nallow := true", []string{"x.rego:1:1", "meddles with bindgate.force.rebind"}},
		"below a shipped one":          {"package bindgate.force.rebind.reasons\nallow := true", []string{"meddles with bindgate.force.rebind"}},
		"around a shipped one":         {"package bindgate.force\nrebind.allow := true", []string{"is never asked"}},
		"no deny":                      {head + "warn contains \"x\"", []string{"x.rego:1:1", "defines no deny"}},
		"no allow":                     {"package bindgate.force.x\nreasons contains \"x\"", []string{"defines no allow"}},
		"deny is a function":           {head + "deny(x) if x == 1", []string{"x.rego:2:1", "deny is a function"}},
		"misspelt deny":                {head + "deny contains \"x\"\ndenny contains \"y\"", []string{"x.rego:3:1", "nothing asks for the rule denny", `did you mean "deny"?`}},
		"another tool's habit":         {head + "deny contains \"x\"\nviolation contains \"y\"", []string{"nothing asks for the rule violation"}},
		"no such input":                {head + "deny contains \"x\" if input.binding.domianName == \"\"", []string{"x.rego:2:", "input.binding has no field", `did you mean "domainName"?`}},
		"no such fact":                 {needsGroup + head + "deny contains \"x\" if input.evidence.group.facts.foo", []string{"x.rego:6:", "input.evidence.group.facts has no field \"foo\"", "want one of"}},
		"no such input, either":        {head + "deny contains \"x\" if input.resluts[\"dns/cname-reaches-group\"].status == \"fail\"", []string{"x.rego:2:", `did you mean "results"?`}},
		"no such check":                {head + "deny contains \"x\" if input.results[\"dns/cname-reaches-grup\"].status == \"fail\"", []string{"x.rego:2:", `did you mean "dns/cname-reaches-group"?`}},
		"no such check, aliased":       {"package bindgate.policy.x\nimport input.results as r\ndeny contains \"x\" if r[\"dns/cname-reaches-grup\"].status == \"fail\"", []string{"x.rego:3:", `did you mean "dns/cname-reaches-group"?`}},
		"no such check, by variable":   {head + "deny contains \"x\" if { r := input.results; r[\"dns/cname-reaches-grup\"].status == \"fail\" }", []string{"x.rego:2:", `did you mean "dns/cname-reaches-group"?`}},
		"no such check, in a function": {head + "deny contains \"x\" if f(input)\nf(i) if i.results[\"dns/cname-reaches-grup\"].status == \"fail\"", []string{"x.rego:2:", "read as a whole"}},
		"no such result field":         {head + "deny contains \"x\" if input.results[\"dns/cname-reaches-group\"].state == \"fail\"", []string{"x.rego:2:", "state"}},
		"undeclared evidence":          {head + "deny contains \"x\" if not input.evidence.group.facts.found", []string{"x.rego:2:", "add group to custom.needs"}},
		"evidence by a helper":         {head + "deny contains \"x\" if helper(1)\nhelper(_) if input.evidence.dns.facts.mode == \"resolver\"", []string{"x.rego:3:", "add dns to custom.needs"}},
		"evidence by a name":           {head + "deny contains \"x\" if {\n\tg := input.evidence.group\n\tnot g.facts.found\n}", []string{"x.rego:3:", "add group to custom.needs"}},
		"evidence by an import":        {head + "import input.evidence.group as g\ndeny contains \"x\" if not g.facts.found", []string{"x.rego:3:", "add group to custom.needs"}},
		"evidence as a whole":          {head + "deny contains \"x\" if {\n\tsome e in input.evidence\n\te.state == \"failed\"\n}", []string{"x.rego:3:", "read as a whole"}},
		"input as a whole":             {head + "deny contains \"x\" if not object.get(input, [\"evidence\", \"group\"], false)", []string{"x.rego:2:", "input is read as a whole"}},
		"input replaced":               {head + "deny contains \"x\" if helper with input as {}\nhelper if true", []string{"x.rego:2:", "`with` replaces input"}},
		"unknown need":                 {strings.Replace(needsGroup, "group", "grup", 1) + head + "deny contains \"x\"", []string{"x.rego:1:1", `"grup"`, "dns proof certificate"}},
		"needs is no list":             {strings.Replace(needsGroup, "[group]", "group", 1) + head + "deny contains \"x\"", []string{"custom.needs in METADATA is no list"}},
		"no such data":                 {head + "deny contains \"x\" if input.binding.domainName in data.tem.names", []string{"x.rego:2:", "data.tem.names is read"}},
		"http.send":                    {head + "deny contains \"x\" if http.send({}).status == 1", []string{"x.rego:2:", "undefined function http.send"}},
		"net.lookup_ip_addr":           {head + "deny contains \"x\" if net.lookup_ip_addr(\"a\")", []string{"undefined function net.lookup_ip_addr"}},
		"opa.runtime":                  {head + "deny contains \"x\" if opa.runtime().env", []string{"undefined function opa.runtime"}},
		"rand.intn":                    {head + "deny contains \"x\" if rand.intn(\"a\", 2) == 1", []string{"undefined function rand.intn"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"x.rego": c.module})
			_, err := Load(context.Background(), Options{Dirs: []string{dir}, Results: []string{"dns/cname-reaches-group", "group/exists"}})
			if err == nil {
				t.Fatal("loaded")
			}
			wantWords(t, err.Error(), c.want...)
		})
	}
}

func TestLoadTakesLibrariesAndSeveralModules(t *testing.T) {
	dir := folder(t, map[string]string{
		"lib.rego":          "package bindgate.lib.names\nshort(s) if count(s) < 3\nunused := 1",
		"deep/x.rego":       "package bindgate.policy.x\ndeny contains \"short\" if data.bindgate.lib.names.short(input.binding.domainName)",
		"deep/more.rego":    needsGroup + "package bindgate.policy.x\ndeny contains \"gone\" if not input.evidence.group.facts.found",
		"y_test.rego":       "package bindgate.policy.y_test\ntest_short if data.bindgate.lib.names.short(\"ab\")",
		"README.md":         "# nor this",
		".git/objects.rego": "nor this",
	})
	e, err := Load(context.Background(), Options{Dirs: []string{dir, filepath.Join(dir, "lib.rego")}})
	if err != nil {
		t.Fatal(err)
	}
	if o := e.Evaluate(context.Background(), plain()); o.Reason != "" || len(o.Facts.Packages) != 1 || o.Facts.Packages[0].Denials != nil {
		t.Errorf("got %+v", o)
	}
}

func TestLoadRefusesPaths(t *testing.T) {
	dir := folder(t, map[string]string{"empty/README.md": "#", "tests/x_test.rego": "package a", "data.yaml": "a: 1",
		"big/x.rego": "package bindgate.policy.x\n#" + strings.Repeat("x", maxModuleBytes)})
	for target, link := range map[string]string{"big": "links/dir", "nowhere": "dangling/x.rego"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(dir, target), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "pipe"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := mkfifo.At(filepath.Join(dir, "pipe", "x.rego")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"empty": "holds no policy", "missing": "does not exist", "empty/README.md": "holds no policy",
		"data.yaml": "give it to --data", "big": "too large", "links": "links to a folder",
		"dangling": "no such file", "pipe": "not a regular file",
	} {
		_, err := Load(context.Background(), Options{Dirs: []string{filepath.Join(dir, path)}})
		if err == nil {
			t.Errorf("%s: loaded", path)
			continue
		}
		wantWords(t, err.Error(), want, filepath.Base(path))
	}
}

func TestLoadFollowsAMountedConfigMap(t *testing.T) {
	dir := folder(t, map[string]string{"..2026/x.rego": "package bindgate.policy.x\ndeny contains \"always\""})
	for _, link := range [][2]string{{"..2026", "..data"}, {"..data/x.rego", "x.rego"}} {
		if err := os.Symlink(link[0], filepath.Join(dir, link[1])); err != nil {
			t.Fatal(err)
		}
	}
	e, err := Load(context.Background(), Options{Dirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	if o := e.Evaluate(context.Background(), plain()); len(o.Facts.Packages) != 1 || len(o.Facts.Packages[0].Denials) != 1 {
		t.Errorf("got %+v", o)
	}
}

// A folder with tests alone enforces nothing, and may hold a policy by mistake.
func TestLoadTellsAFolderOfTestsAlone(t *testing.T) {
	_, err := Load(context.Background(), Options{Dirs: []string{folder(t, map[string]string{"load_test.rego": "package bindgate.policy.load_test\ntest_x if true"})}})
	if err == nil {
		t.Fatal("loaded")
	}
	wantWords(t, err.Error(), "holds no policy")
}

func TestDigest(t *testing.T) {
	digestOf := func(o Options) string {
		e, err := Load(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		return e.Digest()
	}
	a := folder(t, map[string]string{"x.rego": "package bindgate.policy.x\ndeny contains \"x\""})
	b := folder(t, map[string]string{"other/name.rego": "package bindgate.policy.x\ndeny contains \"x\""})
	c := folder(t, map[string]string{"x.rego": "package bindgate.policy.y\ndeny contains \"x\""})
	data := filepath.Join(folder(t, map[string]string{"d.yaml": "force_rebind: {protectedGroups: [core]}"}), "d.yaml")
	if digestOf(Options{Dirs: []string{a}}) != digestOf(Options{Dirs: []string{b}}) {
		t.Error("the digest depends on where the files lie")
	}
	if digestOf(Options{Dirs: []string{a, c}}) != digestOf(Options{Dirs: []string{c, a}}) {
		t.Error("the digest depends on the order of the files")
	}
	seen := map[string]bool{}
	for _, o := range []Options{{}, {Dirs: []string{a}}, {Dirs: []string{c}}, {Data: []string{data}}} {
		d := digestOf(o)
		if seen[d] || len(d) != len("sha256:")+64 {
			t.Errorf("%+v: got %q", o, d)
		}
		seen[d] = true
	}
}

// A file that looks like a policy by its name, and that is not read, is an error: the
// author believes that it denies.
func TestMisnamedPoliciesAreRefused(t *testing.T) {
	for name, refused := range map[string]bool{
		"b.rego ": true, "b.rego.bak": true, "x.Rego.txt": true, "b.rego~": true, "below/b.rego.orig": true, "b.REGO.": true, ".b.rego": false,
		".b.rego.swp": false, "b.txt": false, "rego.md": false, "x.rego.d/readme.txt": false,
	} {
		files := map[string]string{"x.rego": small, name: strings.Replace(small, "package bindgate.policy.x", "package bindgate.policy.y", 1)}
		packed, err := bundle.Write([]bundle.File{{Name: "x.rego", Text: []byte(small)}, {Name: name, Text: []byte(files[name])}}, language)
		if err != nil {
			t.Fatal(err)
		}
		for form, path := range map[string]string{"folder": folder(t, files), "bundle": filepath.Join(folder(t, map[string]string{"p.tar.gz": string(packed)}), "p.tar.gz")} {
			_, err := Load(context.Background(), Options{Dirs: []string{path}, Labels: declared("owner", "changeTicket")})
			if refused != (err != nil) || refused && !strings.Contains(err.Error(), "would not be read: its name holds .rego") {
				t.Errorf("%q in a %s: got %v, refused: %t", name, form, err, refused)
			}
		}
	}
}

// A format that does not fit its arguments does not load: its message would hold
// %!d(MISSING).
func TestFormatsFitTheirArguments(t *testing.T) {
	for call, want := range map[string]string{
		`sprintf("%s", [input.binding.domainName])`:                                       "",
		`sprintf("100%% %s", [input.binding.domainName])`:                                 "",
		`sprintf("%v %[1]v %5.1f%%", [input.binding.domainName, 1.5])`:                    "",
		`sprintf("%*d", [5, 7])`:                                                          "",
		`sprintf("%s %s", [input.binding.domainName])`:                                    "x.rego:2:15: the format \"%s %s\" has more verbs than the 1 arguments",
		`sprintf("%[3]v", [input.binding.domainName])`:                                    "has more verbs",
		`sprintf("%s", [input.binding.domainName, input.binding.groupId])`:                "has fewer verbs than the 2 arguments",
		`sprintf("no verb", [input.binding.domainName])`:                                  "has fewer verbs than the 1 arguments",
		`sprintf("%d", [input.binding.domainName])`:                                       "prints input.binding.domainName with %d, which is for numbers, and it is a text",
		`sprintf("%d", [lower(input.binding.domainName)])`:                                "which is for numbers",
		`sprintf("%s", [count(input.binding.forceFrom)])`:                                 "with %s, which is for texts, and it is a number",
		`sprintf("%t", [input.binding.isForce])`:                                          "has the verb %t, which sprintf does not print",
		`sprintf("%y", [input.binding.domainName])`:                                       "has the verb %y",
		`sprintf("%v is 100%", [input.binding.domainName])`:                               "has a percent sign without a verb",
		`sprintf("%v is 100% of it", [input.binding.domainName])`:                         "has more verbs",
		`{"msg": sprintf("%s %s", [input.binding.domainName]), "pointer": "/domainName"}`: "has more verbs",
	} {
		_, err := Load(context.Background(), Options{Dirs: []string{folder(t, map[string]string{"x.rego": "package bindgate.policy.x\ndeny contains " + call + " if input.binding.isForce\n"})}})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", call, err, want)
		}
	}
}

// nested is a policy of comprehensions within each other, each with a condition.
func nested(depth int) string {
	body := `v0 := input.binding.domainName; v0 != null; v0 == "a"`
	for i := 1; i <= depth; i++ {
		body = fmt.Sprintf(`v%d := [w%d | some w%d in ["a"]; %s]; count(v%d) > 9; input.binding.domainName != null`, i, i, i, body, i)
	}
	return "package bindgate.policy.x\ndeny contains \"x\" if {" + body + "}\n"
}

// joined is a policy of comparisons within each other.
func joined(operator, compare string, depth int) string {
	condition := `input.binding.regionId == "x"`
	for i := range depth {
		condition = fmt.Sprintf(`(input.binding.groupId %s "y%d" %s %s)`, compare, i, operator, condition)
	}
	return "package bindgate.policy.x\ndeny contains \"x\" if {" + condition + "}\n"
}

// Following a policy once took five times longer for each comprehension around another.
func TestLoadOfNestedBodiesEnds(t *testing.T) {
	cputime.SkipUnderRace(t)
	for _, c := range []struct{ name, module, want string }{
		{"as deep as allowed", nested(maxBodies), ""},
		{"deeper", nested(maxBodies + 1), "x.rego:2:"},
		{"every", "package bindgate.policy.x\ndeny contains \"x\" if {" + strings.Repeat("every _ in [1] {", 30) + `input.binding.domainName == "x"` + strings.Repeat("}", 30) + "}", "in 30 comprehensions and bodies of `every`, one within the other; want at most 8"},
		{"and", joined("and", "!=", 50), ""},
		{"and, too often", joined("and", "!=", 150), "takes more than 200000 steps"},
		{"or", joined("or", "==", 100), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := cputime.Spent(t)
			_, err := Load(context.Background(), Options{Dir: folder(t, map[string]string{"x.rego": c.module}), Dirs: []string{"."}})
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want a policy", err)
			case c.want != "" && err == nil:
				t.Errorf("got a policy, want an error with %q", c.want)
			case err != nil:
				wantWords(t, err.Error(), c.want)
			}
			if spent := cputime.Spent(t) - begun; spent > 10*time.Second {
				t.Errorf("took %v of CPU", spent)
			}
		})
	}
}

// A value that an expression passes on to a variable that stands before it in the same
// expression is followed.
func TestValuesPassedOnWithinOneExpression(t *testing.T) {
	for _, pattern := range []string{"[a, b] = [b, input.binding.certificate.name]", "[a, [b, c]] = [b, [c, input.binding.certificate.name]]"} {
		for _, condition := range []string{`startswith(a, "x")`, "a < 3", "count([1 | a]) == 0"} {
			module := "package bindgate.policy.x\ndeny contains \"x\" if { " + pattern + "; " + condition + " }\n"
			_, err := Load(context.Background(), Options{Dir: folder(t, map[string]string{"x.rego": module}), Dirs: []string{"."}})
			if err == nil {
				t.Errorf("%s: got a policy, want an error", module)
				continue
			}
			wantWords(t, err.Error(), "null")
		}
	}
}

// Tests are compiled as policies are.
func TestNestedBodiesOfTestsAreRefused(t *testing.T) {
	o := Options{Dir: folder(t, map[string]string{
		"x.rego":      "package bindgate.policy.x\nimport rego.v2\ndeny contains \"x\" if input.binding.groupId == \"y\"\n",
		"x_test.rego": strings.NewReplacer("policy.x", "policy.x_test", `deny contains "x"`, "test_x").Replace(nested(maxBodies + 22)),
	}), Dirs: []string{"."}}
	_, err := Test(context.Background(), o)
	if err == nil {
		t.Fatal("got no error")
	}
	wantWords(t, err.Error(), "x_test.rego:2:", "in 30 comprehensions and bodies of `every`")
	if err := Check(context.Background(), o); err == nil {
		t.Error("check: got no error")
	} else {
		wantWords(t, err.Error(), "in 30 comprehensions")
	}
}
