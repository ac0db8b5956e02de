package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/reach"
)

const (
	maxRedirects = 5
	maxAnswer    = bundle.MaxArchive + 1<<20
	maxPEM       = 1 << 20
)

// web carries the requests for one registry. A registry may be hostile: it may
// redirect, or name a token service, to make this machine call into its own
// network or send credentials elsewhere. Hosts other than the registry's own and
// those of its owner's list are asked only by HTTPS, without credentials or body,
// and only at public addresses.
type web struct {
	scheme     string
	named      string // the registry, as the reference names it
	host       string // where it is
	also       []string
	credential auth.Credential
	access     string // what to do where the registry refuses access

	open, public *http.Transport // to the registry; to any other host
	proxy        func(*url.URL) (*url.URL, error)

	mu       sync.Mutex
	refusal  error // of a request that was not sent
	troubled bool  // a request had no answer, or not the whole
}

func (c *Client) web(ref bundle.Ref) (*web, error) {
	host := c.o.Hosts[ref.Host]
	w := &web{scheme: "https", also: host.Also, named: ref.Host, host: ref.Host}
	if ref.Host == "docker.io" { // the registry of this name is elsewhere
		w.host = "registry-1.docker.io"
	}
	var roots *x509.CertPool
	if host.CA != "" {
		text, err := confine.ReadBounded(host.CA, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("reading the roots of %s: %w", ref.Host, err)
		}
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("reading the roots of %s: %q holds no certificate in PEM", ref.Host, host.CA)
		}
	} else if ref.Loopback() {
		w.scheme = "http"
	}
	var err error
	if w.credential, w.access, err = c.credential(ref.Host, host); err != nil {
		return nil, err
	}
	env := func(name string) string { v, _ := c.o.LookupEnv(name); return v }
	first := func(a, b string) string {
		if v := env(a); v != "" {
			return v
		}
		return env(b)
	}
	w.proxy = (&httpproxy.Config{HTTPSProxy: first("https_proxy", "HTTPS_PROXY"), NoProxy: first("no_proxy", "NO_PROXY")}).ProxyFunc()
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	guarded := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error { return public(address) }}
	transport := func(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
		return &http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2: true,
		}
	}
	w.open, w.public = transport(dialer.DialContext), transport(guarded.DialContext)
	w.open.Proxy = func(r *http.Request) (*url.URL, error) { return w.proxy(r.URL) }
	if roots != nil { // of the registry; a storage elsewhere has a certificate of the public web
		w.public.TLSClientConfig.RootCAs = nil
	}
	return w, nil
}

func (w *web) close() {
	w.open.CloseIdleConnections()
	w.public.CloseIdleConnections()
}

// notPublic is the error of an address that no registry may lead to.
type notPublic struct{ error }

func public(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dialling: %w", err)
	}
	if err := (reach.Policy{}).Check(to.Addr()); err != nil {
		return notPublic{err}
	}
	return nil
}

// RoundTrip sends a request where it may go.
func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	through, err := w.route(r)
	if err != nil {
		return nil, w.refuse(err)
	}
	answer, err := through.RoundTrip(r)
	var private notPublic
	switch {
	case errors.As(err, &private):
		return nil, w.refuse(fmt.Errorf("the registry leads to %s: %w; %s", r.URL.Host, private, w.naming()))
	case err != nil:
		w.trouble()
		return nil, err
	}
	answer.Body = &capped{ReadCloser: answer.Body, left: maxAnswer, web: w}
	return answer, nil
}

// naming is the next step where the owner means another host.
func (w *web) naming() string {
	return fmt.Sprintf("if that is meant, name the host in registries.%s.hosts of the owner's file", w.named)
}

// route chooses the transport of a request, or refuses it.
func (w *web) route(r *http.Request) (*http.Transport, error) {
	host := strings.ToLower(r.URL.Host)
	own := host == w.host || host == strings.TrimSuffix(w.host, ":443") || strings.TrimSuffix(host, ":443") == w.host
	switch {
	case own && r.URL.Scheme == w.scheme:
		return w.open, nil
	case own:
		return nil, fmt.Errorf("the registry leads to %s://%s, want %s", r.URL.Scheme, r.URL.Host, w.scheme)
	case r.URL.Scheme != "https":
		return nil, fmt.Errorf("the registry leads to %s://%s, want https for another host", r.URL.Scheme, r.URL.Host)
	case slices.Contains(w.also, host):
		return w.open, nil
	case r.Header.Get("Authorization") != "":
		return nil, fmt.Errorf("the registry wants its credentials to be sent to %s; %s", r.URL.Host, w.naming())
	case r.Method != http.MethodGet && r.Method != http.MethodHead || r.Body != nil && r.Body != http.NoBody:
		return nil, fmt.Errorf("the registry wants a %s request to be sent to %s; %s", r.Method, r.URL.Host, w.naming())
	}
	if via, err := w.proxy(r.URL); err != nil || via == nil {
		return w.public, err
	}
	// A proxy resolves names for us; what is an address already is checked here.
	if addr, err := netip.ParseAddr(r.URL.Hostname()); err == nil {
		if err := (reach.Policy{}).Check(addr); err != nil {
			return nil, fmt.Errorf("the registry leads to %s: %w", r.URL.Host, err)
		}
	}
	return w.open, nil
}

// redirect bounds redirects; RoundTrip checks where each leads.
func (w *web) redirect(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return w.refuse(fmt.Errorf("the registry redirects more than %d times", maxRedirects))
	}
	return nil
}

func (w *web) refuse(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refusal == nil {
		w.refusal = err
	}
	return err
}

func (w *web) refused() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refusal
}

func (w *web) trouble() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.troubled = true
}

func (w *web) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.troubled
}

// capped fails after so many bytes of an answer.
type capped struct {
	io.ReadCloser
	left int64
	web  *web
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, c.web.refuse(fmt.Errorf("the registry sent an answer of more than %d bytes", maxAnswer))
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.web.trouble()
	}
	return n, err
}

// bare takes the request's address off an error: a redirect's may hold a token.
func bare(err error) error {
	for {
		var u *url.Error
		if !errors.As(err, &u) {
			return err
		}
		err = u.Err
	}
}

func noPrefixes() []netip.Prefix { return []netip.Prefix{} }
