package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks/weakkey"
)

// explain says why crypto/x509 found no path. Whatever could not be evaluated
// on the way leaves the question undecided; else the walk from the first
// certificate upwards tells where it ends.
func (s search) explain(err error) Path {
	if why := s.unevaluated(); why != "" {
		return Path{Undecided: why}
	}
	if s.roots.system != nil && errors.As(err, new(x509.CertificateInvalidError)) {
		return refused(err) // a walk cannot see the system's roots
	}
	return s.walk(err)
}

// unevaluated looks for what cannot be judged in every certificate that a path
// could lead through, going by names alone.
func (s search) unevaluated() string {
	reached := []*x509.Certificate{s.chain[0]}
	for i := 0; i < len(reached); i++ {
		c := reached[i]
		switch {
		case len(unhandled(c)) > 0:
			oid := unhandled(c)[0].String()
			return fmt.Sprintf("%s has a critical extension that cannot be evaluated: %s", s.which(c), extensionName(oid))
		case i > 0 && oversize(c):
			return fmt.Sprintf("%s has an RSA key of more than %d bits; its signatures cannot be evaluated here", s.which(c), maxSignerBits)
		case i > 0 && c.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm,
			!s.isAnchor(c) && c.SignatureAlgorithm == x509.UnknownSignatureAlgorithm:
			return fmt.Sprintf("%s uses an algorithm whose signatures cannot be evaluated here: %s", s.which(c), algorithms(c))
		}
		for _, parent := range s.parents(c) {
			if !slices.Contains(reached, parent) {
				reached = append(reached, parent)
			}
		}
	}
	return ""
}

// algorithms names what of a certificate is known by object identifier alone.
func algorithms(c *x509.Certificate) string {
	var told []string
	if name := weakkey.Unaccepted(c.RawSubjectPublicKeyInfo); name != "" {
		told = append(told, "its key is "+name)
	}
	outer := cryptobyte.String(c.Raw)
	var body, algorithm cryptobyte.String
	if c.SignatureAlgorithm == x509.UnknownSignatureAlgorithm && outer.ReadASN1(&body, cbasn1.SEQUENCE) &&
		body.SkipASN1(cbasn1.SEQUENCE) && body.ReadASN1(&algorithm, cbasn1.SEQUENCE) {
		told = append(told, "its signature is "+weakkey.UnacceptedAlgorithm(algorithm))
	}
	return strings.Join(told, ", ")
}

// unhandled are the critical extensions that neither crypto/x509 nor this
// package evaluates.
func unhandled(c *x509.Certificate) []asn1.ObjectIdentifier {
	return slices.DeleteFunc(slices.Clone(c.UnhandledCriticalExtensions), isNameConstraints)
}

// parents are the certificates that have the name of c's issuer, roots first.
func (s search) parents(c *x509.Certificate) []*x509.Certificate {
	var found []*x509.Certificate
	for _, a := range s.anchors {
		if bytes.Equal(a.RawSubject, c.RawIssuer) {
			found = append(found, a.Certificate)
		}
	}
	for _, other := range s.chain {
		if other != c && bytes.Equal(other.RawSubject, c.RawIssuer) && !slices.ContainsFunc(found, other.Equal) {
			found = append(found, other)
		}
	}
	return found
}

// walk goes from the first certificate to its issuer, and on, until that ends.
func (s search) walk(verifyErr error) Path {
	seen := map[*x509.Certificate]bool{}
	checksLeft := 100
	for c := s.chain[0]; !seen[c]; {
		seen[c] = true
		parents := s.parents(c)
		if len(parents) == 0 {
			return s.broken(c)
		}
		var signer *x509.Certificate
		var firstErr error
		for _, p := range parents {
			if checksLeft--; checksLeft < 0 {
				return Path{Undecided: "finding a path takes more than 100 signature checks, and was given up; the path cannot be evaluated"}
			}
			err := c.CheckSignatureFrom(p)
			if err == nil {
				signer = p
				break
			}
			if firstErr == nil {
				firstErr = err
			}
		}
		switch {
		case signer == nil:
			return s.unsigned(c, parents[0], firstErr)
		case s.isAnchor(signer):
			return refused(verifyErr)
		}
		c = signer
	}
	return Path{Problem: fmt.Sprintf("the certificates of the file sign each other in a circle and lead to no root of %s", s.roots.name)}
}

// broken is the answer for a certificate whose issuer is nowhere.
func (s search) broken(c *x509.Certificate) Path {
	switch selfIssued := bytes.Equal(c.RawSubject, c.RawIssuer); {
	case selfIssued && c == s.chain[0]:
		return Path{Problem: fmt.Sprintf("%s is self-signed and not among the roots (%s)", s.which(c), s.roots.name)}
	case selfIssued:
		return Path{Problem: fmt.Sprintf("the chain ends at %s, which is not among the roots (%s)", s.which(c), s.roots.name)}
	}
	issuer := clip(c.Issuer.String())
	return Path{Missing: issuer, Problem: fmt.Sprintf("the issuer of %s is missing: no certificate of %q is in the file or among the roots (%s)",
		s.which(c), issuer, s.roots.name)}
}

// unsigned is why no certificate with the issuer's name has signed c.
func (s search) unsigned(c, parent *x509.Certificate, err error) Path {
	var insecure x509.InsecureAlgorithmError
	var violation x509.ConstraintViolationError
	switch {
	case errors.As(err, &insecure):
		return Path{Problem: fmt.Sprintf("%s is signed with %s, which is no longer accepted", s.which(c), x509.SignatureAlgorithm(insecure))}
	case errors.Is(err, x509.ErrUnsupportedAlgorithm):
		return Path{Undecided: fmt.Sprintf("the signature of %s is of an algorithm that cannot be evaluated here (%s)", s.which(c), c.SignatureAlgorithm)}
	case errors.As(err, &violation):
		return Path{Problem: fmt.Sprintf("%s issued %s, but may not: it lacks basicConstraints CA or keyUsage keyCertSign", s.which(parent), s.which(c))}
	}
	return Path{Problem: fmt.Sprintf("%s has the name of the issuer of %s, but another key signed it", s.which(parent), s.which(c))}
}

func (s search) isAnchor(c *x509.Certificate) bool {
	return slices.ContainsFunc(s.anchors, func(a anchor) bool { return a.Certificate == c })
}

// refused turns crypto/x509's reason into a path's. An error that it is not
// known to return for a bad chain leaves the question undecided.
func refused(err error) Path {
	text := clip(strings.TrimPrefix(err.Error(), "x509: "))
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return Path{Problem: "a certificate of the path has an extKeyUsage that does not allow TLS servers (serverAuth)"}
	case errors.As(err, &invalid), errors.As(err, new(x509.UnknownAuthorityError)):
		return Path{Problem: text}
	}
	return Path{Undecided: "the path cannot be evaluated: " + text}
}

// which names a certificate by its place in the file and its subject.
func (s search) which(c *x509.Certificate) string {
	for i, other := range s.chain {
		if other == c {
			return fmt.Sprintf("certificate %d (%q)", i+1, Name(c))
		}
	}
	return fmt.Sprintf("the root %q", Name(c))
}

func extensionName(oid string) string {
	if oid == "2.5.29.17" {
		return "subject alternative names (" + oid + ") of no known kind"
	}
	return oid
}
