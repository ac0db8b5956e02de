package demo

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

// loaded writes the scenario into a folder and loads the manifest from it.
func loaded(t *testing.T, s scenario) *manifest.Set {
	t.Helper()
	f := folder{path: t.TempDir()}
	if err := mint(f, s.orders, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := f.write(manifestName, s.manifest); err != nil {
		t.Fatal(err)
	}
	set, err := manifest.Load([]string{f.join(manifestName)}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestEveryBindingIsExpected(t *testing.T) {
	for _, platform := range []string{binding.Classic, binding.APIG} {
		t.Run(platform, func(t *testing.T) { everyBindingIsExpected(t, scenarioOf(platform)) })
	}
}

func everyBindingIsExpected(t *testing.T, s scenario) {
	bindings, all := slices.Collect(loaded(t, s).All()), s.expected
	if len(all) < 12 || len(all) != len(bindings) {
		t.Fatalf("got %d expectations and %d bindings, want as many and at least 12", len(all), len(bindings))
	}
	reasons := map[string]string{}
	for i, e := range all {
		if b := bindings[i]; b.DomainName != e.domain || b.GroupID+b.GatewayID != e.target || (e.alone != "") != s.plain {
			t.Errorf("got binding %q on %q, expected %v", b.DomainName, b.GroupID, e.place)
		}
		check, refused := strings.CutPrefix(e.want, "refused: ")
		if !refused {
			continue
		}
		if other := reasons[check]; other != "" {
			t.Errorf("%s and %s are refused for the same reason", e.domain, other)
		}
		reasons[check] = e.domain
		if _, ok := catalog.Find(check); !ok {
			t.Errorf("%s: no check is called %q", e.domain, check)
		}
	}
	if len(reasons) < 6 {
		t.Errorf("got %d reasons to refuse, want at least 6", len(reasons))
	}
}

// The manifest names every created file, and mint creates every file that it
// names.
func TestEveryFileIsMinted(t *testing.T) {
	for _, platform := range []string{binding.Classic, binding.APIG} {
		t.Run(platform, func(t *testing.T) { everyFileIsMinted(t, scenarioOf(platform)) })
	}
}

func everyFileIsMinted(t *testing.T, s scenario) {
	var named []string
	for _, m := range regexp.MustCompile(`body: certs/(.*?)\.pem`).FindAllStringSubmatch(s.seed, -1) {
		named = append(named, m[1])
	}
	for b := range loaded(t, s).All() {
		if b.Certificate == nil {
			continue
		}
		file, ok := strings.CutSuffix(b.Certificate.Body, ".pem")
		if !ok || b.Certificate.PrivateKey.File != file+".key" {
			t.Errorf("%s: got files %q and %q", b.DomainName, b.Certificate.Body, b.Certificate.PrivateKey.File)
		}
		named = append(named, filepath.Base(file))
	}
	var minted []string
	for _, o := range s.orders {
		minted = append(minted, o.file)
	}
	slices.Sort(named)
	slices.Sort(minted)
	named = slices.Compact(named)
	if !slices.Equal(named, minted) {
		t.Errorf("named are %q, minted are %q", named, minted)
	}
}

// TestCompare changes one property of a run without differences.
func TestCompare(t *testing.T) {
	const group, other = "g", "old"
	at := map[string]string{"DomainName": "a.demo.com", "GroupId": group, "IsForce": "true"}
	held := []account.Group{{GroupID: other, Domains: []account.Domain{{DomainName: "a.demo.com"}, {DomainName: "b.demo.com"}}}}
	for name, change := range map[string]func(*run){
		"":               func(*run) {},
		"got []":         func(r *run) { r.received = r.received[:1] },
		"without effect": func(r *run) { r.received[1].Committed = false },
		"key sha256:2":   func(r *run) { r.received[1].PublicKeyDigest = "sha256:2" },
		`Stage="TEST"`: func(r *run) {
			r.received[1].Params = map[string]string{"DomainName": "a.demo.com", "GroupId": group, "Stage": "TEST"}
		},
		"want nothing": func(r *run) { r.received[1].Params = map[string]string{"DomainName": "a.demo.com", "GroupId": other} },
		"DeleteDomain": func(r *run) {
			r.received = append(r.received, sandbox.Received{Action: "DeleteDomain", Params: at, Code: "OK", Committed: true})
		},
		`got "failed"`:           func(r *run) { r.bindings[0].Outcome.Status = "failed" },
		"contains it 0 times":    func(r *run) { r.bindings = nil },
		"contains it 2 times":    func(r *run) { r.bindings = append(r.bindings, r.bindings[0]) },
		"does not contain it":    func(r *run) { r.bindings = append(r.bindings, decided{DomainName: "c.demo.com"}) },
		"did not displace":       func(r *run) { r.after[0].Domains = held[0].Domains },
		"lost the domain":        func(r *run) { r.after[0].Domains = nil },
		"a command ended with 0": func(r *run) { r.exits = []int{exitRefused, 0} },
	} {
		var d decided
		if err := json.Unmarshal([]byte(`{"domainName": "a.demo.com", "groupId": "g", "decision": "allowed", "outcome": {"status": "bound"}, "calls":
			[{"action": "SetDomain", "params": {"DomainName": "a.demo.com", "GroupId": "g", "IsForce": "true"}, "material": {"publicKeyDigest": "sha256:1"}}]}`), &d); err != nil {
			t.Fatal(err)
		}
		r := run{
			bindings: []decided{d}, exits: []int{exitRefused}, before: held,
			after:    []account.Group{{GroupID: other, Domains: []account.Domain{{DomainName: "b.demo.com"}}}},
			received: []sandbox.Received{{Action: "DescribeDomain", Params: at, Code: "OK"}, {Action: "SetDomain", Params: at, PublicKeyDigest: "sha256:1", Code: "OK", Committed: true}},
		}
		change(&r)
		var out bytes.Buffer
		agree := (&printer{w: &out}).closing(compare([]expectation{{place: place{"a.demo.com", group}, want: "bound", displaced: other}}, r), scenarioOf(binding.Classic).promise)
		if agree != (name == "") || !strings.Contains(out.String(), name) || strings.Contains(out.String(), "All agree") != agree {
			t.Errorf("%q: got %t\n%s", name, agree, &out)
		}
	}
}

func TestFolder(t *testing.T) {
	f, err := openFolder(filepath.Join(t.TempDir(), "a", "b"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.writeSecret("certs/a.key", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := f.writeSecret("certs/a.key", "other"); err == nil {
		t.Error("a file was written over")
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "certs": 0o700, "certs/a.key": 0o600} {
		if info, err := os.Stat(f.join(name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: got %v, %v, want %o", name, info.Mode(), err, want)
		}
	}
	if _, err := openFolder(f.path, ""); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder with files: got %v", err)
	}
	if _, err := openFolder(f.join("certs/a.key"), ""); err == nil {
		t.Error("a file was taken for a folder")
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.join("certs/a.key")); err != nil {
		t.Errorf("what was to be kept is gone: %v", err)
	}
}

func TestQuote(t *testing.T) {
	for path, want := range map[string]string{"a/b-c.d": "a/b-c.d", "a b": "'a b'", "it's": `'it'\''s'`, "a;b": "'a;b'", "~x": "'~x'"} {
		if got := quote(path); got != want {
			t.Errorf("%q: got %s, want %s", path, got, want)
		}
	}
}

// TestCompareGateway changes one property of a run without differences.
func TestCompareGateway(t *testing.T) {
	const gateway = "gw-1"
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	chain := ca.ChainDigest(string(root.Root()))
	old := apig.Domain{DomainID: "d-1", Name: "a.demo.com", CertIdentifier: "1-cn-hangzhou", MTLSEnabled: true, ClientCACert: "CA"}
	other := apig.Domain{DomainID: "d-2", Name: "b.demo.com"}
	for name, change := range map[string]func(*run){
		"":                  func(*run) {},
		"record of the dom": func(r *run) { r.cloudAfter.Domains[0].ClientCACert = "" },
		"got []":            func(r *run) { r.received = r.received[1:2] },
		"no certificate of": func(r *run) { r.certificates = nil },
		"without effect":    func(r *run) { r.received[2].Committed = false },
		"want nothing":      func(r *run) { r.received[2].Params["domainId"] = "d-2" },
		"DeployHttpApi": func(r *run) {
			r.received = append(r.received, sandbox.Received{Action: "DeployHttpApi", Code: "OK", Committed: true})
		},
		"without bindgate: the sandbox refused it": nil,
		`without bindgate: clients meet ""`:        nil,
	} {
		var d decided
		if err := json.Unmarshal([]byte(`{"domainName": "a.demo.com", "gatewayId": "gw-1", "decision": "allowed", "outcome": {"status": "bound"}, "calls": [
			{"action": "UploadUserCertificate", "params": {"Name": "a"}, "material": {"chainDigest": "`+chain+`"}},
			{"action": "UpdateDomain", "params": {"domainId": "d-1"}, "filled": "certIdentifier"}]}`), &d); err != nil {
			t.Fatal(err)
		}
		renewed := old
		renewed.CertIdentifier = "2-cn-hangzhou"
		r := run{
			bindings: []decided{d}, exits: []int{exitRefused},
			cloudBefore: apig.Seed{Domains: []apig.Domain{old, other}}, cloudAfter: apig.Seed{Domains: []apig.Domain{renewed, other}},
			certificates: []certstore.Certificate{{Identifier: "2-cn-hangzhou", Body: string(root.Root())}},
			received: []sandbox.Received{
				{Action: "UploadUserCertificate", Params: map[string]string{"Name": "a"}, ChainDigest: chain, Code: "OK", Committed: true},
				{Action: "GetDomain", Params: map[string]string{"domainId": "d-1"}, Code: "OK"},
				{Action: "UpdateDomain", Params: map[string]string{"domainId": "d-1", "certIdentifier": "2-cn-hangzhou"}, Code: "OK", Committed: true},
			},
		}
		all := []expectation{{place: place{"a.demo.com", gateway}, want: "bound", alone: served}}
		met, refused := map[string]string{"a.demo.com": served}, []string{}
		switch {
		case change != nil:
			change(&r)
		case strings.Contains(name, "refused"):
			refused = append(refused, "a.demo.com")
		default:
			delete(met, "a.demo.com")
		}
		var out bytes.Buffer
		agree := (&printer{w: &out}).closing(merged(compare(all, r), withoutRows(all, met, refused)), scenarioOf(binding.APIG).promise)
		if agree != (name == "") || !strings.Contains(out.String(), name) || strings.Contains(out.String(), "All agree") != agree {
			t.Errorf("%q: got %t\n%s", name, agree, &out)
		}
	}
}
