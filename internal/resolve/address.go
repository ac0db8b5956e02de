package resolve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Ports that an address need not name.
const (
	defaultPort = 53
	tlsPort     = "853" // RFC 7858 §3.1
)

// newCarrier finds the way to the server that a Config names, and the name that
// errors and evidence give it. local: the server is this machine.
func newCarrier(cfg Config, timeout time.Duration) (name string, way carrier, local bool, err error) {
	config := &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12}
	switch scheme, rest, _ := strings.Cut(cfg.Server, "://"); {
	case scheme == "tls" && rest != "":
		host, port, err := net.SplitHostPort(rest)
		if err != nil {
			host, port = strings.Trim(rest, "[]"), tlsPort
		}
		if !portNumber(port) || !hostOrAddress(host) {
			return "", nil, false, fmt.Errorf("resolver %s: want tls://HOST or tls://HOST:PORT", quoted(cfg.Server))
		}
		config.ServerName = host
		address := net.JoinHostPort(host, port)
		return "tls://" + address, &secure{dial: cfg.Dial, address: address, config: config}, loopback(host), nil
	case scheme == "https" && rest != "":
		u, err := url.Parse(cfg.Server)
		if err != nil || u.User != nil || u.Fragment != "" || !hostOrAddress(u.Hostname()) || u.Port() != "" && !portNumber(u.Port()) {
			// It may hold a password, so it is not repeated.
			return "", nil, false, errors.New("reading the https:// URL of the resolver: want one such as https://dns.example/dns-query, without user and fragment")
		}
		transport := &http.Transport{DialContext: cfg.Dial, TLSClientConfig: config, ForceAttemptHTTP2: true, IdleConnTimeout: timeout}
		// A redirect would send the queries to a server that was not named.
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		// Path and query may hold a token, so the host alone names the server.
		name = (&url.URL{Scheme: "https", Host: u.Host}).String()
		return name, &https{client: &http.Client{Transport: transport, CheckRedirect: stay}, url: cfg.Server}, loopback(u.Hostname()), nil
	}
	address, err := parseServer(cfg.Server)
	if err != nil {
		return "", nil, false, err
	}
	host, _, _ := net.SplitHostPort(address)
	return address, newPlain(address, timeout, cfg.Dial), loopback(host), nil
}

// quoted repeats what was typed, but not what may hold a password or a token.
func quoted(server string) string {
	if strings.ContainsAny(server, "@?#") {
		return "(not repeated here, for it may hold a password)"
	}
	return strconv.Quote(server)
}

func portNumber(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func hostOrAddress(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return lettersAndDigits(addr.Zone())
	}
	_, named := dns.IsDomainName(host)
	return named && lettersAndDigits(host)
}

// lettersAndDigits reports whether a host, or the interface that an address names as its
// zone, is of letters, digits, hyphens, underscores and dots.
func lettersAndDigits(name string) bool {
	return strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// mostResolvers is how many name servers of a resolv.conf(5) the C library uses.
const mostResolvers = 3

// SystemResolvers returns the addresses of the name servers in a resolv.conf(5) file,
// with their ports, and what is wrong with the file, which may be one line of several.
func SystemResolvers(path string) ([]string, error) {
	conf, err := dns.ClientConfigFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the system's resolvers: %w", err)
	}
	if len(conf.Servers) == 0 {
		return nil, fmt.Errorf("reading the system's resolvers: %q has no nameserver line", path)
	}
	var servers []string
	var unusable error
	for _, s := range conf.Servers[:min(len(conf.Servers), mostResolvers)] {
		server, err := parseServer(s)
		if err != nil {
			unusable = errors.Join(unusable, fmt.Errorf("reading the system's resolvers from %q: %w", path, err))
			continue
		}
		servers = append(servers, server)
	}
	return servers, unusable
}

// parseServer reads an IP address with or without a port, in brackets or not.
// A host name is refused: to look it up, a resolver would be needed.
func parseServer(s string) (string, error) {
	const want = "want an IP address such as 192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or [2001:db8::53]:5353, tls://HOST or https://HOST/PATH"
	if s == "" {
		return "", errors.New("resolver address is empty: " + want)
	}
	bare := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		bare = s[1 : len(s)-1]
	}
	if addr, err := netip.ParseAddr(bare); err == nil && lettersAndDigits(addr.Zone()) {
		return netip.AddrPortFrom(addr, defaultPort).String(), nil
	}
	server, err := netip.ParseAddrPort(s)
	if err != nil || !lettersAndDigits(server.Addr().Zone()) {
		return "", fmt.Errorf("resolver address %s is not an IP address with or without a port: %s", quoted(s), want)
	}
	if server.Port() == 0 {
		return "", fmt.Errorf("resolver address %q has port 0: %s", s, want)
	}
	return server.String(), nil
}
