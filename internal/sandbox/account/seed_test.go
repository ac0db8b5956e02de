package account

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

const published = `
groups:
  - {groupId: 927d50c0f2e54b359919923d908bb015, groupName: payments, regionId: cn-hangzhou, instanceId: shared-1, basePath: /,
     subDomain: 927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com, domains: [{domainName: old.demo.com, bindStageName: RELEASE}]}
zone: |            # master-file records, any owner; or zoneFiles: [a.zone]
  api.demo.com. 60 IN CNAME 927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com.
`

func TestParseFillsIn(t *testing.T) {
	s, err := ParseSeed([]byte(published), "")
	if err != nil {
		t.Fatal(err)
	}
	g := s.Groups[0]
	want := Domain{DomainName: "old.demo.com", CustomDomainType: "INTERNET", BindStageName: "RELEASE", DomainBindingStatus: "BINDING",
		DomainCNAMEStatus: "RESOLVED", DomainLegalStatus: "NORMAL", DomainWebSocketStatus: "NORMAL"}
	if diff := cmp.Diff([]Domain{want}, g.Domains); diff != "" {
		t.Error(diff)
	}
	if g.Status != "NORMAL" || g.InstanceType != "VPC_SHARED" || len(g.Stages) != 3 || g.Stages[2].StageName != "RELEASE" {
		t.Errorf("got %+v", g)
	}
	records, err := s.AllRecords()
	if err != nil || len(records) != 2 || !strings.HasSuffix(records[1].String(), "198.51.100.1") {
		t.Errorf("got %v, %v: want the alias and an address of the SubDomain", records, err)
	}
}

// What is no seed is refused without names of Go's types.
func TestParseRefusesOtherFiles(t *testing.T) {
	_, err := ParseSeed([]byte("apiVersion: bindgate/v1\nbindings: []\n"), "")
	if err == nil || !strings.Contains(err.Error(), "reading seed: line 1: field apiVersion is unknown; line 2: field bindings is unknown; `bindgate demo --dir DIR`") {
		t.Errorf("got %v", err)
	}
}

func TestZoneMaySayOtherwiseOfASubDomain(t *testing.T) {
	s, err := Seed{Groups: []Group{{GroupID: "g", SubDomain: "G.alicloudapi.com", VpcDomain: "g-vpc.alicloudapi.com"}},
		Zone: "g.alicloudapi.com. IN TXT \"no address\""}.Complete()
	if err != nil {
		t.Fatal(err)
	}
	records, err := s.AllRecords()
	if err != nil || len(records) != 2 || records[0].Header().Rrtype != dns.TypeTXT || records[1].Header().Name != "g-vpc.alicloudapi.com." {
		t.Errorf("got %v, %v", records, err)
	}
}

func TestParseReadsFiles(t *testing.T) {
	dir := t.TempDir()
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Issue(ca.Options{Names: []string{"old.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"c.pem": leaf.Chain, "c.key": leaf.Key, "a.zone": []byte("$ORIGIN demo.com.\nwww IN A 198.51.100.7\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := ParseSeed([]byte(`
groups: [{groupId: g, domains: [{domainName: old.demo.com, certificate: {name: old_demo, body: c.pem, privateKey: c.key}}]}]
zoneFiles: [a.zone]
`), dir)
	if err != nil {
		t.Fatal(err)
	}
	d := s.Groups[0].Domains[0]
	if d.CertificateName != "old_demo" || d.CertificateID == "" || d.CertificateValidEnd != leaf.Certificate.NotAfter.UnixMilli() ||
		d.Certificate.PrivateKey != string(leaf.Key) || !strings.HasPrefix(d.Certificate.PublicKeyDigest, "sha256:") {
		t.Error("the certificate's facts are not the domain's")
	}
	if len(s.Records) != 1 || s.Records[0].Header().Name != "www.demo.com." {
		t.Errorf("got %v", s.Records)
	}
	again, err := s.Complete()
	if err != nil || again.Groups[0].Domains[0].CertificateID != d.CertificateID {
		t.Errorf("completing twice gave another certificate id: %v", err)
	}
	d.Detach()
	if d.Certificate != nil || d.CertificateID != "" || d.CertificateValidEnd != 0 || s.Groups[0].Domains[0].Certificate == nil {
		t.Error("detaching left something, or reached the original")
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "no documents",
		"groups: [{groupID: g}]":               "groupID",
		"groups: []\ngroups: []":               "already",
		"a: 1":                                 "field a is unknown",
		"groups: [{groupName: x}]":             "got no groupId",
		"groups: [{groupId: g}, {groupId: g}]": "twice",
		"groups: [{groupId: g, domains: [{bindStageName: TEST}]}]": "got no domainName",
		"groups: [{groupId: g, subDomain: 'a b'}]":                 "address record",
		"groups: [{groupId: ;g}]":                                  "address record",
		"groups: [{groupId: g, trafficLimit: many}]":               "many",
		"zone: 'api.demo.com. IN CNAM x.'":                         "zone",
		"zoneFiles: [none.zone]":                                   "none.zone",
		"zoneFiles: [.]":                                           "not a regular file",
		"groups: [{groupId: g, domains: [{domainName: a.b, certificate: {name: n, body: none.pem, privateKey: x}}]}]": "none.pem",
		"zone: ''\n---\nzone: ''": "document",
	} {
		if _, err := ParseSeed([]byte(text), t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(published))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSeed(data, "/nonexistent")
		if err != nil {
			return
		}
		if _, err := s.Complete(); err != nil {
			t.Errorf("a complete seed is refused: %v", err)
		}
	})
}
