package policy

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// everything are all parts of a document.
var everything = parts{certificate: true, results: true, labels: true, registrable: true, caa: true}

// withCertificate is a sound binding with a certificate and a key.
func withCertificate(t testing.TB) Input {
	t.Helper()
	in := force()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(0xbeef), Subject: pkix.Name{CommonName: "www.demo.com", Organization: []string{"Demo"}, Country: []string{"CN"}}, SubjectKeyId: []byte{1, 0xab}, AuthorityKeyId: []byte{1, 0xab},
		DNSNames: []string{"www.demo.com"}, NotBefore: in.Run.Now.Add(-time.Hour), NotAfter: in.Run.Now.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	stage, redirect := "RELEASE", true
	in.Binding.BindStageName, in.Binding.IsHTTPRedirectToHTTPS = &stage, &redirect
	in.Binding.Certificate = &binding.Certificate{Name: "www", Body: "c.pem", PrivateKey: &binding.SecretRef{File: "c.key"}}
	in.Evidence.Certificate = evidence.Observed(evidence.Certificate{Source: "c.pem", Container: "pem", Chain: []evidence.Cert{{DER: der}},
		Path: evidence.Path{RootsFrom: "mozilla", DER: [][]byte{der}}}, "c.pem", in.Run.Now)
	in.Evidence.Key = evidence.Observed(evidence.Key{Source: "c.key", Algorithm: "ECDSA", Bits: 256, PublicKey: []byte("spki")}, "c.key", in.Run.Now)
	return in
}

func TestDocumentFollowsItsSchema(t *testing.T) {
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(InputSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("input.json", raw); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("input.json")
	if err != nil {
		t.Fatal(err)
	}
	observed := Input{Evidence: evidence.Evidence{ // observed, and nothing in it
		DNS: evidence.Observed(evidence.DNS{}, "", time.Time{}), Certificate: evidence.Observed(evidence.Certificate{}, "", time.Time{}),
		Proof: evidence.Observed(evidence.Proof{}, "", time.Time{}), Key: evidence.Observed(evidence.Key{}, "", time.Time{}),
		Group: evidence.Observed(evidence.Group{}, "", time.Time{}), Account: evidence.Observed(evidence.Account{}, "", time.Time{}),
		Siblings: evidence.Observed(evidence.Siblings{}, "", time.Time{}),
	}}
	empty := Input{}
	for _, in := range []*Input{&empty, &observed} { // a manifest's defaults
		in.Binding.CustomDomainType, in.Binding.DomainProof = binding.Internet, binding.ProofCNAME
		in.Run.Contract, in.Run.DNSMode = evidence.Contract2026, evidence.DNSResolver
	}
	observed.Evidence.DNS.Facts = evidence.DNS{Mode: evidence.DNSResolver, End: evidence.End{Event: evidence.EventNoData}}
	encode, err := encoderOf(reflect.TypeFor[document](), &reads{all: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]Input{"sound": withCertificate(t), "empty": empty, "observed": observed} {
		d, err := newDocument(in, everything, []string{"owner", "team"})
		if err != nil {
			t.Fatal(err)
		}
		term, err := encode(reflect.ValueOf(d))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(term.String()))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCertificateFacts(t *testing.T) {
	in := withCertificate(t)
	d, err := newDocument(in, everything, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := d.Run.Now
	leaf, err := x509.ParseCertificate(in.Evidence.Certificate.Facts.Chain[0].DER)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(leaf.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	want := cert{Subject: "CN=www.demo.com,O=Demo,C=CN", Issuer: "CN=www.demo.com,O=Demo,C=CN",
		IssuerParts: nameParts{CommonName: "www.demo.com", Organization: []string{"Demo"}, Country: []string{"CN"}},
		SPKIDigest:  fmt.Sprintf("sha256:%x", sha256.Sum256(spki)), SubjectKeyID: "01ab", AuthorityKeyID: "01ab", SerialNumber: "beef", DNSNames: []string{"www.demo.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyAlgorithm: "ECDSA", KeyBits: 256, SignatureAlgorithm: "ECDSA-SHA256"}
	facts := d.Evidence.Certificate.Facts
	if diff := cmp.Diff([]cert{want}, facts.Chain); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]cert{want}, facts.Path.Certificates); diff != "" {
		t.Error(diff)
	}
	if d.Evidence.Key.Facts.Algorithm != "ECDSA" || d.Evidence.Certificate.From != "c.pem" {
		t.Errorf("got %+v", d.Evidence)
	}
}

// A document that is written over is as a new one, whatever it was before.
func TestFillLeavesNothingBehind(t *testing.T) {
	facts := map[string]evidence.External{"tickets": {}}
	full := withCertificate(t)
	full.Run.Given = &evidence.Given{External: facts, CI: &evidence.CI{}, Plan: "sha256:00", Approvals: []evidence.Approval{{By: "a"}}}
	labels := []string{"owner", "team"}
	inputs := append(fixtures(t), full, plain(), full)
	var d document
	for i, in := range inputs {
		want := everything
		if i%5 == 0 {
			want = parts{labels: true}
		}
		fresh, err := newDocument(in, want, labels)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.fill(&in, want, labels); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fresh, d) {
			t.Fatalf("%d: %s", i, cmp.Diff(fresh, d))
		}
	}
	if len(facts) != 1 {
		t.Error("the facts that a run was given are changed")
	}
}

func TestEvaluateDocumentIsEvaluate(t *testing.T) {
	e := engine(t, "# METADATA\n# custom:\n#   needs: [certificate, group]\n"+head+
		"deny contains sprintf(\"%s %s\", [c.subject, input.evidence.group.facts.subDomain]) if some c in input.evidence.certificate.facts.chain")
	in := withCertificate(t)
	d, err := newDocument(in, everything, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.EvaluateDocument(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	want := e.Evaluate(context.Background(), in)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(want.Facts.Packages) != 2 || len(want.Facts.Packages[1].Denials) != 1 {
		t.Errorf("got %+v", want)
	}
}

func TestEvaluateDocumentRefuses(t *testing.T) {
	e := engine(t, head+"deny contains \"x\" if count(input.binding.forceFrom) > 99")
	for text, want := range map[string]string{
		"": "EOF", "[]": "cannot unmarshal", `{"schema": "bindgate.policy-input/v2"}`: `got schema "bindgate.policy-input/v2"`,
		`{"schema": "bindgate.policy-input/v1", "bindings": {}}`: "unknown field",
		`{"schema": "bindgate.policy-input/v1"} {}`:              "more than one document",
	} {
		_, err := e.EvaluateDocument(context.Background(), []byte(text))
		if err == nil {
			t.Errorf("%s: taken", text)
			continue
		}
		wantWords(t, err.Error(), want)
	}
}

func FuzzEvaluateDocument(f *testing.F) {
	e := engine(f, head+"deny contains \"x\" if input.binding.domainName == input.run.actor")
	d, err := newDocument(withCertificate(f), everything, nil)
	if err != nil {
		f.Fatal(err)
	}
	seed, err := json.Marshal(d)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"schema":"bindgate.policy-input/v1","binding":{"isForce":true}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := e.EvaluateDocument(context.Background(), text)
		if err == nil && o.State != evidence.StateObserved && o.State != evidence.StateFailed {
			t.Fatalf("got %+v", o)
		}
	})
}

// Whoever writes the manifest chooses the case of names that DNS and the platform do not
// distinguish by case. A policy that compares them must not be evaded so.
func TestNamesAreInLowerCase(t *testing.T) {
	e := engine(t, `package bindgate.policy.x

deny contains "name" if input.binding.domainName == "www.demo.com"

deny contains "end" if endswith(input.binding.domainName, ".demo.com")

deny contains "registrable" if input.binding.registrableDomain == "demo.com"

deny contains "region" if input.binding.regionId == "cn-hangzhou"
`)
	in := plain()
	in.Binding.DomainName, in.Binding.RegionID = "WWW.Demo.COM", "CN-Hangzhou"
	o := e.Evaluate(context.Background(), in)
	if got := len(o.Facts.Packages[0].Denials); got != 4 {
		t.Errorf("got %+v", o)
	}
	if in.Binding.DomainName != "WWW.Demo.COM" {
		t.Errorf("the binding itself became %q", in.Binding.DomainName)
	}
	text, err := e.Document(in)
	if err != nil {
		t.Fatal(err)
	}
	upper := strings.Replace(strings.Replace(string(text), `"www.demo.com"`, `"WWW.demo.com"`, 1), `"cn-hangzhou"`, `"CN-hangzhou"`, 1)
	if o, err = e.EvaluateDocument(context.Background(), []byte(upper)); err != nil || len(o.Facts.Packages[0].Denials) != 4 {
		t.Errorf("got %+v, %v", o, err)
	}
}
