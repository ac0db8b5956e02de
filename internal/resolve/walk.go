package resolve

import (
	"context"
	"slices"

	"github.com/miekg/dns"
)

// MaxHops is how many aliases a chain may have. BIND and Unbound give up at the
// twelfth (max-query-restarts 11 in both).
const MaxHops = 11

// Event tells how a chain ended (terms of RFC 9499).
type Event string

// The ends of a chain.
const (
	Found          Event = "found"           // the last name has records of the kind that was asked for
	NoData         Event = "nodata"          // it exists, with neither those nor an alias (RFC 2308 §2.2)
	NameError      Event = "nxdomain"        // it does not exist (RFC 2308 §2.1)
	Loop           Event = "loop"            // the chain comes back to an earlier name
	MultipleCNAMEs Event = "multiple-cnames" // the last name has two or more CNAME records
	TooLong        Event = "too-long"        // it has more than MaxHops aliases
)

// Chain is the aliases from one name to another, and what was found there.
// Names are in presentation format, lower case, without the final dot.
type Chain struct {
	Hops    []Hop
	Name    string // the last name asked
	Event   Event
	Targets []string // MultipleCNAMEs: all of them, sorted
	Records []string // Found: sorted; addresses, or texts in presentation format
}

// Hop is one CNAME record.
type Hop struct {
	Owner  string
	Target string
	TTL    uint32 // seconds
}

// Walk follows the aliases of name to its addresses, A and AAAA. With an error
// the chain holds the hops that were seen until then.
func (c *Client) Walk(ctx context.Context, name string) (Chain, error) {
	return c.follow(ctx, name, dns.TypeA, dns.TypeAAAA)
}

// TXT follows the aliases of name to its TXT records. With an error the chain
// holds the hops that were seen until then.
func (c *Client) TXT(ctx context.Context, name string) (Chain, error) {
	return c.follow(ctx, name, dns.TypeTXT)
}

func (c *Client) follow(ctx context.Context, name string, types ...uint16) (Chain, error) {
	owner, err := nameToAsk(name)
	if err != nil {
		return Chain{}, err
	}
	chain := Chain{Name: owner}
	for {
		here, err := c.at(ctx, chain.Name, types)
		if err != nil {
			return chain, err
		}
		if chain.extend(here) {
			return chain, nil
		}
	}
}

// extend takes in what was found at the chain's last name, and reports whether
// the chain ends there.
func (ch *Chain) extend(here answer) (ended bool) {
	switch {
	case len(here.aliases) > 1:
		ch.Event = MultipleCNAMEs
		for _, a := range here.aliases {
			ch.Targets = append(ch.Targets, a.target)
		}
		return true
	case len(here.aliases) == 1:
		return ch.hop(here.aliases[0])
	case len(here.records) > 0:
		ch.Event, ch.Records = Found, here.records
	case here.nameError:
		ch.Event = NameError
	default:
		ch.Event = NoData
	}
	return true
}

// hop follows one alias, and reports whether the chain must end with it.
func (ch *Chain) hop(a alias) (ended bool) {
	ch.Hops = append(ch.Hops, Hop{Owner: ch.Name, Target: a.target, TTL: a.ttl})
	if slices.ContainsFunc(ch.Hops, func(h Hop) bool { return h.Owner == a.target }) {
		ch.Name, ch.Event = a.target, Loop
		return true
	}
	if len(ch.Hops) > MaxHops {
		ch.Event = TooLong
		return true
	}
	ch.Name = a.target
	return false
}

// at finds what one name has: its alias, or else its records of the given
// types. The alias is asked for by its own type, for then a resolver does not
// follow it, and nothing that is broken further on can hide it. Only where
// there is none are the records asked for; an alias that turns up in those
// answers counts too, for the first may have come from a stale cache.
func (c *Client) at(ctx context.Context, name string, types []uint16) (answer, error) {
	first, err := c.ask(ctx, question{name, dns.TypeCNAME})
	if err != nil || len(first.aliases) > 0 {
		return first, err
	}
	answers := []answer{first}
	for _, qtype := range types {
		a, err := c.ask(ctx, question{name, qtype})
		if err != nil {
			return answer{}, err
		}
		answers = append(answers, a)
	}
	return union(answers), nil
}

// union is what several answers about one name say together. It does not exist
// only if all of them say so.
func union(answers []answer) answer {
	all := answer{nameError: true}
	for _, a := range answers {
		all.nameError = all.nameError && a.nameError
		all.records = append(all.records, a.records...)
		for _, one := range a.aliases {
			all.aliases = mergeAlias(all.aliases, one)
		}
	}
	slices.Sort(all.records)
	return all
}
