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

// Config says whom to ask and how patiently.
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
	c.answers.Most = maxAnswers
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

// Server returns whom the client asks: an address with its port, or a URL.
func (c *Client) Server() string { return c.server }

// Exchange asks one question and returns the whole message that answers it. The
// errors are of the way there; every RCODE is an answer. The name is canonical. The
// scope is the zone that is asked about: silence is remembered by it.
func (c *Client) Exchange(ctx context.Context, scope, name string, qtype uint16) (*dns.Msg, error) {
	r := c.exchange(ctx, []question{{name, qtype}}, manner{scope: scope})[0]
	return r.Message, r.Err
}

// Reply is what came of one question.
type Reply struct {
	Message *dns.Msg // shared, read-only
	Err     error    // of the way there; there is no message
}

// ExchangeAll asks for several types of one name at the same time. Replies that
// hold the same records share a message, whose question names one of the types. The
// name is canonical, the scope as for Exchange.
func (c *Client) ExchangeAll(ctx context.Context, scope, name string, types []uint16) []Reply {
	asked := make([]question, len(types))
	for i, qtype := range types {
		asked[i] = question{name, qtype}
	}
	return c.exchange(ctx, asked, manner{scope: scope})
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

// conclude reads what came of a question to a recursive resolver.
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
	r := c.exchange(ctx, []question{q}, manner{checkingDisabled: checkingDisabled})[0]
	return r.Message, r.Err
}

// exchange sends questions until each has its answer, with EDNS and, if the
// server does not know it, once without (RFC 6891 §7).
func (c *Client) exchange(ctx context.Context, asked []question, how manner) []Reply {
	edns, _ := c.health.withEDNS()
	how.edns, how.authoritative = edns, c.authoritative
	replies := make([]Reply, len(asked))
	c.insist(ctx, asked, how, replies, func(Reply) bool { return true })
	if edns {
		how.edns = false
		c.insist(ctx, asked, how, replies, withoutEDNS)
	}
	return replies
}

// withoutEDNS reports whether a server may answer if EDNS is not used.
func withoutEDNS(r Reply) bool {
	if r.Err != nil {
		return false
	}
	switch r.Message.Rcode {
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers:
		return true
	}
	return false
}

// insist makes up to c.tries tries for the questions whose reply is wanted, each
// with a new id. A server that has never answered a query with EDNS gets one without
// as its second try, for some drop what they do not know; the last try to a zone's
// server that was heard goes over TCP, which no limit of rates touches.
func (c *Client) insist(ctx context.Context, asked []question, how manner, replies []Reply, wanted func(Reply) bool) {
	open := make([]int, 0, len(asked))
	for i := range asked {
		if wanted(replies[i]) {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return
	}
	since := c.health.now(how.scope)
	var waiting time.Duration
	for try := 0; try < c.tries && len(open) > 0; try++ {
		this := how
		_, proved := c.health.withEDNS()
		alone := how.edns && !proved && try == 1
		this.edns = how.edns && !alone
		this.patience = c.patience(try)
		this.stream = c.authoritative && try > 0 && try == c.tries-1 && c.health.now(how.scope).total > 0
		got, waited := c.send(ctx, pick(asked, open), this)
		waiting += waited
		if alone {
			got = c.confirm(ctx, pick(asked, open), how, got)
		}
		left := make([]int, 0, len(open))
		for at, r := range got {
			i := open[at]
			if !this.stream || r.Err == nil || replies[i].Err == nil || isKind(r.Err, Interrupted, Silent) {
				replies[i] = r
			}
			if transient(replies[i].Err) {
				left = append(left, i)
			}
		}
		open = left
	}
	for i, q := range asked {
		switch {
		case isKind(replies[i].Err, Timeout):
			c.health.waited(how.scope, q.qtype, since, waiting, c.timeout, true)
		case isKind(replies[i].Err, Interrupted) && waiting > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded):
			c.health.waited(how.scope, q.qtype, since, waiting, c.enough(), false)
		}
	}
}

// pick returns the questions with these numbers.
func pick(asked []question, numbers []int) []question {
	if len(numbers) == len(asked) {
		return asked
	}
	some := make([]question, 0, len(numbers))
	for _, i := range numbers {
		some = append(some, asked[i])
	}
	return some
}

// confirm is called when a query without EDNS followed one with EDNS that was lost. If
// it was answered, the one with EDNS is sent once more: without it there are no
// signatures, so a lost datagram must not be taken for a server that drops EDNS.
func (c *Client) confirm(ctx context.Context, asked []question, how manner, got []Reply) []Reply {
	var heard []int
	for i, r := range got {
		if r.Err == nil {
			heard = append(heard, i)
		}
	}
	if len(heard) == 0 || ctx.Err() != nil {
		return got
	}
	how.patience = min(2*leastWait, c.timeout)
	again, _ := c.send(ctx, pick(asked, heard), how)
	lost := 0
	for at, r := range again {
		if r.Err == nil {
			got[heard[at]] = r
		} else if isKind(r.Err, Timeout) {
			lost++
		}
	}
	if lost == len(heard) {
		c.health.refusesEDNS()
	}
	return got
}

// send makes one try when the server's rate and window have room for it, and returns
// how long it waited for answers.
func (c *Client) send(ctx context.Context, asked []question, how manner) ([]Reply, time.Duration) {
	replies := make([]Reply, len(asked))
	fail := func(why func(q question) error) ([]Reply, time.Duration) {
		for i, q := range asked {
			replies[i].Err = why(q)
		}
		return replies, 0
	}
	interrupted := func(q question) error { return c.interrupted(ctx, q) }
	if ctx.Err() != nil {
		return fail(interrupted)
	}
	for range asked {
		if c.rate == nil {
			break
		}
		if err := c.rate.Wait(ctx); err != nil {
			return fail(func(q question) error {
				return c.fail(Interrupted, q, err, "there was no time left to ask at the permitted rate")
			})
		}
	}
	round, err := c.window.enter(ctx, len(asked))
	if err != nil {
		return fail(interrupted)
	}
	lost := false
	defer func() { c.window.leave(len(asked), lost, round) }()
	now := make([]question, 0, len(asked)) // those that may be asked by now
	places := make([]int, 0, len(asked))
	for i, q := range asked {
		if why := c.health.rests(how.scope, q.qtype); why != "" {
			replies[i].Err = c.silent(q, why)
			continue
		}
		now, places = append(now, q), append(places, i)
	}
	if len(now) == 0 {
		return replies, 0
	}
	queries, err := newQueries(now, how)
	if err != nil {
		return fail(func(q question) error { return fmt.Errorf("asking for %q: %w", q.name, err) })
	}
	began := systemClock()
	deliveries := c.carry(ctx, queries, how)
	waited := systemClock().Sub(began)
	for at, d := range deliveries {
		i := places[at]
		if d.alive {
			c.health.hear(how.scope, anyType, false)
		}
		if replies[i].Message = d.message; d.err != nil {
			replies[i] = Reply{Err: c.explain(ctx, queries[at], d)}
			lost = lost || isKind(replies[i].Err, Timeout)
			continue
		}
		c.health.hear(how.scope, queries[at].qtype, how.edns)
	}
	if !lost && ctx.Err() == nil {
		c.health.took(waited)
	}
	return replies, waited
}

// carry takes queries to the server, over TCP if they are to go there and can.
func (c *Client) carry(ctx context.Context, queries []query, how manner) []delivery {
	if p, ok := c.carrier.(*plain); ok && how.stream {
		return each(queries, func(q query) delivery { return p.stream(ctx, how.patience, q) })
	}
	return c.carrier.carry(ctx, how.patience, queries)
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
