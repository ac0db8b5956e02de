package apig

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// certificateIDIsTheFile is apig/certificate-id-is-the-file.
func certificateIDIsTheFile() checks.Check {
	return checks.Check{
		ID: "apig/certificate-id-is-the-file", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedCertificate, evidence.NeedStore},
		Applies: withCASID,
		Judge:   judgeIsTheFile,
		Doc: checks.Doc{
			Title: "The certificate id is that of the certificate file",
			Why: "The call contains the id of a certificate in the store, not the certificate. All checks judge the file: if the id is " +
				"another certificate's, the domain serves one that was not judged, such as an expired one or that of another name. The store " +
				"hands out no certificate without its private key, so bindgate compares serial number and SHA-256 digest and never fetches it.",
			Fix:        "Write the casId of the certificate in the file, as the console of the certificate store shows it; or remove casId.",
			References: []string{pageStore, pageListSSLCerts, "RFC 5280 §4.1.2.2 (serial number)"},
			Failing:    "base: apig\nbinding: {certificate: {casId: 18594200-cn-hangzhou}}\nload: {certificate: sound.pem, stored: near-end.pem}",
			Passing:    "base: apig\nbinding: {certificate: {casId: 18594200-cn-hangzhou}}\nload: {certificate: sound.pem, stored: sound.pem}",
		},
	}
}

func judgeIsTheFile(s checks.Subject) checks.Verdict {
	file, v := leaf(s)
	if v != nil {
		return *v
	}
	id := s.Binding.Certificate.CASID
	stored, v := byID(s, id)
	if v != nil {
		return *v
	}
	digest, serial := evidence.CertificateDigest(file.Raw), evidence.CertificateSerial(file)
	if stored.SHA256 == "" || stored.Serial == "" {
		return checks.Unknown(fmt.Sprintf("the store does not state both serial number and SHA-256 digest of the certificate %q", id))
	}
	if isFile(*stored, file) {
		return checks.Pass()
	}
	return checks.Judge(checks.Fails("/certificate/casId",
		fmt.Sprintf("%q is another certificate than the file: in the store serial %s, %s, for %s; in the file serial %s, %s, for %s", id,
			bounded(stored.Serial), short(stored.SHA256), some(stored.SANs), bounded(serial), short(digest), some(file.DNSNames)),
		"write the id of the certificate in the file, or name the file of that certificate"))
}

// isFile reports whether a certificate of the store is that of a file.
func isFile(c evidence.StoredCertificate, file *x509.Certificate) bool {
	return strings.EqualFold(c.SHA256, evidence.CertificateDigest(file.Raw)) &&
		strings.EqualFold(strings.TrimLeft(c.Serial, "0"), evidence.CertificateSerial(file))
}

// byID returns the certificate of the store with the id that the binding names, or the
// verdict if there is none.
func byID(s checks.Subject, id string) (*evidence.StoredCertificate, *checks.Verdict) {
	store := s.Evidence.Store.Facts
	switch c := store.ByID; {
	case c == nil && !store.Complete:
		return nil, cannotTell(fmt.Sprintf("whether the certificate store has %q is not known: %s", id, store.Problem))
	case c == nil:
		v := checks.Judge(checks.Fails("/certificate/casId", fmt.Sprintf("the certificate store has no certificate with the id %q", id),
			"write the whole id as the store shows it, such as 18594156-cn-hangzhou; or remove casId to upload the file"))
		return nil, &v
	case c.CertIdentifier != id:
		return nil, cannotTell(fmt.Sprintf("the evidence is about the certificate %q, the binding names %q", bounded(c.CertIdentifier), id))
	}
	return store.ByID, nil
}

// short shows the start of a digest.
func short(digest string) string {
	const most = len("sha256:") + 8
	if len(digest) > most {
		return digest[:most] + "…"
	}
	return digest
}
