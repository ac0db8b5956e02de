package pki

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Path is a certification path, or the reason why there is none: without
// certificates, exactly one of Problem and Undetermined is set.
type Path struct {
	Certificates []*x509.Certificate // from the first certificate to a root
	Problem      string              // why there is no path
	Missing      string              // the missing issuer, if that is the reason
	Undetermined string              // why the result is unknown
}

// FindPath finds a certification path (RFC 5280 §6) from the first certificate
// of a chain to a root, through the chain's other certificates, for a TLS
// server. It does not require valid dates, but of several paths it prefers one
// whose certificates are all valid at now, then the shortest.
//
// crypto/x509 finds and verifies the paths: signatures (it refuses MD5 and
// SHA-1), names, basicConstraints, keyCertSign, nested extended key usage and
// policies. It gets copies of the certificates with one common instant of
// validity; without the path length, which it counts differently from RFC 5280;
// and without name constraints, of which it evaluates four forms, two of them
// in its own way. allowed and constrainer check these on the originals. At most
// 100 signatures are checked, so that a hostile file costs milliseconds.
func (r *Roots) FindPath(chain []*x509.Certificate, now time.Time) Path {
	if len(chain) == 0 {
		return Path{Problem: "there is no certificate"}
	}
	s, err := newSearch(r, chain)
	if err != nil {
		return Path{Undetermined: err.Error()}
	}
	found, err := s.verify()
	if err != nil {
		return s.explain(err)
	}
	constraints := newConstrainer(s.which)
	var best []*x509.Certificate
	var refusal, undecided string
	for _, path := range found {
		why := verdict{problem: s.allowed(path)}
		if why.problem == "" {
			why = constraints.path(path)
		}
		switch {
		case why.problem != "":
			refusal = why.problem
		case why.undecided != "":
			undecided = why.undecided
		case best == nil || better(path, best, now):
			best = path
		}
	}
	switch {
	case best != nil:
		return Path{Certificates: best}
	case undecided != "":
		return Path{Undetermined: undecided}
	}
	return Path{Problem: refusal}
}

func better(a, b []*x509.Certificate, now time.Time) bool {
	if va, vb := validAt(a, now), validAt(b, now); va != vb {
		return va
	}
	return len(a) < len(b)
}

func validAt(path []*x509.Certificate, now time.Time) bool {
	return !slices.ContainsFunc(path, func(c *x509.Certificate) bool {
		return now.Before(c.NotBefore) || now.After(c.NotAfter)
	})
}

// search is one chain and the roots with its issuer names.
type search struct {
	roots   *Roots
	chain   []*x509.Certificate
	anchors []anchor
}

func newSearch(r *Roots, chain []*x509.Certificate) (search, error) {
	names := [][]byte{chain[0].RawSubject} // the first may itself be a root
	for _, c := range chain {
		names = append(names, c.RawIssuer)
	}
	anchors, err := r.named(names)
	return search{roots: r, chain: chain, anchors: anchors}, err
}

// verify returns all paths, as original certificates.
func (s search) verify() ([][]*x509.Certificate, error) {
	u := undated{at: s.chain[0].NotBefore, originals: map[*x509.Certificate]*x509.Certificate{}}
	if u.at.IsZero() {
		u.at = time.Unix(0, 0) // the zero time would mean the present
	}
	roots, intermediates := s.roots.system, x509.NewCertPool()
	if roots == nil {
		roots = x509.NewCertPool()
	}
	for _, a := range s.anchors {
		roots.AddCert(u.copy(a.Certificate))
	}
	for _, c := range s.chain[1:] {
		if !oversize(c) {
			intermediates.AddCert(u.copy(c))
		}
	}
	found, err := u.copy(s.chain[0]).Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: u.at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	for _, path := range found {
		for i, c := range path {
			if original, ok := u.originals[c]; ok {
				path[i] = original
			}
		}
	}
	return found, err
}

// undated copies certificates without name constraints, and gives the copies
// one common instant of validity: when the leaf was issued, because
// certificates of a system pool keep their dates, and the leaf's root was valid
// then.
type undated struct {
	at        time.Time
	originals map[*x509.Certificate]*x509.Certificate
}

func (u undated) copy(c *x509.Certificate) *x509.Certificate {
	clone := *c
	clone.NotBefore, clone.NotAfter, clone.MaxPathLen = u.at, u.at, -1
	if _, ok := constraintsExtension(c); ok {
		clone.Extensions = slices.DeleteFunc(slices.Clone(c.Extensions), func(e pkix.Extension) bool { return isNameConstraints(e.Id) })
		clone.UnhandledCriticalExtensions = unhandled(c)
	}
	u.originals[&clone] = c
	return &clone
}

// oversize reports keys whose signature checks would take too long.
func oversize(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() > maxSignerBits
}

// allowed checks what crypto/x509 leaves to its callers, and returns the first
// problem of a path, "" for none.
func (s search) allowed(path []*x509.Certificate) string {
	root := path[len(path)-1]
	for _, a := range s.anchors {
		if a.Certificate == root && a.constraint != nil {
			if err := a.constraint(path[:len(path)-1]); err != nil {
				return fmt.Sprintf("the root %q is no longer trusted by %s for this chain: %s", Name(root), s.roots.name, clip(err.Error()))
			}
		}
	}
	below := 0 // intermediates that are not self-issued (RFC 5280 §4.2.1.9)
	for i, c := range path {
		if i > 0 && c.BasicConstraintsValid && c.MaxPathLen >= 0 && below > c.MaxPathLen {
			return fmt.Sprintf("%q allows %d intermediate certificates below it, but the path has %d", Name(c), c.MaxPathLen, below)
		}
		if key, ok := c.PublicKey.(*rsa.PublicKey); i > 0 && ok && key.N.BitLen() < minSignerBits {
			return fmt.Sprintf("%q signs with an RSA key of %d bits, want at least %d (Baseline Requirements §6.1.5), and OpenSSL refuses such a path", Name(c), key.N.BitLen(), minSignerBits)
		}
		if i > 0 && !bytes.Equal(c.RawSubject, c.RawIssuer) {
			below++
		}
		if i > 0 && forAnyUseOnly(c) {
			return fmt.Sprintf("%q has the extKeyUsage anyExtendedKeyUsage without serverAuth, and OpenSSL refuses such a path (Baseline Requirements §7.1.2.10.6)", Name(c))
		}
		if i+1 < len(path) {
			if why := unknownQualifier(c); why != "" {
				return fmt.Sprintf("%s %s, which clients need not know, so they must refuse the path (RFC 5280 §4.2.1.4)", s.which(c), why)
			}
			if why := otherAuthority(c, path[i+1]); why != "" {
				return why + ", and OpenSSL refuses such a path (RFC 5280 §4.2.1.1)"
			}
		}
	}
	return ""
}

// forAnyUseOnly reports anyExtendedKeyUsage without serverAuth, which
// crypto/x509 and RFC 5280 §4.2.1.12 treat as serverAuth.
func forAnyUseOnly(c *x509.Certificate) bool {
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) && !slices.ContainsFunc(c.ExtKeyUsage, func(use x509.ExtKeyUsage) bool {
		return use == x509.ExtKeyUsageServerAuth || use == x509.ExtKeyUsageNetscapeServerGatedCrypto || use == x509.ExtKeyUsageMicrosoftServerGatedCrypto
	})
}

// Name returns a certificate's subject as RFC 4514 text, shortened.
func Name(c *x509.Certificate) string { return clip(evidence.DistinguishedName(c.Subject)) }

// otherAuthority returns how the authorityKeyIdentifier of a certificate (RFC
// 5280 §4.2.1.1) names another certificate than its issuer's, "" if it does
// not: another key, or by serial number or issuer an earlier certificate of the
// same key. crypto/x509 ignores this.
func otherAuthority(child, issuer *x509.Certificate) string {
	if len(child.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 && !bytes.Equal(child.AuthorityKeyId, issuer.SubjectKeyId) {
		return fmt.Sprintf("the authorityKeyIdentifier of %q is not the subjectKeyIdentifier of %q", Name(child), Name(issuer))
	}
	above, serial := authorityOf(child)
	if serial != nil && serial.Cmp(issuer.SerialNumber) != 0 {
		return fmt.Sprintf("the authorityKeyIdentifier of %q names the serial number %X for its issuer's certificate, but that of %q has %X",
			Name(child), serial, Name(issuer), issuer.SerialNumber)
	}
	if above != nil && !sameName(above, issuer.RawIssuer) {
		wanted := fmt.Sprintf("a directoryName of %d bytes", len(above))
		if len(above) <= mostName {
			wanted = generalName{form: formDirectory, value: above}.String()
		}
		return fmt.Sprintf("the authorityKeyIdentifier of %q names %s as the issuer of its issuer, but %q is issued by %q",
			Name(child), wanted, Name(issuer), clip(evidence.DistinguishedName(issuer.Issuer)))
	}
	return ""
}

const mostName = 8192 // bytes; far above the Name of any CA

// sameName compares two Names (RFC 5280 §7.1). A Name far larger than any CA's
// never matches, at no cost.
func sameName(a, b []byte) bool {
	if bytes.Equal(a, b) || len(a) > mostName || len(b) > mostName {
		return bytes.Equal(a, b)
	}
	one, ok := rdnsOf(a)
	other, sound := rdnsOf(b)
	return ok && sound && slices.Equal(one, other)
}

// authorityOf returns the first directoryName of authorityCertIssuer, which is
// the one that OpenSSL compares, and authorityCertSerialNumber; nil for an
// absent one. It runs for every pair of every path, so it reads few names.
func authorityOf(c *x509.Certificate) (name []byte, serial *big.Int) {
	const mostNames = 20
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 35}) })
	if i < 0 {
		return nil, nil
	}
	field := func(n cbasn1.Tag) cbasn1.Tag { return n.ContextSpecific() }
	outer := cryptobyte.String(c.Extensions[i].Value)
	var body, list, number, one cryptobyte.String
	var hasSerial bool
	var tag cbasn1.Tag
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipOptionalASN1(field(0)) ||
		!body.ReadOptionalASN1(&list, nil, field(1).Constructed()) || !body.ReadOptionalASN1(&number, &hasSerial, field(2)) {
		return nil, nil
	}
	for n := 0; n < mostNames && name == nil && list.ReadAnyASN1(&one, &tag); n++ {
		if tag == field(cbasn1.Tag(formDirectory)).Constructed() {
			name = one
		}
	}
	if hasSerial {
		serial = new(big.Int).SetBytes(number[:min(len(number), 64)]) // RFC 5280 §4.1.2.2: at most 20
	}
	return name, serial
}

// Limits of evaluation, above any legitimate chain.
const (
	maxNames          = 2000    // names in one certificate
	maxConstraintWork = 250_000 // names times constraints; the limit of crypto/x509 up to Go 1.25; OpenSSL's is 2^20
	maxExtensions     = 100 << 10
)

// LimitsExceeded returns which limits of evaluation a chain exceeds, none for a
// legitimate chain. FindPath does not evaluate a chain that exceeds a limit.
func LimitsExceeded(chain []*x509.Certificate) (found []string) {
	constraints := 0
	for i, c := range chain {
		names := len(c.DNSNames) + len(c.EmailAddresses) + len(c.IPAddresses) + len(c.URIs)
		if names > maxNames {
			found = append(found, fmt.Sprintf("certificate %d has %d names, want at most %d", i+1, names, maxNames))
		}
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxSignerBits {
			found = append(found, fmt.Sprintf("certificate %d has an RSA key of %d bits, want at most %d", i+1, key.N.BitLen(), maxSignerBits))
		}
		size := 0
		for _, e := range c.Extensions {
			size += len(e.Value)
		}
		if size > maxExtensions {
			found = append(found, fmt.Sprintf("certificate %d has extensions of %d bytes, want at most %d", i+1, size, maxExtensions))
		}
		constraints += constraintsOf(c)
	}
	if constraints == 0 {
		return found
	}
	if work := constraints * namesOf(chain); work > maxConstraintWork {
		found = append(found, fmt.Sprintf("its name constraints take %d comparisons, want at most %d", work, maxConstraintWork))
	}
	return found
}

// constraintsOf counts a certificate's name constraints. Malformed ones count
// as none: FindPath refuses them without comparing.
func constraintsOf(c *x509.Certificate) int {
	extension, _ := constraintsExtension(c)
	n, _ := parseNameConstraints(extension)
	return len(n.permitted) + len(n.excluded)
}

func namesOf(chain []*x509.Certificate) (n int) {
	for _, c := range chain {
		n += len(namesIn(c).list)
	}
	return n
}
