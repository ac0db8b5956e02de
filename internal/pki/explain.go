package pki

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/weakkey"
)

// explain returns why crypto/x509 found no path. If anything on the way cannot
// be evaluated, the result is undecided; else the walk from the first
// certificate finds where the chain ends.
func (s search) explain(err error) Path {
	if why := s.unevaluated(); why != "" {
		return Path{Undetermined: why}
	}
	if s.roots.system != nil && errors.As(err, new(x509.CertificateInvalidError)) {
		return s.refused(err) // a walk cannot list the system's roots
	}
	return s.walk(err)
}

// unevaluated returns what cannot be evaluated in any certificate that a path
// could contain, judging by names alone.
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

// algorithms names the parts of a certificate that are known only by object
// identifier.
func algorithms(c *x509.Certificate) string {
	var parts []string
	if name := weakkey.Unaccepted(c.RawSubjectPublicKeyInfo); name != "" {
		parts = append(parts, "its key is "+name)
	}
	outer := cryptobyte.String(c.Raw)
	var body, algorithm cryptobyte.String
	if c.SignatureAlgorithm == x509.UnknownSignatureAlgorithm && outer.ReadASN1(&body, cbasn1.SEQUENCE) &&
		body.SkipASN1(cbasn1.SEQUENCE) && body.ReadASN1(&algorithm, cbasn1.SEQUENCE) {
		parts = append(parts, "its signature is "+weakkey.UnacceptedAlgorithm(algorithm))
	}
	return strings.Join(parts, ", ")
}

// unhandled returns the critical extensions that neither crypto/x509 nor this
// package evaluates.
func unhandled(c *x509.Certificate) []asn1.ObjectIdentifier {
	return slices.DeleteFunc(slices.Clone(c.UnhandledCriticalExtensions), isNameConstraints)
}

// unknownQualifier returns a policy qualifier of critical certificatePolicies
// that RFC 5280 §4.2.1.4 does not define, "" for none. crypto/x509 ignores
// qualifiers.
func unknownQualifier(c *x509.Certificate) string {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Critical && e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 32}) })
	if i < 0 {
		return ""
	}
	const malformed = "has malformed critical certificatePolicies"
	outer := cryptobyte.String(c.Extensions[i].Value)
	var policies, policy, qualifiers, qualifier cryptobyte.String
	if !outer.ReadASN1(&policies, cbasn1.SEQUENCE) {
		return malformed
	}
	for !policies.Empty() {
		if !policies.ReadASN1(&policy, cbasn1.SEQUENCE) || !policy.SkipASN1(cbasn1.OBJECT_IDENTIFIER) ||
			!policy.ReadOptionalASN1(&qualifiers, nil, cbasn1.SEQUENCE) {
			return malformed
		}
		for !qualifiers.Empty() {
			var id asn1.ObjectIdentifier
			if !qualifiers.ReadASN1(&qualifier, cbasn1.SEQUENCE) || !qualifier.ReadASN1ObjectIdentifier(&id) {
				return malformed
			}
			if known := id.String(); known != "1.3.6.1.5.5.7.2.1" && known != "1.3.6.1.5.5.7.2.2" {
				return "has critical certificatePolicies with the unknown qualifier " + clip(known)
			}
		}
	}
	return ""
}

// parents returns the certificates with the name of c's issuer, roots first.
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

// walk follows issuers from the first certificate to the end of the chain.
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
				return Path{Undetermined: "finding a path takes more than 100 signature checks, which is the limit"}
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
			return s.refused(verifyErr)
		}
		c = signer
	}
	return Path{Problem: fmt.Sprintf("the certificates of the file sign each other in a circle and do not chain to a root of %s", s.roots.name)}
}

// broken is the result for a certificate whose issuer is missing.
func (s search) broken(c *x509.Certificate) Path {
	switch selfIssued := bytes.Equal(c.RawSubject, c.RawIssuer); {
	case selfIssued && c == s.chain[0]:
		return Path{Problem: fmt.Sprintf("%s is self-signed and not among the roots (%s)", s.which(c), s.roots.name)}
	case selfIssued:
		return Path{Problem: fmt.Sprintf("the chain ends at %s, which is not among the roots (%s)", s.which(c), s.roots.name)}
	}
	issuer := clip(evidence.DistinguishedName(c.Issuer))
	if why, ok := s.roots.unreadable[string(c.RawIssuer)]; ok {
		return Path{Problem: fmt.Sprintf("the root %q, which issued %s, cannot be used: the file of roots (%s) %s", issuer, s.which(c), s.roots.name, why)}
	}
	if other := s.spelledOtherwise(c); other != nil {
		return Path{Problem: fmt.Sprintf("%s is issued by %q, and %s has that name in a different encoding (%s): "+
			"Go and other clients compare the bytes and treat it as another CA", s.which(c), issuer, s.which(other), difference(c.RawIssuer, other.RawSubject))}
	}
	return Path{Missing: issuer, Problem: fmt.Sprintf("the issuer of %s is missing: no certificate of %q is in the file or among the roots (%s)",
		s.which(c), issuer, s.roots.name)}
}

// spelledOtherwise returns a certificate whose subject equals c's issuer by RFC
// 5280 §7.1, which ignores case, blanks and the string type, but not byte for
// byte.
func (s search) spelledOtherwise(c *x509.Certificate) *x509.Certificate {
	for _, other := range s.chain {
		if other != c && !bytes.Equal(other.RawSubject, c.RawIssuer) && sameName(other.RawSubject, c.RawIssuer) {
			return other
		}
	}
	for subject, roots := range s.roots.index().bySubject {
		if subject != string(c.RawIssuer) && sameName([]byte(subject), c.RawIssuer) {
			if parsed, err := roots[0].parse(); err == nil {
				return parsed
			}
		}
	}
	return nil
}

// difference describes how two encodings of one name differ.
func difference(a, b []byte) string {
	one, other := stringTypes(a), stringTypes(b)
	for i := range min(len(one), len(other)) {
		if one[i] != other[i] {
			return fmt.Sprintf("%s here, %s there", one[i], other[i])
		}
	}
	return "letter case or blanks"
}

// stringTypes returns the types of the values of a Name, in order.
func stringTypes(name []byte) (types []string) {
	known := map[cbasn1.Tag]string{cbasn1.UTF8String: "UTF8String", cbasn1.PrintableString: "PrintableString", cbasn1.T61String: "TeletexString",
		cbasn1.IA5String: "IA5String", cbasn1.Tag(30): "BMPString", cbasn1.Tag(28): "UniversalString"}
	outer := cryptobyte.String(name)
	var rdns, set, attribute, value cryptobyte.String
	var tag cbasn1.Tag
	if !outer.ReadASN1(&rdns, cbasn1.SEQUENCE) {
		return nil
	}
	for rdns.ReadASN1(&set, cbasn1.SET) {
		for set.ReadASN1(&attribute, cbasn1.SEQUENCE) {
			if !attribute.SkipASN1(cbasn1.OBJECT_IDENTIFIER) || !attribute.ReadAnyASN1(&value, &tag) {
				return types
			}
			typeName, ok := known[tag]
			if !ok {
				typeName = fmt.Sprintf("string type %d", tag)
			}
			types = append(types, typeName)
		}
	}
	return types
}

// unsigned returns why no certificate with the issuer's name has signed c.
func (s search) unsigned(c, parent *x509.Certificate, err error) Path {
	var insecure x509.InsecureAlgorithmError
	var violation x509.ConstraintViolationError
	switch {
	case errors.As(err, &insecure):
		return Path{Problem: fmt.Sprintf("%s is signed with %s, which is no longer accepted", s.which(c), x509.SignatureAlgorithm(insecure))}
	case errors.Is(err, x509.ErrUnsupportedAlgorithm):
		return Path{Undetermined: fmt.Sprintf("the signature algorithm of %s cannot be evaluated here (%s)", s.which(c), c.SignatureAlgorithm)}
	case errors.As(err, &violation):
		return Path{Problem: fmt.Sprintf("%s issued %s, but may not: it lacks %s", s.which(parent), s.which(c), lacks(parent))}
	}
	return Path{Problem: fmt.Sprintf("%s has the name of the issuer of %s, but another key signed it", s.which(parent), s.which(c))}
}

// lacks returns the field without which a certificate cannot issue others.
func lacks(c *x509.Certificate) string {
	if !c.BasicConstraintsValid || !c.IsCA {
		return "basicConstraints CA"
	}
	return "keyUsage keyCertSign"
}

func (s search) isAnchor(c *x509.Certificate) bool {
	return slices.ContainsFunc(s.anchors, func(a anchor) bool { return a.Certificate == c })
}

// refused converts crypto/x509's error into a Path. An error that it does not
// return for a bad chain gives an undecided result.
func (s search) refused(err error) Path {
	text := clip(strings.TrimPrefix(err.Error(), "x509: "))
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return Path{Problem: s.notForServers() + " has an extKeyUsage that does not allow TLS servers (serverAuth)"}
	case errors.As(err, &invalid), errors.As(err, new(x509.UnknownAuthorityError)):
		return Path{Problem: text}
	}
	return Path{Undetermined: "the path cannot be evaluated: " + text}
}

// notForServers returns the first certificate whose extKeyUsage excludes TLS
// servers; crypto/x509 always names the leaf.
func (s search) notForServers() string {
	for _, c := range slices.Concat(s.chain, anchored(s.anchors)) {
		uses := len(c.ExtKeyUsage) + len(c.UnknownExtKeyUsage)
		if uses > 0 && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) {
			return s.which(c)
		}
	}
	return "a certificate of the path"
}

func anchored(anchors []anchor) (list []*x509.Certificate) {
	for _, a := range anchors {
		list = append(list, a.Certificate)
	}
	return list
}

// which names a certificate by its position in the file and its subject.
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
