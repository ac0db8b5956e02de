package judge

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/classic/client"
)

// Bound lists every custom domain that the account's API groups of a region hold,
// as bindings, in the order of the listing, and the number of groups. A group
// that cannot be read fails the listing: an audit that misses a group misleads. Errors of
// configuration are of type *ConfigError and come before the first request.
func Bound(ctx context.Context, o Options, region string) (bindings []binding.Binding, groups int, err error) {
	transport, err := newTransport(o)
	if err != nil {
		return nil, 0, &ConfigError{err}
	}
	defer transport.Close()
	if _, err := identify(ctx, transport, o.Gateway.Account, region); err != nil {
		return nil, 0, &ConfigError{err}
	}
	all, err := readGroups(ctx, client.NewReader(transport), region, o.Concurrency)
	if refused := transport.Refused(); err != nil && refused != nil {
		return nil, 0, &ConfigError{fmt.Errorf("asking the gateway: %w", refused)}
	}
	if err != nil {
		return nil, 0, err
	}
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
			bindings = append(bindings, b)
		}
	}
	return bindings, len(all), nil
}

// ConfigError is an error in the configuration of the run.
type ConfigError struct{ err error }

func (e *ConfigError) Error() string { return e.err.Error() }
func (e *ConfigError) Unwrap() error { return e.err }

func readGroups(ctx context.Context, reader *client.Reader, region string, parallel int) ([]evidence.Group, error) {
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
