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

// Each field of the gateway's state decides alone whether the binding is already
// in effect.
func TestCompare(t *testing.T) {
	all := func(s *checks.Subject) {
		certificate(s)
		redirect(s)
		bound(func(d *evidence.Domain) { d.IsHTTPRedirectToHTTPS, d.CertificateID = true, "1" })(s)
		serving("cert-2026", "sha256:c")(s)
	}
	domain := func(change func(*evidence.Domain)) func(*checks.Subject) {
		return func(s *checks.Subject) { all(s); change(&s.Evidence.Group.Facts.Domains[0]) }
	}
	of := func(change func(*checks.Subject)) func(*checks.Subject) {
		return func(s *checks.Subject) { all(s); change(s) }
	}
	for name, c := range map[string]struct {
		change func(*checks.Subject)
		want   Diff
	}{
		"in effect": {all, Diff{HasCertificate: true}},
		"not bound": {of(func(s *checks.Subject) { s.Evidence.Group.Facts.Domains = nil }),
			Diff{Domain: true, Redirect: true, Certificate: true, Differences: []string{"the domain is not bound to the group"}}},
		"not bound, the plain binding": {of(func(s *checks.Subject) {
			s.Evidence.Group.Facts.Domains, s.Binding.Certificate, s.Binding.IsHTTPRedirectToHTTPS = nil, nil, ptr(false)
		}), Diff{Domain: true, Differences: []string{"the domain is not bound to the group"}}},
		"status": {domain(func(d *evidence.Domain) { d.DomainBindingStatus = "BOUND" }),
			Diff{Domain: true, HasCertificate: true, Differences: []string{`domainBindingStatus is "BOUND", want "BINDING"`}}},
		"stage": {domain(func(d *evidence.Domain) { d.BindStageName = "TEST" }),
			Diff{Domain: true, HasCertificate: true, Differences: []string{`bindStageName is "TEST", want "RELEASE"`}}},
		"stage by its alias": {domain(func(d *evidence.Domain) { d.BindStageName, d.BindStageAlias = "s1", "RELEASE" }), Diff{HasCertificate: true}},
		"stage by another alias": {domain(func(d *evidence.Domain) { d.BindStageName, d.BindStageAlias = "s1", "TEST" }),
			Diff{Domain: true, HasCertificate: true, Differences: []string{`bindStageName is "s1", want "RELEASE"`}}},
		"all environments, and an alias that is absent": {of(func(s *checks.Subject) { s.Binding.BindStageName = ptr("") }),
			Diff{Domain: true, HasCertificate: true, Differences: []string{`bindStageName is "RELEASE", want ""`}}},
		"a stage that the binding does not name": {of(func(s *checks.Subject) { s.Binding.BindStageName = nil }), Diff{HasCertificate: true}},
		"network type": {domain(func(d *evidence.Domain) { d.CustomDomainType = "INTRANET" }),
			Diff{Domain: true, HasCertificate: true, Differences: []string{`customDomainType is "INTRANET", want "INTERNET"`}}},
		"network type in lower case":     {domain(func(d *evidence.Domain) { d.CustomDomainType = "internet" }), Diff{HasCertificate: true}},
		"network type that is not there": {domain(func(d *evidence.Domain) { d.CustomDomainType = "" }), Diff{HasCertificate: true}},
		"network type that is not reported": {of(func(s *checks.Subject) {
			s.Binding.CustomDomainType = binding.Intranet
			s.Evidence.Group.Facts.Domains[0].CustomDomainType = ""
		}),
			Diff{Domain: true, HasCertificate: true, Differences: []string{`customDomainType is "INTERNET", want "INTRANET"`}}},
		"redirect": {domain(func(d *evidence.Domain) { d.IsHTTPRedirectToHTTPS = false }),
			Diff{Redirect: true, HasCertificate: true, Differences: []string{"isHttpRedirectToHttps is false, want true"}}},
		"redirect that is to end": {of(func(s *checks.Subject) { s.Binding.IsHTTPRedirectToHTTPS = ptr(false) }),
			Diff{Redirect: true, HasCertificate: true, Differences: []string{"isHttpRedirectToHttps is true, want false"}}},
		"redirect that the binding does not name": {of(func(s *checks.Subject) { s.Binding.IsHTTPRedirectToHTTPS = nil }), Diff{HasCertificate: true}},
		"certificate's name": {domain(func(d *evidence.Domain) { d.CertificateName = "cert-2025" }),
			Diff{Certificate: true, HasCertificate: true, Differences: []string{`certificateName is "cert-2025", want "cert-2026"`}}},
		"a certificate that has an id alone": {domain(func(d *evidence.Domain) { d.CertificateName = "" }),
			Diff{Certificate: true, HasCertificate: true, Differences: []string{`certificateName is "", want "cert-2026"`}}},
		"a certificate that has a name alone": {domain(func(d *evidence.Domain) { d.CertificateID = "" }), Diff{HasCertificate: true}},
		"no certificate yet": {domain(func(d *evidence.Domain) { d.CertificateName, d.CertificateID = "", "" }),
			Diff{Certificate: true, Differences: []string{`certificateName is "", want "cert-2026"`}}},
		"certificate's bytes":      {of(func(s *checks.Subject) { s.Evidence.Group.Facts.Served.ChainDigest = "sha256:o" }), otherBytes},
		"bytes that were not read": {of(func(s *checks.Subject) { s.Evidence.Group.Facts.Served = nil }), otherBytes},
		"two digests that are empty": {of(func(s *checks.Subject) {
			s.Evidence.Group.Facts.Served.ChainDigest, s.Evidence.Certificate.Facts.ChainDigest = "", ""
		}), otherBytes},
		"client certificates, and the served certificate was not read": {of(func(s *checks.Subject) {
			s.Binding.ClientCertificate, s.Evidence.Group.Facts.Served = &binding.ClientCertificate{CA: "ca.pem"}, nil
		}), otherBytes},
		"client certificates are requested, want none": {of(func(s *checks.Subject) {
			s.Binding.ClientCertificate, s.Evidence.Group.Facts.Served.ClientCertificates = &binding.ClientCertificate{None: true}, &evidence.ClientCertificates{CADigest: "sha256:ca"}
		}), Diff{Certificate: true, HasCertificate: true, Differences: []string{"the gateway requests client certificates, want none"}}},
		"client certificates are not requested, want none": {of(func(s *checks.Subject) {
			s.Binding.ClientCertificate = &binding.ClientCertificate{None: true}
		}), Diff{HasCertificate: true}},
		"another depth": {of(func(s *checks.Subject) {
			s.Binding.ClientCertificate, s.Evidence.Group.Facts.Served.ClientCertificates = &binding.ClientCertificate{CA: "ca.pem", VerifyDepth: 2}, &evidence.ClientCertificates{VerifyDepth: 1}
		}), Diff{Certificate: true, HasCertificate: true, Differences: []string{
			"clientCertificate is {CADigest: VerifyDepth:1 PassSubjectDN:false OCSP:false OCSPCache:false}, want {CADigest: VerifyDepth:2 PassSubjectDN:false OCSP:false OCSPCache:false}"}}},
		"a certificate that the binding does not name": {of(func(s *checks.Subject) { s.Binding.Certificate = nil }), Diff{HasCertificate: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(c.change)
			got := Compare(TargetOf(s), s.Evidence.Group.Facts)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if got.InEffect() != (len(c.want.Differences) == 0) {
				t.Errorf("InEffect is %t for %q", got.InEffect(), got.Differences)
			}
		})
	}
}

var otherBytes = Diff{Certificate: true, HasCertificate: true, Differences: []string{`the gateway serves the certificate "cert-2026" with other bytes than the binding's`}}

func TestWish(t *testing.T) {
	s := subject(certificate)
	if got := TargetOf(s); got.ChainDigest != "sha256:c" || got.Binding.DomainName != s.Binding.DomainName {
		t.Errorf("got %+v", got)
	}
	s.Binding.Certificate = nil
	if got := TargetOf(s); got.ChainDigest != "" {
		t.Errorf("a binding without a certificate wants %q", got.ChainDigest)
	}
}

// A call of unknown outcome took effect only if the state contains every parameter.
func TestShows(t *testing.T) {
	sent := plan.Call{Action: SetDomain, Params: map[string]string{"GroupId": "g1", "DomainName": "api.demo.com", "BindStageName": "RELEASE",
		"CustomDomainType": "INTERNET", "IsHttpRedirectToHttps": "true", "IsForce": "true", "CertificateName": "cert-2026"},
		Material: &plan.Material{ChainDigest: "sha256:c"}}
	seen := func() evidence.Group {
		s := subject(bound(func(d *evidence.Domain) { d.IsHTTPRedirectToHTTPS = true }), serving("cert-2026", "sha256:c"))
		return s.Evidence.Group.Facts
	}
	for name, c := range map[string]struct {
		call  func(*plan.Call)
		state func(*evidence.Group)
		want  bool
	}{
		"all of it":                {want: true},
		"another domain":           {state: func(g *evidence.Group) { g.Domains[0].DomainName = "www.demo.com" }},
		"stage":                    {state: func(g *evidence.Group) { g.Domains[0].BindStageName = "TEST" }},
		"stage by alias":           {state: func(g *evidence.Group) { g.Domains[0].BindStageName, g.Domains[0].BindStageAlias = "s1", "RELEASE" }, want: true},
		"another alias":            {state: func(g *evidence.Group) { g.Domains[0].BindStageName, g.Domains[0].BindStageAlias = "s1", "TEST" }},
		"no stage, and no alias":   {call: func(c *plan.Call) { c.Params["BindStageName"] = "" }},
		"no stage":                 {call: func(c *plan.Call) { c.Params["BindStageName"] = "" }, state: func(g *evidence.Group) { g.Domains[0].BindStageName = "" }, want: true},
		"type":                     {state: func(g *evidence.Group) { g.Domains[0].CustomDomainType = "INTRANET" }},
		"type in lower case":       {state: func(g *evidence.Group) { g.Domains[0].CustomDomainType = "internet" }, want: true},
		"type is not reported":     {state: func(g *evidence.Group) { g.Domains[0].CustomDomainType = "" }, want: true},
		"intranet is not reported": {call: func(c *plan.Call) { c.Params["CustomDomainType"] = "INTRANET" }, state: func(g *evidence.Group) { g.Domains[0].CustomDomainType = "" }},
		"redirect":                 {state: func(g *evidence.Group) { g.Domains[0].IsHTTPRedirectToHTTPS = false }},
		"certificate's name":       {state: func(g *evidence.Group) { g.Domains[0].CertificateName = "cert-2025" }},
		"certificate's bytes":      {state: func(g *evidence.Group) { g.Served.ChainDigest = "sha256:o" }},
		"bytes not read":           {state: func(g *evidence.Group) { g.Served = nil }},
		"no certificate is sent":   {call: func(c *plan.Call) { c.Material = nil; delete(c.Params, "CertificateName") }, state: func(g *evidence.Group) { g.Served = nil }, want: true},
		"the domain is not there": {call: func(c *plan.Call) {
			c.Material, c.Params = nil, map[string]string{"GroupId": "g1", "DomainName": "api.demo.com"}
		}, state: func(g *evidence.Group) { g.Domains = nil }},
		"a parameter of which nothing is seen": {call: func(c *plan.Call) { c.Params["BasePath"] = "/" }},
	} {
		call, state := sent.Clone(), seen()
		if c.call != nil {
			c.call(&call)
		}
		if c.state != nil {
			c.state(&state)
		}
		if got := Shows(call, "api.demo.com", state); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// If the gateway reports settings for client certificates, each one that a call states
// must be equal.
func TestShowsClients(t *testing.T) {
	sent := plan.Call{Action: SetDomainCertificate, Material: &plan.Material{ChainDigest: "sha256:c", ClientCADigest: "sha256:ca"}, Params: map[string]string{
		"ClientCertSDnPassThrough": "true", "SslOcspEnable": "true", "SslOcspCacheEnable": "true", "SslVerifyDepth": "2"}}
	all := evidence.ClientCertificates{CADigest: "sha256:ca", VerifyDepth: 2, PassSubjectDN: true, OCSP: true, OCSPCache: true}
	for name, c := range map[string]struct {
		change func(*plan.Call, *evidence.Served)
		want   bool
	}{
		"all of them": {func(*plan.Call, *evidence.Served) {}, true},
		"CA":          {func(_ *plan.Call, s *evidence.Served) { s.ClientCertificates.CADigest = "sha256:o" }, false},
		"subject DN":  {func(_ *plan.Call, s *evidence.Served) { s.ClientCertificates.PassSubjectDN = false }, false},
		"OCSP":        {func(_ *plan.Call, s *evidence.Served) { s.ClientCertificates.OCSP = false }, false},
		"OCSP cache":  {func(_ *plan.Call, s *evidence.Served) { s.ClientCertificates.OCSPCache = false }, false},
		"depth":       {func(_ *plan.Call, s *evidence.Served) { s.ClientCertificates.VerifyDepth = 1 }, false},
		"depth, not stated": {func(c *plan.Call, s *evidence.Served) {
			delete(c.Params, "SslVerifyDepth")
			s.ClientCertificates.VerifyDepth = 1
		}, true},
		"CA, not stated": {func(c *plan.Call, s *evidence.Served) { c.Params = nil; s.ClientCertificates.CADigest = "sha256:o" }, true},
		"not shown":      {func(_ *plan.Call, s *evidence.Served) { s.ClientCertificates = nil }, true},
		"other bytes":    {func(_ *plan.Call, s *evidence.Served) { s.ClientCertificates, s.ChainDigest = nil, "sha256:o" }, false},
	} {
		call, clients := sent.Clone(), all
		served := evidence.Served{ChainDigest: "sha256:c", ClientCertificates: &clients}
		c.change(&call, &served)
		g := subject(bound(nil)).Evidence.Group.Facts
		g.Served = &served
		if got := Shows(call, "api.demo.com", g); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	c := plan.Call{Action: SetDomain, Params: map[string]string{"DomainName": "a"}, Keeps: []string{"DomainName"}, Material: &plan.Material{ChainDigest: "sha256:c"}}
	clone := c.Clone()
	if d := cmp.Diff(c, clone); d != "" {
		t.Error(d)
	}
	clone.Params["DomainName"], clone.Keeps[0], clone.Material.ChainDigest = "b", "b", "sha256:o"
	if c.Params["DomainName"] != "a" || c.Keeps[0] != "DomainName" || c.Material.ChainDigest != "sha256:c" {
		t.Errorf("the call became %+v", c)
	}
	if got := (plan.Call{}).Clone(); got.Material != nil {
		t.Errorf("a call without material has %+v", got.Material)
	}
}

func TestRestoreSaysWhatWasThere(t *testing.T) {
	if p, err := For(subject(bound(nil))); err != nil || p.Restore != nil {
		t.Errorf("nothing is sent, and restored is %q, %v", p.Restore, err)
	}
	there := evidence.Domain{DomainName: "api.demo.com", BindStageName: "PRE"}
	for want, p := range map[string]plan.Plan{
		"aliyun cloudapi SetDomain --region cn-hangzhou --GroupId g1 --DomainName api.demo.com --BindStageName PRE --IsHttpRedirectToHttps false": {Calls: []plan.Call{{}}, Before: &there},
		"aliyun cloudapi DeleteDomain --region cn-hangzhou --GroupId g1 --DomainName api.demo.com\n" +
			"aliyun cloudapi SetDomain --region cn-beijing --GroupId g2 --DomainName api.demo.com --BindStageName PRE --IsHttpRedirectToHttps false --IsForce true": {Calls: []plan.Call{{}},
			Displaces: []evidence.BoundGroup{{GroupRef: evidence.GroupRef{GroupID: "g2", RegionID: "cn-beijing"}, Domain: there}}},
	} {
		if got := strings.Join(restore(subject().Binding, p), "\n"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for in, want := range map[string]string{"": "''", "a-b_1.c:/D": "a-b_1.c:/D", "a\x7fb": "'a?b'", "a\x1fb": "'a?b'", "a b": "'a b'", "é": "'é'", "$(x)": "'$(x)'"} {
		if got := plan.Quote(in); got != want {
			t.Errorf("plan.Quote(%q) is %s, want %s", in, got, want)
		}
	}
}
