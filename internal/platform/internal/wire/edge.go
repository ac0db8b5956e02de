package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// maxAnswer bounds an answer; a group with all its domains is far below it.
const maxAnswer = 4 << 20

var errTooLarge = errors.New("the answer is larger than 4 MiB")

// edge is the HTTP client that the SDK is given (its dara.HttpClient). The
// SDK's own would build a transport for each call, read proxies from the
// process environment, follow redirects with the key in the query, and put the
// request URL into errors.
type edge struct{ client *http.Client }

// exchange is what one try saw on the wire. It travels in the request's context
// because the SDK's reading of an answer is not used: it knows XML by one exact
// content type, loses the status of an answer that is no JSON, and has no bound.
type exchange struct {
	sent   atomic.Bool // a connection was there, so bytes may have left
	got    bool
	status int
	body   []byte
	err    error
}

type exchangeKey struct{}

func newEdge(c Config) (*edge, error) {
	network := c.RoundTripper
	if network == nil {
		var err error
		if network, err = newNetwork(c); err != nil {
			return nil, err
		}
	}
	return &edge{client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     network,
	}}, nil
}

func newNetwork(c Config) (http.RoundTripper, error) {
	pool, err := roots(c.CA)
	if err != nil {
		return nil, err
	}
	proxy, err := proxies(c.Env)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: c.Timeout}
	return &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:         dialer.DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64, // as many as calls run at once, or each pays for a handshake
		IdleConnTimeout:     30 * time.Second,
	}, nil
}

// proxies reads the usual variables; names of loopback are never proxied.
func proxies(env func(string) string) (func(*url.URL) (*url.URL, error), error) {
	either := func(lower, upper string) (string, error) {
		value, name := env(lower), lower
		if value == "" {
			value, name = env(upper), upper
		}
		if _, err := url.Parse(value); err != nil {
			return "", fmt.Errorf("environment variable %s: not a proxy address, want http://host:port", name)
		}
		return value, nil
	}
	https, err := either("https_proxy", "HTTPS_PROXY")
	if err != nil {
		return nil, err
	}
	no := env("no_proxy")
	if no == "" {
		no = env("NO_PROXY")
	}
	return (&httpproxy.Config{HTTPSProxy: https, NoProxy: no}).ProxyFunc(), nil
}

// Call sends the request and keeps the answer in the exchange. The SDK is shown
// an empty success, so that it has nothing to read.
func (e *edge) Call(req *http.Request, _ *http.Transport) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("a request without an exchange")
	}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.sent.Store(true) }}
	res, err := e.client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		x.err = bare(err)
		return nil, x.err
	}
	defer func() { _ = res.Body.Close() }() // all of it that is of use was read
	x.body, x.err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if x.err == nil && len(x.body) > maxAnswer {
		x.err = errTooLarge
	}
	if x.err != nil {
		return nil, x.err
	}
	x.got, x.status = true, res.StatusCode
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(nil)), Header: http.Header{}}, nil
}

// bare takes the request URL off an error: the query holds the private key.
func bare(err error) error {
	for {
		var u *url.Error
		if !errors.As(err, &u) {
			return err
		}
		err = u.Err
	}
}

func withExchange(ctx context.Context) (context.Context, *exchange) {
	x := &exchange{}
	return context.WithValue(ctx, exchangeKey{}, x), x
}
