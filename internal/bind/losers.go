package bind

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

// errChanged tells that what a force would take away is no longer what was judged.
var errChanged = errors.New("the world changed since it was judged")

// losersStand reads again what a force would take away and compares it, whole,
// with what was judged: another group, another stage of the same group and a
// group that has let go all stop the call.
func (r *redemption) losersStand(ctx context.Context, c plan.Call) error {
	if !c.Forces() {
		return nil
	}
	ctx, cancel := r.step(ctx, r.CallTime)
	defer cancel()
	got, err := r.Losers.Losers(ctx, r.subject.Binding, r.subject.Evidence.Group.Facts)
	if err != nil {
		return fmt.Errorf("reading again which groups the force would unbind, so it was not sent: %w", err)
	}
	was, is := sorted(r.plan.Takes), sorted(got)
	switch {
	case slices.Equal(was, is):
		return nil
	case slices.Equal(names(was), names(is)):
		return fmt.Errorf("%w: %q is still held, but otherwise (environment, network type, certificate or health); nothing was forced, run lint again", errChanged, names(is))
	}
	return fmt.Errorf("%w: the force would now take %q, judged was %q; nothing was forced, run lint again", errChanged, names(is), names(was))
}

func sorted(holders []evidence.Holder) []evidence.Holder {
	return slices.SortedFunc(slices.Values(holders), func(a, b evidence.Holder) int {
		return cmp.Or(cmp.Compare(a.GroupID, b.GroupID), cmp.Compare(a.Domain.DomainName, b.Domain.DomainName))
	})
}

// names says who holds what.
func names(holders []evidence.Holder) []string {
	out := []string{}
	for _, h := range holders {
		out = append(out, h.Domain.DomainName+" of group "+h.GroupID)
	}
	return out
}
