package classic

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// StatusInEffect is the DomainBindingStatus of a domain that is in effect. BOUND is the
// status of a domain that is not in effect yet.
const StatusInEffect = "BINDING"

// Target is what the gateway must show once the binding is in effect.
type Target struct {
	Binding     binding.Binding
	ChainDigest string // of the certificate, empty without one

	ClientCADigest string // of the CA of client certificates, empty without one
}

// TargetOf returns the target of a subject.
func TargetOf(s checks.Subject) Target {
	t := Target{Binding: s.Binding}
	if s.Binding.Certificate != nil {
		t.ChainDigest = s.Evidence.Certificate.Facts.ChainDigest
		if ca := s.Evidence.Certificate.Facts.ClientCA; ca != nil {
			t.ClientCADigest = ca.Digest
		}
	}
	return t
}

// Diff describes how the gateway's state differs from a target.
type Diff struct {
	Domain         bool     // SetDomain is needed for something other than the redirect
	Redirect       bool     // the redirect differs
	Certificate    bool     // the certificate differs
	HasCertificate bool     // the domain serves some certificate now
	Differences    []string // each difference: got, then want

	NotShown string // settings of the binding that the gateway does not report; empty: none
}

// InEffect reports whether the gateway's state equals the target.
func (g Diff) InEffect() bool { return !g.Domain && !g.Redirect && !g.Certificate }

// Compare returns the differences between the target and the state of a group that
// DescribeApiGroup and DescribeDomain returned. Fields that the manifest omits are not compared.
func Compare(t Target, g evidence.Group) Diff {
	b := t.Binding
	d, ok := g.Domain(b.DomainName)
	if !ok {
		return Diff{Domain: true, Redirect: b.IsHTTPRedirectToHTTPS != nil && *b.IsHTTPRedirectToHTTPS,
			Certificate: b.Certificate != nil, Differences: []string{"the domain is not bound to the group"}}
	}
	gap := Diff{HasCertificate: d.CertificateName != "" || d.CertificateID != ""}
	gap.compareDomain(b, d)
	if b.IsHTTPRedirectToHTTPS != nil && d.IsHTTPRedirectToHTTPS != *b.IsHTTPRedirectToHTTPS {
		gap.Redirect = true
		gap.say("isHttpRedirectToHttps is %t, want %t", d.IsHTTPRedirectToHTTPS, *b.IsHTTPRedirectToHTTPS)
	}
	if b.Certificate != nil {
		gap.compareCertificate(t, d, g.Served)
		gap.compareClients(t, g.Served)
	}
	return gap
}

func (g *Diff) compareDomain(b binding.Binding, d evidence.Domain) {
	if d.DomainBindingStatus != StatusInEffect {
		g.Domain = true
		g.say("domainBindingStatus is %q, want %q", d.DomainBindingStatus, StatusInEffect)
	}
	if b.BindStageName != nil && d.BindStageName != *b.BindStageName &&
		(*b.BindStageName == "" || d.BindStageAlias != *b.BindStageName) {
		g.Domain = true
		g.say("bindStageName is %q, want %q", d.BindStageName, *b.BindStageName)
	}
	got := d.CustomDomainType
	if got == "" {
		got = binding.Internet
	}
	if !strings.EqualFold(got, b.CustomDomainType) {
		g.Domain = true
		g.say("customDomainType is %q, want %q", got, b.CustomDomainType)
	}
}

// compareCertificate counts a certificate as attached only if both its name and
// its bytes match, because a name can be reused for other bytes.
func (g *Diff) compareCertificate(t Target, d evidence.Domain, served *evidence.Served) {
	want := t.Binding.Certificate.Name
	switch {
	case d.CertificateName != want:
		g.Certificate = true
		g.say("certificateName is %q, want %q", d.CertificateName, want)
	case served == nil || served.ChainDigest != t.ChainDigest || t.ChainDigest == "":
		g.Certificate = true
		g.say("the gateway serves the certificate %q with other bytes than the binding's", want)
	}
}

// compareClients compares the settings of mutual TLS if the binding states them and the
// served certificate was read.
func (g *Diff) compareClients(t Target, served *evidence.Served) {
	want := t.Binding.ClientCertificate
	if want == nil || served == nil {
		return
	}
	got := served.ClientCertificates
	switch {
	case want.None && got != nil:
		g.Certificate = true
		g.say("the gateway requests client certificates, want none")
	case want.None:
	case got == nil:
		g.NotShown = "the gateway does not report its settings for client certificates"
	default:
		target := evidence.ClientCertificates{CADigest: t.ClientCADigest, VerifyDepth: want.VerifyDepth, PassSubjectDN: want.PassSubjectDN, OCSP: want.OCSP, OCSPCache: want.OCSPCache}
		if target.VerifyDepth == 0 { // the binding does not state it
			target.VerifyDepth = got.VerifyDepth
		}
		if *got != target {
			g.Certificate = true
			g.say("clientCertificate is %+v, want %+v", *got, target)
		}
	}
}

func (g *Diff) say(format string, args ...any) {
	g.Differences = append(g.Differences, fmt.Sprintf(format, args...))
}
