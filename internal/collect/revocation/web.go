package revocation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/reach"
)

const (
	maxCRL       = 32 << 20 // bytes; the largest lists of public CAs have about ten
	maxOCSP      = 64 << 10
	maxRedirects = 3
	maxAsk       = 8 * time.Second // per address
)

// web fetches addresses named by certificates. A certificate is untrusted, so an
// address must not make this machine call into its own network: http and https
// only, and every address that is dialled, after redirects and DNS, is public.
type web struct {
	client *http.Client

	mu      sync.Mutex
	lists   map[string]*fetched // by address
	answers map[question]*answered
}

type fetched struct {
	once  sync.Once
	lists []*pki.CRL
	err   error
}

func newWeb(private bool) *web {
	dialer := &net.Dialer{Timeout: maxAsk / 2}
	if !private {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return public(address) }
	}
	return &web{lists: map[string]*fetched{}, answers: map[question]*answered{}, client: &http.Client{
		// No proxy: it would connect for us, without the check of the address.
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: maxAsk / 2, MaxResponseHeaderBytes: 64 << 10,
			DisableKeepAlives: true},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errors.New("too many redirects")
			}
			return allowed(r.URL)
		},
	}}
}

// allowed checks the form of an address.
func allowed(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return errors.New("only http and https addresses are supported")
	}
	return nil
}

// public refuses an address that is not one of the public internet.
func public(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dialling: %w", err)
	}
	if reach.Of(to.Addr()) != reach.Public {
		return errors.New("the address is private, and a certificate must not make this machine connect to it; revocationPrivate in the owner's file allows it")
	}
	return nil
}

// crls fetches the list of an address once; a second caller waits for the first.
func (w *web) crls(ctx context.Context, address string) ([]*pki.CRL, error) {
	w.mu.Lock()
	f, ok := w.lists[address]
	if !ok {
		f = &fetched{}
		w.lists[address] = f
	}
	w.mu.Unlock()
	f.once.Do(func() {
		// A cancelled first caller must not fail the others.
		body, err := w.get(context.WithoutCancel(ctx), http.MethodGet, address, nil, "", maxCRL)
		if err != nil {
			f.err = err
			return
		}
		lists, problem := pki.ParseCRLs(body)
		if problem != nil {
			f.err = errors.New("the response " + problem.Message)
			return
		}
		f.lists = lists
	})
	return f.lists, f.err
}

func (w *web) get(ctx context.Context, method, address string, body []byte, contentType string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, maxAsk)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("it is not an address")
	}
	if err := allowed(r.URL); err != nil {
		return nil, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("asking failed: %w", unwrapURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the response has HTTP status %d", answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the response: %w", err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("the response has more than %d bytes", limit)
	}
	return data, nil
}

// unwrapURL removes the address from an error; the caller names it.
func unwrapURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
