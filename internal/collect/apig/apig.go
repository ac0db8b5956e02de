// Package apig turns the answers of the cloud-native API Gateway and of its certificate
// store into evidence: the gateway that a binding names, its domain, who serves that, and
// its certificate. It judges nothing; an error becomes a failed observation.
package apig

import (
	"context"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Reader reads from the platform; client.Reader of apig implements it.
type Reader interface {
	Gateway(ctx context.Context, b binding.Binding) (evidence.Gateway, error)
	Records(ctx context.Context, b binding.Binding) (evidence.Records, error)
	Serving(ctx context.Context, region, domainID string) (evidence.Serving, error)
	Store(ctx context.Context, b binding.Binding, leaf, current string) (evidence.Store, error)
	Endpoint(region string) string
}

// Groups reads API groups of the classic gateway; client.Reader of classic implements it.
type Groups interface {
	Group(ctx context.Context, region, id string) (evidence.Group, error)
	Endpoint(region string) string
}

// Collector collects for one run. It is safe for concurrent use.
type Collector struct {
	reader Reader
	groups Groups
	now    func() time.Time
}

// New makes a collector for one run.
func New(r Reader, g Groups, now func() time.Time) *Collector {
	return &Collector{reader: r, groups: g, now: now}
}

// Gateway observes the gateway that the binding names.
func (c *Collector) Gateway(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Gateway] {
	g, err := c.reader.Gateway(ctx, b)
	return observed(g, err, c.reader.Endpoint(b.RegionID), c.now())
}

// Records observes the domain of the binding, and the domains whose names overlap its name.
func (c *Collector) Records(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Records] {
	r, err := c.reader.Records(ctx, b)
	return observed(r, err, c.reader.Endpoint(b.RegionID), c.now())
}

const noRecords = "the domain's record was not read"

// Serving observes who serves the domain of observed records. What does not exist yet is
// served by no gateway.
func (c *Collector) Serving(ctx context.Context, b binding.Binding, records evidence.Observation[evidence.Records]) evidence.Observation[evidence.Serving] {
	from := c.reader.Endpoint(b.RegionID)
	switch {
	case records.State != evidence.StateObserved:
		return evidence.Failed[evidence.Serving](noRecords, from, c.now())
	case records.Facts.Domain == nil:
		return evidence.Observed(evidence.Serving{Complete: records.Facts.Complete, Problem: records.Facts.Problem}, from, c.now())
	}
	s, err := c.reader.Serving(ctx, b.RegionID, records.Facts.Domain.DomainID)
	return observed(s, err, from, c.now())
}

// Store observes the certificates that the binding concerns: the one of its file, if that
// was read, the one of its casId, and the one in effect.
func (c *Collector) Store(ctx context.Context, b binding.Binding, records evidence.Observation[evidence.Records],
	certificate evidence.Observation[evidence.Certificate]) evidence.Observation[evidence.Store] {
	from := c.reader.Endpoint(b.RegionID)
	if records.State != evidence.StateObserved {
		return evidence.Failed[evidence.Store](noRecords, from, c.now())
	}
	leaf, current := "", ""
	if chain := certificate.Facts.Chain; b.Certificate != nil && certificate.State == evidence.StateObserved && len(chain) > 0 {
		leaf = evidence.CertificateDigest(chain[0].DER)
	}
	if d := records.Facts.Domain; d != nil {
		current = d.CertIdentifier
	}
	if current == "" && b.Certificate == nil && b.ClientCertificate == nil {
		return evidence.Observed(evidence.Store{Complete: true}, from, c.now()) // nothing is to be looked for
	}
	s, err := c.reader.Store(ctx, b, leaf, current)
	return observed(s, err, from, c.now())
}

// Predecessor observes the API group that the binding says it moves from.
func (c *Collector) Predecessor(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Predecessor] {
	if b.MovesFrom == nil {
		return evidence.NotCollected[evidence.Predecessor]("the binding names no API group that the domain moves from")
	}
	g, err := c.groups.Group(ctx, b.MovesFrom.RegionID, b.MovesFrom.GroupID)
	_, serves := g.Domain(b.DomainName)
	return observed(evidence.Predecessor{Group: g, Serves: serves}, err, c.groups.Endpoint(b.MovesFrom.RegionID), c.now())
}

func observed[T any](facts T, err error, from string, at time.Time) evidence.Observation[T] {
	if err != nil {
		return evidence.Failed[T](err.Error(), from, at)
	}
	return evidence.Observed(facts, from, at)
}
