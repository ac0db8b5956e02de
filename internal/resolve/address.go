package resolve

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

const defaultPort = 53

// SystemResolver is the address of the first name server in a resolv.conf(5)
// file, with its port.
func SystemResolver(path string) (string, error) {
	const next = "name a resolver with --resolver ADDRESS, or leave DNS out with --without dns"
	conf, err := dns.ClientConfigFromFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the system's resolver: %w; %s", err, next)
	}
	if len(conf.Servers) == 0 {
		return "", fmt.Errorf("reading the system's resolver: %q has no nameserver line; %s", path, next)
	}
	server, err := parseServer(conf.Servers[0])
	if err != nil {
		return "", fmt.Errorf("reading the system's resolver from %q: %w", path, err)
	}
	return server, nil
}

// parseServer reads an IP address with or without a port, in brackets or not.
// A host name is refused: to look it up, a resolver would be needed.
func parseServer(s string) (string, error) {
	const want = "want an IP address such as 192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or [2001:db8::53]:5353"
	if s == "" {
		return "", errors.New("resolver address is empty: " + want)
	}
	bare := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		bare = s[1 : len(s)-1]
	}
	if addr, err := netip.ParseAddr(bare); err == nil {
		return netip.AddrPortFrom(addr, defaultPort).String(), nil
	}
	server, err := netip.ParseAddrPort(s)
	if err != nil {
		return "", fmt.Errorf("resolver address %q is not an IP address with or without a port: %s", s, want)
	}
	if server.Port() == 0 {
		return "", fmt.Errorf("resolver address %q has port 0: %s", s, want)
	}
	return server.String(), nil
}
