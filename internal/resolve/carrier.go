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
	"time"

	"github.com/miekg/dns"
)

// carrier takes a query to the server and brings the message that answers it.
// network is what errors call the way.
type carrier interface {
	carry(ctx context.Context, q query) (m *dns.Msg, network string, err error)
}

// dialer opens a connection; the network is udp or tcp.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// plain asks over UDP, and over TCP if the answer does not fit a datagram.
type plain struct {
	ports   ports
	dial    dialer
	address string
	timeout time.Duration
}

func newPlain(address string, timeout time.Duration, dial dialer) *plain {
	p := &plain{dial: dial, address: address, timeout: timeout}
	p.ports.dial = func(ctx context.Context) (net.Conn, error) { return dial(ctx, "udp", address) }
	return p
}

func (p *plain) carry(ctx context.Context, q query) (*dns.Msg, string, error) {
	try, cancel := context.WithTimeout(ctx, p.timeout)
	wire, err := p.ports.exchange(try, q)
	cancel()
	if err != nil {
		return nil, "udp", err
	}
	m, err := q.accept(wire)
	if !errors.Is(err, errTruncated) {
		return m, "udp", malformed(err)
	}
	m, err = overStream(ctx, p.timeout, q, func(ctx context.Context) (net.Conn, error) { return p.dial(ctx, "tcp", p.address) })
	return m, "tcp", err
}

// secure asks over TLS (RFC 7858), one connection a question.
type secure struct {
	dial    dialer
	address string
	timeout time.Duration
	config  *tls.Config
}

func (s *secure) carry(ctx context.Context, q query) (*dns.Msg, string, error) {
	m, err := overStream(ctx, s.timeout, q, func(ctx context.Context) (net.Conn, error) {
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
	return m, "tls", err
}

// overStream opens a connection and makes one exchange on it in the time of one try.
func overStream(ctx context.Context, timeout time.Duration, q query, open func(context.Context) (net.Conn, error)) (*dns.Msg, error) {
	try, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := open(try)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(try, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return overTCP(conn, q)
}

// https asks by POST (RFC 8484 §4.1). The id stays random: a cache in between is of no use here.
type https struct {
	client  *http.Client
	url     string
	timeout time.Duration
}

const mediaType = "application/dns-message"

func (h *https) carry(ctx context.Context, q query) (*dns.Msg, string, error) {
	try, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	m, err := h.post(try, q)
	return m, "https", err
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
