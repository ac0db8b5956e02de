package judge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/api"
	apigclient "github.com/bindgate/bindgate/internal/platform/apig/client"
	classicclient "github.com/bindgate/bindgate/internal/platform/classic/client"
)

// Held is what an account holds in a region on a platform. The caller must close it, or
// an engine that it is given to.
type Held struct {
	Platform string
	Region   string
	Bindings []binding.Binding  // in the order of the listing
	Groups   int                // how many API groups there are; 0 on the cloud-native gateway
	Details  []Detail           // of the classic gateway: what a binding does not hold, one for each of Bindings
	Identity *evidence.Identity // whose they are
	Unserved []binding.Binding  // domains of the cloud-native gateway that no gateway serves

	names map[string]string // of the cloud-native gateway: the name of each domain, by its id

	transport *api.Transport
	readers   atomic.Pointer[readers] // nil: the first pass has taken them
}

// Detail is what an API group says of a domain and a successor has to keep.
type Detail struct {
	HTTPSPolicy string
	Certified   bool // it has a certificate
	Redirects   bool // from HTTP to HTTPS
}

// Only keeps of the domains those that are named, by name or by id (domainId of the
// cloud-native gateway). A name that the account does not hold is an error.
func (h *Held) Only(named []string) error {
	wanted := map[string]bool{}
	for _, given := range named {
		wanted[evidence.PlainName(cmp.Or(h.names[given], given))] = true
	}
	held := map[string]bool{}
	out := func(b binding.Binding) bool {
		name := evidence.PlainName(b.DomainName)
		held[name] = true
		return !wanted[name]
	}
	if h.Details != nil { // one for each binding
		for i := len(h.Bindings) - 1; i >= 0; i-- {
			if out(h.Bindings[i]) {
				h.Details = slices.Delete(h.Details, i, i+1)
			}
		}
	}
	h.Bindings, h.Unserved = slices.DeleteFunc(h.Bindings, out), slices.DeleteFunc(h.Unserved, out)
	for _, given := range named {
		if !held[evidence.PlainName(cmp.Or(h.names[given], given))] {
			return fmt.Errorf("reading --only: got %.64q, and the account holds no domain with this name or id in the region; omit --only to see all", given)
		}
	}
	return nil
}

// Close ends the connections.
func (h *Held) Close() { h.transport.Close() }

// Bound lists every custom domain that the account holds in a region of a platform, as
// bindings. What cannot be read fails the listing: an audit that misses a group or a
// domain misleads. Errors of configuration are of type *ConfigError and come before the
// first request.
func Bound(ctx context.Context, o Options, platform, region string) (*Held, error) {
	transport, err := newTransport(ctx, o)
	if err != nil {
		return nil, &ConfigError{err}
	}
	h := &Held{Platform: platform, Region: region, transport: transport}
	r := newReaders(transport, o.Concurrency)
	h.readers.Store(r)
	if h.Identity, err = identify(ctx, transport, o.Gateway.Account, region); err != nil {
		transport.Close()
		return nil, &ConfigError{err}
	}
	if platform == binding.APIG {
		err = h.domains(ctx, r.apig, region)
	} else {
		err = h.groups(ctx, r.classic, region, o.Concurrency)
	}
	if err == nil {
		return h, nil
	}
	transport.Close()
	if refused := transport.Refused(); refused != nil {
		return nil, &ConfigError{fmt.Errorf("asking the gateway: %w", refused)}
	}
	return nil, err
}

// ConfigError is an error in the configuration of the run.
type ConfigError struct{ err error }

func (e *ConfigError) Error() string { return e.err.Error() }
func (e *ConfigError) Unwrap() error { return e.err }

// groups lists the domains of the API groups of a region.
func (h *Held) groups(ctx context.Context, reader *classicclient.Reader, region string, parallel int) error {
	all, err := readGroups(ctx, reader, region, parallel)
	if err != nil {
		return err
	}
	h.Groups = len(all)
	for _, g := range all {
		for _, d := range g.Domains {
			b := binding.Binding{DomainName: d.DomainName, GroupID: g.GroupID, RegionID: region, BindStageName: &d.BindStageName,
				CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME}
			if d.CustomDomainType != "" {
				b.CustomDomainType, b.CustomDomainTypeGiven = d.CustomDomainType, true
			}
			if d.IsHTTPRedirectToHTTPS {
				b.IsHTTPRedirectToHTTPS = &d.IsHTTPRedirectToHTTPS
			}
			h.Bindings = append(h.Bindings, b)
			h.Details = append(h.Details, Detail{g.HTTPSPolicy, d.CertificateName != "" || d.CertificateID != "", d.IsHTTPRedirectToHTTPS})
		}
	}
	return nil
}

// domains lists the domains of the cloud-native gateway in a region, once for each gateway
// that serves them. The listing does not show every setting; a binding states none of
// those that it does not show.
func (h *Held) domains(ctx context.Context, reader *apigclient.Reader, region string) error {
	all, err := reader.Domains(ctx, region)
	if err != nil {
		return err
	}
	h.names = make(map[string]string, len(all))
	for _, d := range all {
		r := d.Record
		h.names[r.DomainID] = r.Name
		if d.GatewayID == "" {
			h.Unserved = append(h.Unserved, binding.Binding{DomainName: r.Name, GatewayID: binding.NoGateway, Unserved: true, RegionID: region,
				CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME})
			continue
		}
		b := binding.Binding{DomainName: r.Name, GatewayID: d.GatewayID, RegionID: region, CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME,
			Protocol: r.Protocol, TLSMin: r.TLSMin, TLSMax: r.TLSMax, GatewayType: r.GatewayType}
		if r.DomainScope == "Serverless" { // such a domain has HTTPS only
			b.DomainScope, b.Protocol = r.DomainScope, ""
		}
		if r.Protocol == "HTTPS" {
			b.ForceHTTPS = &r.ForceHTTPS
		}
		h.Bindings = append(h.Bindings, b)
	}
	return nil
}

func readGroups(ctx context.Context, reader *classicclient.Reader, region string, parallel int) ([]evidence.Group, error) {
	refs, err := reader.Groups(ctx, region)
	if err != nil {
		return nil, err
	}
	groups := make([]evidence.Group, len(refs))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(max(parallel, 1))
	for i, ref := range refs {
		work.Go(func() error {
			g, err := reader.Group(ctx, region, ref.GroupID)
			if err != nil {
				return fmt.Errorf("reading the API group %q: %w", ref.GroupID, err)
			}
			groups[i] = g
			return nil
		})
	}
	return groups, work.Wait()
}

// Successors returns the bindings of a cloud-native gateway for the domains that the classic
// one holds in a region, and the names that several API groups hold.
func (h *Held) Successors(from, gateway, region string) (list []binding.Binding, further []string) {
	seen := map[string]bool{}
	for i, b := range h.Bindings {
		name := evidence.PlainName(b.DomainName)
		if seen[name] {
			further = append(further, b.DomainName)
			continue
		}
		seen[name] = true
		d := h.Details[i]
		to := binding.Binding{DomainName: b.DomainName, GatewayID: gateway, RegionID: region, Protocol: "HTTP",
			MovesFrom: &binding.MovesFrom{GroupID: b.GroupID, RegionID: from}}
		if d.Certified {
			file := "certs/" + strings.Replace(name, "*", "_wildcard", 1)
			to.Protocol, to.ForceHTTPS = "HTTPS", &d.Redirects
			if tls, known := evidence.TLSPolicyOf(d.HTTPSPolicy); known {
				to.TLSMin, to.TLSMax, to.HTTP2Option = tls.Min, tls.Max, map[bool]string{true: "Open", false: "Close"}[tls.HTTP2]
			}
			to.Certificate = &binding.Certificate{Name: certificateName(name), Body: file + ".pem", PrivateKey: &binding.SecretRef{File: file + ".key"}}
		}
		list = append(list, to)
	}
	return list, further
}

// certificateName is a name for the certificate store made of a domain's.
func certificateName(domain string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, strings.Replace(domain, "*", "wildcard", 1))
	return name[:min(len(name), 50)]
}
