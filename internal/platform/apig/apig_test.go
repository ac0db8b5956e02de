package apig

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
	"github.com/bindgate/bindgate/internal/plan"
)

func ptr[T any](v T) *T { return &v }

// record is the domain as the account has it.
func record() evidence.Record {
	return evidence.Record{DomainID: "d-1", Name: "api.demo.com", Status: "Published", DomainScope: "Dedicated", Protocol: "HTTPS", ForceHTTPS: true,
		CertIdentifier: "1-cn-hangzhou", HTTP2Option: "Open", TLSMin: "TLS1.0", TLSMax: "TLS 1.3",
		MTLSEnabled: true, ClientCACert: "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n", CACertIdentifier: "9-cn-hangzhou",
		Suites: &evidence.Suites{ConfigType: "Custom", Suites: []evidence.Suite{{Name: "ECDHE-RSA-AES128-GCM-SHA256", SupportVersions: []string{"TLS1.2"}}}}}
}

// subject is a binding that states protocol, redirect and certificate.
func subject(t *testing.T, change ...func(*checks.Subject)) checks.Subject {
	t.Helper()
	leaf := pkitest.SelfSigned(t, "api.demo.com").Certificate
	s := checks.Subject{Binding: binding.Binding{DomainName: "api.demo.com", GatewayID: "gw-1", RegionID: "cn-hangzhou", Protocol: "HTTPS", ForceHTTPS: ptr(true),
		Certificate: &binding.Certificate{Name: "api_2026", Body: "api.pem", PrivateKey: &binding.SecretRef{File: "api.key"}}}}
	ev := &s.Evidence
	ev.Gateway.State, ev.Gateway.Facts = evidence.StateObserved, evidence.Gateway{Found: true, GatewayID: "gw-1", GatewayType: "API"}
	ev.Records.State, ev.Records.Facts.Complete = evidence.StateObserved, true
	ev.Store.State, ev.Store.Facts.Complete = evidence.StateObserved, true
	ev.Certificate.State, ev.Certificate.Facts = evidence.StateObserved, evidence.Certificate{FileDigest: "sha256:f", ChainDigest: "sha256:c", Chain: []evidence.Cert{evidence.NewCert(leaf, 0, 0)}}
	ev.Key.State, ev.Key.Facts.PublicKeyDigest = evidence.StateObserved, "sha256:k"
	for _, f := range change {
		f(&s)
	}
	return s
}

func exists(change ...func(*evidence.Record)) func(*checks.Subject) {
	return func(s *checks.Subject) {
		r := record()
		for _, f := range change {
			f(&r)
		}
		s.Evidence.Records.Facts.Domain = &r
	}
}

// own is the binding's certificate as the store shows it.
func own(s *checks.Subject, id string) evidence.StoredCertificate {
	leaf, err := leafOf(s.Evidence.Certificate)
	if err != nil {
		panic(err)
	}
	return evidence.StoredCertificate{CertIdentifier: id, Name: "other name", Serial: leaf.serial, SHA256: leaf.digest, ExistPrivateKey: ptr(true)}
}

func stores(ids ...string) func(*checks.Subject) {
	return func(s *checks.Subject) {
		for _, id := range ids {
			s.Evidence.Store.Facts.Matching = append(s.Evidence.Store.Facts.Matching, own(s, id))
		}
	}
}

func noCertificate(s *checks.Subject) { s.Binding.Certificate = nil }

// shape is the calls of a plan in one line each.
func shape(p plan.Plan) (lines []string) {
	for _, c := range p.Calls {
		line := c.Action
		for _, name := range slices.Sorted(maps.Keys(c.Params)) {
			line += " " + name + "=" + strings.ReplaceAll(c.Params[name], "\n", "|")
			if slices.Contains(c.Keeps, name) {
				line += "(kept)"
			}
		}
		if c.Filled != "" {
			line += " " + c.Filled + "=?"
		}
		if m := c.Material; m != nil {
			line += " " + m.BodyParam + "+" + m.KeyParam + m.ClientCAParam
		}
		lines = append(lines, line)
	}
	return lines
}

const kept = `UpdateDomain caCertIdentifier=9-cn-hangzhou(kept) %s clientCACert=-----BEGIN CERTIFICATE-----|AQID|-----END CERTIFICATE-----|(kept) domainId=d-1 ` +
	`domainScope=Dedicated(kept) forceHttps=true http2Option=Open(kept) mTLSEnabled=true(kept) protocol=HTTPS ` +
	`tlsCipherSuitesConfig={"configType":"Custom","tlsCipherSuite":[{"name":"ECDHE-RSA-AES128-GCM-SHA256","supportVersions":["TLS 1.2"]}]}(kept) %s tlsMax=TLS 1.3(kept) tlsMin=TLS 1.0(kept)`

func keeps(certificate, end string) string {
	return strings.TrimSpace(strings.Join(strings.Fields(strings.Replace(strings.Replace(kept, "%s", certificate, 1), "%s", "", 1)), " ") + end)
}

func TestCalls(t *testing.T) {
	for name, c := range map[string]struct {
		change []func(*checks.Subject)
		want   []string
	}{
		"a new domain": {nil, []string{"UploadUserCertificate Name=api_2026 Cert+Key",
			"CreateDomain domainScope=Dedicated forceHttps=true gatewayType=API name=api.demo.com protocol=HTTPS certIdentifier=?"}},
		"a new domain, and the store has the certificate": {[]func(*checks.Subject){stores("7-cn-hangzhou", "3-cn-hangzhou")},
			[]string{"CreateDomain certIdentifier=3-cn-hangzhou domainScope=Dedicated forceHttps=true gatewayType=API name=api.demo.com protocol=HTTPS"}},
		"a new domain with mutual TLS": {[]func(*checks.Subject){clientCA("sha256:new")}, []string{"UploadUserCertificate Name=api_2026 Cert+Key",
			"CreateDomain caCertIdentifier=8-cn-hangzhou domainScope=Dedicated forceHttps=true gatewayType=API mTLSEnabled=true name=api.demo.com protocol=HTTPS certIdentifier=? +clientCACert"}},
		"plain HTTP": {[]func(*checks.Subject){noCertificate, func(s *checks.Subject) {
			s.Binding.Protocol, s.Binding.ForceHTTPS, s.Binding.ResourceGroupID = "HTTP", nil, "rg-1"
		}}, []string{"CreateDomain domainScope=Dedicated gatewayType=API name=api.demo.com protocol=HTTP resourceGroupId=rg-1"}},
		"a renewal keeps everything else": {[]func(*checks.Subject){exists()}, []string{"UploadUserCertificate Name=api_2026 Cert+Key", keeps("", " certIdentifier=?")}},
		"a renewal from the store":        {[]func(*checks.Subject){exists(), stores("5-cn-hangzhou")}, []string{keeps("certIdentifier=5-cn-hangzhou", "")}},
		"already in effect":               {[]func(*checks.Subject){exists(), stores("0-cn-hangzhou", "1-cn-hangzhou")}, nil},
		"already in effect, by id": {[]func(*checks.Subject){exists(), func(s *checks.Subject) {
			s.Binding.Certificate.CASID, s.Evidence.Store.Facts.ByID = "1-cn-hangzhou", ptr(own(s, "1-cn-hangzhou"))
			s.Evidence.Key = evidence.Observation[evidence.Key]{}
		}}, nil},
		"the same certificate under the id that is stated": {[]func(*checks.Subject){exists(), stores("1-cn-hangzhou"), func(s *checks.Subject) {
			s.Binding.Certificate.CASID, s.Evidence.Store.Facts.ByID = "2-cn-hangzhou", ptr(own(s, "2-cn-hangzhou"))
		}}, []string{keeps("certIdentifier=2-cn-hangzhou", "")}},
		"a stored certificate without its key is no use": {[]func(*checks.Subject){exists(), stores("5-cn-hangzhou"), func(s *checks.Subject) {
			s.Evidence.Store.Facts.Matching[0].ExistPrivateKey = ptr(false)
		}}, []string{"UploadUserCertificate Name=api_2026 Cert+Key", keeps("", " certIdentifier=?")}},
		"nothing is stated": {[]func(*checks.Subject){exists(), noCertificate, func(s *checks.Subject) { s.Binding.Protocol, s.Binding.ForceHTTPS = "", nil }}, nil},
		"another lowest version": {[]func(*checks.Subject){exists(), noCertificate, func(s *checks.Subject) { s.Binding.TLSMin = "TLS 1.2" }},
			[]string{strings.Replace(keeps("certIdentifier=1-cn-hangzhou(kept)", ""), "tlsMin=TLS 1.0(kept)", "tlsMin=TLS 1.2", 1)}},
		"the same lowest version": {[]func(*checks.Subject){exists(), noCertificate, func(s *checks.Subject) { s.Binding.TLSMin = "TLS 1.0" }}, nil},
		"mutual TLS is switched off": {[]func(*checks.Subject){exists(), stores("1-cn-hangzhou"), func(s *checks.Subject) {
			s.Binding.ClientCertificate = &binding.ClientCertificate{None: true}
		}}, []string{"UpdateDomain certIdentifier=1-cn-hangzhou domainId=d-1 domainScope=Dedicated(kept) forceHttps=true http2Option=Open(kept) mTLSEnabled=false protocol=HTTPS " +
			`tlsCipherSuitesConfig={"configType":"Custom","tlsCipherSuite":[{"name":"ECDHE-RSA-AES128-GCM-SHA256","supportVersions":["TLS 1.2"]}]}(kept) tlsMax=TLS 1.3(kept) tlsMin=TLS 1.0(kept)`}},
		"mutual TLS with another CA": {[]func(*checks.Subject){exists(), stores("1-cn-hangzhou"), clientCA("sha256:new")},
			[]string{"UpdateDomain caCertIdentifier=8-cn-hangzhou certIdentifier=1-cn-hangzhou domainId=d-1 domainScope=Dedicated(kept) forceHttps=true http2Option=Open(kept) mTLSEnabled=true protocol=HTTPS " +
				`tlsCipherSuitesConfig={"configType":"Custom","tlsCipherSuite":[{"name":"ECDHE-RSA-AES128-GCM-SHA256","supportVersions":["TLS 1.2"]}]}(kept) tlsMax=TLS 1.3(kept) tlsMin=TLS 1.0(kept) +clientCACert`}},
		"mutual TLS as it is": {[]func(*checks.Subject){exists(func(r *evidence.Record) { r.CACertIdentifier = "8-cn-hangzhou" }), stores("1-cn-hangzhou"), clientCA(pki.Digest(pki.CanonicalChain([][]byte{{1, 2, 3}})))}, nil},
		"a serverless record": {[]func(*checks.Subject){noCertificate, exists(func(r *evidence.Record) {
			*r = evidence.Record{DomainID: "d-2", Name: r.Name, DomainScope: "Serverless", Protocol: "HTTPS", ForceHTTPS: false}
		}), func(s *checks.Subject) { s.Binding.Protocol = "" }}, []string{"UpdateDomain domainId=d-2 domainScope=Serverless(kept) forceHttps=true"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(t, c.change...)
			p, err := Platform{}.Calls(s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shape(p)); diff != "" {
				t.Error(diff)
			}
			for _, call := range p.Calls { // the writer compares all that the binding of a call names
				if m := call.Material; m != nil && (m.ClientCADigest != "") != (m.Binding.ClientCertificate != nil) {
					t.Errorf("%s carries the CA %q of client certificates, and its binding names %+v", call.Action, m.ClientCADigest, m.Binding.ClientCertificate)
				}
			}
			if gap := (Platform{}).Compare(s, plan.StateOf(s)); gap.InEffect != (len(p.Calls) == 0) {
				t.Errorf("compare says %+v, the plan has %d calls", gap, len(p.Calls))
			}
			if (len(p.Restore) > 0) != (len(p.Calls) > 0) {
				t.Errorf("restore commands %q of %d calls", p.Restore, len(p.Calls))
			}
		})
	}
}

func clientCA(digest string) func(*checks.Subject) {
	return func(s *checks.Subject) {
		s.Binding.ClientCertificate = &binding.ClientCertificate{CA: "ca.pem", CASID: "8-cn-hangzhou"}
		ca, err := s.Evidence.Certificate.Facts.Chain[0].X509()
		if err != nil {
			panic(err)
		}
		s.Evidence.Certificate.Facts.ClientCA = &evidence.ClientCA{Source: "ca.pem", Digest: digest, Chain: []evidence.Cert{evidence.NewCert(ca, 0, 0)}}
		s.Evidence.Store.Facts.ClientCA = ptr(own(s, "8-cn-hangzhou"))
	}
}

func TestCallsRefuse(t *testing.T) {
	for want, change := range map[string]func(*checks.Subject){
		"the state of the gateway was not read":                    func(s *checks.Subject) { s.Evidence.Gateway.State = evidence.StateFailed },
		"gateway was not read":                                     func(s *checks.Subject) { s.Evidence.Gateway.Facts.Found = false },
		"were not all read":                                        func(s *checks.Subject) { s.Evidence.Records.State = evidence.StateNotCollected },
		"whether the domain exists is unknown":                     func(s *checks.Subject) { s.Evidence.Records.Facts.Complete = false },
		"2 domains with the name":                                  func(s *checks.Subject) { s.Evidence.Records.Facts.Same = []evidence.Record{record()} },
		"the certificate was not read":                             func(s *checks.Subject) { s.Evidence.Certificate.State = evidence.StateFailed },
		"the private key was not read":                             func(s *checks.Subject) { s.Evidence.Key.State = evidence.StateFailed },
		"the certificate store was not read":                       func(s *checks.Subject) { s.Evidence.Store.State = evidence.StateFailed },
		"store was not read":                                       func(s *checks.Subject) { s.Evidence.Store.Facts.Complete = false },
		`another certificate of the store has the name "api_2026"`: func(s *checks.Subject) { s.Evidence.Store.Facts.SameName = true },
		`does not show that "2-cn-hangzhou"`: func(s *checks.Subject) {
			s.Binding.Certificate.CASID = "2-cn-hangzhou"
		},
		`the certificate of "api.pem"`: func(s *checks.Subject) { // the id is of another certificate
			s.Binding.Certificate.CASID, s.Evidence.Store.Facts.ByID = "2-cn-hangzhou", ptr(own(s, "2-cn-hangzhou"))
			s.Evidence.Store.Facts.ByID.SHA256 = "sha256:other"
		},
		`states no protocol`:                         func(s *checks.Subject) { s.Binding.Protocol = "" },
		"fields that bindgate does not know (shiny)": exists(func(r *evidence.Record) { r.UnknownFields = []string{"shiny"} }),
		`domainScope of "api.demo.com" is "Serverless", the binding states or its gateway has "Dedicated"`: func(s *checks.Subject) {
			exists(func(r *evidence.Record) { r.DomainScope = "Serverless" })(s)
			s.Binding.DomainScope = "Dedicated"
		},
		`gatewayType of "api.demo.com" is "AI"`: func(s *checks.Subject) {
			exists(func(r *evidence.Record) { r.GatewayType = "AI" })(s)
		},
		`"8-cn-hangzhou" is a CA certificate of "ca.pem"`: func(s *checks.Subject) { // it is another CA
			clientCA("sha256:new")(s)
			s.Evidence.Store.Facts.ClientCA.SHA256 = "sha256:other"
		},
		`does not show that "8-cn-hangzhou" is a CA`: func(s *checks.Subject) { // it is not in the store
			clientCA("sha256:new")(s)
			s.Evidence.Store.Facts.ClientCA = nil
		},
		"the CA of client certificates was not read": func(s *checks.Subject) {
			s.Binding.ClientCertificate = &binding.ClientCertificate{CA: "ca.pem"}
		},
	} {
		p, err := Platform{}.Calls(subject(t, change))
		if err == nil || !strings.Contains(err.Error(), want) || len(p.Calls) > 0 {
			t.Errorf("got %d calls and %v, want %q", len(p.Calls), err, want)
		}
	}
}

// TestUpdateSendsTheWholeRecord changes one writable field after another: a field that
// was set is sent, so that a platform that replaces the record loses none.
func TestUpdateSendsTheWholeRecord(t *testing.T) {
	p, err := Platform{}.Calls(subject(t, exists(), noCertificate, func(s *checks.Subject) { s.Binding.HTTP2Option = "Close" }))
	if err != nil || len(p.Calls) != 1 {
		t.Fatal(p, err)
	}
	for _, f := range fields() {
		if _, sent := p.Calls[0].Params[f.name]; !sent {
			t.Errorf("%s is not sent", f.name)
		}
	}
	body, err := json.Marshal(Body(p.Calls[0].Params))
	if err != nil {
		t.Fatal(err)
	}
	var typed struct {
		ForceHTTPS *bool `json:"forceHttps"`
		MTLS       *bool `json:"mTLSEnabled"`
		Suites     *struct {
			ConfigType string `json:"configType"`
		} `json:"tlsCipherSuitesConfig"`
		HTTP2 string `json:"http2Option"`
	}
	if err := json.Unmarshal(body, &typed); err != nil || typed.ForceHTTPS == nil || !*typed.ForceHTTPS || typed.MTLS == nil || typed.Suites == nil ||
		typed.Suites.ConfigType != "Custom" || typed.HTTP2 != "Close" || strings.Contains(string(body), "domainId") || strings.Contains(string(body), "null") {
		t.Errorf("the body is %s (%v)", body, err)
	}
}

func TestShowsLostChanged(t *testing.T) {
	s := subject(t, exists(), func(s *checks.Subject) { s.Binding.HTTP2Option = "Close" })
	p, err := Platform{}.Calls(s)
	if err != nil || len(p.Calls) != 2 {
		t.Fatal(p, err)
	}
	upload, update := p.Calls[0], p.Calls[1]
	update.Params["certIdentifier"] = "5-cn-hangzhou" // as the permit fills it
	after := record()
	after.CertIdentifier, after.HTTP2Option = "5-cn-hangzhou", "Close"
	state := plan.State{Records: evidence.Records{Domain: &after, Complete: true}, Store: evidence.Store{Complete: true, Matching: []evidence.StoredCertificate{own(&s, "5-cn-hangzhou")}}}
	pl := Platform{}
	if !pl.Shows(upload, s, state) || !pl.Shows(update, s, state) || len(pl.Lost(update, s, state)) > 0 || !pl.Compare(s, state).InEffect {
		t.Errorf("the effect is not seen: %+v, %v", pl.Compare(s, state), pl.Lost(update, s, state))
	}
	if before := plan.StateOf(s); pl.Shows(upload, s, before) || pl.Shows(update, s, before) {
		t.Error("the state before shows the effect")
	}
	for name, lose := range map[string]func(*evidence.Record){
		"mTLSEnabled":           func(r *evidence.Record) { r.MTLSEnabled = false },
		"clientCACert":          func(r *evidence.Record) { r.ClientCACert = "" },
		"caCertIdentifier":      func(r *evidence.Record) { r.CACertIdentifier = "" },
		"tlsMin":                func(r *evidence.Record) { r.TLSMin = "TLS 1.1" },
		"tlsMax":                func(r *evidence.Record) { r.TLSMax = "" },
		"tlsCipherSuitesConfig": func(r *evidence.Record) { r.Suites = nil },
		"domainScope":           func(r *evidence.Record) { r.DomainScope = "Serverless" },
	} {
		r := after
		lose(&r)
		worse := state
		worse.Records.Domain = &r
		if words := pl.Lost(update, s, worse); len(words) != 1 || !strings.HasPrefix(words[0], name) || pl.Shows(update, s, worse) {
			t.Errorf("%s was lost: got %q", name, words)
		}
	}
	if words := pl.Changed(s, p, plan.StateOf(s)); words != "" {
		t.Errorf("nothing changed: got %q", words)
	}
	for want, change := range map[string]func(*plan.State){
		"no longer exists":      func(s *plan.State) { s.Records.Domain = nil },
		"several domains":       func(s *plan.State) { s.Records.Same = []evidence.Record{{}} },
		"no longer known":       func(s *plan.State) { s.Records.Complete = false },
		"another id":            func(s *plan.State) { s.Records.Domain.DomainID = "d-9" },
		"does not know":         func(s *plan.State) { s.Records.Domain.UnknownFields = []string{"x"} },
		`tlsMin of "api.demo.c`: func(s *plan.State) { s.Records.Domain.TLSMin = "TLS 1.2" },
		`mTLSEnabled`:           func(s *plan.State) { s.Records.Domain.MTLSEnabled = false },
		`certIdentifier`:        func(s *plan.State) { s.Records.Domain.CertIdentifier = "77" },
	} {
		now := plan.StateOf(s)
		r := *now.Records.Domain
		now.Records.Domain = &r
		change(&now)
		if words := pl.Changed(s, p, now); !strings.Contains(words, want) {
			t.Errorf("got %q, want %q", words, want)
		}
	}
	fresh := subject(t)
	if words := pl.Changed(fresh, plan.Plan{}, state); !strings.Contains(words, "created meanwhile") {
		t.Errorf("a domain that was created meanwhile: got %q", words)
	}
}

func TestRestore(t *testing.T) {
	s := subject(t, exists())
	p, err := Platform{}.Calls(s)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(p.Restore, "\n")
	for _, want := range []string{"aliyun apig PUT /v1/domains/d-1 --region cn-hangzhou", `"certIdentifier":"1-cn-hangzhou"`, `"mTLSEnabled":true`, `"tlsMin":"TLS 1.0"`, "may stay in the certificate store"} {
		if !strings.Contains(text, want) {
			t.Errorf("got %s, want %s", text, want)
		}
	}
	p, err = Platform{}.Calls(subject(t))
	if text := strings.Join(p.Restore, "\n"); err != nil || !strings.Contains(text, "aliyun apig DELETE /v1/domains/DOMAIN_ID") {
		t.Errorf("got %s, %v", text, err)
	}
}
