package pki_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

var names = []string{"api.demo.com"}

func certificates(identities []pkitest.Identity) []*x509.Certificate {
	var list []*x509.Certificate
	for _, i := range identities {
		list = append(list, i.Certificate)
	}
	return list
}

func rootsOf(tb testing.TB, identities ...pkitest.Identity) *pki.Roots {
	tb.Helper()
	roots, err := pki.ParseRoots("test.pem", pkitest.PEM(identities...))
	if err != nil {
		tb.Fatal(err)
	}
	return roots
}

// subjects returns the common names of a path.
func subjects(p pki.Path) string {
	var all []string
	for _, c := range p.Certificates {
		all = append(all, c.Subject.CommonName)
	}
	return strings.Join(all, " > ")
}

func TestFindPath(t *testing.T) {
	root := pkitest.Root(t, "root")
	a := root.CA(t, "a")
	b := a.CA(t, "b")
	leaf := b.Leaf(t, names)
	ago := pkitest.Valid(pkitest.Now().AddDate(-9, 0, 0), pkitest.Now().AddDate(-8, 0, 0))
	oldRoot := pkitest.Root(t, "old root", ago)
	cross := oldRoot.Certify(t, "root", root.Key, ago)
	tests := map[string]struct {
		chain []pkitest.Identity
		want  string
	}{
		"in order":       {[]pkitest.Identity{leaf, b, a}, "api.demo.com > b > a > root"},
		"out of order":   {[]pkitest.Identity{leaf, a, b}, "api.demo.com > b > a > root"},
		"with the root":  {[]pkitest.Identity{leaf, b, a, root}, "api.demo.com > b > a > root"},
		"with strangers": {[]pkitest.Identity{leaf, pkitest.Root(t, "stranger"), b, a}, "api.demo.com > b > a > root"},
		"no chain":       {[]pkitest.Identity{root.Leaf(t, names)}, "api.demo.com > root"},
		"the root alone": {[]pkitest.Identity{root}, "root"},
		"expired leaf":   {[]pkitest.Identity{root.Leaf(t, names, ago)}, "api.demo.com > root"},
		"expired root":   {[]pkitest.Identity{oldRoot.Leaf(t, names)}, "api.demo.com > old root"},
		// Both roots are reachable; the path to the old one is in the file, and
		// expired.
		"valid path first": {[]pkitest.Identity{leaf, b, a, cross}, "api.demo.com > b > a > root"},
	}
	roots := rootsOf(t, oldRoot, root)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := roots.FindPath(certificates(test.chain), pkitest.Now())
			if subjects(got) != test.want || got.Problem != "" || got.Undetermined != "" {
				t.Errorf("got %q (%q, %q), want %q", subjects(got), got.Problem, got.Undetermined, test.want)
			}
		})
	}
	if got := roots.FindPath(certificates([]pkitest.Identity{leaf, b, a, cross}), pkitest.Now().AddDate(-8, -6, 0)); subjects(got) != "api.demo.com > b > a > root" {
		t.Errorf("with no path valid then, the shortest: got %q", subjects(got))
	}
}

func pathLength(n int) pkitest.Change {
	return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
}

// otherKeyID certifies a CA's key again with a different subjectKeyIdentifier.
func otherKeyID(t *testing.T, issuer, ca pkitest.Identity) pkitest.Identity {
	t.Helper()
	return issuer.Certify(t, ca.Subject.CommonName, ca.Key, func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 3, 4} })
}

// authorityKey names the issuer's certificate by its issuer and serial number,
// like OpenSSL's `authorityKeyIdentifier = issuer:always`.
func authorityKey(name, serial []byte) pkitest.Change {
	value := cryptobyte.NewBuilder(nil)
	value.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.Tag(4).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(name) })
		})
		b.AddASN1(cbasn1.Tag(2).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(serial) })
	})
	return pkitest.Extension(false, asn1.ObjectIdentifier{2, 5, 29, 35}, value.BytesOrPanic())
}

func TestFindPathRefuses(t *testing.T) {
	root := pkitest.Root(t, "root")
	a := root.CA(t, "a")
	leaf := a.Leaf(t, names)
	clientOnly := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	notCA := func(c *x509.Certificate) { c.IsCA = false }
	noCertSign := func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }
	onlyOrg := func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.org"}, true
	}
	sha1 := func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }
	via := func(changes ...pkitest.Change) []pkitest.Identity {
		ca := root.CA(t, "ca", changes...)
		return []pkitest.Identity{ca.Leaf(t, names), ca}
	}
	tight := root.CA(t, "tight", pathLength(0))
	below := tight.CA(t, "below")
	x, y := pkitest.Root(t, "x"), pkitest.Root(t, "y")
	xy, yx := x.Certify(t, "y", y.Key), y.Certify(t, "x", x.Key)
	vast := append([]byte{0x30, 0x83, 0x01, 0x86, 0xa0}, make([]byte, 100000)...)
	authority := func(name, serial []byte) pkitest.Identity { return a.Leaf(t, names, authorityKey(name, serial)) }
	tests := map[string]struct {
		chain              []pkitest.Identity
		problem, undecided string
	}{
		"missing intermediate": {[]pkitest.Identity{leaf}, `no certificate of "CN=a,O=bindgate test" is in the file or among the roots (test.pem)`, ""},
		"self-signed":          {[]pkitest.Identity{pkitest.SelfSigned(t, "api.demo.com")}, "is self-signed and not among the roots", ""},
		"unknown root":         {[]pkitest.Identity{x.Leaf(t, names), x}, `the chain ends at certificate 2 ("CN=x,O=bindgate test"), which is not among`, ""},
		"another key":          {[]pkitest.Identity{leaf, root.CA(t, "a")}, "has the name of the issuer of certificate 1", ""},
		"sha-1":                {[]pkitest.Identity{a.Leaf(t, names, sha1), a}, "signed with ECDSA-SHA1, which is no longer accepted", ""},
		"not a CA":             {via(notCA), "lacks basicConstraints CA", ""},
		"may not sign":         {via(noCertSign), "keyUsage keyCertSign", ""},
		"path length":          {[]pkitest.Identity{below.Leaf(t, names), below, tight}, `"CN=tight,O=bindgate test" allows 0 intermediate certificates below it, but the path has 1`, ""},
		"nested usage":         {via(clientOnly), "serverAuth", ""},
		"leaf usage":           {[]pkitest.Identity{a.Leaf(t, names, clientOnly), a}, "serverAuth", ""},
		"constrained":          {via(onlyOrg), "do not permit", ""},
		"circle":               {[]pkitest.Identity{xy.Leaf(t, names), yx, xy}, "in a circle", ""},
		"key identifiers":      {[]pkitest.Identity{leaf, otherKeyID(t, root, a)}, "authorityKeyIdentifier", ""},
		"any usage":            {via(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), "anyExtendedKeyUsage without serverAuth", ""},
		"renewed issuer":       {[]pkitest.Identity{authority(a.RawIssuer, []byte{7}), a}, "names the serial number 7 for its issuer's certificate", ""},
		"a vast name above":    {[]pkitest.Identity{authority(vast, a.SerialNumber.Bytes()), a}, "names a directoryName of 100005 bytes as the issuer of its issuer", ""},
		"another above":        {[]pkitest.Identity{authority(a.RawSubject, a.SerialNumber.Bytes()), a}, `names the directoryName "CN=a,O=bindgate test" as the issuer of its issuer`, ""},
		"nothing":              {nil, "there is no certificate", ""},

		"unknown critical":         {via(pkitest.Extension(true, asn1.ObjectIdentifier{1, 2, 3}, []byte{5, 0})), "", "cannot be evaluated: 1.2.3"},
		"unknown critical on leaf": {[]pkitest.Identity{a.Leaf(t, names, pkitest.Extension(true, asn1.ObjectIdentifier{1, 2, 3}, []byte{5, 0})), a}, "", "cannot be evaluated: 1.2.3"},
	}
	roots := rootsOf(t, root)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := roots.FindPath(certificates(test.chain), pkitest.Now())
			if len(got.Certificates) > 0 || (got.Problem == "") == (got.Undetermined == "") ||
				!strings.Contains(got.Problem, test.problem) || !strings.Contains(got.Undetermined, test.undecided) ||
				(got.Missing != "") != strings.Contains(got.Problem, "is missing") {
				t.Errorf("got %q (%q, %q), want %q, %q", subjects(got), got.Problem, got.Undetermined, test.problem, test.undecided)
			}
		})
	}
}

// These chains look like violations and are none.
func TestFindPathAllows(t *testing.T) {
	root := pkitest.Root(t, "root")
	tight := root.CA(t, "tight", pathLength(0))
	selfIssued := tight.CA(t, "tight") // a new key of the same CA: not counted
	both := func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny, x509.ExtKeyUsageServerAuth}
	}
	a, wide := root.CA(t, "a"), root.CA(t, "wide", both)
	tests := map[string][]pkitest.Identity{
		"self-issued":          {selfIssued.Leaf(t, names), selfIssued, tight},
		"any usage and TLS":    {wide.Leaf(t, names), wide},
		"issuer by its number": {a.Leaf(t, names, authorityKey(a.RawIssuer, a.SerialNumber.Bytes())), a},
	}
	for name, chain := range tests {
		if got := rootsOf(t, root).FindPath(certificates(chain), pkitest.Now()); len(got.Certificates) != len(chain)+1 {
			t.Errorf("%s: got %q (%q, %q)", name, subjects(got), got.Problem, got.Undetermined)
		}
	}
}

func TestSystemRoots(t *testing.T) {
	root := pkitest.Root(t, "root")
	a := root.CA(t, "a")
	pool := x509.NewCertPool()
	pool.AddCert(root.Certificate)
	roots := pki.SystemRoots(pool)
	chain := certificates([]pkitest.Identity{a.Leaf(t, names), a})
	if got := roots.FindPath(chain, pkitest.Now()); subjects(got) != "api.demo.com > a > root" || roots.Name() != "system" || roots.Digest() != "" {
		t.Errorf("got %q (%q, %q) by %q, %q", subjects(got), got.Problem, got.Undetermined, roots.Name(), roots.Digest())
	}
	if got := roots.FindPath(chain[:1], pkitest.Now()); !strings.Contains(got.Problem, "issuer of certificate 1") {
		t.Errorf("got %+v", got)
	}
}

// crypto/x509 accepts the signature of a CA with a key of 1024 bits.
func TestSmallCA(t *testing.T) {
	for bits, want := range map[int]string{1024: "1024 bits", 2048: ""} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		root := pkitest.Root(t, "Root")
		ca := root.Certify(t, "CA", key)
		leaf := ca.Leaf(t, []string{"api.demo.com"})
		roots, err := pki.ParseRoots("roots.pem", pkitest.PEM(root))
		if err != nil {
			t.Fatal(err)
		}
		path := roots.FindPath([]*x509.Certificate{leaf.Certificate, ca.Certificate}, pkitest.Now())
		if want == "" && len(path.Certificates) != 3 || want != "" && !strings.Contains(path.Problem, want) {
			t.Errorf("%d bits: got %+v", bits, path)
		}
	}
}

// A critical qualifier that clients do not know makes them refuse the path.
func TestUnknownPolicyQualifier(t *testing.T) {
	root := pkitest.Root(t, "Root")
	policy := func(critical bool, qualifier string) pkix.Extension {
		value := "\x30" + string(rune(len(qualifier)+12)) + "\x30" + string(rune(len(qualifier)+10)) + "\x06\x04\x55\x1d\x20\x00" +
			"\x30" + string(rune(len(qualifier)+2)) + "\x30" + string(rune(len(qualifier))) + qualifier
		return pkix.Extension{Id: []int{2, 5, 29, 32}, Critical: critical, Value: []byte(value)}
	}
	const cps, unknown = "\x06\x08\x2b\x06\x01\x05\x05\x07\x02\x01\x16\x01x", "\x06\x03\x2a\x03\x04\x05\x00"
	for name, test := range map[string]struct {
		extension pkix.Extension
		want      bool
	}{
		"critical, CPS": {policy(true, cps), true}, "critical, unknown": {policy(true, unknown), false}, "not critical, unknown": {policy(false, unknown), true},
	} {
		leaf := root.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{test.extension} })
		roots, err := pki.ParseRoots("roots", pki.CanonicalChain([][]byte{root.Raw}))
		if err != nil {
			t.Fatal(err)
		}
		got := roots.FindPath([]*x509.Certificate{leaf.Certificate}, pkitest.Now())
		if (len(got.Certificates) > 0) != test.want || !test.want && !strings.Contains(got.Problem, "1.2.3.4") {
			t.Errorf("%s: got %+v, want a path: %v", name, got, test.want)
		}
	}
}
