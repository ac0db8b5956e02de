package pki_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// negativeSerial makes the serial number of a certificate negative, which crypto/x509 refuses.
func negativeSerial(t *testing.T, der []byte) []byte {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := asn1.Marshal(c.SerialNumber)
	if err != nil {
		t.Fatal(err)
	}
	// Not serial[2] | 0x80: 0xff before a byte of 0x80 or more is not the shortest form, which has another error.
	negative := append([]byte{}, serial...)
	negative[2] = 0x81
	broken := bytes.Replace(der, serial, negative, 1)
	if _, err := x509.ParseCertificate(broken); err == nil {
		t.Fatal("it still parses")
	}
	return broken
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// An unparsable root fails no run, and is named where a chain leads to it.
func TestUnparsableRoot(t *testing.T) {
	good, bad := pkitest.Root(t, "Good"), pkitest.Root(t, "Bad")
	broken := pemOf(negativeSerial(t, bad.Raw))
	roots, err := pki.ParseRoots("roots.pem", append(broken, pemOf(good.Raw)...))
	if err != nil {
		t.Fatal(err)
	}
	if got := roots.FindPath([]*x509.Certificate{good.Leaf(t, names).Certificate}, pkitest.Now()); len(got.Certificates) != 2 {
		t.Errorf("below the good root: got %+v", got)
	}
	got := roots.FindPath([]*x509.Certificate{bad.Leaf(t, names).Certificate}, pkitest.Now())
	if !strings.Contains(got.Problem, "cannot be used") || !strings.Contains(got.Problem, "negative serial") {
		t.Errorf("below the bad root: got %+v", got)
	}
	if _, err := pki.ParseRoots("roots.pem", broken); err == nil || !strings.Contains(err.Error(), "negative serial") || strings.Contains(err.Error(), "RSA or ECDSA") {
		t.Errorf("the bad root alone: got %v", err)
	}
}

// TestTrueCauses checks that a report names the actual cause of a failing
// chain.
func TestTrueCauses(t *testing.T) {
	root := pkitest.Root(t, "Root")
	respelt := pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 3}, Value: asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte("CA")}}}}
	printable := pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 3}, Value: asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: []byte("CA")}}}}
	ca := root.CA(t, "CA", func(c *x509.Certificate) { c.Subject = respelt })
	leaf := ca.Leaf(t, names)
	other := root.CA(t, "CA", func(c *x509.Certificate) { c.Subject = printable })
	forMail := root.CA(t, "Mail", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })
	noSign := root.CA(t, "NoSign", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	roots, err := pki.ParseRoots("roots.pem", pemOf(root.Raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		chain []*x509.Certificate
		want  []string
	}{
		"string type":  {[]*x509.Certificate{leaf.Certificate, other.Certificate}, []string{"UTF8String here, PrintableString there", "certificate 2"}},
		"use":          {[]*x509.Certificate{forMail.Leaf(t, names).Certificate, forMail.Certificate}, []string{`certificate 2 ("CN=Mail`, "serverAuth"}},
		"may not sign": {[]*x509.Certificate{noSign.Leaf(t, names).Certificate, noSign.Certificate}, []string{"lacks keyUsage keyCertSign"}},
	} {
		got := roots.FindPath(test.chain, pkitest.Now())
		for _, want := range test.want {
			if !strings.Contains(got.Problem, want) {
				t.Errorf("%s: got %+v, want %q", name, got, want)
			}
		}
	}
	_, problem := pki.ParseCertificates(pemOf(negativeSerial(t, leaf.Raw)), "")
	if problem == nil || problem.Kind != "malformed" || strings.Contains(problem.Fix, "fetch") {
		t.Errorf("a whole certificate with a negative serial number: got %+v", problem)
	}
}
