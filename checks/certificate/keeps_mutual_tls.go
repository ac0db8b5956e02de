package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

const atClients = "/clientCertificate"

// keepsMutualTLS returns the check certificate/keeps-mutual-tls.
func keepsMutualTLS() checks.Check {
	return checks.Check{
		ID: "certificate/keeps-mutual-tls", Severity: checks.Error,
		Needs:    []evidence.Need{evidence.NeedCertificate, evidence.NeedGroup},
		NeedsFor: ofServed(evidence.NeedRecords),
		Applies:  applies,
		Judge:    judgeMutualTLS,
		Doc: checks.Doc{
			Title: "A renewal does not silently change the settings for client certificates",
			Why: "SetDomainCertificate contains the certificate and the settings for client certificates (mutual TLS) in one call. It is " +
				"undocumented whether a renewal without those settings keeps them: if it does not, the domain then accepts all clients. The " +
				"record of a cloud-native gateway's domain shows them, and bindgate sends them back with every update.",
			Fix: "Set clientCertificate in the binding: the CA and its current settings, or none if clients need no certificate.",
			References: []string{
				"Alibaba Cloud API Gateway, SetDomainCertificate (2026-03-16): CaCertificateBody, SslVerifyDepth, ClientCertSDnPassThrough",
				"Alibaba Cloud API Gateway, DescribeDomain: its page lists no setting for client certificates",
			},
			Failing: "load: {certificate: sound.pem, served: sound.pem}\n" +
				"evidence:\n  group:\n    facts:\n      domains: [{domainName: api.demo.com, certificateName: old}]\n" +
				"      served: {clientCertificates: {verifyDepth: 1}}",
			Passing: "load: {certificate: sound.pem, served: sound.pem}\nbinding: {clientCertificate: {none: true}}\n" +
				"evidence:\n  group:\n    facts:\n      domains: [{domainName: api.demo.com, certificateName: old}]",
		},
	}
}

// judgeRecordMutualTLS judges a gateway's domain. Its record shows the settings for client
// certificates, and bindgate sends them back with every update.
func judgeRecordMutualTLS(s checks.Subject) checks.Verdict {
	r, c := s.Evidence.Records.Facts.Domain, s.Binding.ClientCertificate
	switch {
	case r == nil || !r.MTLSEnabled:
		return checks.NotApplicable("the domain requires no client certificates now")
	case c == nil && r.ClientCACert == "":
		return checks.Judge(checks.Fails(atClients,
			fmt.Sprintf("according to the gateway %q requires client certificates, and its record does not show their CA, which an update must send back", s.Binding.DomainName),
			"set clientCertificate: the current ca and casId; or none, to accept clients without a certificate"))
	case c != nil && c.None:
		return checks.Judge(checks.Warns(atClients, fmt.Sprintf("%q requires client certificates now, and no longer will", s.Binding.DomainName),
			"go on if that is intended; else set the CA"))
	}
	return checks.Pass()
}

func judgeMutualTLS(s checks.Subject) checks.Verdict {
	if ok, _ := target.Gateway(s.Binding); ok {
		return judgeRecordMutualTLS(s)
	}
	b, group := s.Binding, s.Evidence.Group.Facts
	d, bound := group.Domain(b.DomainName)
	shown := group.MayRequestClientCertificates(b.DomainName)
	inEffect := group.Served != nil && group.Served.ChainDigest != "" && group.Served.ChainDigest == s.Evidence.Certificate.Facts.ChainDigest &&
		b.Certificate.Name == d.CertificateName
	switch {
	case !bound || d.CertificateName == "" && d.CertificateID == "" && !shown:
		return checks.NotApplicable("the group serves no certificate for the domain now")
	case b.ClientCertificate == nil && inEffect:
		return checks.Pass()
	case b.ClientCertificate == nil && shown:
		return checks.Judge(checks.Fails(atClients,
			fmt.Sprintf("according to the gateway %q requires client certificates; a renewal that does not set this may accept all clients", b.DomainName),
			"set clientCertificate: the current ca, verifyDepth, passSubjectDN, ocsp and ocspCache; or none, to accept clients without a certificate"))
	case b.ClientCertificate == nil:
		return checks.Judge(checks.Warns(atClients,
			"the certificate is replaced, and no response of the gateway shows whether clients must present certificates",
			"set clientCertificate: none, or the CA of client certificates"))
	case b.ClientCertificate.None && shown:
		return checks.Judge(checks.Warns(atClients, fmt.Sprintf("%q requires client certificates now, and no longer will", b.DomainName),
			"go on if that is intended; else set the CA"))
	}
	return checks.Pass()
}

// clientCAIsUsable returns the check certificate/client-ca-is-usable.
func clientCAIsUsable() checks.Check {
	return checks.Check{
		ID: "certificate/client-ca-is-usable", Severity: checks.Error,
		Needs: []evidence.Need{evidence.NeedCertificate},
		Applies: func(b binding.Binding) (bool, string) {
			c := b.ClientCertificate
			if ok, _ := target.Gateway(b); ok && c != nil && c.CA == "" {
				return false, "the binding names no file of a CA of client certificates; see apig/mtls-has-its-ca"
			}
			return c != nil && !c.None, "the binding sets no CA of client certificates"
		},
		Judge: judgeClientCA,
		Doc: checks.Doc{
			Title: "The CA of client certificates is usable",
			Why: "Every client certificate must chain to one of these certificates. One that is not a CA, or has expired, rejects every client; " +
				"the second call refuses an unreadable file, after the domain was bound. Who reads the CA's private key in the same file can " +
				"sign certificates for themselves.",
			Fix:        "Name a PEM file with only CA certificates, all of them valid now, and no private key.",
			References: []string{"RFC 5280 §4.2.1.9 (basicConstraints) and §6.1"},
			Failing:    "load: {certificate: sound.pem}\nbinding: {clientCertificate: {ca: sound.pem}}",
			Passing:    "load: {certificate: sound.pem}\nbinding: {clientCertificate: {ca: ca-alone.pem}}",
		},
	}
}

func judgeClientCA(s checks.Subject) checks.Verdict {
	facts := s.Evidence.Certificate.Facts.ClientCA
	switch {
	case facts == nil:
		return checks.Unknown("the CA of client certificates is not in the evidence")
	case facts.Problem != nil:
		return checks.Judge(checks.Fails(atClients+"/ca", fmt.Sprintf("the CA of client certificates %q %s", facts.Source, facts.Problem.Message), facts.Problem.Fix))
	case facts.Digest == "" || len(facts.Chain) == 0:
		return checks.Unknown("the evidence contains no CA of client certificates")
	}
	var found []checks.Finding
	fail := func(fix, format string, args ...any) {
		found = append(found, checks.Fails(atClients+"/ca", fmt.Sprintf(format, args...), fix))
	}
	for i, c := range facts.Chain {
		ca, err := c.X509()
		if err != nil {
			return checks.Unknown(fmt.Sprintf("certificate %d of the CA of client certificates cannot be parsed", i+1))
		}
		name := fmt.Sprintf("certificate %d of %q (%q)", i+1, facts.Source, bounded(evidence.DistinguishedName(ca.Subject)))
		switch now := s.Evidence.Run.Now; {
		case !isCA(ca):
			fail("name the certificate of the CA, not one that it signed", "%s is not a CA, so no client certificate can chain to it", name)
		case now.After(ca.NotAfter) || now.Before(ca.NotBefore):
			fail("name the CA's current certificate", "%s is not valid at %s", name, now.UTC().Format("2006-01-02T15:04:05Z07:00"))
		}
	}
	return checks.Judge(found...)
}
