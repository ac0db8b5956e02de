package resolve

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/miekg/dns"
)

// ask gives the answer to a question, from the cache if it was asked before.
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
	m, err := c.exchange(ctx, q, false)
	if err != nil {
		return Answer{}, err
	}
	if m.Rcode == dns.RcodeServerFailure {
		if m, err = c.afterServerFailure(ctx, q, m); err != nil {
			return Answer{}, err
		}
	}
	return c.read(q, m)
}

// afterServerFailure finds out whether DNSSEC is the reason: an answer with
// CD=1 (checking disabled, RFC 4035 §3.2.2) means that the resolver has data
// and does not believe them. A resolver that has recovered meanwhile would look
// the same, so it is asked once more.
func (c *Client) afterServerFailure(ctx context.Context, q question, failed *dns.Msg) (*dns.Msg, error) {
	unchecked, err := c.exchange(ctx, q, true)
	if ctx.Err() != nil {
		return nil, c.interrupted(ctx, q)
	}
	if err != nil || !decided(unchecked.Rcode) {
		return nil, c.fail(ServerFailure, q, nil, "the resolver failed (SERVFAIL), with and without DNSSEC validation"+extended(failed)+
			"; the zone's servers may be broken or out of its reach")
	}
	again, err := c.exchange(ctx, q, false)
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
		return Answer{}, c.fail(OtherCode, q, nil, "the server answered with "+codeName(m.Rcode)+extended(m))
	case isReferral(m):
		return Answer{}, c.fail(NoRecursion, q, nil, "the server does not recurse (RA=0) and only names others to ask; name a recursive resolver with --resolver")
	}
	a, err := reduce(q, m)
	if err != nil {
		return Answer{}, c.fail(Malformed, q, err, "the answer cannot be read")
	}
	if n := len(a.Aliases) + len(a.Records); n > maxAtName {
		return Answer{}, c.fail(TooMuch, q, nil, fmt.Sprintf("the name has %d records, want at most %d", n, maxAtName))
	}
	return a, nil
}

// maxAtName bounds the records of one name and type, and so what ends up in evidence.
const maxAtName = 256

// exchange sends a question until an answer comes, with EDNS and, if the server
// does not know it, once without (RFC 6891 §7).
func (c *Client) exchange(ctx context.Context, q question, checkingDisabled bool) (*dns.Msg, error) {
	how := manner{checkingDisabled: checkingDisabled, edns: true, authority: c.authority}
	m, err := c.insist(ctx, q, how)
	if err != nil {
		return nil, err
	}
	switch m.Rcode {
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers:
		how.edns = false
		return c.insist(ctx, q, how)
	}
	return m, nil
}

// insist makes up to c.tries tries, each with a new id.
func (c *Client) insist(ctx context.Context, q question, how manner) (m *dns.Msg, err error) {
	for range c.tries {
		var packed query
		if packed, err = newQuery(q, how); err != nil {
			return nil, fmt.Errorf("asking for %q: %w", q.name, err)
		}
		if m, err = c.send(ctx, packed); !transient(err) {
			return m, err
		}
	}
	return nil, err
}

// send makes one try when the server's rate and window have room for it.
func (c *Client) send(ctx context.Context, q query) (*dns.Msg, error) {
	if c.rate != nil {
		if err := c.rate.Wait(ctx); err != nil {
			return nil, c.fail(Interrupted, q.question, err, "there was no time left to ask at the permitted rate")
		}
	}
	if c.window.enter(ctx) != nil {
		return nil, c.interrupted(ctx, q.question)
	}
	m, network, err := c.carrier.carry(ctx, q)
	if err != nil {
		err = c.explain(ctx, q, network, err)
	}
	c.window.leave(isKind(err, Timeout))
	return m, err
}

// decided reports whether an RCODE says something about the name.
func decided(rcode int) bool {
	return rcode == dns.RcodeSuccess || rcode == dns.RcodeNameError
}

func codeName(rcode int) string {
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
