package classic

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

func ptr[T any](v T) *T { return &v }

func subject(change ...func(*checks.Subject)) checks.Subject {
	s := checks.Subject{
		Binding: binding.Binding{DomainName: "api.demo.com", GroupID: "g1", RegionID: "cn-hangzhou",
			BindStageName: ptr("RELEASE"), CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME},
		Evidence: evidence.Evidence{
			Run:   evidence.Run{Contract: evidence.Contract2026},
			Group: evidence.Observation[evidence.Group]{Metadata: evidence.Metadata{State: evidence.StateObserved}, Facts: evidence.Group{Found: true, GroupID: "g1"}},
		},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func certificate(s *checks.Subject) {
	s.Binding.Certificate = &binding.Certificate{Name: "cert-2026", Body: "c.pem", PrivateKey: &binding.SecretRef{File: "c.key"}}
	s.Evidence.Certificate = evidence.Observation[evidence.Certificate]{Metadata: evidence.Metadata{State: evidence.StateObserved},
		Facts: evidence.Certificate{FileDigest: "sha256:f", ChainDigest: "sha256:c"}}
	s.Evidence.Key = evidence.Observation[evidence.Key]{Metadata: evidence.Metadata{State: evidence.StateObserved}, Facts: evidence.Key{PublicKeyDigest: "sha256:k"}}
}

func redirect(s *checks.Subject) { s.Binding.IsHTTPRedirectToHTTPS = ptr(true) }

func force(s *checks.Subject) {
	s.Binding.IsForce = true
	s.Evidence.Account.Facts.BoundGroups = []evidence.BoundGroup{{
		GroupRef: evidence.GroupRef{GroupID: "g2", GroupName: "orders"}, Conflicts: true,
		Domain: evidence.Domain{DomainName: "api.demo.com", BindStageName: "PRE", CustomDomainType: "INTERNET", CertificateName: "old cert"},
	}}
}

func bound(change func(*evidence.Domain)) func(*checks.Subject) {
	return func(s *checks.Subject) {
		d := evidence.Domain{DomainName: "API.demo.com", DomainBindingStatus: StatusInEffect, BindStageName: "RELEASE", CustomDomainType: "INTERNET"}
		if change != nil {
			change(&d)
		}
		s.Evidence.Group.Facts.Domains = []evidence.Domain{d}
	}
}

func serving(name, digest string) func(*checks.Subject) {
	return func(s *checks.Subject) {
		s.Evidence.Group.Facts.Domains[0].CertificateName = name
		s.Evidence.Group.Facts.Served = &evidence.Served{CertificateName: name, ChainDigest: digest}
	}
}

func unstaged(s *checks.Subject) { s.Binding.BindStageName = nil }

func onStage(stage string) func(*evidence.Domain) {
	return func(d *evidence.Domain) { d.BindStageName = stage }
}

func contract2017(s *checks.Subject) {
	s.Evidence.Run.Contract = evidence.Contract2017
	s.Binding.BindStageName = nil
}

// shape writes a call in one line, its parameters in the order that matters here.
func shape(c plan.Call) string {
	words := []string{c.Action}
	for _, k := range []string{"BindStageName", "CustomDomainType", "IsHttpRedirectToHttps", "IsForce", "CertificateName"} {
		if v, ok := c.Params[k]; ok {
			words = append(words, k+"="+v)
		}
	}
	if c.Material != nil {
		words = append(words, "with "+c.Material.BodyParam+"+"+c.Material.KeyParam)
	}
	return strings.Join(words, " ")
}

func TestFor(t *testing.T) {
	const cert = "SetDomainCertificate CertificateName=cert-2026 with CertificateBody+CertificatePrivateKey"
	cases := []struct {
		name string
		s    checks.Subject
		want []string
	}{
		{"first bind", subject(), []string{"SetDomain BindStageName=RELEASE"}},
		{"all environments is an empty stage", subject(func(s *checks.Subject) { s.Binding.BindStageName = ptr("") }), []string{"SetDomain BindStageName="}},
		{"an absent stage is not sent", subject(func(s *checks.Subject) { s.Binding.BindStageName = nil }), []string{"SetDomain"}},
		{"intranet", subject(func(s *checks.Subject) { s.Binding.CustomDomainType = binding.Intranet }), []string{"SetDomain BindStageName=RELEASE CustomDomainType=INTRANET"}},
		{"first bind with certificate", subject(certificate), []string{"SetDomain BindStageName=RELEASE", cert}},
		{"first bind with certificate and redirect: no window without a certificate", subject(certificate, redirect), []string{
			"SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=false", cert, "SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=true"}},
		{"force, certificate, redirect: only the first forces", subject(certificate, redirect, force), []string{
			"SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=false IsForce=true", cert, "SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=true"}},
		{"force without a conflict is not sent", subject(func(s *checks.Subject) { s.Binding.IsForce = true }), []string{"SetDomain BindStageName=RELEASE"}},
		{"a conflict without isForce", subject(force, func(s *checks.Subject) { s.Binding.IsForce = false }), []string{"SetDomain BindStageName=RELEASE"}},
		{"in effect", subject(bound(nil)), nil},
		{"in effect with certificate", subject(certificate, bound(nil), serving("cert-2026", "sha256:c")), nil},
		{"renewal", subject(certificate, redirect, bound(func(d *evidence.Domain) { d.IsHTTPRedirectToHTTPS = true }), serving("cert-2025", "sha256:o")), []string{cert}},
		{"renewal under the same name", subject(certificate, bound(nil), serving("cert-2026", "sha256:o")), []string{cert}},
		{"same name, bytes not known", subject(certificate, bound(func(d *evidence.Domain) { d.CertificateName = "cert-2026" })), []string{cert}},
		{"first certificate and redirect on a bound domain", subject(certificate, redirect, bound(nil)), []string{cert, "SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=true"}},
		{"redirect on a domain that serves a certificate", subject(redirect, certificate, bound(nil), serving("cert-2026", "sha256:c")), []string{"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=true"}},
		{"bound but not in effect", subject(bound(func(d *evidence.Domain) { d.DomainBindingStatus = "BOUND" })), []string{"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=false"}},
		{"another stage", subject(bound(func(d *evidence.Domain) { d.BindStageName = "TEST" })), []string{"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=false"}},
		{"lifting the stage", subject(bound(nil), func(s *checks.Subject) { s.Binding.BindStageName = ptr("") }), []string{"SetDomain BindStageName= CustomDomainType=INTERNET IsHttpRedirectToHttps=false"}},
		{"a redirect alone sends back the stage that was read", subject(redirect, unstaged, bound(onStage("TEST"))),
			[]string{"SetDomain BindStageName=TEST CustomDomainType=INTERNET IsHttpRedirectToHttps=true"}},
		{"a redirect alone keeps all environments", subject(redirect, unstaged, bound(onStage(""))),
			[]string{"SetDomain BindStageName= CustomDomainType=INTERNET IsHttpRedirectToHttps=true"}},
		{"a stage alone sends back the redirect that was read", subject(bound(func(d *evidence.Domain) { d.BindStageName, d.IsHTTPRedirectToHTTPS = "TEST", true })),
			[]string{"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=true"}},
		{"a stated type is sent, lower case is folded", subject(unstaged, func(s *checks.Subject) {
			s.Binding.CustomDomainType, s.Binding.CustomDomainTypeGiven = "INTRANET", true
		},
			bound(func(d *evidence.Domain) { d.CustomDomainType, d.DomainBindingStatus = "intranet", "BOUND" })),
			[]string{"SetDomain BindStageName=RELEASE CustomDomainType=INTRANET IsHttpRedirectToHttps=false"}},
		{"the certificate is never deleted", subject(bound(nil), serving("cert-2025", "sha256:o")), nil},
		{"internet that is stated is sent", subject(func(s *checks.Subject) { s.Binding.CustomDomainTypeGiven = true }), []string{"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET"}},
		{"a redirect that is to end goes first", subject(certificate, bound(func(d *evidence.Domain) { d.IsHTTPRedirectToHTTPS = true }), func(s *checks.Subject) { s.Binding.IsHTTPRedirectToHTTPS = ptr(false) }), []string{
			"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=false", cert}},
		{"first certificate, stage and redirect on a bound domain", subject(certificate, redirect, bound(func(d *evidence.Domain) { d.BindStageName = "TEST" })), []string{
			"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=false", cert,
			"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=true"}},
		{"first certificate on a bound domain that redirects", subject(certificate, redirect, bound(func(d *evidence.Domain) { d.IsHTTPRedirectToHTTPS = true })), []string{cert}},
		{"first certificate and stage on a bound domain that redirects", subject(certificate, redirect, bound(func(d *evidence.Domain) { d.BindStageName, d.IsHTTPRedirectToHTTPS = "TEST", true })), []string{
			"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=false", cert,
			"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=true"}},
		{"a redirect without a certificate", subject(redirect), []string{"SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=true"}},
		{"a redirect and a renewal", subject(certificate, redirect, bound(nil), serving("cert-2025", "sha256:o")), []string{
			"SetDomain BindStageName=RELEASE CustomDomainType=INTERNET IsHttpRedirectToHttps=true", cert}},
		{"a type that is not reported is not sent", subject(redirect, bound(func(d *evidence.Domain) { d.CustomDomainType = "" })), []string{
			"SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=true"}},
		{"2017: inline", subject(contract2017, certificate), []string{"SetDomain CertificateName=cert-2026 with CertificateBody+PrivateKey"}},
		{"2017: plain", subject(contract2017), []string{"SetDomain"}},
		{"2017: renewal", subject(contract2017, certificate, bound(nil), serving("cert-2025", "sha256:o")), []string{cert}},
		{"2017: in effect", subject(contract2017, bound(nil)), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := For(c.s)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, call := range p.Calls {
				got = append(got, shape(call))
				if call.Params["GroupId"] != "g1" || call.Params["DomainName"] != "api.demo.com" || call.RegionID != "cn-hangzhou" {
					t.Errorf("the call names another binding: %v", call)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if forced := strings.Contains(strings.Join(got, " "), "IsForce"); forced != (len(p.Displaces) > 0) {
				t.Errorf("takes %v, but forces: %t", p.Displaces, forced)
			}
		})
	}
}

func TestForWantsEvidence(t *testing.T) {
	for name, s := range map[string]checks.Subject{
		"no group":        subject(func(s *checks.Subject) { s.Evidence.Group.State = evidence.StateFailed }),
		"group not found": subject(func(s *checks.Subject) { s.Evidence.Group.Facts.Found = false }),
		"no certificate":  subject(certificate, func(s *checks.Subject) { s.Evidence.Certificate.State = evidence.StateFailed }),
		"no chain":        subject(certificate, func(s *checks.Subject) { s.Evidence.Certificate.Facts.ChainDigest = "" }),
		"no public key":   subject(certificate, func(s *checks.Subject) { s.Evidence.Key.Facts.PublicKeyDigest = "" }),
		"no digest of the client CA": subject(certificate, states(binding.ClientCertificate{CA: "ca.pem"}, ""), func(s *checks.Subject) {
			s.Evidence.Certificate.Facts.ClientCA = &evidence.ClientCA{}
		}),
		"no key": subject(certificate, func(s *checks.Subject) { s.Evidence.Key.State = evidence.StateNotCollected }),
	} {
		if p, err := For(s); err == nil {
			t.Errorf("%s: planned %v", name, p.Calls)
		}
	}
}

func TestForKeepsWhatIsNotNamed(t *testing.T) {
	p, err := For(subject(redirect, unstaged, bound(onStage("TEST"))))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"BindStageName", "CustomDomainType"}, p.Calls[0].Keeps); d != "" {
		t.Error(d)
	}
	if words := Lost(p.Calls[0], evidence.Domain{CustomDomainType: "internet", BindStageName: "TEST"}); len(words) > 0 {
		t.Errorf("nothing was lost: %q", words)
	}
	if words := Lost(p.Calls[0], evidence.Domain{CustomDomainType: "INTERNET"}); len(words) != 1 || !strings.Contains(words[0], `BindStageName is no longer "TEST"`) {
		t.Errorf("got %q, want the stage alone", words)
	}
	for name, c := range map[string]struct {
		s    checks.Subject
		want string
	}{
		"unknown fields":       {subject(redirect, bound(func(d *evidence.Domain) { d.UnknownFields = []string{"WssEnable"} })), "does not know (WssEnable)"},
		"an alias alone":       {subject(redirect, bound(func(d *evidence.Domain) { d.BindStageName, d.BindStageAlias = "", "blue" })), `alias "blue"`},
		"another network type": {subject(redirect, bound(func(d *evidence.Domain) { d.CustomDomainType = "intranet" })), "does not state customDomainType"},
		"2017: a stage":        {subject(contract2017, bound(func(d *evidence.Domain) { d.DomainBindingStatus = "BOUND" })), "a stage, which the 2017 contract cannot send back"},
		"2017: a redirect": {subject(contract2017, bound(func(d *evidence.Domain) {
			d.DomainBindingStatus, d.BindStageName, d.IsHTTPRedirectToHTTPS = "BOUND", "", true
		})), "a redirect, which"},
	} {
		if p, err := For(c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v and %v, want %q", name, p.Calls, err, c.want)
		}
	}
	if _, err := For(subject(bound(func(d *evidence.Domain) { d.UnknownFields = []string{"WssEnable"} }))); err != nil {
		t.Errorf("nothing is to be updated: %v", err)
	}
}

func asksClients(c evidence.ClientCertificates) func(*checks.Subject) {
	return func(s *checks.Subject) { s.Evidence.Group.Facts.Served.ClientCertificates = &c }
}

func states(c binding.ClientCertificate, digest string) func(*checks.Subject) {
	return func(s *checks.Subject) {
		s.Binding.ClientCertificate = &c
		if digest != "" {
			s.Evidence.Certificate.Facts.ClientCA = &evidence.ClientCA{Digest: digest}
		}
	}
}

func TestForClientCertificates(t *testing.T) {
	on := evidence.ClientCertificates{CADigest: "sha256:ca", VerifyDepth: 2, PassSubjectDN: true}
	same := binding.ClientCertificate{CA: "ca.pem", VerifyDepth: 2, PassSubjectDN: true}
	for name, c := range map[string]struct {
		s       checks.Subject
		want    map[string]string // of the one call, without its certificate; nil: no call
		digest  string
		problem string
	}{
		"on and not stated": {s: subject(certificate, bound(nil), serving("cert-2025", "sha256:o"), asksClients(on)), problem: "does not state clientCertificate"},
		"fields of an old record": {s: subject(certificate, bound(func(d *evidence.Domain) { d.UnknownFields = []string{"sslVerifyDepth"} }), serving("cert-2025", "sha256:o")),
			problem: "does not state clientCertificate"},
		"on, not stated, in effect": {s: subject(certificate, bound(nil), serving("cert-2026", "sha256:c"), asksClients(on))},
		"stated, in effect":         {s: subject(certificate, bound(nil), serving("cert-2026", "sha256:c"), asksClients(on), states(same, "sha256:ca"))},
		"depth not stated":          {s: subject(certificate, bound(nil), serving("cert-2026", "sha256:c"), asksClients(on), states(binding.ClientCertificate{CA: "ca.pem", PassSubjectDN: true}, "sha256:ca"))},
		"another CA": {s: subject(certificate, bound(nil), serving("cert-2026", "sha256:c"), asksClients(on), states(same, "sha256:new")), digest: "sha256:new",
			want: map[string]string{"SslVerifyDepth": "2", "ClientCertSDnPassThrough": "true", "SslOcspEnable": "false", "SslOcspCacheEnable": "false"}},
		"stated and not shown": {s: subject(certificate, bound(nil), serving("cert-2026", "sha256:c"), states(same, "sha256:ca")), digest: "sha256:ca",
			want: map[string]string{"SslVerifyDepth": "2", "ClientCertSDnPassThrough": "true", "SslOcspEnable": "false", "SslOcspCacheEnable": "false"}},
		"another CA, depth not stated": {s: subject(certificate, bound(nil), serving("cert-2026", "sha256:c"), asksClients(on), states(binding.ClientCertificate{CA: "ca.pem"}, "sha256:new")), digest: "sha256:new",
			want: map[string]string{"ClientCertSDnPassThrough": "false", "SslOcspEnable": "false", "SslOcspCacheEnable": "false"}},
		"none, and on": {s: subject(certificate, bound(nil), serving("cert-2026", "sha256:c"), asksClients(on), states(binding.ClientCertificate{None: true}, "")),
			want: map[string]string{"CaCertificateBody": "", "ClientCertSDnPassThrough": "false", "SslOcspEnable": "false", "SslOcspCacheEnable": "false"}},
		"none, a renewal":  {s: subject(certificate, bound(nil), serving("cert-2025", "sha256:o"), states(binding.ClientCertificate{None: true}, "")), want: map[string]string{}},
		"the CA is unread": {s: subject(certificate, bound(nil), serving("cert-2025", "sha256:o"), states(same, "")), problem: "CA of client certificates was not read"},
	} {
		p, err := For(c.s)
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: got %v, want %q", name, err, c.problem)
			}
			continue
		}
		if err != nil || (len(p.Calls) == 1) != (c.want != nil) || len(p.Calls) > 1 {
			t.Errorf("%s: got %v, %v", name, p.Calls, err)
			continue
		}
		if c.want == nil {
			continue
		}
		call := p.Calls[0]
		for _, name := range []string{"GroupId", "DomainName", "CertificateName"} {
			delete(call.Params, name)
		}
		if d := cmp.Diff(c.want, call.Params); d != "" || call.Material.ClientCADigest != c.digest || call.Action != SetDomainCertificate {
			t.Errorf("%s: %s with %q: %s", name, call.Action, call.Material.ClientCADigest, d)
		}
	}
}

// Only the call with the certificate contains settings for client certificates.
func TestForEndsClientCertificatesOnce(t *testing.T) {
	p, err := For(subject(certificate, redirect, bound(nil), serving("cert-2026", "sha256:c"), asksClients(evidence.ClientCertificates{CADigest: "sha256:ca"}),
		states(binding.ClientCertificate{None: true}, "")))
	if err != nil || len(p.Calls) != 2 {
		t.Fatalf("got %v, %v", p.Calls, err)
	}
	for _, c := range p.Calls {
		if ca, stated := c.Params[ClientCAParam]; stated != (c.Action == SetDomainCertificate) || ca != "" {
			t.Errorf("%s states the CA: %t, %q", c.Action, stated, ca)
		}
	}
	p, err = For(subject(redirect, bound(nil), func(s *checks.Subject) {
		s.Evidence.Group.Facts.Served = &evidence.Served{ClientCertificates: &evidence.ClientCertificates{CADigest: "sha256:ca"}}
	}))
	if err != nil || len(p.Calls) != 1 || p.Calls[0].Action != SetDomain {
		t.Errorf("callers' certificates of a binding that does not speak of them: got %v, %v", p.Calls, err)
	}
}

func TestShowsClientCertificates(t *testing.T) {
	s := subject(certificate, bound(nil), serving("cert-2025", "sha256:o"), states(binding.ClientCertificate{CA: "ca.pem", VerifyDepth: 2, PassSubjectDN: true}, "sha256:ca"))
	p, err := For(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  *evidence.ClientCertificates
		want bool
	}{
		"as sent":       {&evidence.ClientCertificates{CADigest: "sha256:ca", VerifyDepth: 2, PassSubjectDN: true}, true},
		"not shown":     {nil, true},
		"another CA":    {&evidence.ClientCertificates{CADigest: "sha256:old", VerifyDepth: 2, PassSubjectDN: true}, false},
		"another depth": {&evidence.ClientCertificates{CADigest: "sha256:ca", VerifyDepth: 1, PassSubjectDN: true}, false},
		"not passed on": {&evidence.ClientCertificates{CADigest: "sha256:ca", VerifyDepth: 2}, false},
		"OCSP":          {&evidence.ClientCertificates{CADigest: "sha256:ca", VerifyDepth: 2, PassSubjectDN: true, OCSP: true}, false},
	} {
		g := evidence.Group{Domains: []evidence.Domain{{DomainName: "api.demo.com", CertificateName: "cert-2026"}}, Served: &evidence.Served{ChainDigest: "sha256:c", ClientCertificates: c.got}}
		if Shows(p.Calls[0], "api.demo.com", g) != c.want {
			t.Errorf("%s: want %t", name, c.want)
		}
	}
}

func TestRestore(t *testing.T) {
	p, err := For(subject(force))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"aliyun cloudapi DeleteDomain --region cn-hangzhou --GroupId g1 --DomainName api.demo.com",
		"aliyun cloudapi SetDomain --region cn-hangzhou --GroupId g2 --DomainName api.demo.com --BindStageName PRE --CustomDomainType INTERNET --IsHttpRedirectToHttps false --IsForce true",
		"# then attach certificate 'old cert' to api.demo.com on group g2 again with SetDomainCertificate; its key is needed",
	}
	if d := cmp.Diff(want, p.Restore); d != "" {
		t.Error(d)
	}
	p, _ = For(subject(bound(func(d *evidence.Domain) { d.BindStageName = "TEST'; rm -rf /\n" })))
	if got := strings.Join(p.Restore, "|"); !strings.Contains(got, `'TEST'\''; rm -rf /?'`) {
		t.Errorf("a hostile stage is not one shell word: %s", got)
	}
}
