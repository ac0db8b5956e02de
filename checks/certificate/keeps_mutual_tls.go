package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

const atClients = "/clientCertificate"

// keepsMutualTLS is certificate/keeps-mutual-tls.
func keepsMutualTLS() checks.Check {
	return checks.Check{
		ID: "certificate/keeps-mutual-tls", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate, evidence.NeedGroup},
		Applies: applies,
		Judge:   judgeMutualTLS,
		Doc: checks.Doc{
			Title: "A renewal does not change silently what callers must present",
			Why: "SetDomainCertificate carries the certificate and the settings for callers' certificates (mutual TLS) in one call. Whether a " +
				"renewal without those settings keeps them is documented nowhere: if it does not, the domain lets everybody in from then on.",
			Fix: "State clientCertificate in the binding: the CA and its settings as they are now, or none where callers need no certificate.",
			References: []string{
				"Alibaba Cloud API Gateway, SetDomainCertificate (2026-03-16): CaCertificateBody, SslVerifyDepth, ClientCertSDnPassThrough",
				"Alibaba Cloud API Gateway, DescribeDomain: its page lists no setting for callers' certificates",
			},
			Failing: "load: {certificate: sound.pem, served: sound.pem}\n" +
				"evidence:\n  group:\n    facts:\n      domains: [{domainName: api.demo.com, certificateName: old}]\n" +
				"      served: {clientCertificates: {verifyDepth: 1}}",
			Passing: "load: {certificate: sound.pem, served: sound.pem}\nbinding: {clientCertificate: {none: true}}\n" +
				"evidence:\n  group:\n    facts:\n      domains: [{domainName: api.demo.com, certificateName: old}]",
		},
	}
}

func judgeMutualTLS(s checks.Subject) checks.Verdict {
	b, group := s.Binding, s.Evidence.Group.Facts
	d, bound := group.Domain(b.DomainName)
	shown := group.ShowsClients(b.DomainName)
	inEffect := group.Served != nil && group.Served.ChainDigest != "" && group.Served.ChainDigest == s.Evidence.Certificate.Facts.ChainDigest &&
		b.Certificate.Name == d.CertificateName
	switch {
	case !bound || d.CertificateName == "" && d.CertificateID == "" && !shown:
		return checks.DoesNotApply("the group serves no certificate for the domain now")
	case b.ClientCertificate == nil && inEffect:
		return checks.Pass()
	case b.ClientCertificate == nil && shown:
		return checks.Judge(checks.Fails(atClients,
			fmt.Sprintf("the gateway shows that %q asks its callers for certificates; a renewal that does not state this may let everybody in", b.DomainName),
			"state clientCertificate: its ca, verifyDepth, passSubjectDN, ocsp and ocspCache as they are now; or none, to let callers in without a certificate"))
	case b.ClientCertificate == nil:
		return checks.Judge(checks.Warns(atClients,
			"the certificate is replaced, and no answer of the gateway says whether callers must present certificates",
			"state clientCertificate: none, or the CA that callers' certificates lead to"))
	case b.ClientCertificate.None && shown:
		return checks.Judge(checks.Warns(atClients, fmt.Sprintf("%q asks its callers for certificates now, and will no longer", b.DomainName),
			"go on if that is meant; else state the CA"))
	}
	return checks.Pass()
}

// clientCAIsUsable is certificate/client-ca-is-usable.
func clientCAIsUsable() checks.Check {
	return checks.Check{
		ID: "certificate/client-ca-is-usable", Severity: checks.Error,
		Needs: []evidence.Need{evidence.NeedCertificate},
		Applies: func(b binding.Binding) (bool, string) {
			return b.ClientCertificate != nil && !b.ClientCertificate.None, "the binding states no CA of callers' certificates"
		},
		Judge: judgeClientCA,
		Doc: checks.Doc{
			Title: "The CA of callers' certificates can sign them",
			Why: "Every caller's certificate must lead to one of these certificates. One that is no CA, or that has ended, lets no caller in; " +
				"a file that cannot be read is refused by the second call, after the domain was bound.",
			Fix:        "Name a PEM file with the CA certificates alone, all of them in validity.",
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
		return checks.CannotTell("the CA of callers' certificates is not in the evidence")
	case facts.Problem != nil:
		return checks.Judge(checks.Fails(atClients+"/ca", fmt.Sprintf("the CA of callers' certificates %q %s", facts.Source, facts.Problem.Message), facts.Problem.Fix))
	case facts.Digest == "" || len(facts.Chain) == 0:
		return checks.CannotTell("the evidence holds no CA of callers' certificates")
	}
	var found []checks.Finding
	fail := func(fix, format string, args ...any) {
		found = append(found, checks.Fails(atClients+"/ca", fmt.Sprintf(format, args...), fix))
	}
	for i, c := range facts.Chain {
		ca, err := c.X509()
		if err != nil {
			return checks.CannotTell(fmt.Sprintf("certificate %d of the CA of callers' certificates cannot be parsed", i+1))
		}
		name := fmt.Sprintf("certificate %d of %q (%q)", i+1, facts.Source, bounded(evidence.DistinguishedName(ca.Subject)))
		switch now := s.Evidence.Run.Now; {
		case !isCA(ca):
			fail("name the certificate of the CA, not one that it signed", "%s is no CA, so no caller's certificate can lead to it", name)
		case now.After(ca.NotAfter) || now.Before(ca.NotBefore):
			fail("name the CA's current certificate", "%s is not in validity at %s", name, now.UTC().Format("2006-01-02T15:04:05Z07:00"))
		}
	}
	return checks.Judge(found...)
}
