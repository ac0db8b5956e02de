package policy

import (
	"context"
	"maps"
	"strings"
	"testing"
)

func TestWhy(t *testing.T) {
	const head = `# METADATA
# scope: package
# custom:
#   needs: [account]
package bindgate.policy.x

import rego.v2

`
	for name, c := range map[string]struct {
		rules string
		want  string
	}{
		"holds":                    {`deny contains sprintf("no %s", [input.binding.domainName]) if input.binding.isForce == false`, "deny x.rego:9 holds: no www.demo.com"},
		"false":                    {`deny contains "x" if input.binding.regionId == "eu-west-1"`, `deny x.rego:9 stops at x.rego:9: input.binding.regionId == "eu-west-1", which is false: input.binding.regionId is "cn-hangzhou"`},
		"missing text":             {`deny contains "x" if input.binding.bindStageName == "RELEASE"`, "for which a value is missing: input.binding.bindStageName is missing"},
		"absent object":            {"deny contains \"x\" if {\n\tinput.binding.isForce == false\n\tinput.binding.certificate.name == \"c\"\n}", "x.rego:11: input.binding.certificate.name == \"c\", for which a value is missing: input.binding.certificate is not given"},
		"what is asked for absent": {"deny contains \"x\" if {\n\tinput.binding.regionId == null\n}", "input.binding.regionId == null, which is false"},
		"a negation":               {"deny contains \"x\" if not hangzhou\n\nhangzhou if input.binding.regionId == \"cn-hangzhou\"", "not hangzhou, which is false: hangzhou is true"},
		"a rule below":             {"deny contains \"x\" if abroad\n\nabroad if input.binding.regionId == \"eu-west-1\"", "x.rego:9: abroad, which is false: abroad does not hold|which stops at x.rego:11: input.binding.regionId =="},
		"a rule below, again":      {"deny contains \"x\" if abroad\n\ndeny contains \"y\" if abroad\n\nabroad if input.binding.regionId == \"eu-west-1\"", "deny x.rego:11 stops at x.rego:11: abroad, which is false: abroad does not hold|which stops at x.rego:13: input"},
		"a function":               {"deny contains \"x\" if far(input.binding.regionId)\n\nfar(name) if startswith(name, \"eu-\")", `which stops at x.rego:11: startswith(name, "eu-"), which is false: name is "cn-hangzhou"`},
		"a call in a call":         {"deny contains \"x\" if count(input.binding.forceFrom) > 3", "count(input.binding.forceFrom) > 3, which is false: input.binding.forceFrom is [\"523e8dc7"},
		"every":                    {"deny contains \"x\" if every group in input.evidence.account.facts.boundGroups {\n\tgroup.conflicts == false\n}", "which stops at x.rego:10: group.conflicts == false, which is false: group.conflicts is true"},
		"some":                     {"deny contains \"x\" if {\n\tsome group in input.evidence.account.facts.boundGroups\n\tgroup.groupName == \"core\"\n}", "x.rego:11: group.groupName == \"core\", which is false: group.groupName is \"legacy\""},
		"nothing to go through":    {"deny contains \"x\" if {\n\tsome ns in input.evidence.account.facts.boundGroups[0].domain.unknownFields\n\tns == \"core\"\n}", "is empty"},
		"a negated function":       {"deny contains \"x\" if not far(input.binding.regionId)\n\nfar(name) if startswith(name, \"cn-\")", "not far(input.binding.regionId), which is false: input.binding.regionId is \"cn-hangzhou\", far holds"},
		"an alternative":           {"deny contains \"x\" if abroad\n\nabroad if input.binding.regionId == \"eu-west-1\"\n\nabroad if input.binding.regionId == \"cn-hangzhou\"", "deny x.rego:9 holds: x"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := c.rules
			if !strings.Contains(rules, "evidence") {
				rules += "\n\nwarn contains \"w\" if count(input.evidence.account.facts.boundGroups) > 90"
			}
			in := plain()
			in.Evidence.Account.Facts.BoundGroups[0].Conflicts = true
			e, err := Load(context.Background(), Options{Dirs: []string{"x.rego"}, Dir: folder(t, map[string]string{"x.rego": head + rules + "\n"})})
			if err != nil {
				t.Fatal(err)
			}
			list, err := e.Why(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			got := WhyText(list, func(s string) string { return s })
			wantWords(t, got, strings.Split(c.want, "|")...)
		})
	}
}

// What keeps a package from being asked is said of the whole package, and nothing of
// its rules.
func TestWhySkips(t *testing.T) {
	module := strings.Replace(small, "package", "# METADATA\n# scope: package\n# custom:\n#   needs: [certificate]\npackage", 1)
	module = strings.Replace(module, "input.binding.isForce", `input.evidence.certificate.facts.container == "pem"`, 1)
	list, err := engine(t, module).Why(context.Background(), plain())
	if err != nil || len(list) != 2 {
		t.Fatalf("got %v, %v", list, err)
	}
	text := WhyText(list, func(s string) string { return s })
	wantWords(t, text, "bindgate.policy.x: not applicable: it is about the certificate", "bindgate.force.rebind: not asked: the binding has no isForce")
	if len(list[0].Rules) > 0 || len(list[1].Rules) > 0 {
		t.Errorf("got %v, want no rules", list)
	}
}

// Every shipped rule is explained, in a force that is allowed and in one that is not.
func TestWhyOfTheShippedPolicy(t *testing.T) {
	e, err := Load(context.Background(), Options{Labels: declared("owner", "changeTicket")})
	if err != nil {
		t.Fatal(err)
	}
	in := force()
	for _, missing := range []bool{false, true} {
		if missing {
			delete(in.Binding.Labels, "owner")
		}
		list, err := e.Why(context.Background(), in)
		if err != nil || len(list) == 0 {
			t.Fatalf("got %v, %v", list, err)
		}
		for _, r := range list[0].Rules {
			if r.Rule == "allow" && r.Holds == missing {
				t.Errorf("allow holds: %v, with the label missing: %v", r.Holds, missing)
			}
			if !r.Holds && r.Stop == nil {
				t.Errorf("%s %s neither holds nor stops", r.Rule, r.Place)
			}
		}
		text := WhyText(list, func(s string) string { return s })
		if missing {
			wantWords(t, text, "holds: the label owner is missing or empty", "count(reasons) == 0, which is false: reasons is")
		}
	}
}

// A package that is off is reported as off, and a set of policies that switches it off
// is weaker.
func TestWhyOff(t *testing.T) {
	files := map[string]string{"freeze/x.rego": freezePolicy, "freeze/data.jsonschema": freezeSchema}
	on := map[string]string{"freeze/data.yaml": "enabled: true\nwindows: [{from: 2026-01-01T00:00:00Z}]\n"}
	maps.Copy(on, files)
	rulings := map[bool]Ruling{}
	for off, dir := range map[bool]string{true: folder(t, files), false: folder(t, on)} {
		e, err := Load(context.Background(), Options{Dirs: []string{dir}})
		if err != nil {
			t.Fatal(err)
		}
		rulings[off] = RulingOf(plain().Binding, e.Evaluate(context.Background(), plain()))
		list, err := e.Why(context.Background(), plain())
		if err != nil {
			t.Fatal(err)
		}
		text := WhyText(list, func(s string) string { return s })
		if off {
			wantWords(t, text, "bindgate.policy.freeze: off: data.freeze is not set")
		} else {
			wantWords(t, text, "holds: no binding from 2026-01-01T00:00:00Z")
		}
	}
	if !rulings[true].Weaker(rulings[false]) {
		t.Errorf("got %v, want it weaker than %v", rulings[true], rulings[false])
	}
	wantWords(t, strings.Join(rulings[false].Changes(rulings[true]), "\n"), "- deny bindgate.policy.freeze", "+ off bindgate.policy.freeze: data.freeze is not set")
}
