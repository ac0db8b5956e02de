// Package group turns the gateway's answers into evidence: the group that a
// binding names, and the other groups of the account that hold its domain.
// It judges nothing; an error becomes a failed observation.
package group

import (
	"cmp"
	"context"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/memo"
)

// Reader reads groups from the gateway; client.Reader implements it.
type Reader interface {
	Group(ctx context.Context, region, id string) (evidence.Group, error)
	GroupNow(ctx context.Context, region, id string) (evidence.Group, error)
	Groups(ctx context.Context, region string) ([]evidence.GroupRef, error)
	GroupsNow(ctx context.Context, region string) ([]evidence.GroupRef, error)
	Served(ctx context.Context, region, groupID, domain string) (evidence.Served, error)
	Endpoint(region string) string
}

// Collector collects for one run. It is safe for concurrent use.
type Collector struct {
	reader   Reader
	now      func() time.Time
	parallel int
	regions  memo.Memo[string, *index]
}

// New makes a collector for one run; parallel bounds how many groups it reads
// at once for the listing of a region, at least one.
func New(r Reader, now func() time.Time, parallel int) *Collector {
	return &Collector{reader: r, now: now, parallel: max(1, parallel), regions: memo.Memo[string, *index]{Transient: memo.Interrupted}}
}

const noGroup = "no API group was named, only the certificate is judged"

// Group observes the group that the binding names. With served it also observes
// the certificate that the gateway now serves for the domain. If its name is that of the
// binding's certificate, only the bytes show whether they are the same, so it must be read;
// with any other name they differ, and an unreadable certificate is omitted. A missing
// permission always fails the observation: after the calls bindgate could not read back
// whether the certificate is in place.
func (c *Collector) Group(ctx context.Context, b binding.Binding, served bool) evidence.Observation[evidence.Group] {
	if b.CertificateOnly {
		return evidence.NotCollected[evidence.Group](noGroup)
	}
	from := c.reader.Endpoint(b.RegionID)
	g, err := c.reader.Group(ctx, b.RegionID, b.GroupID)
	if err != nil {
		return evidence.Failed[evidence.Group](err.Error(), from, c.now())
	}
	d, bound := g.Domain(b.DomainName)
	if served && g.Found && b.Certificate != nil {
		s, err := c.reader.Served(ctx, b.RegionID, b.GroupID, b.DomainName)
		switch {
		case err == nil && bound && d.CertificateName != "":
			g.Served = &s
		case err != nil && (d.CertificateName == b.Certificate.Name || denied(err)):
			return evidence.Failed[evidence.Group](err.Error(), from, c.now())
		}
	}
	return evidence.Observed(g, from, c.now())
}

// Account observes how the other groups of the account and region hold
// the binding's domain; g is the binding's own group, and chain the names of
// the domain's CNAME chain, in order. The first call in a run lists the region; later
// calls use that list.
//
// Account makes no request if g is unknown: a conflict depends on the instance and
// base path of g. A missing permission makes the observation incomplete, with the reason in
// Problem; any other error makes it a failed one.
func (c *Collector) Account(ctx context.Context, b binding.Binding, g evidence.Group, chain []string) evidence.Observation[evidence.Account] {
	if b.CertificateOnly {
		return evidence.NotCollected[evidence.Account](noGroup)
	}
	from := c.reader.Endpoint(b.RegionID)
	if !g.Found {
		return evidence.Failed[evidence.Account]("the binding's own group is not known, so neither is what conflicts with it", from, c.now())
	}
	x, err := c.region(ctx, b.RegionID)
	if err != nil {
		return evidence.Failed[evidence.Account](err.Error(), from, c.now())
	}
	problem := cmp.Or(x.problem, x.misses(g.GroupID))
	return evidence.Observed(evidence.Account{
		GroupsRead:  len(x.groups),
		Complete:    problem == "",
		Problem:     problem,
		BoundGroups: x.holders(b.DomainName, g),
		CNAMETarget: x.aliasedTo(chain, g.GroupID),
	}, from, c.now())
}

// DisplacedGroups lists and reads every group of the region again, and returns those
// that conflict with the binding: the groups that a force would displace. It returns
// all of them, because a force would also displace a group that bound the domain after
// it was judged. It fails if it cannot read the whole region.
func (c *Collector) DisplacedGroups(ctx context.Context, b binding.Binding, g evidence.Group) ([]evidence.BoundGroup, error) {
	x, err := c.read(ctx, b.RegionID, c.reader.GroupsNow, c.reader.GroupNow)
	if err != nil {
		return nil, err
	}
	if problem := cmp.Or(x.problem, x.misses(b.GroupID)); problem != "" {
		return nil, incompleteError(problem)
	}
	return (evidence.Account{BoundGroups: x.holders(b.DomainName, g)}).Conflicts(), nil
}

type incompleteError string

func (e incompleteError) Error() string { return "not every group could be read: " + string(e) }
