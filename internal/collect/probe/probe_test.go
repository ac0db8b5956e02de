package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// listen serves each connection with a function, and counts them.
func listen(t *testing.T, serve func(net.Conn)) (at netip.AddrPort, calls *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	calls = new(atomic.Int32)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String()), calls
}

func certified(t *testing.T, names ...string) *tls.Config {
	t.Helper()
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Issue(ca.Options{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(leaf.Chain, leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

func handshakes(config *tls.Config) func(net.Conn) {
	return func(conn net.Conn) {
		server := tls.Server(conn, config)
		if server.Handshake() == nil {
			_, _ = server.Read(make([]byte, 1))
		}
	}
}

func collector(t *testing.T, via netip.AddrPort, allow ...string) *Collector {
	t.Helper()
	config := Config{Via: via, Now: time.Now, Trust: func(chain []*x509.Certificate) evidence.Path {
		return evidence.Path{Problem: fmt.Sprintf("%d certificates", len(chain))}
	}}
	for _, p := range allow {
		config.Allow = append(config.Allow, netip.MustParsePrefix(p))
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var public = []netip.Addr{netip.MustParseAddr("47.96.0.1")}

func TestHandshake(t *testing.T) {
	sound := certified(t, "api.demo.com")
	asks, old := sound.Clone(), sound.Clone()
	asks.ClientAuth, asks.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
	asks13 := sound.Clone()
	asks13.ClientAuth = tls.RequireAnyClientCert
	unknown := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  string // a TLS version, or a kind of silence
		asks  bool
	}{
		"sound":                     {handshakes(sound), "TLS 1.3", false},
		"an old version":            {handshakes(old), "TLS 1.0", false},
		"mutual TLS":                {handshakes(asks13), "TLS 1.3", true},
		"mutual TLS 1.2":            {handshakes(asks), "TLS 1.2", true},
		"no name":                   {handshakes(unknown), string(evidence.ProbeNoName), false},
		"closes":                    {func(net.Conn) {}, string(evidence.ProbeNoConnection), false},
		"not TLS":                   {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, string(evidence.ProbeNotTLS), false},
		"a record that never ends":  {flood, string(evidence.ProbeNoHandshake), false},
		"an alert in place of work": {func(c net.Conn) { _, _ = c.Write([]byte{0x15, 3, 3, 0, 2, 2, 40}) }, string(evidence.ProbeNoHandshake), false},
	} {
		t.Run(name, func(t *testing.T) {
			at, _ := listen(t, c.serve)
			o := collector(t, at).Handshake(t.Context(), Target{Name: "api.demo.com", Addresses: public})
			if o.State != evidence.StateObserved {
				t.Fatalf("%s: %s", o.State, o.Reason)
			}
			if len(o.Facts.Failures) == 1 {
				if got := o.Facts.Failures[0]; string(got.Kind) != c.want || got.Address != "47.96.0.1" || got.Port != 443 {
					t.Errorf("got %+v, want %s", got, c.want)
				}
				return
			}
			if len(o.Facts.Presented) != 1 {
				t.Fatalf("got %+v", o.Facts)
			}
			got := o.Facts.Presented[0]
			leaf, err := got.Leaf()
			if err != nil || leaf.VerifyHostname("api.demo.com") != nil || got.Version != c.want || got.RequestsClientCertificate != c.asks || got.Path.Problem == "" {
				t.Errorf("got %v %q %t %+v, want %s", err, got.Version, got.RequestsClientCertificate, got.Path, c.want)
			}
		})
	}
}

// flood answers with handshake records without an end.
func flood(c net.Conn) {
	record := append([]byte{0x16, 3, 3, 0x40, 0}, make([]byte, 1<<14)...)
	copy(record[5:], []byte{0, 0, 0, 0}) // hello requests, which a client skips
	for {
		if _, err := c.Write(record); err != nil {
			return
		}
	}
}

func TestAddressesOfOneChain(t *testing.T) {
	at, _ := listen(t, handshakes(certified(t, "api.demo.com")))
	two := append(slices.Clone(public), netip.MustParseAddr("2400:3200::1"))
	o := collector(t, at).Handshake(t.Context(), Target{Name: "api.demo.com", Addresses: two})
	if len(o.Facts.Presented) != 1 || !slices.Equal(o.Facts.Presented[0].Addresses, []string{"47.96.0.1", "2400:3200::1"}) {
		t.Errorf("got %+v", o.Facts)
	}
}

// Nothing is sent to an address that may not be reached.
func TestRefusedAddresses(t *testing.T) {
	at, calls := listen(t, func(net.Conn) {})
	local := []string{"10.0.0.1", "127.0.0.1", "169.254.169.254", "100.100.100.200", "100.64.0.1", "::1", "fd00::1", "fe80::1",
		"::ffff:127.0.0.1", "::ffff:10.1.1.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "0.0.0.0"}
	for _, text := range local {
		target := Target{Name: "x.demo.com", Addresses: []netip.Addr{netip.MustParseAddr(text)}}
		for _, o := range []evidence.Observation[evidence.Probe]{collector(t, at).Handshake(t.Context(), target), collector(t, at).Plain(t.Context(), target)} {
			if len(o.Facts.Failures) != 1 || o.Facts.Failures[0].Kind != evidence.ProbeNotAllowed {
				t.Errorf("%s: got %+v", text, o)
			}
		}
	}
	intranet := Target{Name: "x.demo.com", Intranet: true, Addresses: []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("127.0.0.1")}}
	if o := collector(t, at).Handshake(t.Context(), intranet); len(o.Facts.Failures) != 2 || o.Facts.Failures[0].Kind != evidence.ProbeNotAllowed || o.Facts.Failures[1].Kind != evidence.ProbeNotAllowed {
		t.Errorf("intranet: got %+v", o.Facts)
	}
	if n := calls.Load(); n != 0 {
		t.Fatalf("%d connections were made", n)
	}
	for _, allowed := range []Target{{Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, Intranet: true}, {Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.2")}}} {
		allowed.Name = "x.demo.com"
		if o := collector(t, at, "127.0.0.0/8").Handshake(t.Context(), allowed); o.Facts.Failures[0].Kind == evidence.ProbeNotAllowed {
			t.Errorf("%v: got %+v", allowed.Addresses, o.Facts)
		}
	}
	if calls.Load() != 2 {
		t.Errorf("%d connections, want 2", calls.Load())
	}
}

// A panic, an interruption, no address and too many are no observation to rely on.
func TestFailures(t *testing.T) {
	at, _ := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1<<20)); time.Sleep(time.Minute) })
	c := collector(t, at)
	if o := c.Handshake(t.Context(), Target{Name: "x"}); o.State != evidence.StateFailed {
		t.Errorf("no address: %+v", o)
	}
	if o := c.Handshake(t.Context(), Target{Name: "x", Addresses: slices.Repeat(public, maxAddresses+1)}); o.State != evidence.StateFailed || !strings.Contains(o.Reason, "17 addresses") {
		t.Errorf("many addresses: %+v", o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if o := c.Plain(ctx, Target{Name: "x", Addresses: public}); o.State != evidence.StateFailed {
		t.Errorf("interrupted: %+v", o)
	}
	closed := netip.MustParseAddrPort("127.0.0.1:1")
	if o := collector(t, closed).Handshake(t.Context(), Target{Name: "x", Addresses: public}); o.Facts.Failures[0].Kind != evidence.ProbeNoConnection {
		t.Errorf("no server listens: %+v", o.Facts)
	}
	if _, err := New(Config{Via: netip.MustParseAddrPort("192.0.2.1:443")}); err == nil {
		t.Error("a listener that is not on loopback is taken")
	}
}

func TestPlain(t *testing.T) {
	for answer, want := range map[string]evidence.HTTPAnswer{
		"HTTP/1.1 403 Forbidden\r\n\r\n":                                              {Address: "47.96.0.1", Status: 403},
		"HTTP/1.1 301 Moved\r\nLocation: https://api.demo.com/secret?token=1\r\n\r\n": {Address: "47.96.0.1", Status: 301, RedirectTo: "https://api.demo.com"},
		"HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/latest\r\n\r\n":       {Address: "47.96.0.1", Status: 301, RedirectTo: "http://169.254.169.254"},
	} {
		at, calls := listen(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, answer)
		})
		o := collector(t, at).Plain(t.Context(), Target{Name: "api.demo.com", Addresses: public})
		if len(o.Facts.HTTP) != 1 || o.Facts.HTTP[0] != want || calls.Load() != 1 {
			t.Errorf("%q: got %+v and %d connections, want %+v", answer, o.Facts, calls.Load(), want)
		}
	}
	endless, _ := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(c, "X: "+strings.Repeat("x", 4000)+"\r\n"); err != nil {
				return
			}
		}
	})
	if o := collector(t, endless).Plain(t.Context(), Target{Name: "x", Addresses: public}); len(o.Facts.Failures) != 1 || o.Facts.Failures[0].Kind != evidence.ProbeNotTLS {
		t.Errorf("an endless head: got %+v", o.Facts)
	}
}
