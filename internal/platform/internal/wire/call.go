package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/bindgate/bindgate/internal/signature"
)

// Request is one call. Of RPC style (CloudAPI, CAS) all parameters and secrets are a form;
// of ROA style (APIG) Params are the query, and Path and Body what the API documents.
type Request struct {
	Product Product
	Region  string
	Action  string
	Params  map[string]string // an empty value is sent as an empty value
	Secrets map[string]string // parameters that nothing may report, the private key; RPC only
	Account string            // that the key must belong to, as Identity has said of it; empty: any

	Method string         // ROA: GET, POST, PUT or DELETE
	Path   []string       // ROA: segments, unescaped: "v1", "domains", the id
	Body   map[string]any // ROA: the JSON object, without a null at any depth; nil: no body

	key string // the access key id that must sign it; empty: any
}

// Call makes the call and decodes its answer into out, a pointer to a struct
// with the API's field names, or nil. Of ROA style, out receives the object "data"; an
// answer to a GET must contain it. Errors of the kinds in again are tried
// once more after a pause, as long as tries and the context allow; 0 tries: as
// long as the context, and a minute at most. made is how many tries there were.
// The error is always an *Error, of the last try that was answered.
func Call(ctx context.Context, p *Pool, r Request, out any, tries uint, again ...Kind) (requestID string, made int, err error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier, pause.MaxInterval = p.config.Pause, 2, 2*time.Second
	to, err := p.config.base(r.Product, r.Region)
	if err != nil {
		return "", 0, &Error{Kind: NotSent, Action: r.Action, Message: err.Error()}
	}
	elapsed := time.Minute
	if tries > 0 {
		elapsed = 2 * p.config.Timeout
	}
	last := &Error{Kind: NotSent, Action: r.Action, Message: "interrupted before it was sent", cause: ctx.Err()}
	if ctx.Err() != nil {
		return "", 0, last
	}
	doubtful := false
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		made++
		id, e := p.once(ctx, to, r, out)
		if e == nil {
			requestID, last = id, nil
			return struct{}{}, nil
		}
		if e.Kind != NotSent || last.Kind == NotSent { // an answer says more than a try that was not sent
			requestID, last = id, e
			last.MayHaveTakenEffect = doubtful
		}
		doubtful = doubtful || e.Kind == Busy
		if ctx.Err() != nil || !e.oneOf(again) {
			return struct{}{}, backoff.Permanent(e)
		}
		return struct{}{}, e
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(tries), backoff.WithMaxElapsedTime(elapsed))
	if last != nil {
		return requestID, made, last
	}
	return requestID, made, nil
}

// Read is Call with the retries that a call that changes nothing allows.
func Read(ctx context.Context, p *Pool, r Request, out any) error {
	_, _, err := Call(ctx, p, r, out, p.config.Tries, Throttled, Busy, Transient, NotSent, Transport)
	return err
}

func (e *Error) oneOf(kinds []Kind) bool {
	for _, k := range kinds {
		if e.Kind == k {
			return true
		}
	}
	return false
}

// once makes one try.
func (p *Pool) once(ctx context.Context, to *url.URL, r Request, out any) (string, *Error) {
	if err := p.limit(r).Wait(ctx); err != nil {
		return "", &Error{Kind: NotSent, Action: r.Action, Message: "no time left under the rate limit", cause: context.DeadlineExceeded}
	}
	try, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	unsigned, err := p.request(r)
	if err != nil {
		return "", &Error{Kind: NotSent, Action: r.Action, Message: err.Error()}
	}
	if !strings.HasSuffix(to.Hostname(), ".aliyuncs.com") && r.Product != CAS { // a private installation has one address for all; the store has no regions
		unsigned.Region = r.Region
	}
	key, failed := p.key(ctx, r)
	if failed != nil {
		p.note(failed)
		return "", failed
	}
	sign := unsigned.V3
	if p.config.SignatureV1 && !r.Product.onlyJSON() {
		sign = unsigned.V1
	}
	request, err := sign(try, to, key, signature.Now())
	if err != nil {
		return "", &Error{Kind: NotSent, Action: r.Action, Message: err.Error()}
	}
	x := p.edge.send(request)
	if x.got {
		id, e := x.read(r, out)
		if e != nil {
			p.note(e)
		}
		return id, e
	}
	e := x.failure(r)
	p.note(e)
	switch {
	case ctx.Err() != nil: // the caller's, not the try's
		e.cause = ctx.Err()
	case try.Err() != nil:
		e.Message = fmt.Sprintf("no answer within %s", p.config.Timeout)
	}
	return "", e
}

// failure describes why no answer arrived. It neither repeats nor wraps the errors of the
// HTTP client: they may contain the request.
func (x *exchange) failure(r Request) *Error {
	e := &Error{Action: r.Action, Kind: Transport}
	switch {
	case errors.Is(x.err, errTooLarge):
		e.Kind = Malformed
	case !x.sent.Load():
		e.Kind = NotSent
	}
	e.Message = broke(x.err)
	return e
}

// broke says how a connection failed, in the words of the network. What the HTTP client
// says of an answer that it could not read repeats a part of it, and with an endpoint
// that echoes, of the request.
func broke(err error) string {
	var (
		network net.Error // of dialling, reading and writing, names and time-outs
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	for _, known := range []any{&network, &unknown, &host, &invalid, &record, &alert} {
		if errors.As(err, known) {
			return clip(err.Error(), 400)
		}
	}
	for _, known := range []error{errTooLarge, io.EOF, io.ErrUnexpectedEOF, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "the answer is no HTTP that can be read, or the connection broke"
}
