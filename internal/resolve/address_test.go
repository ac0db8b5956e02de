package resolve

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestServersThatAreRefused(t *testing.T) {
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
