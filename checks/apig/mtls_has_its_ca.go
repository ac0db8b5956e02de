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
			if b.ClientCertificate != nil && b.ClientCertificate.CASID != "" {
				return []evidence.Need{evidence.NeedRecords, evidence.NeedCertificate, evidence.NeedStore}
			}
			return []evidence.Need{evidence.NeedRecords}
		},
		Judge: judgeMTLS,
		Doc: checks.Doc{
			Title: "A domain that requires client certificates has a usable CA for them",
			Why: "Mutual TLS without a CA, with one that has expired, or on a plain HTTP domain rejects every client, or lets every " +
				"client in. Which of the two fields of the CA the platform needs is not documented: in the one published live test both " +
				"are set. So casId must be that of a certificate in the file: with another CA's id the domain may let in that CA's clients.",
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
		return statedCA(s, *c, r)
	}
	certificates, err := target.CertificatesIn(r.ClientCACert)
	if err != nil {
		return checks.Judge(checks.Fails(atClients, fmt.Sprintf("%q requires client certificates, and the CA in its record %v", s.Binding.DomainName, err), "set clientCertificate with the CA, or none"))
	}
	return checks.Judge(unusable(certificates, s.Evidence.Run.Now)...)
}

// statedCA judges the CA that the binding names; certificate/client-ca-is-usable judges its
// file.
func statedCA(s checks.Subject, c binding.ClientCertificate, r *evidence.Record) checks.Verdict {
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
	return isClientCA(s, c.CASID, r)
}

// isClientCA judges whether the id of the CA is that of a certificate of the file: which of
// the two the platform trusts is not documented.
func isClientCA(s checks.Subject, id string, r *evidence.Record) checks.Verdict {
	file, store := s.Evidence.Certificate.Facts.ClientCA, s.Evidence.Store.Facts
	switch {
	case file == nil || len(file.Chain) == 0:
		return checks.Unknown("the evidence contains no CA of client certificates; see certificate/is-readable")
	case r != nil && r.CACertIdentifier == id && target.SameClientCA(s, *r): // the domain has both already
		return checks.Pass()
	case store.ClientCA == nil && !store.Complete:
		return checks.Unknown(fmt.Sprintf("whether the certificate store has the CA %q is not known: %s", id, bounded(store.Problem)))
	case store.ClientCA == nil:
		return checks.Judge(checks.Fails(atClients+"/casId", fmt.Sprintf("the certificate store has no certificate with the id %q", id),
			"write the whole id of the CA as the store shows it; or remove casId"))
	case store.ClientCA.CertIdentifier != id:
		return checks.Unknown(fmt.Sprintf("the evidence is about the certificate %q, the binding names %q", bounded(store.ClientCA.CertIdentifier), id))
	case store.ClientCA.SHA256 == "" || store.ClientCA.Serial == "":
		return checks.Unknown(fmt.Sprintf("the store does not state both serial number and SHA-256 digest of the CA %q", id))
	}
	for _, c := range file.Chain {
		if parsed, err := c.X509(); err == nil && isFile(*store.ClientCA, parsed) {
			return checks.Pass()
		}
	}
	return checks.Judge(checks.Fails(atClients+"/casId",
		fmt.Sprintf("%q is none of the CA certificates in the file: in the store serial %s, %s; the domain may let in clients of that CA", id, bounded(store.ClientCA.Serial), short(store.ClientCA.SHA256)),
		"write the id of a CA certificate in the file, or name the file of that CA"))
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
