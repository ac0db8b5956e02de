package wire

import (
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

// edge is the HTTP client of all calls. It follows no redirect and takes nothing from the
// process environment.
type edge struct{ client *http.Client }

// exchange is what one try saw on the wire.
type exchange struct {
	sent   atomic.Bool // a connection was there, so bytes may have left
	got    bool
	status int
	body   []byte
	err    error
}

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

// send sends the request and reads the answer.
func (e *edge) send(req *http.Request) *exchange {
	x := &exchange{}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.sent.Store(true) }}
	res, err := e.client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		x.err = bare(err)
		return x
	}
	defer func() { _ = res.Body.Close() }() // all of it that is of use was read
	x.body, x.err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if x.err == nil && len(x.body) > maxAnswer {
		x.err = errTooLarge
	}
	x.got, x.status = x.err == nil, res.StatusCode
	return x
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
