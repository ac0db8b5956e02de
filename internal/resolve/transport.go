package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/miekg/dns"
)

// udpBuffer holds any datagram that keeps to ednsSize, and some that do not.
const udpBuffer = 4096

// send makes one try: over UDP from a random port of its own, and over TCP if
// the answer does not fit a datagram.
func (c *Client) send(ctx context.Context, q query) (*dns.Msg, error) {
	m, err := c.within(ctx, q, "udp", overUDP)
	if errors.Is(err, errTruncated) {
		m, err = c.within(ctx, q, "tcp", overTCP)
	}
	return m, err
}

// within opens a connection, makes one exchange on it in the time of one try,
// and words what went wrong; errTruncated passes as it is.
func (c *Client) within(ctx context.Context, q query, network string, exchange func(net.Conn, query) (*dns.Msg, error)) (*dns.Msg, error) {
	try, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	conn, err := c.dial(try, network, c.server)
	if err != nil {
		return nil, c.explain(ctx, try, q, network, err)
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(try, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	m, err := exchange(conn, q)
	if err != nil && !errors.Is(err, errTruncated) {
		return nil, c.explain(ctx, try, q, network, err)
	}
	return m, err
}

// overUDP waits for the answer and lets pass by whatever is not it: an attacker
// who cannot see the query must not be able to end it (RFC 5452 §9).
func overUDP(conn net.Conn, q query) (*dns.Msg, error) {
	if _, err := conn.Write(q.wire); err != nil {
		return nil, err
	}
	buf := make([]byte, udpBuffer)
	for ignored := 0; ; ignored++ {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, &readError{err: err, ignored: ignored}
		}
		m, err := q.accept(buf[:n])
		if errors.Is(err, errForeign) {
			continue
		}
		return m, malformed(err)
	}
}

// overTCP frames messages with their length (RFC 1035 §4.2.2).
func overTCP(conn net.Conn, q query) (*dns.Msg, error) {
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(q.wire)))
	if _, err := conn.Write(append(framed, q.wire...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, &readError{err: err}
	}
	wire := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, wire); err != nil {
		return nil, &readError{err: err}
	}
	m, err := q.accept(wire)
	switch {
	case errors.Is(err, errForeign):
		return nil, &readError{err: err, ignored: 1}
	case errors.Is(err, errTruncated):
		return nil, malformed(errors.New("it is truncated, over TCP too"))
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

// explain makes an Error of whatever stopped an exchange.
func (c *Client) explain(ctx, try context.Context, q query, network string, err error) error {
	var unread *malformedError
	if errors.As(err, &unread) {
		return c.fail(Malformed, q.question, unread.err, "the answer cannot be read")
	}
	if ctx.Err() != nil {
		return c.interrupted(ctx, q.question)
	}
	var read *readError
	if errors.As(err, &read) && read.ignored > 0 {
		return c.fail(Foreign, q.question, nil, fmt.Sprintf(
			"no answer, but %d with another id or question; somebody forges answers, or something between rewrites them", read.ignored))
	}
	if try.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return c.fail(Timeout, q.question, nil, fmt.Sprintf(
			"no answer over %s in %d tries of %v; check that the resolver can be reached, or name another with --resolver", network, c.tries, c.timeout))
	}
	return c.unreachable(q.question, network, err)
}

func (c *Client) interrupted(ctx context.Context, q question) error {
	return c.fail(Interrupted, q, context.Cause(ctx), "stopped before an answer came")
}
