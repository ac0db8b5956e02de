package pki

import (
	"crypto/x509"
	"testing"
)

// A partitioned CRL never covers a certificate that does not name its
// partition, regardless of the rest of the extension.
func FuzzPoint(f *testing.F) {
	for _, seed := range []string{
		"\x30\x00", "\x30\x03\x81\x01\xff", "\x30\x03\x84\x01\x00", "\x30\x04\x83\x02\x01\x60",
		"\x30\x07\xa0\x05\xa0\x03\x86\x01x", "\x30\x06\xa0\x04\xa0\x02\x86\x00", "\x30\x04\x84\x02\xff\xff", "\x30\x03\x86\x01\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		p, err := parsePoint(der)
		if err != nil {
			return
		}
		if p.named && p.excludes(&x509.Certificate{}, "") == "" {
			t.Errorf("%x is of everything: %+v", der, p)
		}
		if (p.indirect || p.someReasons) && p.excludes(&x509.Certificate{}, "x") == "" {
			t.Errorf("%x counts as a complete list: %+v", der, p)
		}
	})
}
