package revocation

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

func extension(t *testing.T, id []int, critical bool, value any) pkix.Extension {
	t.Helper()
	der, ok := value.([]byte)
	if !ok {
		var err error
		if der, err = asn1.Marshal(value); err != nil {
			t.Fatal(err)
		}
	}
	return pkix.Extension{Id: id, Critical: critical, Value: der}
}

// Every source is asked, and one revocation decides.
func TestStatementsAreCombined(t *testing.T) {
	w := newWorld(t, false)
	w.leaf = w.ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{extension(t, []int{2, 5, 29, 31}, false, append([]byte{0x30, 2 + 2 + 2 + 2 + byte(len(w.ca.RawSubject)), 0x30, 2 + 2 + 2 + byte(len(w.ca.RawSubject)),
			0xA0, 2 + 2 + byte(len(w.ca.RawSubject)), 0xA0, 2 + byte(len(w.ca.RawSubject)), 0xA4, byte(len(w.ca.RawSubject))}, w.ca.RawSubject...))}
	})
	type change = func(*x509.RevocationList)
	of := func(serials []*big.Int, changes ...change) []byte {
		return w.crl(t, func(l *x509.RevocationList) {
			for _, c := range changes {
				c(l)
			}
		}, serials...)
	}
	revoked := []*big.Int{w.leaf.SerialNumber}
	at := func(hours int, number int64) change {
		return func(l *x509.RevocationList) {
			l.ThisUpdate, l.Number = pkitest.Now().Add(time.Duration(hours)*time.Hour), big.NewInt(number)
		}
	}
	ended := func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = pkitest.Now().Add(-48*time.Hour), pkitest.Now().Add(-24*time.Hour)
	}
	reason := func(code int) change {
		return func(l *x509.RevocationList) { l.RevokedCertificateEntries[0].ReasonCode = code }
	}
	extended := func(id []int, critical bool, value any) change {
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = append(l.ExtraExtensions, extension(t, id, critical, value))
		}
	}
	delta := func(base int64) change { return extended([]int{2, 5, 29, 27}, true, big.NewInt(base)) }
	point := func(der ...byte) change { return extended([]int{2, 5, 29, 28}, true, der) }
	someReasons := point(0x30, 0x04, 0x83, 0x02, 0x06, 0x40)
	usersOnly := point(0x30, 0x03, 0x81, 0x01, 0xff)
	casOnly := point(0x30, 0x03, 0x82, 0x01, 0xff)
	attributesOnly := point(0x30, 0x03, 0x85, 0x01, 0xff)
	n := byte(len(w.ca.RawSubject))
	named := point(append([]byte{0x30, 6 + n, 0xA0, 4 + n, 0xA0, 2 + n, 0xA4, n}, w.ca.RawSubject...)...)
	otherName := point(append([]byte{0x30, 6 + byte(len(w.root.RawSubject)), 0xA0, 4 + byte(len(w.root.RawSubject)), 0xA0, 2 + byte(len(w.root.RawSubject)), 0xA4, byte(len(w.root.RawSubject))}, w.root.RawSubject...)...)
	unknown := extended([]int{1, 2, 3}, true, []byte{5, 0})
	const good, bad, undecided = evidence.RevocationGood, evidence.RevocationRevoked, evidence.RevocationUnknown
	for name, test := range map[string]struct {
		lists    [][]byte
		want     evidence.RevocationStatus
		unusable string // the problem of an unusable file, "" for none
	}{
		"old good, new revoked":          {[][]byte{of(nil, at(-9, 1)), of(revoked, at(-1, 2))}, bad, ""},
		"new good, old revoked":          {[][]byte{of(nil, at(-1, 2)), of(revoked, at(-9, 1))}, bad, ""},
		"stale and revoked":              {[][]byte{of(revoked, ended)}, bad, ""},
		"stale and revoked, fresh good":  {[][]byte{of(nil, at(-1, 2)), of(revoked, ended)}, bad, ""},
		"stale and on hold":              {[][]byte{of(revoked, ended, reason(6))}, undecided, "out of date"},
		"stale and silent, fresh good":   {[][]byte{of(nil, ended), of(nil)}, good, ""},
		"on hold":                        {[][]byte{of(revoked, reason(6))}, bad, ""},
		"hold lifted by a newer list":    {[][]byte{of(nil, at(-1, 2)), of(revoked, at(-9, 1), reason(6))}, good, ""},
		"hold not lifted by an older":    {[][]byte{of(nil, at(-9, 1)), of(revoked, at(-1, 2), reason(6))}, bad, ""},
		"keyCompromise never lifted":     {[][]byte{of(nil, at(-1, 2)), of(revoked, at(-9, 1))}, bad, ""},
		"hold lifted by a delta":         {[][]byte{of(nil, at(-1, 1)), of(revoked, at(-2, 1), reason(6)), of(revoked, at(-1, 3), reason(8), delta(1))}, good, ""},
		"hold lifted by no other delta":  {[][]byte{of(revoked, at(-2, 1), reason(6)), of(nil, at(-1, 3), delta(1))}, bad, ""},
		"base good, delta revoked":       {[][]byte{of(nil, at(-9, 1)), of(revoked, at(-1, 2), delta(1))}, bad, ""},
		"base good, delta silent":        {[][]byte{of(nil, at(-9, 1)), of(nil, at(-1, 2), delta(1))}, good, ""},
		"base too old for the delta":     {[][]byte{of(nil, at(-9, 1)), of(nil, at(-1, 6), delta(5))}, good, "delta list"},
		"delta of another scope":         {[][]byte{of(nil, at(-9, 1)), of(nil, at(-1, 2), delta(1), usersOnly)}, good, "delta list"},
		"delta alone, silent":            {[][]byte{of(nil, delta(1))}, undecided, "delta list"},
		"delta alone, revoked":           {[][]byte{of(revoked, delta(1))}, bad, ""},
		"delta stale":                    {[][]byte{of(nil, at(-9, 1)), of(nil, ended, delta(1))}, good, "out of date"},
		"some reasons, revoked":          {[][]byte{of(revoked, someReasons)}, bad, ""},
		"some reasons, silent":           {[][]byte{of(nil, someReasons)}, undecided, "some reasons"},
		"unknown extension, revoked":     {[][]byte{of(revoked, unknown)}, bad, ""},
		"unknown extension, silent":      {[][]byte{of(nil, unknown)}, undecided, "1.2.3"},
		"its part, by directoryName":     {[][]byte{of(nil, named)}, good, ""},
		"another part, by directoryName": {[][]byte{of(nil, otherName)}, undecided, "part"},
		"another partition and its own":  {[][]byte{of(nil, named), of(nil, otherName)}, good, ""},
		"another part, revoked":          {[][]byte{of(revoked, otherName)}, bad, ""},
		"of CAs only and its own":        {[][]byte{of(nil, casOnly), of(nil, usersOnly)}, good, ""},
		"of attribute certificates":      {[][]byte{of(revoked, attributesOnly)}, undecided, "attribute"},
	} {
		for _, together := range []bool{false, true} {
			var files []string
			var text []byte
			for i, der := range test.lists {
				file := filepath.Join(t.TempDir(), strconv.Itoa(i)+".crl")
				body := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
				if text = append(text, body...); together {
					file, body = filepath.Join(filepath.Dir(file), "all.crl"), text
				}
				if err := os.WriteFile(file, body, 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, file)
			}
			if together {
				files = files[len(files)-1:]
			}
			got := w.collect(t, Config{Offline: "--offline", CRLs: files}).Facts.Certificates
			if len(got) != 2 || got[0].Status != test.want || (test.unusable != "") != (len(got[0].UnusableCRLs) > 0) || !strings.Contains(strings.Join(got[0].UnusableCRLs, " "), test.unusable) {
				t.Errorf("%s (in one file: %v): got %+v, want %s and %q", name, together, got, test.want, test.unusable)
			}
		}
	}
}

// A missing list of another certificate does not hide a revocation.
func TestRevocationIsNotHidden(t *testing.T) {
	w := newWorld(t, false)
	w.ca = w.root.CA(t, "CA", func(c *x509.Certificate) { c.CRLDistributionPoints = []string{w.server.URL} })
	w.leaf = w.ca.Leaf(t, []string{"api.demo.com"})
	file := filepath.Join(t.TempDir(), "ca.crl")
	if err := os.WriteFile(file, w.crl(t, nil, w.leaf.SerialNumber), 0o600); err != nil {
		t.Fatal(err)
	}
	got := w.collect(t, Config{Offline: "--offline", CRLs: []string{file}})
	if got.State != evidence.StateObserved || got.Facts.Certificates[0].Status != evidence.RevocationRevoked {
		t.Errorf("got %+v", got)
	}
}

// A list that revokes wins over a good response.
func TestListOverAnswer(t *testing.T) {
	w := newWorld(t, false)
	w.leaf = w.ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
		c.CRLDistributionPoints = []string{w.server.URL + "/good", w.server.URL + "/none", w.server.URL + "/bad"}
	})
	bodies := map[string][]byte{"/good": w.crl(t, nil), "/bad": w.crl(t, nil, w.leaf.SerialNumber)}
	w.answer = func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write(bodies[r.URL.Path]) }
	got := w.collect(t, Config{Private: true}).Facts.Certificates
	if len(got) != 2 || got[0].Status != evidence.RevocationRevoked || got[0].Source != w.server.URL+"/bad" || len(got[0].UnusableCRLs) > 0 {
		t.Errorf("got %+v", got)
	}
}
