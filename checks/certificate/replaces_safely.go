package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// replacesSafely returns the check certificate/replaces-safely.
func replacesSafely() checks.Check {
	return checks.Check{
		ID: "certificate/replaces-safely", Severity: checks.Error,
		Needs:    []evidence.Need{evidence.NeedCertificate, evidence.NeedGroup},
		NeedsFor: ofServed(evidence.NeedRecords, evidence.NeedStore),
		Applies:  applies,
		Judge:    judgeReplaces,
		Doc: checks.Doc{
			Title: "The certificate covers everything that the served one covers",
			Why: "A renewal replaces a working certificate with an untested one. A missing name breaks clients of " +
				"that name, another key type breaks old clients, another issuer those that pin it. One that ends before the one in effect is " +
				"usually an older file, used by mistake, and is an error.",
			Fix: "If the difference is intended, go on; else have the certificate issued like the previous one. A certificate that " +
				"ends earlier on purpose needs certificate.mayExpireEarlier: true in the binding.",
			References: []string{
				"RFC 9525 §6 (names are compared one by one)",
				"Alibaba Cloud API Gateway, SetDomainCertificate (2026-03-16): the certificate of a domain is replaced at once",
			},
			Failing: "load: {certificate: near-end.pem, served: sound.pem}",
			Passing: "load: {certificate: sound.pem, served: sound.pem}",
		},
	}
}

func judgeReplaces(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	if ok, _ := target.Gateway(s.Binding); ok {
		return replacesStored(s, chain[0])
	}
	group := s.Evidence.Group.Facts
	domain, bound := group.Domain(s.Binding.DomainName)
	switch {
	case group.Served == nil && (!bound || domain.CertificateName == ""):
		return checks.NotApplicable("the group serves no certificate for the domain now")
	case group.Served == nil && domain.CertificateValidEnd > 0: // lint: the group's own fields contain only the date
		return checks.Judge(earlier(time.UnixMilli(domain.CertificateValidEnd), chain[0], s.Binding.Certificate.MayExpireEarlier)...)
	case group.Served == nil:
		return checks.NotRun("the served certificate was not read: plan and apply read it")
	case group.Served.Leaf == "" && group.Served.ChainDigest == "":
		return checks.NotApplicable("the group serves no certificate for the domain now")
	}
	block, _ := pem.Decode([]byte(group.Served.Leaf))
	if block == nil {
		return checks.Unknown("the served certificate is not in the evidence")
	}
	old, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return checks.Unknown("the served certificate cannot be parsed")
	}
	return checks.Judge(replacement(old, chain[0], s.Binding.Certificate.MayExpireEarlier)...)
}

// ofServed returns a NeedsFor: the certificate, and what shows the one in effect, which of
// a gateway is the given evidence.
func ofServed(gateway ...evidence.Need) func(binding.Binding) []evidence.Need {
	return func(b binding.Binding) []evidence.Need {
		if ok, _ := target.Gateway(b); ok {
			return append([]evidence.Need{evidence.NeedCertificate}, gateway...)
		}
		return []evidence.Need{evidence.NeedCertificate, evidence.NeedGroup}
	}
}

// replacesStored compares the certificate of a gateway's domain, as the certificate store
// describes it, with the requested one.
func replacesStored(s checks.Subject, next *x509.Certificate) checks.Verdict {
	r, old := s.Evidence.Records.Facts.Domain, s.Evidence.Store.Facts.Current
	switch {
	case r == nil || r.CertIdentifier == "":
		return checks.NotApplicable("the gateway serves no certificate for the domain now")
	case old == nil || old.CertIdentifier != r.CertIdentifier || old.NotAfter == 0:
		return checks.Unknown(fmt.Sprintf("the certificate store does not describe the certificate %q that is attached now", r.CertIdentifier))
	}
	const fix = "go on if that is intended; else have it issued like the served one"
	var found []checks.Finding
	if lost := lostNames(old.SANs, next); len(lost) > 0 {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the served certificate also covers %s; this one does not", some(lost)), fix))
	}
	if was, is := strings.ToUpper(old.Algorithm), strings.ToUpper(next.PublicKeyAlgorithm.String()); was != "" && strings.HasPrefix(was, "RSA") != (is == "RSA") {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the key type changes from %s to %s", bounded(was), is), fix))
	}
	return checks.Judge(append(found, earlier(time.UnixMilli(old.NotAfter), next, s.Binding.Certificate.MayExpireEarlier)...)...)
}

// lostNames returns the names that a certificate does not cover.
func lostNames(names []string, next *x509.Certificate) (lost []string) {
	for _, name := range names {
		if !slices.ContainsFunc(next.DNSNames, func(san string) bool { return covers(san, asciiLower(name)) }) {
			lost = append(lost, name)
		}
	}
	return lost
}

// replacement compares the served certificate with the requested one.
func replacement(old, next *x509.Certificate, mayExpireEarlier bool) (found []checks.Finding) {
	const fix = "go on if that is intended; else have it issued like the served one"
	warn := func(format string, args ...any) {
		found = append(found, checks.Warns(atBody, fmt.Sprintf(format, args...), fix))
	}
	if lost := lostNames(old.DNSNames, next); len(lost) > 0 {
		warn("the served certificate also covers %s; this one does not", some(lost))
	}
	if old.PublicKeyAlgorithm != next.PublicKeyAlgorithm {
		warn("the key type changes from %s to %s", old.PublicKeyAlgorithm, next.PublicKeyAlgorithm)
	}
	if !bytes.Equal(old.RawIssuer, next.RawIssuer) {
		warn("the issuer changes from %q to %q", bounded(evidence.DistinguishedName(old.Issuer)), bounded(evidence.DistinguishedName(next.Issuer)))
	}
	return append(found, earlier(old.NotAfter, next, mayExpireEarlier)...)
}

// earlier reports that the requested certificate ends before the one in effect.
// The gateway's dates have milliseconds, a certificate's seconds.
func earlier(end time.Time, next *x509.Certificate, mayExpireEarlier bool) []checks.Finding {
	if !next.NotAfter.Before(end.Truncate(time.Second)) {
		return nil
	}
	text := fmt.Sprintf("it ends at %s, before the served one (%s)", next.NotAfter.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	if mayExpireEarlier {
		return []checks.Finding{checks.Warns(atBody, text, "go on if that is intended; else have it issued like the served one")}
	}
	return []checks.Finding{checks.Fails(atBody, text, "name the newer file; if the shorter one is intended, set certificate.mayExpireEarlier: true in the binding")}
}
