package resolve

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// carrier takes queries to the server and brings the messages that answer them.
type carrier interface {
	carry(ctx context.Context, timeout time.Duration, queries []query) []delivery
}

// delivery is the result of a query; network is the transport's name in errors.
type delivery struct {
	message *dns.Msg
	network string
	err     error
	alive   bool // the server answered, in any way
	small   bool // the answer came over a stream, and any datagram holds it
	limited bool // it did, but the datagram said that it does not: the server limits its rate
}

// dialer opens a connection; the network is udp or tcp.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// plain asks over UDP, and over TCP if the answer does not fit a datagram.
type plain struct {
	sockets  sockets
	streams  sockets
	dial     dialer
	address  string
	timeout  time.Duration // over TCP after a truncated answer
	oneByOne atomic.Bool   // the server wants a connection for each question over TCP
}

func newPlain(address string, timeout time.Duration, dial dialer) *plain {
	p := &plain{dial: dial, address: address, timeout: timeout}
	p.sockets.dial = func(ctx context.Context) (net.Conn, error) { return dial(ctx, "udp", address) }
	p.streams.dial = func(ctx context.Context) (net.Conn, error) { return dial(ctx, "tcp", address) }
	p.streams.framed = true
	return p
}

func (p *plain) carry(ctx context.Context, timeout time.Duration, queries []query) []delivery {
	out := make([]delivery, len(queries))
	wires, failed := p.sockets.exchange(ctx, timeout, queries)
	var first *dns.Msg // of queries[0]
	var open []int     // answers that are truncated, or did not come
	cut := false
	for i, q := range queries {
		if wires[i] == nil {
			out[i] = delivery{network: "udp", err: failed}
			open = append(open, i)
			continue
		}
		if first != nil && queries[0].repeated(wires[0], q, wires[i]) {
			out[i] = delivery{message: first, network: "udp"}
			continue
		}
		m, err := q.accept(wires[i])
		if errors.Is(err, errTruncated) {
			open, cut = append(open, i), true
			continue
		}
		out[i] = delivery{message: m, network: "udp", err: malformed(err)}
		if i == 0 {
			first = m
		}
	}
	if !cut {
		return out
	}
	for n, d := range p.stream(ctx, p.timeout, pick(queries, open)) {
		truncated := wires[open[n]] != nil
		if d.alive, d.limited = true, d.small && truncated; truncated || d.err == nil {
			out[open[n]] = d
		}
	}
	return out
}

// secure asks over TLS (RFC 7858), one connection a question.
type secure struct {
	dial    dialer
	address string
	config  *tls.Config
}

func (s *secure) carry(ctx context.Context, timeout time.Duration, queries []query) []delivery {
	return each(queries, func(q query) delivery {
		return overStream(ctx, "tls", timeout, q, func(ctx context.Context) (net.Conn, error) {
			conn, err := s.dial(ctx, "tcp", s.address)
			if err != nil {
				return nil, err
			}
			wrapped := tls.Client(conn, s.config)
			if err := wrapped.HandshakeContext(ctx); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			return wrapped, nil
		})
	})
}

// each carries queries at the same time, independently of each other.
func each(queries []query, carry func(query) delivery) []delivery {
	out := make([]delivery, len(queries))
	var all sync.WaitGroup
	for i, q := range queries {
		all.Go(func() { out[i] = carry(q) })
	}
	all.Wait()
	return out
}

// https asks by POST (RFC 8484 §4.1). The id stays random: a cache in between is of no use here.
type https struct {
	client *http.Client
	url    string
}

const mediaType = "application/dns-message"

func (h *https) carry(ctx context.Context, timeout time.Duration, queries []query) []delivery {
	return each(queries, func(q query) delivery {
		try, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		m, err := h.post(try, q)
		return delivery{message: m, network: "https", err: err}
	})
}

func (h *https) post(ctx context.Context, q query) (*dns.Msg, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(q.wire))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", mediaType)
	request.Header.Set("Accept", mediaType)
	response, err := h.client.Do(request)
	if err != nil {
		return nil, errors.Unwrap(err) // without the URL, which is named already
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != mediaType {
		return nil, fmt.Errorf("the server answered with HTTP status %d and content type %q, want 200 and %s",
			response.StatusCode, response.Header.Get("Content-Type"), mediaType)
	}
	wire, err := io.ReadAll(io.LimitReader(response.Body, dns.MaxMsgSize+1))
	if err != nil {
		return nil, err
	}
	m, err := q.accept(wire)
	if errors.Is(err, errForeign) {
		return nil, &readError{err: err, ignored: 1}
	}
	return m, malformed(err)
}

// readError is a failed wait for an answer, after ignored answers to other questions.
type readError struct {
	err     error
	ignored int
}

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// malformedError is an answer to the question that cannot be read.
type malformedError struct{ err error }

func (e *malformedError) Error() string { return e.err.Error() }

func malformed(err error) error {
	if err == nil || errors.Is(err, errTruncated) {
		return err
	}
	return &malformedError{err: err}
}

// explain makes an Error of the failure of an exchange.
func (c *Client) explain(ctx context.Context, q query, d delivery) error {
	var unread *malformedError
	if errors.As(d.err, &unread) {
		return c.fail(Malformed, q.question, unread.err, "the answer cannot be read")
	}
	// A dialer gives up when the deadline has passed by the clock, which may be before
	// the context's timer has fired. That is the caller's time, not the server's.
	if deadline, ok := ctx.Deadline(); ok && !systemClock().Before(deadline) {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return c.interrupted(ctx, q.question)
	}
	var read *readError
	if errors.As(d.err, &read) && read.ignored > 0 {
		return c.fail(Foreign, q.question, nil, fmt.Sprintf(
			"no answer, but %d with another id or question; answers are being forged or rewritten in transit", read.ignored))
	}
	if errors.Is(d.err, context.DeadlineExceeded) || errors.Is(d.err, os.ErrDeadlineExceeded) {
		return c.fail(Timeout, q.question, nil, fmt.Sprintf("no answer over %s in %d tries of up to %v%s", d.network, c.tries, c.timeout,
			c.advice("; check that the resolver can be reached, or name another with --resolver")))
	}
	return c.unreachable(q.question, d.network, d.err)
}

func (c *Client) interrupted(ctx context.Context, q question) error {
	return c.fail(Interrupted, q, context.Cause(ctx), "stopped before an answer came")
}

// advice returns what to do about a resolver; authoritative servers cannot be chosen.
func (c *Client) advice(text string) string {
	if c.authoritative {
		return ""
	}
	return text
}

// Bounds of a window, in questions on their way to one server.
const (
	firstWindow = 64
	leastWindow = 4
	mostWindow  = 256 // small datagrams that the buffer of a socket holds by default on Linux
)

// window bounds the questions on their way to one server: one more for each
// window of answers, half as many after a window with losses (as in RFC 5681 §3.1). A server that
// cannot keep up is asked more slowly instead of losing more. Questions that are
// sent together enter together, as soon as one of them has room.
type window struct {
	mu    sync.Mutex
	size  float64
	busy  int
	round int       // counts the halvings: of questions that were on their way together only the first loss counts
	queue []waiting // in the order of arrival
}

type waiting struct {
	n    int
	turn chan int // of room 1; gets the round when its turn has come
}

func newWindow() *window { return &window{size: firstWindow} }

// enter waits for room, and returns the round; the error is the context's.
func (w *window) enter(ctx context.Context, n int) (round int, err error) {
	w.mu.Lock()
	if w.busy < int(w.size) && len(w.queue) == 0 {
		w.busy += n
		round = w.round
		w.mu.Unlock()
		return round, nil
	}
	turn := make(chan int, 1)
	w.queue = append(w.queue, waiting{n, turn})
	w.mu.Unlock()
	select {
	case round = <-turn:
		return round, nil
	case <-ctx.Done():
		w.abandon(turn, n)
		return 0, context.Cause(ctx)
	}
}

// abandon gives up a place in the queue, or the room that was won meanwhile.
func (w *window) abandon(turn chan int, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.queue {
		if other.turn == turn {
			w.queue = slices.Delete(w.queue, i, i+1)
			return
		}
	}
	w.busy -= n
	w.admit()
}

// leave frees the room of n questions that entered in a round; lost reports that an
// answer did not arrive.
func (w *window) leave(n int, lost bool, round int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy -= n
	switch {
	case lost && round == w.round:
		w.size = max(w.size/2, leastWindow)
		w.round++
	case !lost:
		w.size = min(w.size+float64(n)/w.size, mostWindow)
	}
	w.admit()
}

// admit lets in those who wait, as far as there is room. The caller holds the lock.
func (w *window) admit() {
	for len(w.queue) > 0 && w.busy < int(w.size) {
		w.busy += w.queue[0].n
		w.queue[0].turn <- w.round
		w.queue = w.queue[1:]
	}
}
