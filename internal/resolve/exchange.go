package resolve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

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

// insist makes up to c.tries tries for the firm questions whose reply is wanted, each
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
		this.stream = c.authoritative && (try > 0 && try == c.tries-1 && c.health.now(how.scope).total > 0 || c.health.limits())
		got, waited := c.send(ctx, pick(asked, open), this)
		waiting += waited
		if alone {
			got = c.confirm(ctx, pick(asked, open), how, got)
		}
		left := make([]int, 0, len(open))
		for at, r := range got {
			i := open[at]
			failed := this.stream && r.Err != nil && !isKind(r.Err, Interrupted, Silent)
			if !failed || replies[i].Err == nil {
				replies[i] = r
			}
			if failed {
				c.health.note(false, true)
			}
			if i < how.firm && (transient(replies[i].Err) || failed && try == 0) {
				left = append(left, i)
			}
		}
		open = left
	}
	for i, q := range asked[:how.firm] {
		switch {
		case isKind(replies[i].Err, Timeout):
			c.health.waited(how.scope, q.qtype, since, waiting, c.timeout, true)
		case isKind(replies[i].Err, Interrupted) && waiting > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded):
			c.health.waited(how.scope, q.qtype, since, waiting, c.enough(), false)
		}
	}
}

// pick returns the questions, or queries, with these numbers, which ascend.
func pick[T any](asked []T, numbers []int) []T {
	if len(numbers) == len(asked) {
		return asked
	}
	some := make([]T, 0, len(numbers))
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
	places := make([]int, 0, len(asked)) // of the questions that may be asked by now
	for i, q := range asked {
		if why := c.health.rests(how.scope, q.qtype); why != "" {
			replies[i].Err = c.silent(q, why)
			continue
		}
		places = append(places, i)
	}
	if len(places) == 0 {
		return replies, 0
	}
	queries, err := newQueries(pick(asked, places), how)
	if err != nil {
		return fail(func(q question) error { return fmt.Errorf("asking for %q: %w", q.name, err) })
	}
	began := systemClock()
	deliveries := c.carry(ctx, queries, how)
	waited := systemClock().Sub(began)
	heard := make([]uint16, 0, len(deliveries))
	for at, d := range deliveries {
		i := places[at]
		if d.alive {
			c.health.hear(how.scope, false, anyType)
			c.health.note(true, false)
		}
		if d.limited {
			c.health.limit()
		}
		if replies[i].Message = d.message; d.err != nil {
			replies[i] = Reply{Err: c.explain(ctx, queries[at], d)}
			lost = lost || isKind(replies[i].Err, Timeout)
			continue
		}
		heard = append(heard, queries[at].qtype)
	}
	if len(heard) > 0 {
		c.health.hear(how.scope, how.edns, heard...)
	}
	switch {
	case lost:
		if c.health.lost(); c.health.limits() {
			lost = false // of the window: it is no congestion
		}
	case ctx.Err() == nil && !how.stream:
		c.health.took(waited)
	}
	return replies, waited
}

// carry takes queries to the server, over TCP if they are to go there and can.
func (c *Client) carry(ctx context.Context, queries []query, how manner) []delivery {
	if p, ok := c.carrier.(*plain); ok && how.stream {
		return p.stream(ctx, how.patience, queries)
	}
	return c.carrier.carry(ctx, how.patience, queries)
}
