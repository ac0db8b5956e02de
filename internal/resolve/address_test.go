package resolve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestServersThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, server := range []string{
		"", "dns.example", "192.0.2.53:0", "192.0.2.53:65536", "[192.0.2.53", "udp://192.0.2.53", "fe80::1%a b", "[fe80::1%]]:53",
		"tls://", "tls://dns.example:", "tls://dns.example:0", "tls://dns.example:dot", "tls://dns.example/path", "tls://a]:1", "tls://[::%%1\x01]5",
		"https://", "https://user@dns.example/q", "https://dns.example/q#f", "https://d\u00fcns.example/q",
	} {
		if name, _, _, err := newCarrier(Config{Server: server}, time.Second); err == nil {
			t.Errorf("%q: taken as %q", server, name)
		}
	}
}

// FuzzServer: the name that errors and evidence give a server means the same
// server again.
func FuzzServer(f *testing.F) {
	for _, s := range []string{"192.0.2.53", "[2001:db8::53]:5353", "2001:db8::53", "fe80::1%eth0", "tls://dns.example", "tls://[::1]:853", "https://dns.example:443/dns-query?x", "https://[fe80::1%25eth0]/dns-query"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, server string) {
		name, _, local, err := newCarrier(Config{Server: server}, time.Second)
		if err != nil {
			return
		}
		again, _, localAgain, err := newCarrier(Config{Server: name}, time.Second)
		if err != nil || again != name || localAgain != local {
			t.Errorf("%q is %q, and that is %q, %v", server, name, again, err)
		}
		if strings.Contains(name, "://") {
			return
		}
		if at, err := netip.ParseAddrPort(name); err != nil || at.Port() == 0 || at.Addr().IsLoopback() != local {
			t.Errorf("%q is no address with a port: %q, %v", server, name, err)
		}
	})
}

// overHTTPS serves the sample zone over DNS over HTTPS with the test server's own
// certificate, and gives the pool that vouches for it.
func overHTTPS(t *testing.T, spoil func(w http.ResponseWriter) bool) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	z := newZone(t, sampleZone)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wire, _ := io.ReadAll(r.Body)
		m := new(dns.Msg)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != mediaType || m.Unpack(wire) != nil {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", mediaType)
		if spoil == nil || !spoil(w) {
			packed, _ := z.answer(m).Pack()
			w.Write(packed)
		}
	}))
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s, pool
}

func TestDNSOverHTTPS(t *testing.T) {
	t.Parallel()
	s, pool := overHTTPS(t, nil)
	c, err := New(Config{Server: s.URL + "/dns-query", Roots: pool, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Walk(t.Context(), "api.demo.com"); err != nil || len(got.Hops) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	c.carrier.(*https).client.CloseIdleConnections()
	stranger, err := New(Config{Server: s.URL + "/dns-query", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Walk(t.Context(), "api.demo.com"); kindOf(t, err) != Unreachable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an untrusted certificate: got %v", err)
	}
}

func TestDNSOverHTTPSThatIsNone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(http.ResponseWriter) bool{
		"status": func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusTeapot); return true },
		"elsewhere": func(w http.ResponseWriter) bool {
			w.Header().Set("Location", "http://127.0.0.1:1/dns-query")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		},
		"type":    func(w http.ResponseWriter) bool { w.Header().Set("Content-Type", "text/html"); return false },
		"garbage": func(w http.ResponseWriter) bool { w.Write([]byte("x")); return true },
	} {
		s, pool := overHTTPS(t, spoil)
		c, err := New(Config{Server: s.URL, Roots: pool, Timeout: time.Second, Tries: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Walk(t.Context(), "api.demo.com"); err == nil || name == "elsewhere" && !strings.Contains(err.Error(), "HTTP status 307") {
			t.Errorf("%s: got %v", name, err)
		}
		c.carrier.(*https).client.CloseIdleConnections()
	}
}

func TestDNSOverTLS(t *testing.T) {
	t.Parallel()
	s, pool := overHTTPS(t, nil) // for its certificate, which is of 127.0.0.1
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: s.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: listener, Handler: newZone(t, sampleZone)}
	started, stopped := make(chan struct{}), make(chan error, 1)
	server.NotifyStartedFunc = func() { close(started) }
	go func() { stopped <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown(); <-stopped })
	c, err := New(Config{Server: "tls://" + listener.Addr().String(), Roots: pool, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Walk(t.Context(), "api.demo.com"); err != nil || len(got.Hops) != 2 || c.Server() != "tls://"+listener.Addr().String() {
		t.Errorf("%s: got %+v, %v", c.Server(), got, err)
	}
}

func TestSecureServerAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"tls://dns.example": "tls://dns.example:853", "tls://192.0.2.53:8853": "tls://192.0.2.53:8853", "tls://[2001:db8::1]": "tls://[2001:db8::1]:853",
		"https://dns.example/dns-query": "https://dns.example", "https://dns.example:8443/t0ken?t0ken": "https://dns.example:8443", "tls://": "!", "https://": "!", "https://user@dns.example/": "!", "https://dns.example:0/": "!", "https://dns.example:99999/": "!", "tls://a..b": "!", "quic://x": "!",
	} {
		c, err := New(Config{Server: in})
		if want == "!" != (err != nil) || err == nil && c.Server() != want {
			t.Errorf("%q: got %v, %v, want %s", in, c, err, want)
		}
	}
}

// An address that may hold a password or a token is not repeated.
func TestSecretsOfAnAddressAreNotTold(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"http://user:t0ken@dns.example/", "tls://user:t0ken@dns.example", "https://user:t0ken@dns.example/", "192.0.2.53?t0ken"} {
		if _, err := New(Config{Server: in}); err == nil || strings.Contains(err.Error(), "t0ken") {
			t.Errorf("got %v", err)
		}
	}
	c, err := New(Config{Server: "https://127.0.0.1:1/t0ken?t0ken", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Walk(t.Context(), "api.demo.com"); err == nil || strings.Contains(err.Error(), "t0ken") {
		t.Errorf("got %v", err)
	}
}

// A window never lets more through than it has room for, halves on a loss and
// forgets whoever gave up waiting.
func TestWindow(t *testing.T) {
	t.Parallel()
	w := newWindow()
	w.size = 2
	for range 2 {
		if _, err := w.enter(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	impatient, stop := context.WithCancel(t.Context())
	stop()
	if _, err := w.enter(impatient, 1); err == nil {
		t.Error("a third got in")
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if _, err := w.enter(t.Context(), 1); err != nil {
			t.Error(err)
		}
		w.leave(1, false, 0)
	})
	w.leave(1, false, 0)
	waiting.Wait()
	w.leave(1, true, 0)
	if w.busy != 0 || len(w.queue) != 0 || w.size != leastWindow {
		t.Errorf("got %d busy, %d waiting, size %v", w.busy, len(w.queue), w.size)
	}
}

// Losses of questions that were on their way together halve a window once.
func TestWindowHalvesOnceARound(t *testing.T) {
	t.Parallel()
	w := newWindow()
	for range 3 {
		if _, err := w.enter(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		w.leave(1, true, 0)
	}
	if w.size != firstWindow/2 {
		t.Errorf("got a window of %v, want %d", w.size, firstWindow/2)
	}
}
