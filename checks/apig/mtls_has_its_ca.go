package apig

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

const atClients = "/clientCertificate"

// mtlsHasItsCA is apig/mtls-has-its-ca.
func mtlsHasItsCA() checks.Check {
	return checks.Check{
		ID: "apig/mtls-has-its-ca", Severity: checks.Error,
		Applies: target.Gateway,
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if b.ClientCertificate != nil && b.ClientCertificate.None {
				return nil
			}
			return []evidence.Need{evidence.NeedRecords}
		},
		Judge: judgeMTLS,
		Doc: checks.Doc{
			Title: "A domain that requires client certificates has a usable CA for them",
			Why: "Mutual TLS without a CA, with one that has expired, or on a plain HTTP domain rejects every client, or lets every " +
				"client in. Which of the two fields of the CA the platform needs is not documented: in the one published live test both " +
				"are set.",
			Fix: "Set clientCertificate with ca, a PEM file of CA certificates that are valid now, and casId, their id in the certificate " +
				"store; or none.",
			References: []string{pageUpdateDomain, codeProvider, "RFC 5280 §4.2.1.9 (basicConstraints)"},
			Failing:    "base: apig\nload: {recordCA: sound.pem}",
			Passing:    "base: apig\nload: {recordCA: ca-alone.pem}",
		},
	}
}

func judgeMTLS(s checks.Subject) checks.Verdict {
	c, r := s.Binding.ClientCertificate, record(s)
	switch {
	case c == nil && (r == nil || !r.MTLSEnabled), c != nil && c.None:
		return checks.NotApplicable("the domain requires no client certificates")
	case protocol(s) == protocolHTTP:
		return checks.Judge(checks.Fails(atClients, "client certificates have no effect for protocol HTTP: every client is let in", "write protocol: HTTPS, or set clientCertificate: none"))
	case c != nil:
		return statedCA(*c, r)
	}
	certificates, err := target.CertificatesIn(r.ClientCACert)
	if err != nil {
		return checks.Judge(checks.Fails(atClients, fmt.Sprintf("%q requires client certificates, and the CA in its record %v", s.Binding.DomainName, err), "set clientCertificate with the CA, or none"))
	}
	return checks.Judge(unusable(certificates, s.Evidence.Run.Now)...)
}

// statedCA judges the CA that the binding names; certificate/client-ca-is-usable judges its
// file.
func statedCA(c binding.ClientCertificate, r *evidence.Record) checks.Verdict {
	switch {
	case c.CA == "":
		return checks.Judge(checks.Fails(atClients+"/ca", "client certificates are required, and the binding names no file with their CA: whether the id alone is enough is not documented", "add ca, the PEM file of the CA that casId names"))
	case c.CASID == "" && r != nil && r.CACertIdentifier != "":
		return checks.Judge(checks.Fails(atClients, fmt.Sprintf("the domain's CA of client certificates has the id %q, which an update without casId would drop", bounded(r.CACertIdentifier)),
			"add casId: the id of the CA of the file in the certificate store"))
	case c.CASID == "":
		return checks.Judge(checks.Warns(atClients, "the CA of client certificates has no casId; whether the file alone is enough is not documented",
			"upload the CA to the certificate store and add casId; test that a client without a certificate is rejected"))
	}
	return checks.Pass()
}

// unusable reports certificates of a CA that no client certificate can lead to now.
func unusable(certificates []*x509.Certificate, now time.Time) (found []checks.Finding) {
	const fix = "set clientCertificate with the CA's current certificate"
	for _, ca := range certificates {
		name := bounded(evidence.DistinguishedName(ca.Subject))
		switch {
		case !ca.BasicConstraintsValid || !ca.IsCA:
			found = append(found, checks.Fails(atClients, fmt.Sprintf("the CA of client certificates in the record, %q, is not a CA, so no client certificate can chain to it", name), fix))
		case now.After(ca.NotAfter) || now.Before(ca.NotBefore):
			found = append(found, checks.Fails(atClients, fmt.Sprintf("the CA of client certificates in the record, %q, is valid from %s to %s only", name, ca.NotBefore.UTC().Format(time.RFC3339), ca.NotAfter.UTC().Format(time.RFC3339)), fix))
		}
	}
	return found
}
