package revocation

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// world is a CA whose certificates name a CRL and an OCSP address on a real
// loopback server.
type world struct {
	root, ca, leaf pkitest.Identity
	server         *httptest.Server
	asked          atomic.Int32
	answer         func(w http.ResponseWriter, r *http.Request)
}

func newWorld(t *testing.T, useOCSP bool) *world {
	t.Helper()
	w := &world{root: pkitest.Root(t, "Root")}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		w.answer(rw, r)
	}))
	t.Cleanup(w.server.Close)
	w.ca = w.root.CA(t, "CA")
	w.leaf = w.ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
		if useOCSP {
			c.OCSPServer = []string{w.server.URL}
		} else {
			c.CRLDistributionPoints = []string{w.server.URL}
		}
	})
	return w
}

func (w *world) seen() evidence.Observation[evidence.Certificate] {
	var facts evidence.Certificate
	facts.Path.SetCertificates([]*x509.Certificate{w.leaf.Certificate, w.ca.Certificate, w.root.Certificate}, pki.Name)
	return evidence.Observed(facts, "api.pem", pkitest.Now())
}

func (w *world) collect(t *testing.T, c Config) evidence.Observation[evidence.Revocation] {
	t.Helper()
	c.Now = pkitest.Now
	collector, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return collector.Collect(t.Context(), w.seen())
}

// crl creates a list that revokes serials.
func (w *world) crl(t *testing.T, change func(*x509.RevocationList), serials ...*big.Int) []byte {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: pkitest.Now().Add(-time.Hour), NextUpdate: pkitest.Now().Add(time.Hour)}
	for _, serial := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: serial, RevocationTime: pkitest.Now().Add(-time.Hour), ReasonCode: 1})
	}
	if change != nil {
		change(list)
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, w.ca.Certificate, w.ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCRL(t *testing.T) {
	w := newWorld(t, false)
	other := newWorld(t, false)
	sound := w.crl(t, nil, big.NewInt(1))
	tests := map[string]struct {
		body []byte
		want evidence.RevocationStatus
		why  string
	}{
		"good":     {sound, evidence.RevocationGood, ""},
		"in PEM":   {pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: sound}), evidence.RevocationGood, ""},
		"revoked":  {w.crl(t, nil, w.leaf.SerialNumber), evidence.RevocationRevoked, ""},
		"old":      {w.crl(t, func(l *x509.RevocationList) { l.NextUpdate = pkitest.Now().Add(-time.Minute) }), evidence.RevocationUnknown, "out of date"},
		"future":   {w.crl(t, func(l *x509.RevocationList) { l.ThisUpdate = pkitest.Now().Add(time.Minute) }), evidence.RevocationUnknown, "future"},
		"stranger": {other.crl(t, nil), evidence.RevocationUnknown, "not signed by the issuer"},
		"text":     {[]byte("<html>"), evidence.RevocationUnknown, "contains a web page"},
		"no block": {[]byte("-----BEGIN X-----\n-----END X-----\n"), evidence.RevocationUnknown, `contains a block labelled "X"`},
	}
	for name, test := range tests {
		w.answer = func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(test.body) }
		got := w.collect(t, Config{Private: true}).Facts.Certificates
		if len(got) != 2 || got[0].Status != test.want || !strings.Contains(strings.Join(got[0].Problems, " "), test.why) {
			t.Errorf("%s: got %+v, want %s (%s)", name, got, test.want, test.why)
			continue
		}
		if test.want == evidence.RevocationRevoked && (got[0].Reason != "keyCompromise" || got[0].At.IsZero() || got[0].Source != w.server.URL) {
			t.Errorf("%s: got %+v", name, got[0])
		}
		if got[1].Status != evidence.RevocationNoSource {
			t.Errorf("the intermediate names nothing, got %+v", got[1])
		}
	}
}

func TestOCSP(t *testing.T) {
	w := newWorld(t, true)
	answer := func(status int, change func(*ocsp.Response), signer pkitest.Identity) []byte {
		r := ocsp.Response{Status: status, SerialNumber: w.leaf.SerialNumber, ThisUpdate: pkitest.Now().Add(-time.Hour),
			NextUpdate: pkitest.Now().Add(time.Hour), RevokedAt: pkitest.Now().Add(-time.Hour), RevocationReason: 1}
		if !signer.Equal(w.ca.Certificate) {
			r.Certificate = signer.Certificate
		}
		if change != nil {
			change(&r)
		}
		der, err := ocsp.CreateResponse(w.ca.Certificate, signer.Certificate, r, signer.Key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	usage := func(u x509.ExtKeyUsage) pkitest.Change {
		return func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{u} }
	}
	responder := w.ca.Leaf(t, []string{"ocsp.demo.com"}, usage(x509.ExtKeyUsageOCSPSigning))
	server := w.ca.Leaf(t, []string{"www.demo.com"})
	withCA := func(r *ocsp.Response) { r.Certificate = w.ca.Certificate }
	tests := map[string]struct {
		body []byte
		want evidence.RevocationStatus
	}{
		"good":                 {answer(ocsp.Good, nil, w.ca), evidence.RevocationGood},
		"revoked":              {answer(ocsp.Revoked, nil, w.ca), evidence.RevocationRevoked},
		"good, with the CA":    {answer(ocsp.Good, withCA, w.ca), evidence.RevocationGood},
		"revoked, with the CA": {answer(ocsp.Revoked, withCA, w.ca), evidence.RevocationRevoked},
		"forged, with the CA":  {answer(ocsp.Good, withCA, server), evidence.RevocationUnknown},
		"unknown":              {answer(ocsp.Unknown, nil, w.ca), evidence.RevocationUnknown},
		"delegated":            {answer(ocsp.Good, nil, responder), evidence.RevocationGood},
		"a server's own hand":  {answer(ocsp.Good, nil, server), evidence.RevocationUnknown},
		"old":                  {answer(ocsp.Good, func(r *ocsp.Response) { r.NextUpdate = pkitest.Now().Add(-time.Second) }, w.ca), evidence.RevocationUnknown},
		"another certificate":  {answer(ocsp.Good, func(r *ocsp.Response) { r.SerialNumber = big.NewInt(7) }, w.ca), evidence.RevocationUnknown},
		"try later":            {ocsp.TryLaterErrorResponse, evidence.RevocationUnknown},
		"noise":                {[]byte("noise"), evidence.RevocationUnknown},
	}
	for name, test := range tests {
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			question, _ := io.ReadAll(r.Body)
			if _, err := ocsp.ParseRequest(question); err != nil {
				t.Errorf("%s: the question: %v", name, err)
			}
			_, _ = rw.Write(test.body)
		}
		got := w.collect(t, Config{Private: true}).Facts.Certificates
		if len(got) != 2 || got[0].Status != test.want {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
}

// A certificate cannot make the machine connect to its own network, by address,
// by redirect or by name.
func TestHostileAddresses(t *testing.T) {
	w := newWorld(t, false)
	w.answer = func(rw http.ResponseWriter, _ *http.Request) { t.Error("the private server was asked") }
	got := w.collect(t, Config{}).Facts.Certificates
	if got[0].Status != evidence.RevocationUnknown || !strings.Contains(got[0].Problems[0], "private") {
		t.Errorf("got %+v", got)
	}
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "10.0.0.1:80", "192.168.1.1:443", "169.254.169.254:80", "100.100.100.200:80",
		"[fe80::1]:80", "[fd00::1]:80", "[::ffff:127.0.0.1]:80", "0.0.0.0:80", "224.0.0.1:80", "[64:ff9b::7f00:1]:80", "nonsense"} {
		if public(address) == nil {
			t.Errorf("%s may be dialled", address)
		}
	}
	for _, address := range []string{"1.1.1.1:80", "[2606:4700:4700::1111]:443"} {
		if err := public(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"ldap://ca/cn=x", "file:///etc/passwd", "http://", "http://u:p@1.1.1.1/", "%zz"} {
		if _, err := newWeb(true).get(t.Context(), http.MethodGet, address, nil, "", 10); err == nil {
			t.Errorf("%s was asked", address)
		}
	}
	w.answer = func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "ftp://other/", http.StatusFound) }
	if got := w.collect(t, Config{Private: true}).Facts.Certificates[0]; got.Status != evidence.RevocationUnknown || !strings.Contains(got.Problems[0], "only http and https") {
		t.Errorf("a redirect: got %+v", got)
	}
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, w.server.URL+"/again", http.StatusFound)
	}
	if got := w.collect(t, Config{Private: true}).Facts.Certificates[0]; !strings.Contains(got.Problems[0], "too many redirects") {
		t.Errorf("a circle: got %+v", got)
	}
}

func TestAListIsFetchedOnce(t *testing.T) {
	w := newWorld(t, false)
	list := w.crl(t, nil)
	w.answer = func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(list) }
	c, err := New(Config{Private: true, Now: pkitest.Now})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := c.Collect(t.Context(), w.seen()); got.Facts.Certificates[0].Status != evidence.RevocationGood {
			t.Errorf("got %+v", got)
		}
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestModes(t *testing.T) {
	w := newWorld(t, false)
	w.answer = func(http.ResponseWriter, *http.Request) { t.Error("the network was used") }
	if got := w.collect(t, Config{Offline: "--offline"}); got.State != evidence.StateNotCollected || got.Reason != "--offline" {
		t.Errorf("offline: got %+v", got)
	}
	file := filepath.Join(t.TempDir(), "ca.crl")
	if err := os.WriteFile(file, w.crl(t, nil, w.leaf.SerialNumber), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := w.collect(t, Config{Offline: "--offline", CRLs: []string{file}}); got.State != evidence.StateObserved || got.Facts.Certificates[0].Status != evidence.RevocationRevoked {
		t.Errorf("offline with a file: got %+v", got)
	}
	if _, err := New(Config{CRLs: []string{filepath.Join(t.TempDir(), "none")}}); err == nil {
		t.Error("a missing file was read")
	}
	bare := newWorld(t, false)
	bare.leaf = bare.ca.Leaf(t, []string{"api.demo.com"})
	if got := bare.collect(t, Config{Offline: "--offline"}); got.State != evidence.StateObserved || got.Facts.Certificates[0].Status != evidence.RevocationNoSource {
		t.Errorf("offline without sources: got %+v", got)
	}
	stranger := newWorld(t, false)
	for name, test := range map[string]struct {
		list []byte
		why  string
	}{
		"stale":               {bare.crl(t, func(l *x509.RevocationList) { l.NextUpdate = pkitest.Now().Add(-time.Minute) }), "out of date"},
		"of another key":      {stranger.crl(t, nil), "not signed by the issuer"},
		"from another issuer": {rootList(t, stranger), "from another issuer"},
	} {
		if err := os.WriteFile(file, test.list, 0o600); err != nil {
			t.Fatal(err)
		}
		got := bare.collect(t, Config{Offline: "--offline", CRLs: []string{file}})
		if got.State != evidence.StateObserved || got.Facts.Certificates[0].Status != evidence.RevocationUnknown ||
			!strings.Contains(strings.Join(got.Facts.Certificates[0].Problems, " "), test.why) {
			t.Errorf("a list that is %s: got %+v, want %q", name, got, test.why)
		}
	}
	c, _ := New(Config{Now: pkitest.Now})
	for state, want := range map[evidence.State]evidence.State{evidence.StateNotCollected: evidence.StateNotCollected, evidence.StateFailed: evidence.StateFailed, evidence.StateMissing: evidence.StateFailed} {
		if got := c.Collect(context.Background(), evidence.Observation[evidence.Certificate]{Metadata: evidence.Metadata{State: state}}); got.State != want {
			t.Errorf("%s: got %s", state, got.State)
		}
	}
}

// rootList returns a CRL of a world's root with another name.
func rootList(t *testing.T, w *world) []byte {
	t.Helper()
	other := pkitest.Root(t, "Other Root")
	alone := world{ca: other, leaf: w.leaf}
	return alone.crl(t, nil)
}

// No OCSP response of a foreign CA makes a certificate good or revoked.
func FuzzAnswer(f *testing.F) {
	root, stranger := pkitest.Root(f, "Root"), pkitest.Root(f, "Root")
	leaf := root.Leaf(f, []string{"api.demo.com"})
	signed, err := ocsp.CreateResponse(root.Certificate, stranger.Certificate, ocsp.Response{Status: ocsp.Good, SerialNumber: leaf.SerialNumber,
		ThisUpdate: pkitest.Now(), NextUpdate: pkitest.Now().Add(time.Hour), Certificate: stranger.Certificate}, stranger.Key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add([]byte{0x30, 0x03, 0x0a, 0x01, 0x03})
	f.Fuzz(func(t *testing.T, body []byte) {
		if got, _, err := answerOf(body, leaf.Certificate, root.Certificate, pkitest.Now()); err == nil {
			t.Errorf("a foreign response says %+v", got)
		}
	})
}

// No list of a foreign CA gives a status.
func FuzzCRL(f *testing.F) {
	root, stranger := pkitest.Root(f, "Root"), pkitest.Root(f, "Root")
	leaf := root.Leaf(f, []string{"api.demo.com"})
	signed, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: pkitest.Now(), NextUpdate: pkitest.Now().Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: leaf.SerialNumber, RevocationTime: pkitest.Now(), ReasonCode: 1}}}, stranger.Certificate, stranger.Key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add([]byte("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"))
	f.Add([]byte("-----BEGIN \nX509 CRL")) // no PEM block, despite its mark
	f.Fuzz(func(t *testing.T, file []byte) {
		lists, problem := pki.ParseCRLs(file)
		if (problem == nil) != (len(lists) > 0) {
			t.Fatalf("%d lists with the problem %v", len(lists), problem)
		}
		for _, list := range lists {
			if s := list.StatementOn(leaf.Certificate, root.Certificate, "", pkitest.Now()); s.Err == nil || s.Revoked {
				t.Error("a stranger's list was used")
			}
		}
	})
}
