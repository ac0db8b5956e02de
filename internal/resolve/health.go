package resolve

import (
	"fmt"
	"sync"
	"time"
)

const (
	rest         = 30 * time.Second       // how long a silent server is left alone
	limitTime    = 5 * time.Second        // for which a server that limits its rate is asked over TCP
	leastWait    = 250 * time.Millisecond // for an answer, before the question is sent again
	leastSilence = 200 * time.Millisecond // of a server that was never heard, to call it silent
)

// systemClock is the clock of sockets, which know no other.
func systemClock() time.Time { return time.Now() } //nolint:forbidigo // a socket knows the system clock alone

// health is what a run has learnt of a server: what it answers at all, whether with
// EDNS, and how fast. One question that waits in vain is enough for all. Silence is of
// a scope (a zone, for a server may serve one and drop another), and of the whole
// server when it was silent in two.
type health struct {
	mu       sync.Mutex
	received map[string]uint64 // messages, by scope
	total    uint64
	silent   map[matter]time.Time       // until then it is not asked
	scopes   map[uint16]map[string]bool // those in which a type, or everything, was silent while nothing else was heard
	answered map[uint16]bool            // types that it has answered
	usual    time.Duration              // between question and answer, smoothed; 0: not known
	edns     bool                       // it has answered a query with EDNS
	cut      bool                       // it has sent an answer that was truncated
	limited  time.Time                  // until then it is asked over TCP alone
	noEDNS   bool                       // it answers only queries without
}

// matter is what a server is asked about.
type matter struct {
	scope string // anyScope: all
	qtype uint16 // anyType: all
}

const (
	anyScope = "*"
	anyType  = uint16(0)
)

// mark is a point in time, in messages that had come until then.
type mark struct{ scope, total uint64 }

func (h *health) now(scope string) mark {
	h.mu.Lock()
	defer h.mu.Unlock()
	return mark{h.received[scope], h.total}
}

// hear notes answers to questions for types, or with anyType a sign of life.
func (h *health) hear(scope string, edns bool, types ...uint16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.received == nil {
		h.received, h.answered = map[string]uint64{}, map[uint16]bool{}
	}
	h.received[scope]++
	h.total++
	h.edns = h.edns || edns
	for _, qtype := range types {
		if qtype != anyType && !h.answered[qtype] {
			h.answered[qtype] = true
		}
		if len(h.silent) == 0 && len(h.scopes) == 0 {
			continue
		}
		for _, m := range []matter{{scope, anyType}, {anyScope, anyType}, {scope, qtype}, {anyScope, qtype}} {
			delete(h.silent, m)
		}
		delete(h.scopes, anyType)
		delete(h.scopes, qtype)
	}
}

// took notes how long answers took (RFC 6298 §2, without the variance).
func (h *health) took(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.usual == 0 {
		h.usual = d
		return
	}
	h.usual += (d - h.usual) / 8
}

// waited notes that a question waited in vain since a mark. If its scope was silent
// all the while, so it is; else the type is ignored. Where the caller's own deadline
// ended the wait (all is false), it had to last long enough.
func (h *health) waited(scope string, qtype uint16, since mark, d, enough time.Duration, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !all && d < enough {
		return
	}
	m, alone := matter{scope, anyType}, h.total == since.total
	if h.received[scope] != since.scope {
		if m.qtype, alone = qtype, true; h.answered[qtype] || !all {
			return
		}
	}
	if h.silent == nil {
		h.silent, h.scopes = map[matter]time.Time{}, map[uint16]map[string]bool{}
	}
	until := systemClock().Add(rest)
	h.silent[m] = until
	if !alone {
		return
	}
	if h.scopes[m.qtype] == nil {
		h.scopes[m.qtype] = map[string]bool{}
	}
	if h.scopes[m.qtype][scope] = true; len(h.scopes[m.qtype]) > 1 {
		h.silent[matter{anyScope, m.qtype}] = until
	}
}

// enough is how long a wait that the caller's deadline ended shows silence: as long as
// a try, or less with a resolver that was never heard, for there is no other to ask.
func (c *Client) enough() time.Duration {
	if !c.authoritative && c.health.now("").total == 0 {
		return min(leastSilence, c.timeout)
	}
	return c.timeout
}

// lost notes that a server which was heard drops questions. One that truncates answers
// too limits its rate, most likely, and serves those that ask over TCP (response rate
// limiting); limited reports that.
func (h *health) lost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cut {
		h.limited = systemClock().Add(limitTime)
	}
}

// limit notes that a server limits its rate: it truncates what any datagram holds.
func (h *health) limit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limited = systemClock().Add(limitTime)
}

func (h *health) limits() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return systemClock().Before(h.limited)
}

func (h *health) note(truncated, tcpFailed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = h.cut || truncated
	if tcpFailed {
		h.cut, h.limited = false, time.Time{}
	}
}

// rests reports why a server is not asked; "": it is. When a rest is over, one question
// is let through to find out more.
func (h *health) rests(scope string, qtype uint16) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.silent) == 0 {
		return ""
	}
	for _, m := range []matter{{scope, anyType}, {anyScope, anyType}, {scope, qtype}, {anyScope, qtype}} {
		until, ok := h.silent[m]
		switch {
		case !ok:
		case !systemClock().Before(until):
			h.silent[m] = systemClock().Add(rest)
		case m.qtype != anyType:
			return "it answers other questions, but none for this type"
		default:
			return "it answered none of the questions that it was asked before, and is left alone for " + rest.String()
		}
	}
	return ""
}

// withEDNS reports whether queries are sent with EDNS, and whether the server was ever
// seen to answer one.
func (h *health) withEDNS() (use, proved bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.noEDNS, h.edns
}

func (h *health) refusesEDNS() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.noEDNS = !h.edns
}

// patience is how long a try waits for the answer. A resolver may need long for what
// it has not in its cache; a zone's own server has all at hand.
func (c *Client) patience(try int) time.Duration {
	if !c.authoritative || try >= c.tries-1 {
		return c.timeout
	}
	c.health.mu.Lock()
	wait := c.timeout / 4
	if c.health.usual > 0 {
		wait = 4 * c.health.usual
	}
	c.health.mu.Unlock()
	return min(max(wait, leastWait)<<try, c.timeout)
}

// silent makes the error for a server that is not asked.
func (c *Client) silent(q question, why string) error {
	return c.fail(Silent, q, nil, fmt.Sprintf("%s%s", why, c.advice("; check that the resolver can be reached, or name another with --resolver")))
}
