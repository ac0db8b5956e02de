package certificate

import (
	"bytes"
	"encoding/asn1"
	"slices"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Keys and containers that need more work than any legitimate one are refused.
func TestHostileKeys(t *testing.T) {
	root := pkitest.Root(t, "Root")
	leaf := root.Leaf(t, []string{"api.demo.com"})
	pkcs8RSA := func(bits int) []byte {
		der, err := asn1.Marshal(struct {
			Version   int
			Algorithm struct {
				OID  asn1.ObjectIdentifier
				Null asn1.RawValue
			}
			Key []byte
		}{Algorithm: struct {
			OID  asn1.ObjectIdentifier
			Null asn1.RawValue
		}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue}, Key: pkitest.RSANumbers(t, bits)})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	sealed := func(oid asn1.ObjectIdentifier, declared any) []byte {
		return armored("ENCRYPTED PRIVATE KEY", pkitest.Seal(t, pkcs8RSA(2048), "demo", &pkitest.Derivation{OID: oid, Parameters: declared}))
	}
	pbkdf2, scrypt := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	type cost struct{ N, R, P int }
	hidden := armored("PRIVATE KEY", nil)
	for name, test := range map[string]struct {
		key  []byte
		want checks.Status
	}{
		"RSA of 16384 bits":              {armored("RSA PRIVATE KEY", pkitest.RSANumbers(t, 16384)), checks.StatusPass},
		"RSA of 16384 bits, sealed":      {armored("ENCRYPTED PRIVATE KEY", pkitest.Seal(t, pkcs8RSA(16384), "demo", nil)), checks.StatusPass},
		"RSA of 20000 bits":              {armored("RSA PRIVATE KEY", pkitest.RSANumbers(t, 20000)), checks.StatusFail},
		"RSA of 20000 bits, sealed":      {armored("ENCRYPTED PRIVATE KEY", pkitest.Seal(t, pkcs8RSA(20000), "demo", nil)), checks.StatusFail},
		"PBKDF2 of two billion rounds":   {sealed(pbkdf2, struct{ Iterations int }{2_000_000_000}), checks.StatusFail},
		"PBKDF2 of no rounds":            {sealed(pbkdf2, struct{ Iterations int }{0}), checks.StatusFail},
		"PBKDF2 of a negative count":     {sealed(pbkdf2, struct{ Iterations int }{-1}), checks.StatusFail},
		"scrypt of 1 GiB":                {sealed(scrypt, cost{1 << 20, 8, 1}), checks.StatusFail},
		"scrypt in a thousand lanes":     {sealed(scrypt, cost{1 << 10, 1, 1000}), checks.StatusFail},
		"scrypt of one that is no power": {sealed(scrypt, cost{1000, 8, 1}), checks.StatusFail},
		"10,000 blocks":                  {bytes.Repeat(hidden, 10_000), checks.StatusFail},
		"10,000 blocks before the key":   {slices.Concat(bytes.Repeat(armored("X", nil), 10_000), pkitest.KeyPEM(t, leaf.Key)), checks.StatusPass},
		"a megabyte of one block":        {armored("PRIVATE KEY", make([]byte, 700<<10)), checks.StatusFail},
		"a megabyte of dashes":           {bytes.Repeat([]byte("-"), 1<<20), checks.StatusFail},
		"lines of dashes":                {bytes.Repeat([]byte("-\n"), 1<<19), checks.StatusFail},
		"a megabyte of base64":           {bytes.Repeat([]byte("MIIB"), 1<<18), checks.StatusFail},
		"DER in DER in DER":              {armored("ENCRYPTED PRIVATE KEY", nested10k()), checks.StatusFail},
	} {
		dir := t.TempDir()
		write(t, dir, "roots.pem", pkitest.PEM(root))
		write(t, dir, "chain.pem", pkitest.PEM(leaf))
		write(t, dir, "key.pem", test.key)
		if got := withinBounds(t, name, dir)["certificate/key-is-readable"]; got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// nested10k returns DER with a nesting depth of ten thousand.
func nested10k() []byte {
	der := []byte{5, 0}
	for range 5_000 {
		size := len(der)
		der = append([]byte{0x30, 0x83, byte(size >> 16), byte(size >> 8), byte(size)}, der...)
	}
	return der
}
