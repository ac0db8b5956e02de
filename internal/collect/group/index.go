package group

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/api"
)

// index indexes all groups of a region by their domains and own names, so that a binding
// does not need a scan over all groups.
type index struct {
	groups  []evidence.Group
	problem string          // why groups are missing; empty: the index is complete
	byZone  map[string][]at // by the parent name of a domain: a name and the wildcard over it share one
	byName  map[string]int  // by a group's own names
}

// at is one domain of one group.
type at struct{ group, domain int }

// region reads every group of a region, once in a run.
func (c *Collector) region(ctx context.Context, region string) (*index, error) {
	return c.regions.Get(ctx, region, func(ctx context.Context, region string) (*index, error) {
		return c.read(ctx, region, c.reader.Groups, c.reader.Group)
	})
}

// The reader's methods, with or without its cache.
type (
	listing     = func(ctx context.Context, region string) ([]evidence.GroupRef, error)
	description = func(ctx context.Context, region, id string) (evidence.Group, error)
)

// read lists and describes the groups of a region. A group that was deleted since the
// listing has no domains; a missing permission makes the index incomplete.
func (c *Collector) read(ctx context.Context, region string, list listing, describe description) (*index, error) {
	refs, err := list(ctx, region)
	if denied(err) {
		return newIndex(nil, err.Error()), nil
	}
	if err != nil {
		return nil, err
	}
	groups, problems := make([]evidence.Group, len(refs)), make([]error, len(refs))
	parallel, ctx := errgroup.WithContext(ctx)
	parallel.SetLimit(c.parallel)
	for i, ref := range refs {
		parallel.Go(func() error {
			var err error
			groups[i], err = describe(ctx, region, ref.GroupID)
			if denied(err) {
				problems[i], err = err, nil
			}
			return err
		})
	}
	if err := parallel.Wait(); err != nil {
		return nil, err
	}
	groups = slices.DeleteFunc(groups, func(g evidence.Group) bool { return !g.Found })
	problem := ""
	if first := slices.IndexFunc(problems, func(err error) bool { return err != nil }); first >= 0 {
		problem = fmt.Sprintf("%d of %d groups were read: %v", len(groups), len(refs), problems[first])
	}
	return newIndex(groups, problem), nil
}

func denied(err error) bool {
	var refused *api.Error
	return errors.As(err, &refused) && refused.Kind == api.NoPermission
}

func newIndex(groups []evidence.Group, problem string) *index {
	x := &index{groups: groups, problem: problem, byZone: map[string][]at{}, byName: map[string]int{}}
	for i, g := range groups {
		for j, d := range g.Domains {
			zone := evidence.Parent(evidence.PlainName(d.DomainName))
			x.byZone[zone] = append(x.byZone[zone], at{i, j})
		}
		for _, name := range []string{g.SubDomain, g.VpcDomain, g.VpcSlbIntranetDomain} {
			if name != "" {
				x.byName[evidence.PlainName(name)] = i
			}
		}
	}
	return x
}

// misses returns an error text if the listing lacks a group that is known to exist: it may
// lack others, for example because RAM permissions hide them.
func (x *index) misses(known string) string {
	if slices.ContainsFunc(x.groups, func(g evidence.Group) bool { return g.GroupID == known }) {
		return ""
	}
	return fmt.Sprintf("the listing of %d groups lacks the binding's own group %q, so it may lack others too", len(x.groups), known)
}

// holders are the groups other than g with this domain, or with a name that
// overlaps it at any depth (evidence.Covers), sorted by group and domain.
func (x *index) holders(domain string, g evidence.Group) []evidence.BoundGroup {
	domain = evidence.PlainName(domain)
	var found []at
	if wildcard, below := strings.CutPrefix(domain, "*."); below {
		for zone, places := range x.byZone { // every name under the wildcard's parent
			if zone == wildcard || strings.HasSuffix(zone, "."+wildcard) {
				found = append(found, places...)
			}
		}
	} else {
		found = append(found, x.byZone[evidence.Parent(domain)]...)
	}
	for zone := evidence.Parent(evidence.Parent(domain)); zone != ""; zone = evidence.Parent(zone) { // wildcards over it, further up
		found = append(found, x.byZone[zone]...)
	}
	var out []evidence.BoundGroup
	for _, a := range found {
		other := x.groups[a.group]
		d := other.Domains[a.domain]
		overlaps := evidence.SameName(d.DomainName, domain) || evidence.Covers(domain, d.DomainName) || evidence.Covers(d.DomainName, domain)
		if other.GroupID == g.GroupID || !overlaps {
			continue
		}
		out = append(out, evidence.BoundGroup{GroupRef: other.Ref(), Domain: d, Conflicts: conflict(g, other)})
	}
	slices.SortFunc(out, func(a, b evidence.BoundGroup) int {
		return cmp.Or(cmp.Compare(a.GroupID, b.GroupID), cmp.Compare(a.Domain.DomainName, b.Domain.DomainName))
	})
	return out
}

// aliasedTo returns the group that the CNAME chain leads to: the owner of the last name in
// the chain that is a group's own name. It returns nil for the binding's own group.
func (x *index) aliasedTo(chain []string, own string) *evidence.GroupRef {
	for _, name := range slices.Backward(chain) {
		if i, ok := x.byName[evidence.PlainName(name)]; ok {
			if x.groups[i].GroupID == own {
				return nil
			}
			ref := x.groups[i].Ref()
			return &ref
		}
	}
	return nil
}

// conflict implements the platform's rule: a domain can be bound once per instance and
// base path. If the gateway does not report an instance, the instances may be the same,
// unless the regions differ.
func conflict(a, b evidence.Group) bool {
	if a.RegionID != "" && b.RegionID != "" && a.RegionID != b.RegionID {
		return false
	}
	sameInstance := a.InstanceID == b.InstanceID || a.InstanceID == "" || b.InstanceID == ""
	return sameInstance && basePath(a.BasePath) == basePath(b.BasePath)
}

// basePath normalizes a base path: answers give the root as "" or "/".
func basePath(p string) string { return "/" + strings.Trim(p, "/") }
