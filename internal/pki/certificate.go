package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/weakkey"
)

// Containers of certificates.
const (
	ContainerPEM    = "pem"
	ContainerPKCS12 = "pkcs12"
)

// Certificates is the content of a certificate file.
type Certificates struct {
	Container      string        // ContainerPEM or ContainerPKCS12
	List           []Certificate // at least one, in file order; of PKCS#12 the key's own certificate first
	Key            *PrivateKey   // PKCS#12 files only
	Irregularities []string      // PEM files only: irregularities, each a predicate
	KeyPlaces      []string      // PEM files only: positions of private keys
}

// Certificate is one certificate and its position in the file.
type Certificate struct {
	*x509.Certificate
	Block  int // index of its block, from 0
	Offset int // byte offset of that block
}

// ParseCertificates reads a certificate file: PEM, however irregular, or
// PKCS#12, which needs the passphrase. The Problem names any other content. PEM
// blocks of other kinds are skipped.
func ParseCertificates(file []byte, passphrase string) (Certificates, *Problem) {
	if len(file) > MaxFileSize {
		return Certificates{}, tooLarge(len(file))
	}
	if outerShape(file) == "pkcs12" {
		return parsePKCS12(file, passphrase)
	}
	if isJSON(file) {
		return Certificates{}, notCertificate(found{kind: kindJSON})
	}
	text, escaped := clean(file)
	blocks, problem := scan(text)
	if problem != nil {
		return Certificates{}, problem
	}
	if len(blocks) == 0 {
		return Certificates{}, notCertificate(foundIn(file))
	}
	list, problem := certificatesOf(blocks)
	if problem != nil {
		return Certificates{}, problem
	}
	return Certificates{Container: ContainerPEM, List: list, Irregularities: irregularities(file, escaped), KeyPlaces: keyPlaces(blocks)}, nil
}

// certificatesOf counts the certificates before it parses the first. A block
// whose certificate other readers overlook would shift all that follow.
func certificatesOf(blocks []block) ([]Certificate, *Problem) {
	var wanted []block
	for _, b := range blocks {
		switch kindOfLabel(b.Type) {
		case kindCertificate:
			wanted = append(wanted, b)
		case kindTrusted, kindPKCS7:
			return nil, notCertificate(b.found())
		}
	}
	if len(wanted) == 0 {
		return nil, notCertificate(named(blocks))
	}
	if len(wanted) > maxCertificates {
		return nil, tooMany(len(wanted))
	}
	list := make([]Certificate, 0, len(wanted))
	for _, b := range wanted {
		parsed, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, notParsed(b, err)
		}
		list = append(list, Certificate{Certificate: parsed, Block: b.index, Offset: b.offset})
	}
	return list, nil
}

// notParsed returns the actual content of a block labelled as a certificate, or
// the part of the certificate that crypto/x509 does not support. It includes
// the library's error only if the block cannot be a mislabelled key.
func notParsed(b block, err error) *Problem {
	if kind := kindOfDER(b.Bytes); kind != kindUnknown && kind != kindCertificate {
		return notCertificate(b.holds())
	}
	if _, spki, ok := subjectAndKey(b.Bytes); ok {
		if name := weakkey.Unaccepted(spki); name != "" {
			return &Problem{Kind: KindUnsupported,
				Message: fmt.Sprintf("contains a certificate at %s whose key is %s, which browsers do not accept, want RSA or ECDSA on P-256 or P-384", b.at(), name),
				Fix:     "have the certificate issued for a new key: " + makeKey}
		}
	}
	if _, err := asn1.Unmarshal(b.Bytes, new(asn1.RawValue)); errors.As(err, new(asn1.SyntaxError)) {
		return corrupt(b, "its certificate is truncated or damaged")
	}
	return &Problem{Kind: "malformed",
		Message: fmt.Sprintf("contains a certificate at %s that is complete but violates the certificate profile: %s", b.at(), clip(strings.TrimPrefix(err.Error(), "x509: "))),
		Fix:     "have the CA issue it again by RFC 5280, because strict clients refuse this one; openssl x509 -in FILE -noout -text shows its content"}
}

func tooMany(n int) *Problem {
	return &Problem{Kind: "too-many",
		Message: fmt.Sprintf("contains %d certificates, want at most %d", n, maxCertificates),
		Fix:     "give the server's certificate and its own intermediates, not a bundle of roots: openssl storeutl -noout -text -certs FILE lists its content"}
}

// CanonicalChain returns a chain as PEM in the form that is sent: one block per
// certificate in the given order, 64 characters per line, LF, nothing between.
func CanonicalChain(ders [][]byte) []byte {
	size := 0
	for _, der := range ders {
		size += len(der)*3/2 + 100 // base64, line ends and two markers
	}
	var text bytes.Buffer
	text.Grow(size)
	for _, der := range ders {
		_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a bytes.Buffer never fails, and there are no headers
	}
	return text.Bytes()
}

// InOrder returns a chain as canonical PEM: the leaf, then each issuer, without
// the root and anything else. If path (from FindPath) begins with the leaf,
// InOrder uses it; else it follows issuer names from the leaf within the chain.
// The leaf is the first certificate that is no CA: the path of a reversed chain
// begins at a CA and would omit the leaf.
func InOrder(chain, path [][]byte) ([]byte, error) {
	certificates := make([]*x509.Certificate, 0, len(chain))
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("parsing certificate %d: %w", i+1, err)
		}
		certificates = append(certificates, c)
	}
	leaf := leafOf(certificates)
	if leaf != nil && len(path) > 0 && bytes.Equal(path[0], leaf.Raw) {
		return CanonicalChain(path[:max(1, len(path)-1)]), nil // a single certificate is itself a root
	}
	var ordered [][]byte
	for c := leaf; c != nil; c = issuerOf(c, certificates, ordered) {
		ordered = append(ordered, c.Raw)
	}
	return CanonicalChain(ordered), nil
}

// leafOf skips old CA certificates without the CA flag.
func leafOf(chain []*x509.Certificate) *x509.Certificate {
	for _, c := range chain {
		issued := func(other *x509.Certificate) bool {
			return !bytes.Equal(other.RawSubject, c.RawSubject) && bytes.Equal(other.RawIssuer, c.RawSubject)
		}
		if !c.IsCA && !slices.ContainsFunc(chain, issued) {
			return c
		}
	}
	if len(chain) == 0 {
		return nil
	}
	return chain[0]
}

// issuerOf returns a certificate with the name of c's issuer that is not
// ordered yet; nil at the end of the chain.
func issuerOf(c *x509.Certificate, chain []*x509.Certificate, ordered [][]byte) *x509.Certificate {
next:
	for _, other := range chain {
		if !bytes.Equal(other.RawSubject, c.RawIssuer) || bytes.Equal(other.RawSubject, other.RawIssuer) {
			continue
		}
		for _, der := range ordered {
			if bytes.Equal(der, other.Raw) {
				continue next
			}
		}
		return other
	}
	return nil
}
