// Package resolve asks one DNS server and follows aliases one owner
// at a time. It knows the protocol and judges nothing.
//
// A chain of aliases is never read out of one answer: servers cut chains, may
// add records that nobody asked for, and their RCODE speaks of one name only.
// So each owner is asked for its own CNAME, only records of that owner count,
// and each target is asked again in its turn (RFC 1034 §3.6.2, §5.2.2).
package resolve

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/time/rate"

	"github.com/bindgate/bindgate/internal/memo"
)

// Defaults of a Config.
const (
	defaultTimeout = 2 * time.Second
	defaultTries   = 3
	defaultRate    = 500 // questions a second, to one server
)

// Config says whom to ask and how patiently.
type Config struct {
	// Server is an IP address, with or without a port (192.0.2.53,
	// [2001:db8::53]:5353), tls://HOST[:PORT] or an https:// URL (RFC 8484).
	Server  string
	Timeout time.Duration // of one try; 0: 2 s
	Tries   int           // how often a question is sent before it timed out; 0: 3
	Rate    float64       // questions a second; 0: 500, below 0: no limit; an address of this machine has none
	// Authority asks for the server's own data: RD=0, and DO=1 for the
	// signatures. For Exchange only.
	Authority bool
	// Dial opens a connection ("udp" or "tcp"); nil: the operating system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are who may vouch for tls:// and https:// servers; nil: the system's.
	Roots *x509.CertPool
}

// Client asks one server. Each question is asked once in the client's life
// and its answer shared, so make one client for a run. It is safe for
// concurrent use.
type Client struct {
	server    string
	timeout   time.Duration
	tries     int
	authority bool
	carrier   carrier
	window    *window
	rate      *rate.Limiter // nil: no limit
	answers   memo.Memo[question, Answer]
}

// New makes a client. The error says what is wrong with the server's address.
func New(cfg Config) (*Client, error) {
	if cfg.Timeout < 0 || cfg.Tries < 0 {
		return nil, fmt.Errorf("resolver timeout %v with %d tries: want positive values", cfg.Timeout, cfg.Tries)
	}
	c := &Client{timeout: cfg.Timeout, tries: cfg.Tries, authority: cfg.Authority, window: newWindow()}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.tries == 0 {
		c.tries = defaultTries
	}
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	var local bool
	var err error
	if c.server, c.carrier, local, err = newCarrier(cfg, c.timeout); err != nil {
		return nil, err
	}
	if cfg.Rate == 0 {
		cfg.Rate = defaultRate
	}
	if cfg.Rate > 0 && !local {
		c.rate = rate.NewLimiter(rate.Limit(cfg.Rate), int(max(cfg.Rate, 1)))
	}
	return c, nil
}

// Server is whom the client asks: an address with its port, or a URL.
func (c *Client) Server() string { return c.server }

// Exchange asks one question and gives the whole message that answers it. The
// errors are of the way there; every RCODE is an answer.
func (c *Client) Exchange(ctx context.Context, name string, qtype uint16) (*dns.Msg, error) {
	return c.exchange(ctx, question{canonical(name), qtype}, false)
}
