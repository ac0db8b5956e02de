package wire

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/aliyun/credentials-go/credentials"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"golang.org/x/time/rate"
)

// Pool holds a client for each region, the connections that they share, and the
// rate limits. It has no method that sends: Call does, and only the packages
// below internal/platform can name it.
type Pool struct {
	config Config
	edge   *edge

	mu      sync.Mutex
	clients map[string]*openapi.Client // by product, region and address
	limits  map[string]*rate.Limiter

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
	return &Pool{config: c, edge: e, clients: map[string]*openapi.Client{}, limits: map[string]*rate.Limiter{}, identities: map[string]Identity{}}, nil
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

// client is one for a single call: the SDK's writes to itself as it makes a call
// (GetRpcHeaders), so that calls at the same time cannot share it.
func (p *Pool) client(r Request) (*openapi.Client, error) {
	u, err := p.config.base(r.Product, r.Region)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := string(r.Product) + " " + r.Region + " " + u.String()
	c, ok := p.clients[key]
	if !ok {
		if c, err = p.newClient(r, u); err != nil {
			return nil, err
		}
		p.clients[key] = c
	}
	one := *c
	return &one, nil
}

// pinned is a credential as it was read once: a call is signed by the very key whose
// account was compared.
type pinned struct {
	credentials.Credential
	model *credentials.CredentialModel
}

// GetCredential is the only method that the SDK core calls.
func (p pinned) GetCredential() (*credentials.CredentialModel, error) { return p.model, nil }

// sign makes a client sign with the key that there is now, and fails where that is not
// known to belong to the account that the request is for.
func (p *Pool) sign(c *openapi.Client, r Request) *Error {
	m, err := p.config.Credential.GetCredential()
	if err != nil || m == nil || m.AccessKeyId == nil {
		return &Error{Kind: Auth, Action: r.Action, Message: "signing the request: the credentials could not be read or renewed"}
	}
	if r.key != "" && r.key != *m.AccessKeyId { // else one key would get the name of another
		return &Error{Kind: NotSent, Action: r.Action, Message: "the credentials were replaced meanwhile; run it again"}
	}
	c.Credential = pinned{p.config.Credential, m}
	if r.Account == "" {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if id := p.identities[*m.AccessKeyId]; id.AccountID != r.Account {
		return &Error{Kind: NotSent, Action: r.Action, Message: fmt.Sprintf("the credentials are no longer known to belong to account %q; nothing was sent", r.Account)}
	}
	return nil
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

func (p *Pool) newClient(r Request, u *url.URL) (*openapi.Client, error) {
	cfg := &openapi.Config{
		Credential: p.config.Credential,
		Endpoint:   dara.String(u.Host),
		RegionId:   dara.String(r.Region),
		Protocol:   dara.String(u.Scheme),
		UserAgent:  dara.String(p.config.UserAgent),
		HttpClient: p.edge,
		// The edge knows the proxies. Without this the SDK reads them from the
		// process environment too and sends their password to the endpoint.
		NoProxy: dara.String(u.Host),
	}
	if p.config.SignatureV1 && !r.Product.onlyJSON() {
		cfg.SignatureAlgorithm = dara.String("v2") // the SDK's word for RPC V1
	}
	return openapi.NewClient(cfg)
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
