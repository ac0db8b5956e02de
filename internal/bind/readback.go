package bind

import (
	"context"
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

// readBack polls until the gateway shows the wish: in effect, with its stage,
// type, redirect and certificate. What it does not show in time is incomplete,
// and what could not be read at all is unknown.
func (b *Binder) readBack(ctx context.Context, j Job, o Outcome) Outcome {
	var gap plan.Gap
	err := b.poll(ctx, b.Deadline, func(ctx context.Context) (bool, error) {
		g, err := b.state(ctx, j)
		if err != nil {
			return false, err
		}
		gap = plan.Compare(plan.Wish(j.Subject), g)
		return gap.Stands(), nil
	})
	switch {
	case err != nil:
		o.Status = Unknown
		o.Message = fmt.Sprintf("every call was accepted, but the state could not be read back: %v; run lint to see what stands", err)
	case !gap.Stands():
		o.Status = Incomplete
		o.Message = fmt.Sprintf("every call was accepted, but after %s %s", b.Deadline, strings.Join(gap.Words, "; "))
	default:
		o.Status = Bound
	}
	return o
}

// state is the group as it stands now, with the certificate it serves for the
// binding's domain where the binding has one.
func (b *Binder) state(ctx context.Context, j Job) (evidence.Group, error) {
	w := j.Subject.Binding
	g, err := b.Reader.GroupNow(ctx, w.RegionID, w.GroupID)
	if err != nil {
		return g, err
	}
	d, bound := g.Domain(w.DomainName)
	if w.Certificate == nil || !bound || d.CertificateName != w.Certificate.Name {
		return g, nil
	}
	served, err := b.Reader.ServedNow(ctx, w.RegionID, w.GroupID, w.DomainName)
	if err != nil {
		return g, err
	}
	g.Served = &served
	return g, nil
}
