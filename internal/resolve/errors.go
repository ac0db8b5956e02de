package resolve

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/bindgate/bindgate/internal/neterr"
)

// Kind says why a query has no answer. None of them says
// anything about the name.
type Kind string

// The kinds of failure.
const (
	Timeout       Kind = "timeout"        // nothing came
	Silent        Kind = "silent"         // it was not asked: earlier questions of the run got no answer
	Unreachable   Kind = "unreachable"    // the port is closed, or there is no way to it
	NoFamily      Kind = "no-family"      // this machine has no addresses of the server's family
	Refused       Kind = "refused"        // RCODE REFUSED
	ServerFailure Kind = "server-failure" // RCODE SERVFAIL, also without DNSSEC validation
	Bogus         Kind = "bogus"          // RCODE SERVFAIL, but an answer with CD=1: DNSSEC says forged
	OtherCode     Kind = "other-rcode"    // any other RCODE but NOERROR and NXDOMAIN
	NoRecursion   Kind = "no-recursion"   // a referral: the server is no resolver
	Malformed     Kind = "malformed"      // the message cannot be read
	Foreign       Kind = "foreign"        // answers came, to other questions or with other ids
	TooMuch       Kind = "too-much"       // more records than anyone needs
	Interrupted   Kind = "interrupted"    // the caller's deadline passed, or it was cancelled
)

// Error is a question without an answer.
type Error struct {
	Kind   Kind
	Server string // that was asked
	Name   string // what, in canonical form
	Type   string // A, CNAME, …
	words  string
	cause  error
}

// Error reads: asking SERVER for NAME TYPE: what happened, and what to do.
func (e *Error) Error() string {
	text := fmt.Sprintf("asking %s for %s %s: %s", e.Server, e.Name, e.Type, e.words)
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause: for Interrupted, the context's error.
func (e *Error) Unwrap() error { return e.cause }

// fail makes an Error about q.
func (c *Client) fail(kind Kind, q question, cause error, words string) *Error {
	return &Error{Kind: kind, Server: c.server, Name: q.name, Type: q.typeName(), words: words, cause: cause}
}

// transient reports whether the same question may fare better if it is sent again.
func transient(err error) bool {
	return isKind(err, Timeout, Foreign, Malformed)
}

func isKind(err error, kinds ...Kind) bool {
	if err == nil {
		return false // the usual case, and errors.As would allocate
	}
	var e *Error
	return errors.As(err, &e) && slices.Contains(kinds, e.Kind)
}

// unreachable words a transport error. The addresses in Go's own text are left
// out: one is known, and the other is a random port.
func (c *Client) unreachable(q question, network string, err error) *Error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	words, kind := "the "+network+" connection failed", Unreachable
	switch {
	case neterr.Refused(err):
		words = "nothing listens on that " + network + " port" + c.advice("; start the resolver or name another with --resolver")
	case neterr.NoRoute(err):
		kind, words = NoFamily, "this machine has no way to addresses of that family"
	}
	return c.fail(kind, q, err, words)
}
