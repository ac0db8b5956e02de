// Package write is the only code that changes the gateway. Its two methods take
// a permit, which only an allowed decision makes, and send exactly the call
// that the permit holds.
package write

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apig"
	"github.com/bindgate/bindgate/internal/platform/classic"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// What a caller branches on.
var (
	// ErrChanged: the certificate or key is no longer the one that was judged;
	// nothing was sent and the permit is spent.
	ErrChanged = errors.New("the certificate or key changed since it was judged")
	// ErrOutcomeUnknown: the call may or may not have taken effect; the permit
	// waits until the state was read back.
	ErrOutcomeUnknown = errors.New("the outcome is unknown")
)

// Material is a certificate and key, read again when the call is made.
type Material struct {
	Chain           []byte // PEM, as it is sent
	Key             []byte // PEM, as it is sent
	FileDigest      string
	ChainDigest     string
	PublicKeyDigest string
	ClientCA        []byte // PEM, as it is sent; empty without one
	ClientCADigest  string
}

// String keeps the key out of every format.
func (Material) String() string { return "a certificate and its key" }

// GoString keeps the key out of %#v too.
func (m Material) GoString() string { return m.String() }

// Load reads the material of a binding. Its errors hold no byte of a key.
type Load func(binding.Binding) (Material, error)

// Reply is what the gateway said to a call, refusals included. It is text from
// outside.
type Reply struct {
	Action    string
	RequestID string
	Code      string // of a refusal
	Attempts  int    // how often it was tried, a try that found no way to the gateway included
}

// forceTries bounds how often a force that the gateway puts off is tried: the
// groups that it takes the domain from were read just before, and what is put
// off for long would take it from others.
const forceTries = 5

// Writer sends calls. It is safe for concurrent use with different permits.
type Writer struct {
	transport *api.Transport
	load      Load
}

// New makes a writer.
func New(t *api.Transport, load Load) *Writer { return &Writer{transport: t, load: load} }

// Ready reports why the certificate and key of a call that the permit holds
// could not be sent, if so: they cannot be read, or are no longer the ones that
// were judged, ErrChanged. It sends nothing and takes nothing: it keeps a
// sequence from beginning that could not go on to its end.
func (w *Writer) Ready(p gate.Permit) error {
	for _, c := range p.Plan().Calls {
		if c.Material == nil {
			continue
		}
		if _, err := w.material(*c.Material); err != nil {
			return fmt.Errorf("%s: %w", c.Action, err)
		}
	}
	return nil
}

// Next sends the permit's next call and settles it. A refusal spends the
// permit; an error that wraps ErrOutcomeUnknown leaves it waiting.
func (w *Writer) Next(ctx context.Context, p gate.Permit) (Reply, error) {
	c, err := p.Take()
	if err != nil {
		return Reply{}, err
	}
	return w.send(ctx, p, c)
}

// Again sends the call whose outcome was unknown once more; the caller has read
// the state and seen that the call did not take effect.
func (w *Writer) Again(ctx context.Context, p gate.Permit) (Reply, error) {
	c, err := p.Again()
	if err != nil {
		return Reply{}, err
	}
	return w.send(ctx, p, c)
}

// send settles the permit on every way out: a panic leaves it unknown.
func (w *Writer) send(ctx context.Context, p gate.Permit, c plan.Call) (Reply, error) {
	settle := p.Unknown
	defer func() { settle() }()

	r, err := request(c)
	if err != nil {
		settle = p.Failed
		return Reply{Action: c.Action}, err
	}
	if id := p.Subject().Evidence.Run.Identity; id != nil {
		r.Account = id.AccountID
	}
	if c.Material != nil {
		secrets, err := w.material(*c.Material)
		if err != nil {
			settle = p.Failed
			return Reply{Action: c.Action}, fmt.Errorf("%s: %w", c.Action, err)
		}
		carry(&r, secrets)
	}
	tries := uint(0)
	if c.Forces() {
		tries = forceTries
	}
	id, made, err := wire.Call(ctx, w.transport, r, nil, tries, wire.Throttled, wire.Busy, wire.NotSent)
	reply := Reply{Action: c.Action, RequestID: id, Attempts: made}
	var refused *api.Error
	switch {
	case err == nil:
		settle = p.Done
		return reply, nil
	case errors.As(err, &refused) && settled(refused.Kind) && !refused.MayHaveTakenEffect:
		settle = p.Failed
	default:
		err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	if refused != nil {
		reply.Code = refused.Code
	}
	return reply, err
}

// request returns the request of a call, without what its material carries. An action that
// bindgate does not know is never sent.
func request(c plan.Call) (wire.Request, error) {
	r := wire.Request{Region: c.RegionID, Action: c.Action}
	switch c.Action {
	case classic.SetDomain, classic.SetDomainCertificate:
		r.Params = c.Params
	case apig.UploadUserCertificate:
		if !c.Uploads() {
			return r, fmt.Errorf("%s: the call does not say which certificate it uploads", c.Action)
		}
		r.Product, r.Params = wire.CAS, c.Params
	case apig.CreateDomain:
		r.Product, r.Method, r.Path, r.Body = wire.APIG, http.MethodPost, []string{"v1", "domains"}, apig.Body(c.Params)
	case apig.UpdateDomain:
		r.Product, r.Method, r.Path, r.Body = wire.APIG, http.MethodPut, []string{"v1", "domains", c.Params["domainId"]}, apig.Body(c.Params)
	default:
		return r, fmt.Errorf("%.64s: bindgate makes no such call", c.Action)
	}
	if r.Product == wire.APIG && c.Material != nil && c.Material.KeyParam != "" {
		return r, fmt.Errorf("%s: the call carries a private key, which only the certificate store takes", c.Action)
	}
	return r, nil
}

// carry adds certificate and key, or the CA of callers' certificates, to a request. A
// JSON body carries no key: only the upload does, as a form.
func carry(r *wire.Request, material map[string]string) {
	if r.Product != wire.APIG {
		r.Secrets = material
		return
	}
	for name, text := range material {
		r.Body[name] = text
	}
}

// settled reports that a call that failed so certainly did nothing.
func settled(k api.Kind) bool {
	switch k {
	case wire.NoPermission, wire.NotFound, wire.Throttled, wire.Auth, wire.NotSent, wire.TooLarge, wire.Rejected:
		return true
	}
	return false
}

// material loads what the call carries and compares it with what was judged.
func (w *Writer) material(m plan.Material) (map[string]string, error) {
	got, err := w.load(m.Binding)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate and key again: %w", err)
	}
	judged := map[string][2]string{
		"certificate file":  {got.FileDigest, m.FileDigest},
		"certificate chain": {got.ChainDigest, m.ChainDigest},
	}
	if m.BodyParam != "" { // the key is sent
		judged["public key"] = [2]string{got.PublicKeyDigest, m.PublicKeyDigest}
	}
	for what, pair := range judged {
		if pair[0] != pair[1] || pair[1] == "" {
			return nil, fmt.Errorf("%w: the %s has digest %q, judged was %q; run it again", ErrChanged, what, pair[0], pair[1])
		}
	}
	uploads := m.Binding.GatewayID != "" && m.ClientCADigest == "" // a later call carries the CA
	if got.ClientCADigest != m.ClientCADigest && !uploads {
		return nil, fmt.Errorf("%w: the CA of callers' certificates has digest %q, judged was %q; run it again", ErrChanged, got.ClientCADigest, m.ClientCADigest)
	}
	carried := map[string]string{}
	switch sent := m.BodyParam != "" || m.KeyParam != ""; {
	case !sent && m.ClientCADigest == "":
		return nil, fmt.Errorf("%w: there is nothing to send", ErrChanged)
	case sent && (m.BodyParam == "" || m.KeyParam == "" || len(got.Chain) == 0 || len(got.Key) == 0):
		return nil, fmt.Errorf("%w: there is no certificate or no key to send", ErrChanged)
	case sent:
		carried[m.BodyParam], carried[m.KeyParam] = string(got.Chain), string(got.Key)
	}
	if m.ClientCADigest != "" {
		if m.ClientCAParam == "" || len(got.ClientCA) == 0 {
			return nil, fmt.Errorf("%w: there is no CA of callers' certificates to send", ErrChanged)
		}
		carried[m.ClientCAParam] = string(got.ClientCA)
	}
	return carried, nil
}
