package wire

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"github.com/bindgate/bindgate/internal/signature"
)

// Pool holds the connections that calls share, and the rate limits. It has no method that
// sends: Call does, and only the packages below internal/platform can name it.
type Pool struct {
	config Config
	edge   *edge

	mu     sync.Mutex
	limits map[string]*rate.Limiter

	identities map[string]Identity // by access key id
	lasting    error               // the last one that is the same when it is tried again
}

// New checks the configuration and makes a pool; it connects to nothing.
func New(c Config) (*Pool, error) {
	c = c.withDefaults()
	if c.Credential == nil {
		return nil, ErrNoCredentials
	}
	if err := refuseDebug(c.Env("DEBUG")); err != nil {
		return nil, err
	}
	for name, own := range map[string]string{"STS": strings.TrimPrefix(c.STS, NoSTS), "APIG": c.APIG, "CAS": c.CAS} {
		if own == "" {
			continue
		}
		if _, err := parseEndpoint(own); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if c.Endpoint != "" {
		if _, err := parseEndpoint(c.Endpoint); err != nil {
			return nil, err
		}
	}
	e, err := newEdge(c)
	if err != nil {
		return nil, err
	}
	return &Pool{config: c, edge: e, limits: map[string]*rate.Limiter{}, identities: map[string]Identity{}}, nil
}

// Endpoint is the address that calls of the classic gateway for a region go to, to name
// it in evidence; empty for an impossible region.
func (p *Pool) Endpoint(region string) string { return p.EndpointOf(CloudAPI, region) }

// EndpointOf is Endpoint of a product.
func (p *Pool) EndpointOf(product Product, region string) string {
	u, err := p.config.base(product, region)
	if err != nil {
		return ""
	}
	return u.String()
}

// Close ends the idle connections. The pool can still be used.
func (p *Pool) Close() { p.edge.client.CloseIdleConnections() }

// key reads the key that there is now, and fails where that is not known to belong to the
// account that the request is for. A call is signed by the very key that was compared.
func (p *Pool) key(ctx context.Context, r Request) (signature.Key, *Error) {
	c, err := current(ctx, p.config.Credential)
	if ctx.Err() != nil {
		return signature.Key{}, &Error{Kind: NotSent, Action: r.Action, Message: "interrupted while the credentials were read", cause: ctx.Err()}
	}
	if err != nil || c == nil || c.AccessKeyId == "" {
		return signature.Key{}, &Error{Kind: Auth, Action: r.Action, Message: "signing the request: the credentials could not be read or renewed"}
	}
	if r.key != "" && r.key != c.AccessKeyId { // else one key would get the name of another
		return signature.Key{}, &Error{Kind: NotSent, Action: r.Action, Message: "the credentials were replaced meanwhile; run it again"}
	}
	k := signature.Key{ID: c.AccessKeyId, Secret: c.AccessKeySecret, Token: c.SecurityToken}
	if r.Account == "" {
		return k, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if id := p.identities[k.ID]; id.AccountID != r.Account {
		return signature.Key{}, &Error{Kind: NotSent, Action: r.Action, Message: fmt.Sprintf("the credentials are no longer known to belong to account %q; nothing was sent", r.Account)}
	}
	return k, nil
}

// Refused returns the last error that will be the same when it is tried again, such as an
// answer that did not take the credentials; nil: none.
func (p *Pool) Refused() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lasting
}

// Lasting notes an error that will be the same when it is tried again, and returns it.
func (p *Pool) Lasting(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lasting = err
	return err
}

// note remembers an answer that did not take the credentials. A nonce that was used
// already says nothing of them.
func (p *Pool) note(e *Error) {
	if e.Kind != Auth || e.Code == "SignatureNonceUsed" {
		return
	}
	_ = p.Lasting(e)
}

// limit is the limiter of one product, region and action, as the platform counts. The
// certificate store has no regions.
func (p *Pool) limit(r Request) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	region := r.Region
	if r.Product == CAS {
		region = ""
	}
	key := string(r.Product) + " " + region + " " + r.Action
	l, ok := p.limits[key]
	if !ok {
		calls, burst := p.config.rate(r)
		limit := rate.Limit(calls)
		if calls < 0 {
			limit = rate.Inf
		}
		l = rate.NewLimiter(limit, burst)
		p.limits[key] = l
	}
	return l
}
