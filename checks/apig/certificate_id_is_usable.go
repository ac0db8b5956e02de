package apig

import (
	"fmt"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

const atCASID = "/certificate/casId"

// certificateIDIsUsable is apig/certificate-id-is-usable.
func certificateIDIsUsable() checks.Check {
	return checks.Check{
		ID: "apig/certificate-id-is-usable", Severity: checks.Error,
		Applies: target.Gateway,
		NeedsFor: func(b binding.Binding) []evidence.Need {
			switch {
			case b.Certificate == nil:
				return []evidence.Need{evidence.NeedRecords}
			case b.Certificate.CASID == "":
				return []evidence.Need{evidence.NeedStore, evidence.NeedCertificate}
			}
			return []evidence.Need{evidence.NeedStore}
		},
		Judge: judgeUsable,
		Doc: checks.Doc{
			Title: "The gateway can serve the certificate of the store",
			Why: "The store also holds certificates without a key, expired ones, and chains without their intermediates. The domain " +
				"takes the id of any of them, and then handshakes fail. A property that the store does not state is not assumed to be good.",
			Fix: "Name a certificate that the store holds with its private key and chain, that is for the domain and valid; or remove casId " +
				"and give body and privateKey, which bindgate uploads.",
			References: []string{pageStore, pageListSSLCerts, pageGetDomain},
			Failing:    "base: apig\nbinding: {certificate: {casId: 18594200-cn-hangzhou}}\nload: {stored: sound.pem}\nevidence: {store: {facts: {byId: {existPrivateKey: false}}}}",
			Passing:    "base: apig\nbinding: {certificate: {casId: 18594200-cn-hangzhou}}\nload: {stored: sound.pem}",
		},
	}
}

func judgeUsable(s checks.Subject) checks.Verdict {
	b, r := s.Binding, record(s)
	if b.Certificate == nil {
		switch {
		case r == nil || r.CertIdentifier == "":
			return checks.NotApplicable("neither the binding nor the domain has a certificate of the store")
		case r.CertDetailErrorCode != "":
			return checks.Judge(unreadable("/domainName", *r))
		}
		return checks.Pass()
	}
	id, at := b.Certificate.CASID, atCASID
	c, v := byID(s, id)
	if id == "" {
		at = "/certificate"
		if c, v = reused(s); c != nil {
			id = c.CertIdentifier
		}
	}
	if v != nil {
		return *v
	}
	var found []checks.Finding
	unknown := ""
	stated := func(value *bool, field, wrong, fix string) {
		switch {
		case value == nil:
			unknown = fmt.Sprintf("the platform does not state %s of the certificate %q", field, id)
		case !*value:
			found = append(found, checks.Fails(at, fmt.Sprintf("the certificate %q %s (%s is false)", id, wrong, field), fix))
		}
	}
	stated(c.ExistPrivateKey, "ExistPrivateKey", "is in the store without its private key", "remove casId and give body and privateKey, or name the certificate that has its key")
	stated(c.DomainMatch, "domainMatchCert", fmt.Sprintf("is for %s, not for %q", some(c.SANs), b.DomainName), "name the certificate of this domain")
	stated(c.ChainCompleted, "isChainCompleted", "is in the store without its intermediates", "upload the certificate with its chain; removing casId does so")
	for _, word := range []string{"revoke", "expire"} {
		if strings.Contains(strings.ToLower(c.Status), word) {
			found = append(found, checks.Fails(at, fmt.Sprintf("the certificate %q has the status %q in the store", id, bounded(c.Status)), "name a certificate that is valid"))
		}
	}
	switch now := s.Evidence.Run.Now; {
	case c.NotAfter <= 0 || now.IsZero():
		unknown = fmt.Sprintf("when the certificate %q ends is not known", id)
	case !now.Before(time.UnixMilli(c.NotAfter)):
		found = append(found, checks.Fails(at, fmt.Sprintf("the certificate %q expired at %s", id, time.UnixMilli(c.NotAfter).UTC().Format(time.RFC3339)), "name a certificate that is valid"))
	}
	if r != nil && r.CertIdentifier == id && r.CertDetailErrorCode != "" {
		found = append(found, unreadable(at, *r))
	}
	if unknown != "" && !checks.HasError(found) {
		if problem := s.Evidence.Store.Facts.Problem; problem != "" {
			unknown += ": " + problem
		}
		return checks.Unknown(unknown, found...)
	}
	return checks.Judge(found...)
}

// reused returns the certificate of the store that is the binding's file, so that it is not
// uploaded again: the attached one, else the first by id. It must have its key.
func reused(s checks.Subject) (*evidence.StoredCertificate, *checks.Verdict) {
	file, v := leaf(s)
	if v != nil {
		return nil, v
	}
	r := record(s)
	var out *evidence.StoredCertificate
	for _, c := range s.Evidence.Store.Facts.Matching {
		switch {
		case !isFile(c, file) || c.CertIdentifier == "" || c.ExistPrivateKey != nil && !*c.ExistPrivateKey:
		case r != nil && r.CertIdentifier == c.CertIdentifier:
			return &c, nil
		case out == nil || c.CertIdentifier < out.CertIdentifier:
			out = &c
		}
	}
	if out == nil {
		v := checks.NotApplicable("the store does not hold the certificate with its key: it is uploaded")
		return nil, &v
	}
	return out, nil
}

// unreadable reports that the gateway cannot read the attached certificate.
func unreadable(pointer string, r evidence.Record) checks.Finding {
	return checks.Fails(pointer, fmt.Sprintf("the gateway cannot read the certificate %q that is attached to %q: %s", bounded(r.CertIdentifier), r.Name, bounded(strings.TrimSuffix(r.CertDetailErrorCode+", "+r.CertDetailErrorMessage, ", "))),
		"attach another certificate, and see whether this one was deleted from the store")
}
