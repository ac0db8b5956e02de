// Package group turns the gateway's answers into evidence: the group that a
// binding names, and what the other groups of the account say about its domain.
// It judges nothing; what could not be read becomes a failed observation.
package group

import (
	"cmp"
	"context"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/memo"
)

// Reader is what the collector asks; gateway.Reader is one.
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
// the certificate that the domain serves now. If that has the name of the binding's
// own, only its bytes tell whether it is the same, so it must be read; with any
// other name it differs anyway, and is left out when it cannot be read. A missing
// right fails the observation regardless of what the domain serves: after the calls nobody
// could tell whether the certificate is in place.
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

// Account observes what the other groups of the account and region say about
// the binding's domain; g is the binding's own group, and chain the names that
// the domain's aliases pass, in order. The region is listed once in a run, and
// only when this is called.
//
// Without the own group nothing is asked: a conflict depends on its instance and
// base path. A right that is missing makes the observation incomplete, which its Problem
// tells; any other failure makes it a failed one.
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
// that conflict with the binding: what a force would take the domain from. All
// of them, because a group that took the domain since it was judged would lose
// it too. A region that cannot be read whole is an error.
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
