package keylist

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// Moduli of 512 and of 517 bits, and their output of `openssl rsa -noout
// -modulus | sha1sum | cut -c 21-40` in OpenSSL 3.0.19.
const (
	even = "CB076941FBF151F96CE054F6FA0A5BE0BD9A37BE56D20120E48DD21C127DB490" +
		"8324125DCF7411CACA28F7551A48C41A3D1187F1C64E7E939D2C14A2F8E3887D"
	ofEven = "c3d6a8d190ff5d03dc92"
	odd    = "18475DAA332769C3833C55D3ADC1CC32DEE40DCC73644A3947740A5DC55047C13" +
		"AC564889F3469DA3BD9191F2ECB6D51DE34B5155AA975465621947967D142438F"
	ofOdd = "a4187e3873d035f84551"
	// The SHA-256 of the text "abc" (FIPS 180-2, appendix B.1).
	ofABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
)

func rsaKey(t *testing.T, digits string) *x509.Certificate {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		t.Fatalf("%q is no number", digits)
	}
	return &x509.Certificate{PublicKey: &rsa.PublicKey{N: n, E: 65537}, RawSubjectPublicKeyInfo: []byte(digits)}
}

func TestHas(t *testing.T) {
	abc := &x509.Certificate{RawSubjectPublicKeyInfo: []byte("abc")}
	tests := map[string]struct {
		list string
		key  *x509.Certificate
		want bool
	}{
		"a modulus":                {ofEven, rsaKey(t, even), true},
		"a modulus of odd size":    {"# comment\n\n" + ofEven + "\n" + ofOdd + "\n", rsaKey(t, odd), true},
		"another modulus":          {ofEven, rsaKey(t, odd), false},
		"any key by its SPKI":      {ofABC, abc, true},
		"an RSA key by its SPKI":   {ofABC, &x509.Certificate{PublicKey: &rsa.PublicKey{N: big.NewInt(15)}, RawSubjectPublicKeyInfo: []byte("abc")}, true},
		"no modulus, a list of 0s": {strings.Repeat("0", 20), abc, false},
		"both forms":               {ofEven + "\n" + ofABC, abc, true},
		"upper case, CRLF, BOM":    {"\xef\xbb\xbf" + strings.ToUpper(ofEven) + "\r\n\t" + ofABC + " \r\n", rsaKey(t, even), true},
	}
	for name, test := range tests {
		list, err := Parse("weak", []byte(test.list))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := list.Has(KeyOf(test.key)); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const pem = "-----BEGIN PRIVATE KEY-----"
	for text, want := range map[string]string{
		"":                                 "weak: got no key, want 20 hex digits",
		"# all of it\n\n# is comment\n":    "weak: got no key",
		ofEven + "\n" + ofEven[1:]:         "weak:2: got 19 hex digits, want 20 hex digits (an RSA key in the form of openssl-blacklist) or 64 (the SHA-256 of",
		"# x\n" + ofABC + ofABC:            "weak:2: got 128 hex digits",
		ofEven + " # x":                    "weak:1: got a byte that is not a hex digit in column 21",
		"SHA256:" + ofABC:                  "weak:1: got a byte that is not a hex digit in column 1",
		pem:                                "weak:1: got a byte that is not a hex digit in column 1",
		strings.Repeat("g", 20):            "weak:1: got a byte that is not a hex digit in column 1",
		strings.Repeat("a", 63) + "\u00e9": "weak:1: got a byte that is not a hex digit in column 64",
		"c\x003\x00d\x006\x00":             "weak:1: got a byte that is not a hex digit in column 2", // UTF-16
	} {
		list, err := Parse("weak", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || list != nil {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// A file named by mistake may be a secret, so errors quote no line.
func TestErrorsShowNoLine(t *testing.T) {
	_, err := Parse("weak", []byte("correct horse battery staple"))
	if err == nil || strings.Contains(err.Error(), "horse") {
		t.Errorf("got %v", err)
	}
}

func TestLen(t *testing.T) {
	list, err := Parse("weak", []byte(ofEven+"\n"+ofOdd+"\n"+strings.ToUpper(ofOdd)+"\n"+ofABC))
	if err != nil || list.Len() != 3 {
		t.Errorf("got %v, %v", list, err)
	}
}

// A list in canonical form parses to the same list.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", ofEven, "# x\n" + ofEven + "\r\n" + ofABC, "\xef\xbb\xbf" + ofOdd, "zz\n" + ofABC, ofABC + "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Parse("weak", text)
		if err != nil {
			if list != nil || len(err.Error()) > 300 {
				t.Fatalf("got %v with %q", list, err)
			}
			return
		}
		var canonical bytes.Buffer
		for _, m := range list.moduli {
			fmt.Fprintln(&canonical, hex.EncodeToString(m[:]))
		}
		for _, s := range list.spkis {
			fmt.Fprintln(&canonical, hex.EncodeToString(s[:]))
		}
		again, err := Parse("weak", canonical.Bytes())
		if err != nil || again.Len() != list.Len() || list.Len() == 0 {
			t.Fatalf("got %d keys, and %d of their canonical text (%v)", list.Len(), again.Len(), err)
		}
	})
}

// BenchmarkParse parses as many keys as Debian's list for one key size.
func BenchmarkParse(b *testing.B) {
	for name, step := range map[string]uint64{"sorted": 1, "mixed": 0x9e3779b97f4a7c15} {
		var text bytes.Buffer
		for i := range uint64(100_000) {
			fmt.Fprintf(&text, "%020x\n", i*step)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse("weak", text.Bytes()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
