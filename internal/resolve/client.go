// Package resolve asks one DNS server and follows CNAME records one owner
// at a time. It knows the protocol and judges nothing.
//
// A chain of CNAME records is never read out of one answer: servers cut chains,
// may add records that were not asked for, and their RCODE speaks of one name
// only. So each owner is asked for its own CNAME, only records of that owner
// count, and each target is asked again in its turn (RFC 1034 §3.6.2, §5.2.2).
package resolve

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
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

const (
	maxAnswers = 16384 // that are kept; a CNAME's target is asked for by many names
	maxAtName  = 256   // records of one name and type, and so what ends up in evidence
)

// Config says which server to ask and how long to wait.
type Config struct {
	// Server is an IP address, with or without a port (192.0.2.53,
	// [2001:db8::53]:5353), tls://HOST[:PORT] or an https:// URL (RFC 8484).
	Server  string
	Timeout time.Duration // of one try; 0: 2 s
	Tries   int           // how often a question is sent before it timed out; 0: 3
	Rate    float64       // questions a second; 0: 500, below 0: no limit; an address of this machine has none
	// Authoritative asks for the server's own data: RD=0, and DO=1 for the
	// signatures. For Exchange only.
	Authoritative bool
	// Dial opens a connection ("udp" or "tcp"); nil: the operating system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are who may vouch for tls:// and https:// servers; nil: the system's.
	Roots *x509.CertPool
}

// Client asks one server. It shares recent answers of Follow between its callers,
// so make one client for a run. It is safe for concurrent use.
type Client struct {
	server        string
	timeout       time.Duration
	tries         int
	authoritative bool
	carrier       carrier
	window        *window
	health        health
	rate          *rate.Limiter // nil: no limit
	answers       memo.Memo[question, Answer]
}

// New returns a client. The error says what is wrong with the server's address.
func New(cfg Config) (*Client, error) {
	if cfg.Timeout < 0 || cfg.Tries < 0 {
		return nil, fmt.Errorf("resolver timeout %v with %d tries: want positive values", cfg.Timeout, cfg.Tries)
	}
	c := &Client{timeout: cfg.Timeout, tries: cfg.Tries, authoritative: cfg.Authoritative, window: newWindow()}
	c.answers.Limit = maxAnswers
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

// Server returns the server that the client asks: an address with its port, or a URL.
func (c *Client) Server() string { return c.server }

// Exchange asks one question and returns the whole message that answers it. The
// errors are of the way there; every RCODE is an answer. The name is canonical. The
// scope is the zone that is asked about: silence is remembered by it.
func (c *Client) Exchange(ctx context.Context, scope, name string, qtype uint16) (*dns.Msg, error) {
	r := c.exchange(ctx, []question{{name, qtype}}, manner{scope: scope, firm: 1})[0]
	return r.Message, r.Err
}

// Reply is the result of one query.
type Reply struct {
	Message *dns.Msg // shared, read-only
	Err     error    // of the way there; there is no message
}

// ExchangeAll asks for several types of one name at the same time. Replies that
// hold the same records share a message, whose question names one of the types. The
// name is canonical, the scope as for Exchange. Questions for the types once follow
// the others and are sent one time only: their replies come last, and an error there
// shows no silence of the server.
func (c *Client) ExchangeAll(ctx context.Context, scope, name string, types []uint16, once ...uint16) []Reply {
	asked := make([]question, 0, len(types)+len(once))
	for _, list := range [][]uint16{types, once} {
		for _, qtype := range list {
			asked = append(asked, question{name, qtype})
		}
	}
	return c.exchange(ctx, asked, manner{scope: scope, firm: len(types)})
}

// ask returns the answer to a question, from the cache if it was asked before.
func (c *Client) ask(ctx context.Context, q question) (Answer, error) {
	a, err := c.answers.Get(ctx, q, c.lookup)
	if err != nil && errors.Is(err, context.Cause(ctx)) {
		err = c.interrupted(ctx, q)
	}
	return a, err
}

// lookup asks the resolver. What it returns without an error is NOERROR or
// NXDOMAIN of a recursive resolver.
func (c *Client) lookup(ctx context.Context, q question) (Answer, error) {
	m, err := c.exchangeOne(ctx, q, false)
	a, _, err := c.conclude(ctx, q, Reply{m, err})
	return a, err
}

// conclude reads the result of a query to a recursive resolver.
func (c *Client) conclude(ctx context.Context, q question, r Reply) (Answer, *dns.Msg, error) {
	m, err := r.Message, r.Err
	if err == nil && m.Rcode == dns.RcodeServerFailure {
		m, err = c.afterServerFailure(ctx, q, m)
	}
	if err != nil {
		return Answer{}, nil, err
	}
	a, err := c.read(q, m)
	return a, m, err
}

// afterServerFailure finds out whether DNSSEC is the reason: an answer with
// CD=1 (checking disabled, RFC 4035 §3.2.2) means that the resolver has data
// and does not believe them. A resolver that has recovered meanwhile would look
// the same, so it is asked once more.
func (c *Client) afterServerFailure(ctx context.Context, q question, failed *dns.Msg) (*dns.Msg, error) {
	unchecked, err := c.exchangeOne(ctx, q, true)
	if ctx.Err() != nil {
		return nil, c.interrupted(ctx, q)
	}
	if err != nil || !decided(unchecked.Rcode) {
		return nil, c.fail(ServerFailure, q, nil, "the resolver failed (SERVFAIL), with and without DNSSEC validation"+extended(failed)+
			"; the zone's servers may be broken or out of its reach")
	}
	again, err := c.exchangeOne(ctx, q, false)
	if err != nil {
		return nil, err
	}
	if again.Rcode == dns.RcodeServerFailure {
		return nil, c.fail(Bogus, q, nil, "DNSSEC validation fails (bogus): the resolver answers with CD=1 and fails (SERVFAIL) without"+
			extended(again)+"; repair the zone's signatures or its DS record")
	}
	return again, nil
}

// read judges the RCODE and keeps what the message says of the name.
func (c *Client) read(q question, m *dns.Msg) (Answer, error) {
	switch {
	case m.Rcode == dns.RcodeRefused:
		return Answer{}, c.fail(Refused, q, nil, "the server refuses to answer this machine (REFUSED)"+extended(m)+
			"; name a resolver that serves it with --resolver")
	case !decided(m.Rcode):
		return Answer{}, c.fail(OtherCode, q, nil, "the server answered with "+CodeName(m.Rcode)+extended(m))
	case isReferral(m):
		return Answer{}, c.fail(NoRecursion, q, nil, "the server does not recurse (RA=0) and only names others to ask; name a recursive resolver with --resolver")
	}
	a, err := reduce(q, m)
	if err != nil {
		return Answer{}, c.fail(Malformed, q, err, "the answer cannot be read")
	}
	if n := len(a.CNAMEs) + len(a.Records); n > maxAtName {
		return Answer{}, c.fail(TooMuch, q, nil, fmt.Sprintf("the name has %d records, want at most %d", n, maxAtName))
	}
	return a, nil
}

func (c *Client) exchangeOne(ctx context.Context, q question, checkingDisabled bool) (*dns.Msg, error) {
	r := c.exchange(ctx, []question{q}, manner{checkingDisabled: checkingDisabled, firm: 1})[0]
	return r.Message, r.Err
}

// decided reports whether an RCODE says something about the name.
func decided(rcode int) bool {
	return rcode == dns.RcodeSuccess || rcode == dns.RcodeNameError
}

// CodeName returns the mnemonic of an RCODE, or its number.
func CodeName(rcode int) string {
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return "RCODE " + strconv.Itoa(rcode)
}

// extended words the first extended error of a message (RFC 8914), quoted and
// cut, for its text is the server's.
func extended(m *dns.Msg) string {
	opt := m.IsEdns0()
	if opt == nil {
		return ""
	}
	for _, option := range opt.Option {
		if ede, ok := option.(*dns.EDNS0_EDE); ok {
			text := ede.ExtraText[:min(len(ede.ExtraText), 100)]
			return fmt.Sprintf(" (extended error %d %s %s)", ede.InfoCode, dns.ExtendedErrorCodeToString[ede.InfoCode], strconv.QuoteToASCII(text))
		}
	}
	return ""
}
