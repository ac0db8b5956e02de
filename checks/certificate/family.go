// Package certificate judges the certificate and key files of a binding: they
// are readable, belong together, chain to a trusted root, and are valid for the
// domain and now.
package certificate

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// Checks returns the checks of the family, in report order.
func Checks() []checks.Check {
	return []checks.Check{
		isReadable(), fileIsClean(), containsNoPrivateKey(), isWithinLimits(),
		keyIsReadable(), keyIsProtected(), keyMatches(), keyIsConsistent(), keyIsStrong(), keyIsAcceptedByGateway(),
		leafComesFirst(), chainIsOrdered(), chainIsTrusted(), leafIsAServerCertificate(),
		coversDomain(), namesAreWellFormed(), isValidNow(), containsNoExpiredCertificate(), lastsLongEnough(), lifetimeIsAllowed(),
		isNotRevoked(), revocationWasChecked(), crlFilesAreUsable(), mustStapleIsPossible(), hasEnoughSCTs(), lintsClean(), replacesSafely(), keepsMutualTLS(), clientCAIsUsable(),
	}
}

// Paths in a binding that findings refer to.
const (
	atBody = "/certificate/body"
	atKey  = "/certificate/privateKey"
)

const pageSetDomainCertificate = "Alibaba Cloud API Gateway, SetDomainCertificate (2026-03-16): the SSL certificate must match the custom domain name"

// applies excludes bindings without a certificate. Audited bindings name none;
// group/served-certificate-is-valid judges theirs.
func applies(b binding.Binding) (bool, string) {
	return b.Certificate != nil, "the binding names no certificate"
}

// hasKey excludes bindings whose certificate is in the certificate store already, with its
// key: apig/certificate-id-is-usable judges that one.
func hasKey(b binding.Binding) (bool, string) {
	if b.Certificate != nil && keyIsStored(b) {
		return false, "the certificate of casId is in the certificate store with its key; see apig/certificate-id-is-usable"
	}
	return applies(b)
}

func keyIsStored(b binding.Binding) bool {
	gateway, _ := target.Gateway(b)
	return gateway && b.Certificate.CASID != "" && b.Certificate.PrivateKey == nil
}

// ofGroup excludes bindings without a certificate, and those of gateways.
func ofGroup(b binding.Binding) (bool, string) {
	if ok, why := applies(b); !ok {
		return ok, why
	}
	return target.Group(b)
}

// parseChain returns the certificates in the file, or the verdict if there are
// none; certificate/is-readable reports why.
func parseChain(s checks.Subject) ([]*x509.Certificate, *checks.Verdict) {
	facts := s.Evidence.Certificate.Facts
	if facts.Problem != nil {
		return nil, cannotTell("the certificate file was not read; see certificate/is-readable")
	}
	if len(facts.Chain) == 0 {
		return nil, cannotTell("the evidence contains no certificate")
	}
	chain := make([]*x509.Certificate, 0, len(facts.Chain))
	for i, c := range facts.Chain {
		parsed, err := c.X509()
		if err != nil {
			return nil, cannotTell(fmt.Sprintf("certificate %d of the evidence cannot be parsed", i+1))
		}
		chain = append(chain, parsed)
	}
	return chain, nil
}

func cannotTell(why string) *checks.Verdict {
	v := checks.Unknown(why)
	return &v
}

// nth names a certificate by its position in the file, from 1, and its subject.
func nth(chain []*x509.Certificate, i int) string {
	return fmt.Sprintf("certificate %d (%q)", i+1, bounded(evidence.DistinguishedName(chain[i].Subject)))
}

// bounded shortens text from a certificate for display.
func bounded(text string) string { return boundedTo(120, text) }

func boundedTo(most int, text string) string {
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// some lists quoted names, shortened for display.
func some(names []string) string {
	const most = 10
	var quoted []string
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", bounded(name)))
	}
	list := strings.Join(quoted, ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return list
}

// describeKey describes a public key by algorithm, size and the start of its
// SubjectPublicKeyInfo's digest.
func describeKey(public any, spki []byte) string {
	what := "unknown algorithm"
	switch key := public.(type) {
	case *rsa.PublicKey:
		what = fmt.Sprintf("RSA %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		what = "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		what = "Ed25519"
	}
	sum := sha256.Sum256(spki)
	return fmt.Sprintf("%s, sha256:%s…", what, hex.EncodeToString(sum[:4]))
}

// isCA reports whether a certificate claims to be a CA.
func isCA(c *x509.Certificate) bool { return c.BasicConstraintsValid && c.IsCA }

// firstLeaf returns the index of the first certificate that is no CA; -1 for
// none.
func firstLeaf(chain []*x509.Certificate) int {
	return slices.IndexFunc(chain, func(c *x509.Certificate) bool { return !isCA(c) })
}
