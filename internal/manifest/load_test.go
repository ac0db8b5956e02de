package manifest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/manifest"
)

const one = "apiVersion: bindgate/v1\nbindings:\n- {domainName: %s, groupId: g, regionId: r}\n"

// folder makes a folder of files (a name that ends in / is a folder) and gives
// its path without symbolic links.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// first gives the first binding of a set.
func first(t *testing.T, set *manifest.Set) binding.Binding {
	t.Helper()
	for b := range set.All() {
		return b
	}
	t.Fatal("the set is empty")
	return binding.Binding{}
}

func TestLoadFillsTheBinding(t *testing.T) {
	set, err := manifest.Load([]string{samples + "/valid/full.yaml"}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := samples + "/valid/full.yaml"
	at := func(line, column int) binding.Position {
		return binding.Position{File: file, Line: line, Column: column}
	}
	release, everywhere, yes := "RELEASE", "", true
	want := []binding.Binding{{
		DomainName: "api.demo.com", GroupID: "927d50c0f2e54b359919923d908bb015", RegionID: "cn-hangzhou",
		BindStageName: &release, CustomDomainType: "INTERNET", CustomDomainTypeGiven: true, IsHTTPRedirectToHTTPS: &yes, DomainProof: "cname",
		Certificate: &binding.Certificate{Name: "api_demo_com_2026", Body: "certs/api.demo.com.pem",
			PrivateKey: &binding.SecretRef{File: "certs/api.demo.com.key"}},
		Labels: map[string]string{"owner": "payments", "changeTicket": "CHG-1042", "team/cost~centre": "7"},
		Source: at(4, 5),
		Positions: binding.Positions{
			{Pointer: "/domainName", Line: 4, Column: 17}, {Pointer: "/groupId", Line: 5, Column: 14}, {Pointer: "/regionId", Line: 2, Column: 22}, {Pointer: "/bindStageName", Line: 6, Column: 20},
			{Pointer: "/customDomainType", Line: 2, Column: 53}, {Pointer: "/isHttpRedirectToHttps", Line: 7, Column: 28}, {Pointer: "/certificate", Line: 9, Column: 7},
			{Pointer: "/certificate/name", Line: 9, Column: 13}, {Pointer: "/certificate/body", Line: 10, Column: 13}, {Pointer: "/certificate/privateKey", Line: 11, Column: 19},
			{Pointer: "/labels", Line: 12, Column: 13}, {Pointer: "/labels/owner", Line: 12, Column: 21}, {Pointer: "/labels/changeTicket", Line: 12, Column: 45}, {Pointer: "/labels/team~1cost~0centre", Line: 12, Column: 75},
		},
	}, {
		DomainName: "www.demo.com", GroupID: "927d50c0f2e54b359919923d908bb015", RegionID: "cn-shanghai",
		BindStageName: &everywhere, CustomDomainType: "INTRANET", CustomDomainTypeGiven: true, DomainProof: "txt",
		IsForce: true, ForceFrom: []string{"523e8dc7bbe04613b5b1d726c2a7889d", "0f0e8dc7bbe04613b5b1d726c2a7889d"},
		Certificate: &binding.Certificate{Name: "www_demo_com", Body: "certs/www.demo.com.p12",
			PrivateKey: &binding.SecretRef{Env: "BINDGATE_KEY_WWW", PassphraseEnv: "BINDGATE_PASSPHRASE_WWW"}},
		Labels: map[string]string{"owner": "platform"},
		Source: at(13, 5),
		Positions: binding.Positions{
			{Pointer: "/domainName", Line: 13, Column: 17}, {Pointer: "/groupId", Line: 14, Column: 14}, {Pointer: "/regionId", Line: 15, Column: 15}, {Pointer: "/bindStageName", Line: 16, Column: 20},
			{Pointer: "/customDomainType", Line: 17, Column: 23}, {Pointer: "/isForce", Line: 18, Column: 14}, {Pointer: "/forceFrom", Line: 20, Column: 7}, {Pointer: "/forceFrom/0", Line: 20, Column: 9},
			{Pointer: "/forceFrom/1", Line: 21, Column: 9}, {Pointer: "/domainProof", Line: 22, Column: 18}, {Pointer: "/certificate", Line: 24, Column: 7}, {Pointer: "/certificate/name", Line: 24, Column: 13},
			{Pointer: "/certificate/body", Line: 25, Column: 13}, {Pointer: "/certificate/privateKey", Line: 26, Column: 19}, {Pointer: "/certificate/privateKey/env", Line: 26, Column: 25},
			{Pointer: "/certificate/privateKey/passphraseEnv", Line: 26, Column: 58}, {Pointer: "/labels", Line: 2, Column: 71}, {Pointer: "/labels/owner", Line: 2, Column: 79},
		},
	}}
	byPointer := cmpopts.SortSlices(func(a, b binding.Place) bool { return a.Pointer < b.Pointer })
	if diff := cmp.Diff(want, slices.Collect(set.All()), byPointer); diff != "" {
		t.Errorf("bindings (-want +got):\n%s", diff)
	}
}

// TestLoadKeepsAbsenceAndJSON holds that what was not written is not sent, and
// that JSON with a byte order mark, CRLF and tabs keeps its positions.
func TestLoadKeepsAbsenceAndJSON(t *testing.T) {
	set, err := manifest.Load([]string{"tabs-bom-crlf.json"}, manifest.Options{WorkDir: samples + "/valid"})
	if err != nil {
		t.Fatal(err)
	}
	b := first(t, set)
	if b.BindStageName != nil || b.IsHTTPRedirectToHTTPS != nil || b.CustomDomainTypeGiven || b.CustomDomainType != "INTERNET" ||
		b.DomainProof != "cname" || b.Labels != nil || b.IsForce || b.ForceFrom != nil {
		t.Errorf("got values that were not written: %+v", b)
	}
	if b.DomainName != "api.demo.com" || b.Certificate.Body != "certs/api.pem" {
		t.Errorf("escapes are read otherwise: %+v", b)
	}
	for pointer, want := range map[string]string{"": "4:3", "/domainName": "4:18", "/certificate/body": "5:48", "/certificate/chain": "5:19"} {
		if p := b.At(pointer); fmt.Sprintf("%d:%d", p.Line, p.Column) != want {
			t.Errorf("%q is at %d:%d, want %s", pointer, p.Line, p.Column, want)
		}
	}
}

func TestLoadInputs(t *testing.T) {
	dir := folder(t, map[string]string{
		"many/bindings.yaml":              fmt.Sprintf(one, "b"),
		"many/bindings.json":              fmt.Sprintf(one, "j"),
		"many/a.bindgate.yml":             fmt.Sprintf(one, "a"),
		"many/.bindgate.yaml":             "formats: [text]\n",
		"many/other.yaml":                 "nothing of ours",
		"many/bindings.txt":               "nothing of ours",
		"many/below/c/bindings.yaml":      fmt.Sprintf(one, "c"),
		"many/below/bindings.yaml":        "not ours",
		"many/.git/bindings.yaml":         "not read",
		"many/node_modules/bindings.yaml": "not read",
		"empty/none/readme.md":            "",
		"none/readme.md":                  "",
		"wrong/bindings.yaml/":            "",
		"one.yaml":                        fmt.Sprintf(one, "o"),
		"hidden/\x1b[2J.bindgate.yaml":    fmt.Sprintf(one, "h"),
	})
	for name, tc := range map[string]struct {
		args    []string
		domains string // joined, or the error
	}{
		"folder, sorted":      {[]string{"many"}, "a c j b"},
		"file and its folder": {[]string{"many/bindings.yaml", "many", "./many/bindings.yaml"}, "b a c j"},
		"standard input":      {[]string{"-", "one.yaml", "-"}, "s o"},
		"missing":             {[]string{"nothing.yaml"}, "nothing.yaml: no such file or folder; name a manifest"},
		"folder without":      {[]string{"none"}, "none: folder holds no manifest, want bindings.yaml or *.bindgate.yaml"},
		"none below":          {[]string{"empty"}, "empty: folder holds no manifest, want bindings.yaml or *.bindgate.yaml (or .yml, .json), in it or below it; "},
		"folder for a file":   {[]string{"wrong"}, "wrong/bindings.yaml: reading manifest: reading"},
		"hostile name":        {[]string{"hidden"}, `"hidden/\x1b[2J.bindgate.yaml": file name holds control characters`},
		"device":              {[]string{os.DevNull}, os.DevNull + ": reading manifest: reading \"" + os.DevNull + "\": not a regular file: got a device"},
		"all errors":          {[]string{"x", "none", "y"}, "x: no such file or folder; name a manifest or a map, or a folder that holds bindings.yaml\nnone: folder"},
	} {
		set, err := manifest.Load(tc.args, manifest.Options{WorkDir: dir, Stdin: strings.NewReader(fmt.Sprintf(one, "s"))})
		if err != nil {
			if !strings.HasPrefix(err.Error(), tc.domains) {
				t.Errorf("%s:\n got %v\nwant %s", name, err, tc.domains)
			}
			continue
		}
		var domains []string
		for b := range set.All() {
			domains = append(domains, b.DomainName)
			if want := filepath.Dir(filepath.Join(dir, b.Source.File)); set.Folder(b) != want {
				t.Errorf("%s: %q begins in %q, want %q", name, b.Source.File, set.Folder(b), want)
			}
		}
		if got := strings.Join(domains, " "); got != tc.domains {
			t.Errorf("%s: got %q, want %q", name, got, tc.domains)
		}
	}
}

// A folder that is a link is searched as what it leads to, and a link in it is not followed.
// What is ignored below it does not count, even if it cannot be read; else that is an error.
func TestLoadBelow(t *testing.T) {
	dir := folder(t, map[string]string{
		"tree/bindings.yaml":           fmt.Sprintf(one, "top"),
		"tree/in/bindings.yaml":        fmt.Sprintf(one, "in"),
		"tree/ignored/x/bindings.yaml": fmt.Sprintf(one, "ignored"),
		"tree/closed/bindings.yaml":    fmt.Sprintf(one, "closed"),
		"other/bindings.yaml":          fmt.Sprintf(one, "other"),
	})
	for from, to := range map[string]string{"tree/away": "../other", "link": "tree"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	domains := func(ignored ...string) string {
		t.Helper()
		set, err := manifest.Load([]string{"link"}, manifest.Options{WorkDir: dir, Ignored: func(folder string, paths []string) (out []string, err error) {
			for _, name := range ignored {
				if name == "fail" {
					return nil, errors.New("git does not answer")
				}
				if path := filepath.Join(folder, name); slices.Contains(paths, path) {
					out = append(out, path)
				}
			}
			return out, nil
		}})
		if err != nil {
			return err.Error()
		}
		var names []string
		for b := range set.All() {
			names = append(names, b.DomainName)
		}
		return strings.Join(names, " ")
	}
	if got := domains(); got != "top closed ignored in" {
		t.Errorf("got %q, want all but what a link leads to", got)
	}
	if got := domains("ignored/x/bindings.yaml", "bindings.yaml"); got != "top closed in" {
		t.Errorf("got %q, want all but what is ignored below the folder", got)
	}
	if got := domains("fail"); !strings.Contains(got, "git does not answer; name the manifests one by one") {
		t.Errorf("got %q, want the error", got)
	}
	if err := os.Chmod(filepath.Join(dir, "tree/closed"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "tree/closed"), 0o755) })
	if _, err := os.ReadDir(filepath.Join(dir, "tree/closed")); err == nil {
		return // root reads every folder
	}
	if got := domains(); !strings.Contains(got, "closed") || !strings.Contains(got, "permission denied") {
		t.Errorf("got %q, want an error about the folder", got)
	}
	if got := domains("closed"); got != "top ignored in" {
		t.Errorf("got %q, want the folder to be left out", got)
	}
}

// zeros is a text without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestLoadRefusesTooMuch(t *testing.T) {
	head := "apiVersion: bindgate/v1\nbindings:\n"
	dir := folder(t, map[string]string{
		"large.yaml":   "",
		"comment.yaml": head + strings.Repeat("# filling\n", 1<<19),
		"item.yaml":    head + "- domainName: d\n" + strings.Repeat("  # filling\n", 1<<19) + "- domainName: e\n",
	})
	if err := os.Truncate(filepath.Join(dir, "large.yaml"), 64<<20+1); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]string{
		"large.yaml":   "large.yaml: file is too large: more than 64 MiB; split it into several files",
		"-":            "<stdin>: file is too large: more than 64 MiB; split it into several files",
		"comment.yaml": "comment.yaml:1:1: document is too large: more than 4 MiB or 300000 values that are not items of a plain list \"bindings\"; split it into several files",
		"item.yaml":    "item.yaml:3:1: item is too large: more than 4 MiB or 300000 values",
	} {
		_, err := manifest.Load([]string{arg}, manifest.Options{WorkDir: dir, Stdin: zeros{}})
		if err == nil || err.Error() != want {
			t.Errorf("%v:\n got %v\nwant %s", arg, err, want)
		}
	}
}

func TestDigestHasNoOrder(t *testing.T) {
	dir := folder(t, map[string]string{"a.yaml": fmt.Sprintf(one, "a"), "b.yaml": fmt.Sprintf(one, "b")})
	digest := func(args ...string) string {
		set, err := manifest.Load(args, manifest.Options{WorkDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Digest) != len("sha256:")+64 {
			t.Errorf("digest %q", set.Digest)
		}
		return set.Digest
	}
	if digest("a.yaml", "b.yaml") != digest("b.yaml", "a.yaml") {
		t.Error("the order of manifests changes the digest")
	}
	if digest("a.yaml") == digest("b.yaml") || digest("a.yaml") == digest("a.yaml", "b.yaml") {
		t.Error("different manifests have one digest")
	}
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := manifest.Load([]string{"zero-bindings.yaml"}, manifest.Options{WorkDir: samples + "/invalid"})
	var all manifest.Errors
	var first *manifest.Error
	if !errors.As(err, &all) || len(all) != 1 || !errors.As(err, &first) || first.Line != 2 || first.Column != 11 || first.Next == "" {
		t.Errorf("got %T %+v", err, err)
	}
}
