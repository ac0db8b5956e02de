package plan

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

var planned = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// file is a saved plan of one binding that is sent a domain and a certificate.
func file(change ...func(*File)) File {
	f := File{Schema: FileSchema, Manifests: []string{"bindings.yaml"}, ManifestDigest: "sha256:m", PolicyDigest: "sha256:p",
		ToolVersion: "v1.0.0", PlannedAt: planned, ValidUntil: planned.Add(24 * time.Hour),
		Contract: evidence.Contract2026, Bindings: []FileBinding{{DomainName: "api.demo.com", GroupID: "g1", RegionID: "cn-hangzhou",
			Displaces: []string{"g2"}, Before: &evidence.Domain{DomainName: "api.demo.com", BindStageName: "TEST"},
			Calls: []Call{{Action: "SetDomain", Params: map[string]string{"BindStageName": "RELEASE"}},
				{Action: "SetDomainCertificate", Material: &Material{FileDigest: "sha256:f", ChainDigest: "sha256:c", PublicKeyDigest: "sha256:k",
					BodyParam: "CertificateBody", KeyParam: "CertificatePrivateKey", Serial: "1", SHA256: "sha256:l"}, Keeps: []string{"tlsMin"}}}}}}
	for _, c := range change {
		c(&f)
	}
	return f
}

// A file is the same elsewhere, and another one with other bytes: the change names it.
func TestFileChanges(t *testing.T) {
	signers, jwks := InputFile{"allowedSigners", "signers", "sha256:s"}, InputFile{"jwks of ci", "keys/github.json", "sha256:j"}
	mozilla := InputFile{Role: "roots", Name: "mozilla"}
	with := func(i InputFile, name, digest string) InputFile { i.Name, i.Digest = name, digest; return i }
	f := file(func(f *File) { f.Files = []InputFile{signers, jwks, mozilla} })
	for want, now := range map[string][]InputFile{
		"":  {mozilla, jwks, signers},
		" ": {signers, with(jwks, "other/github.json", jwks.Digest), mozilla},
		`the file "signers" (allowedSigners) is now sha256:x, the plan has sha256:s`:                        {with(signers, "signers", "sha256:x"), jwks, mozilla},
		`the file "keys/github.json" (jwks of ci) is no longer there`:                                       {signers, mozilla},
		`the file "more.json" (jwks of ci) was not there when the plan was made`:                            {signers, jwks, mozilla, with(jwks, "more.json", "sha256:m")},
		`the file "mozilla" (roots) is no longer there; the file "ca.pem" (roots) was not there`:            {signers, jwks, with(mozilla, "ca.pem", "sha256:r")},
		`the file "keys/github.json" (jwks of ci) is now none, the plan has sha256:j`:                       {signers, with(jwks, jwks.Name, ""), mozilla},
		`the file "signers" (allowedSigners) is no longer there; the file "signers" (revokedSigners) was n`: {with(InputFile{Role: "revokedSigners"}, "signers", "sha256:s"), jwks, mozilla},
	} {
		got := strings.Join(f.Changes(file(func(f *File) { f.Files = now })), "; ")
		if want = strings.TrimSpace(want); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestChanges(t *testing.T) {
	if got := file().Changes(file()); got != nil {
		t.Errorf("the same plan has changed: %q", got)
	}
	remark := func(f *File) { f.Bindings[0].Before.DomainRemark = "checked again" }
	if got := file().Changes(file(remark)); got != nil {
		t.Errorf("a remark is no change: %q", got)
	}
	for want, change := range map[string]func(*File){
		"manifest's digest is now sha256:x, the plan has sha256:m": func(f *File) { f.ManifestDigest = "sha256:x" },
		"bindgate's version is now v2.0.0, the plan has v1.0.0":    func(f *File) { f.ToolVersion = "v2.0.0" },
		"policy's digest": func(f *File) { f.PolicyDigest = "sha256:x" },
		"digest is now sha256:x, the plan has none":       func(f *File) { f.ConfigDigest = "sha256:x" },
		"the contract is now":                             func(f *File) { f.Contract = evidence.Contract2017 },
		"the endpoint is now":                             func(f *File) { f.Endpoint = "https://apigateway.demo.com" },
		"there are now 0 bindings":                        func(f *File) { f.Bindings = nil },
		`on "g9"`:                                         func(f *File) { f.Bindings[0].GroupID = "g9" },
		"is now not bound":                                func(f *File) { f.Bindings[0].Before = nil },
		`stage "PRE"`:                                     func(f *File) { f.Bindings[0].Before.BindStageName = "PRE" },
		`taken from groups ["g2" "g3"]`:                   func(f *File) { f.Bindings[0].Displaces = []string{"g2", "g3"} },
		"sent 1 calls, the plan has 2":                    func(f *File) { f.Bindings[0].Calls = f.Bindings[0].Calls[:1] },
		`BindStageName "", the plan has "RELEASE"`:        func(f *File) { f.Bindings[0].Calls[0].Params["BindStageName"] = "" },
		"CertificateBody sha256:y, the plan has sha256:c": func(f *File) { f.Bindings[0].Calls[1].Material.ChainDigest = "sha256:y" },
		"certificate file sha256:y":                       func(f *File) { f.Bindings[0].Calls[1].Material.FileDigest = "sha256:y" },
		"CertificatePrivateKey sha256:y":                  func(f *File) { f.Bindings[0].Calls[1].Material.PublicKeyDigest = "sha256:y" },
		"CaCertificateBody sha256:z, the plan has none": func(f *File) {
			f.Bindings[0].Calls[1].Material.ClientCADigest, f.Bindings[0].Calls[1].Material.ClientCAParam = "sha256:z", "CaCertificateBody"
		},
		"what it keeps none, the plan has":                                              func(f *File) { f.Bindings[0].Calls[1].Keeps = nil },
		"certificate serial number 2, sha256:l, the plan has serial number 1, sha256:l": func(f *File) { f.Bindings[0].Calls[1].Material.Serial = "2" },
		"certificate serial number 1, sha256:y, the plan has serial number 1, sha256:l": func(f *File) { f.Bindings[0].Calls[1].Material.SHA256 = "sha256:y" },
		"CertificateBody none, the plan has sha256:c":                                   func(f *File) { f.Bindings[0].Calls[1].Material = nil },
	} {
		if got := strings.Join(file().Changes(file(change)), "; "); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}

func TestSame(t *testing.T) {
	b := file().Bindings[0]
	for name, change := range map[string]func(*FileBinding){
		"domain": func(b *FileBinding) { b.DomainName = "www.demo.com" },
		"group":  func(b *FileBinding) { b.GroupID = "g9" },
		"region": func(b *FileBinding) { b.RegionID = "cn-beijing" },
	} {
		other := b
		if change(&other); b.same(other) || !b.same(b) {
			t.Errorf("another %s counts as the same binding", name)
		}
	}
}

func TestNewFileBinding(t *testing.T) {
	calls := []Call{{Action: "SetDomain", Params: map[string]string{"BindStageName": "RELEASE"}}}
	taken := []evidence.BoundGroup{{GroupRef: evidence.GroupRef{GroupID: "g3"}}, {GroupRef: evidence.GroupRef{GroupID: "g2"}}}
	b := NewFileBinding(binding.Binding{DomainName: "api.demo.com", GroupID: "g1", RegionID: "cn-hangzhou"}, Plan{Calls: calls, Displaces: taken, Before: &evidence.Domain{DomainName: "api.demo.com"}})
	calls[0].Params["BindStageName"] = "TEST"
	want := FileBinding{DomainName: "api.demo.com", GroupID: "g1", RegionID: "cn-hangzhou", Displaces: []string{"g2", "g3"},
		Before: &evidence.Domain{DomainName: "api.demo.com"}, Calls: []Call{{Action: "SetDomain", Params: map[string]string{"BindStageName": "RELEASE"}}}}
	if d := cmp.Diff(want, b); d != "" {
		t.Error(d)
	}
}

func TestAmong(t *testing.T) {
	whole, part := file(), file()
	part.Bindings = part.Bindings[:len(part.Bindings)-1]
	if len(whole.Changes(part)) == 0 || len(whole.Among(part).Changes(part)) != 0 || len(whole.Among(whole).Bindings) != len(whole.Bindings) {
		t.Errorf("got %+v, want the bindings of %+v", whole.Among(part), part)
	}
}

func TestReadFile(t *testing.T) {
	text, err := json.Marshal(file())
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadFile(text)
	if err != nil || again.Changes(file()) != nil {
		t.Errorf("read back: %v, %v", again.Changes(file()), err)
	}
	for want, data := range map[string]string{
		"it is not JSON, or ends too early, so this is no saved plan; make it again with `bindgate plan -o`": "# a manifest",
		"this is no saved plan: it has no schema":                                                            `{"tool": "x"}`,
		`got schema "bindgate.report/v1"`:                                                                    `{"schema": "bindgate.report/v1", "tool": {}}`,
		"unknown field":                                                                                      `{"schema": "bindgate.plan/v1", "steps": []}`,
		`"bindgate.plan/v2"`:                                                                                 `{"schema": "bindgate.plan/v2"}`,
		"more than one":                                                                                      string(text) + "{}",
		"no manifest or no binding":                                                                          `{"schema": "bindgate.plan/v1", "plannedAt": "2026-11-28T12:00:00Z", "validUntil": "2026-11-29T12:00:00Z", "manifests": ["a.yaml"], "bindings": []}`,
		"names no manifest":                                                                                  `{"schema": "bindgate.plan/v1", "plannedAt": "2026-11-28T12:00:00Z", "validUntil": "2026-11-29T12:00:00Z", "bindings": [{"domainName": "api.demo.com", "groupId": "g1", "regionId": "r", "calls": []}]}`,
		"no manifest":                                                                                        `{"schema": "bindgate.plan/v1", "plannedAt": "2026-11-28T12:00:00Z", "validUntil": "2026-11-29T12:00:00Z"}`,
		"it is not JSON, or ends too early, so":                                                              string(text[:20]),
		`got the key "Bindings", want "bindings"`:                                                            `{"schema": "bindgate.plan/v1", "Bindings": []}`,
		`the key "schema" twice`:                                                                             `{"schema": "bindgate.plan/v1", "manifests": ["a.yaml", "b.yaml"], "schema": "bindgate.plan/v1"}`,
		"the key \"\u017fchema\" twice":                                                                      "{\"schema\": \"bindgate.plan/v1\", \"\u017fchema\": \"bindgate.plan/v1\"}",
		`the key "groupId" twice`:                                                                            `{"schema": "bindgate.plan/v1", "bindings": [{"groupId": "g1", "groupId": "g2"}]}`,
		`the key "groupid" twice`:                                                                            `{"schema": "bindgate.plan/v1", "bindings": [{"calls": [{"params": {"GroupId": "g1", "groupid": "g2"}}]}]}`,
		"cannot unmarshal":                                                                                   `{"schema": "bindgate.plan/v1", "manifests": "bindings.yaml"}`,
		"two times at most 168h0m0s apart":                                                                   `{"schema": "bindgate.plan/v1", "plannedAt": "2026-11-28T12:00:00Z", "validUntil": "2027-11-28T12:00:00Z"}`,
		"it is valid from 0001-01-01T00:00:00Z":                                                              `{"schema": "bindgate.plan/v1"}`,
		`got the key "Actor", want "actor"`:                                                                  `{"schema": "bindgate.plan/v1", "ci": {"Actor": "alice"}}`,
	} {
		if _, err := ReadFile([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	for data, want := range map[string]bool{string(text): true, `{"schema": "bindgate.plan/v2"}`: true,
		string(text[:len(text)/2]): true, `{"bindings": [], "schema": "bindgate.plan/v1"}`: true, string(text[:20]): false,
		`{"schema": "bindgate/v1", "bindings`: false, `{"apiVersion": "bindgate.plan/v1"`: false, `["schema", "bindgate.plan/v1"`: false,
		`{"apiVersion": "bindgate/v1"}`: false, "schema: bindgate.plan/v1": false, "": false} {
		if got := IsFile([]byte(data)); got != want {
			t.Errorf("IsFile(%.40q) is %t", data, got)
		}
	}
}

func TestLate(t *testing.T) {
	for at, want := range map[time.Duration]string{0: "", -5 * time.Minute: "", 24*time.Hour - 1: "",
		24 * time.Hour: "the plan was valid until 2026-11-29T12:00:00Z", -6 * time.Minute: "the plan was made at 2026-11-28T12:00:00Z, which is in the future"} {
		if got := file().Late(planned.Add(at)); got != want {
			t.Errorf("at %s: got %q, want %q", at, got, want)
		}
	}
}

func TestAuthors(t *testing.T) {
	f := file(func(f *File) {
		f.Identity, f.CI = "acs:ram::1:user/alice", &evidence.CI{Actor: "al", ActorEmail: "alice@demo.com"}
	})
	if d := cmp.Diff([]string{"acs:ram::1:user/alice", "alice", "al", "alice@demo.com"}, f.Authors()); d != "" {
		t.Error(d)
	}
	if got := file().Authors(); got != nil {
		t.Errorf("got %q, want no proven author", got)
	}
}

func FuzzReadFile(f *testing.F) {
	text, _ := json.Marshal(file())
	f.Add(text)
	f.Add([]byte(`{"schema": "bindgate.plan/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := ReadFile(data)
		if err == nil && (!IsFile(data) || read.Changes(read) != nil) {
			t.Errorf("%q was read as a plan that differs from itself", data)
		}
	})
}
