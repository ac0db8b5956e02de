package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/miekg/dns"
)

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
func (c *Client) explain(ctx context.Context, q query, network string, err error) error {
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
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return c.fail(Timeout, q.question, nil, fmt.Sprintf("no answer over %s in %d tries of %v%s", network, c.tries, c.timeout,
			c.advice("; check that the resolver can be reached, or name another with --resolver")))
	}
	return c.unreachable(q.question, network, err)
}

func (c *Client) interrupted(ctx context.Context, q question) error {
	return c.fail(Interrupted, q, context.Cause(ctx), "stopped before an answer came")
}

// advice is what to do about a resolver; nobody can choose a zone's own servers.
func (c *Client) advice(text string) string {
	if c.authority {
		return ""
	}
	return text
}
