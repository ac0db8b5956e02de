package resolve

import (
	"context"
	"errors"
	"slices"

	"github.com/miekg/dns"
)

// MaxHops is how many CNAME records a chain may have. BIND and Unbound give up at the
// twelfth (max-query-restarts 11 in both).
const MaxHops = 11

// Event is the result of following a chain (terms of RFC 9499).
type Event string

// The ends of a chain.
const (
	Found          Event = "found"           // the last name has records of the kind that was asked for
	NoData         Event = "nodata"          // it exists, with neither those nor an alias (RFC 2308 §2.2)
	NameError      Event = "nxdomain"        // it does not exist (RFC 2308 §2.1)
	Loop           Event = "loop"            // the chain comes back to an earlier name
	MultipleCNAMEs Event = "multiple-cnames" // the last name has two or more CNAME records
	TooLong        Event = "too-long"        // it has more than MaxHops CNAME records
)

// Chain is the CNAME records from one name to another, and what was found there.
// Names are in presentation format, lower case, without the final dot.
type Chain struct {
	Hops    []Hop
	Name    string // the last name asked
	Event   Event
	Targets []string // MultipleCNAMEs: all of them, sorted
	Records []string // Found: sorted; addresses, or texts in presentation format
	TTL     uint32   // Found: seconds, the shortest of Records
}

// Hop is one CNAME record.
type Hop struct {
	Owner  string
	Target string
	TTL    uint32 // seconds
}

// Walk follows the CNAME records of name to its addresses, A and AAAA. With an error
// the chain holds the hops that were seen until then.
func (c *Client) Walk(ctx context.Context, name string) (Chain, error) {
	return c.Follow(ctx, name, dns.TypeA, dns.TypeAAAA)
}

// Led is what the resolver answers a client, who asks for addresses of a name and
// follows no CNAME records.
type Led struct {
	Type uint16 // A or AAAA
	Lead Lead
	Err  error // there is no answer
}

// WalkAndAsk is Walk, and asks what clients ask: for A and AAAA of name itself. With an
// error nothing is known of what clients get.
func (c *Client) WalkAndAsk(ctx context.Context, name string) (Chain, []Led, error) {
	owner, err := NameToAsk(name)
	if err != nil {
		return Chain{}, nil, err
	}
	types := []uint16{dns.TypeCNAME, dns.TypeA, dns.TypeAAAA}
	replies := c.ExchangeAll(ctx, "", owner, types)
	answer := func(i int) (m *dns.Msg, err error) {
		q := question{owner, types[i]}
		_, err = c.answers.Get(ctx, q, func(ctx context.Context, q question) (a Answer, err error) {
			a, m, err = c.conclude(ctx, q, replies[i])
			return a, err
		})
		if err == nil && m == nil { // the answer is cached
			_, m, err = c.conclude(ctx, q, replies[i])
		}
		return m, err
	}
	if _, err := answer(0); err != nil && errors.Is(err, context.Cause(ctx)) {
		return Chain{Name: owner}, nil, err
	}
	chain, err := c.Walk(ctx, owner)
	if err != nil {
		return chain, nil, err
	}
	led := make([]Led, 0, len(types)-1)
	for i, qtype := range types[1:] {
		l := Led{Type: qtype}
		m, err := answer(i + 1)
		if err == nil {
			l.Lead, err = ReadLead(m, owner, qtype, nil)
		}
		l.Err = err
		led = append(led, l)
	}
	return chain, led, nil
}

// Ask asks for A and AAAA of a name, as a client does.
func (c *Client) Ask(ctx context.Context, name string) ([]Led, error) {
	owner, err := NameToAsk(name)
	if err != nil {
		return nil, err
	}
	types := []uint16{dns.TypeA, dns.TypeAAAA}
	led := make([]Led, len(types))
	for i, r := range c.ExchangeAll(ctx, "", owner, types) {
		led[i].Type = types[i]
		_, m, err := c.conclude(ctx, question{owner, types[i]}, r)
		if err == nil {
			led[i].Lead, err = ReadLead(m, owner, types[i], nil)
		}
		led[i].Err = err
	}
	return led, nil
}

// Follow follows the CNAME records of name to its records of the given types. With an
// error the chain holds the hops that were seen until then.
func (c *Client) Follow(ctx context.Context, name string, types ...uint16) (Chain, error) {
	owner, err := NameToAsk(name)
	if err != nil {
		return Chain{}, err
	}
	chain := Chain{Name: owner}
	for {
		here, err := c.at(ctx, chain.Name, types)
		if err != nil {
			return chain, err
		}
		if chain.Extend(here) {
			return chain, nil
		}
	}
}

// Extend takes in what was found at the chain's last name, and reports whether
// the chain ends there.
func (ch *Chain) Extend(here Answer) (ended bool) {
	switch {
	case len(here.CNAMEs) > 1:
		ch.Event = MultipleCNAMEs
		for _, a := range here.CNAMEs {
			ch.Targets = append(ch.Targets, a.Target)
		}
		return true
	case len(here.CNAMEs) == 1:
		return ch.hop(here.CNAMEs[0])
	case len(here.Records) > 0:
		ch.Event, ch.Records, ch.TTL = Found, here.Records, here.TTL
	case here.NameError:
		ch.Event = NameError
	default:
		ch.Event = NoData
	}
	return true
}

// hop follows one alias, and reports whether the chain must end with it.
func (ch *Chain) hop(a CNAME) (ended bool) {
	ch.Hops = append(ch.Hops, Hop{Owner: ch.Name, Target: a.Target, TTL: a.TTL})
	if slices.ContainsFunc(ch.Hops, func(h Hop) bool { return h.Owner == a.Target }) {
		ch.Name, ch.Event = a.Target, Loop
		return true
	}
	if len(ch.Hops) > MaxHops {
		ch.Event = TooLong
		return true
	}
	ch.Name = a.Target
	return false
}

// at finds what one name has: its alias, or else its records of the given
// types. The alias is asked for by its own type, for then a resolver does not
// follow it, and nothing that is broken further on can hide it. Only where
// there is none are the records asked for; an alias that turns up in those
// answers counts too, for the first may have come from a stale cache.
func (c *Client) at(ctx context.Context, name string, types []uint16) (Answer, error) {
	first, err := c.ask(ctx, question{name, dns.TypeCNAME})
	if err != nil || len(first.CNAMEs) > 0 {
		return first, err
	}
	answers := []Answer{first}
	for _, qtype := range types {
		a, err := c.ask(ctx, question{name, qtype})
		if qtype == dns.TypeAAAA && len(answers[len(answers)-1].Records) > 0 && isKind(err, Timeout, Silent, ServerFailure, OtherCode) {
			continue // a server that drops what it does not know; there are addresses
		}
		if err != nil {
			return Answer{}, err
		}
		answers = append(answers, a)
	}
	return Union(answers...), nil
}

// Union is what several answers about one name say together. It does not exist
// only if all of them say so.
func Union(answers ...Answer) Answer {
	all := Answer{NameError: true}
	for _, a := range answers {
		all.NameError = all.NameError && a.NameError
		if len(a.Records) > 0 && (len(all.Records) == 0 || a.TTL < all.TTL) {
			all.TTL = a.TTL
		}
		all.Records = append(all.Records, a.Records...)
		for _, one := range a.CNAMEs {
			all.CNAMEs = mergeCNAME(all.CNAMEs, one)
		}
	}
	slices.Sort(all.Records)
	return all
}
