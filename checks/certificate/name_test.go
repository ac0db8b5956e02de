package certificate

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math"
	"strings"
	"testing"
	"time"
)

func TestCovers(t *testing.T) {
	tests := []struct {
		san, domain string
		want        bool
	}{
		{"api.demo.com", "api.demo.com", true},
		{"API.Demo.COM", "api.demo.com", true},
		{"*.demo.com", "api.demo.com", true},
		{"*.demo.com", "*.demo.com", true},
		{"*.github.io", "demo.github.io", true},
		{"*.demo.com", "demo.com", false},
		{"*.demo.com", "api.eu.demo.com", false},
		{"api.demo.com", "*.demo.com", false},
		{"*.com", "demo.com", false},
		{"*.com", "*.com", false},
		{"*.co.uk", "demo.co.uk", false},
		{"*.corp", "demo.corp", false},
		{"*", "demo", false},
		{"*.", "demo.", false},
		{"*..", "a..", false}, // the UTS #46 mapping of two dots of another script
		{"*.demo..com", "api.demo..com", false},
		{"a*.demo.com", "api.demo.com", false},
		{"*.*.com", "api.demo.com", false},
		{"api.*.com", "api.demo.com", false},
		{"api.demo.com.", "api.demo.com", false},
		{"*.demo.com", "api.demo.com.evil.example", false},
		{"\u212Aey.demo.com", "key.demo.com", false}, // the Kelvin sign, which Unicode folds to k
	}
	for _, test := range tests {
		if got := covers(test.san, test.domain); got != test.want {
			t.Errorf("covers(%q, %q): got %v, want %v", test.san, test.domain, got, test.want)
		}
	}
}

func TestASCIIName(t *testing.T) {
	for domain, want := range map[string]string{
		"api.demo.com": "api.demo.com", "API.demo.com": "api.demo.com", "*.Bücher.example": "*.xn--bcher-kva.example",
		"": "", "*.": "", "a b.com": "", "-a.com": "", "127.0.0.1": "", "１27.0.0.1": "", "*.127。0.0.1": "", "a.com.": "", "a.com。。": "", "*.127.0.0.1": "", "::1": "", strings.Repeat("a", 64) + ".com": "", strings.Repeat("ü.", 1000): "",
	} {
		if got, err := asciiName(domain); got != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: got %q (%v), want %q", domain, got, err, want)
		}
	}
}

// crypto/x509 accepts every name that covers reports; it has no public
// suffixes, so the reverse is not true.
func FuzzCovers(f *testing.F) {
	f.Add("*.demo.com", "api.demo.com")
	f.Add("a.b", "A.b")
	f.Add("127.0.0.1", "１27.0.0.1")
	f.Fuzz(func(t *testing.T, san, domain string) {
		ascii, err := asciiName(domain)
		if err != nil || !covers(san, ascii) || strings.HasPrefix(ascii, "*.") {
			return
		}
		c := x509.Certificate{DNSNames: []string{san}}
		if err := c.VerifyHostname(ascii); err != nil {
			t.Errorf("covers(%q, %q), but %v", san, ascii, err)
		}
	})
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * time.Second: "1 minutes", 47 * time.Hour: "47 hours", 72 * time.Hour: "3 days", 0: "0 minutes",
		math.MaxInt64: "more than 292 years",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

// No list of SCTs makes sctLogs panic or count a log twice.
func FuzzSCTs(f *testing.F) {
	f.Add([]byte{4, 3, 0, 1, 0})
	f.Fuzz(func(t *testing.T, value []byte) {
		c := x509.Certificate{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value}}}
		logs, err := sctLogs(&c)
		if err == nil && len(logs) > len(value)/33 {
			t.Errorf("%d logs in %d bytes", len(logs), len(value))
		}
	})
}
