package bind

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/api"
)

// errChanged reports that a force would displace other groups than those judged.
var errChanged = errors.New("the world changed since it was judged")

// displacedUnchanged reads again which groups a force would displace and compares
// them with the judged ones: another group, another stage of the same group and a
// group that no longer has the domain all stop the call.
func (r *redemption) displacedUnchanged(ctx context.Context, c plan.Call) error {
	if !c.Forces() {
		return nil
	}
	ctx, cancel := r.step(ctx, r.CallTime)
	defer cancel()
	got, err := r.Displaced.DisplacedGroups(ctx, r.subject.Binding, r.subject.Evidence.Group.Facts)
	if err != nil {
		return fmt.Errorf("reading again which groups the force would unbind, so it was not sent: %w", err)
	}
	was, is := sorted(r.plan.Displaces), sorted(got)
	switch {
	case slices.EqualFunc(was, is, func(a, b evidence.BoundGroup) bool { return reflect.DeepEqual(a, b) }):
		return nil
	case slices.Equal(names(was), names(is)):
		return fmt.Errorf("%w: %q is still bound, but with another environment, network type, certificate or health; nothing was forced, run lint again", errChanged, names(is))
	}
	return fmt.Errorf("%w: the force would now displace %q, judged was %q; nothing was forced, run lint again", errChanged, names(is), names(was))
}

// identityUnchanged fails unless the credentials still belong to the judged identity:
// they may be replaced during a run.
func (r *redemption) identityUnchanged(ctx context.Context) error {
	judged := r.subject.Evidence.Run.Identity
	if judged == nil || judged.AccountID == "" && !judged.NoSTS {
		return errors.New("nothing was sent: the account of the credentials is unknown")
	}
	ctx, cancel := r.step(ctx, r.CallTime)
	defer cancel()
	now, err := api.Identity(ctx, r.Transport, r.subject.Binding.RegionID)
	switch {
	case err != nil:
		return fmt.Errorf("reading again who makes the calls, so it was not sent: %w", err)
	case !judged.Same(now):
		return fmt.Errorf("%w: the credentials now belong to %q of account %q, judged was %q of account %q; nothing more was sent", errChanged, now.ARN, now.AccountID, judged.ARN, judged.AccountID)
	}
	return nil
}

// approvalsUnchanged fails before the first call of a sequence where the saved plan or an
// approval of it has ended since it was judged.
func (r *redemption) approvalsUnchanged() error {
	run := r.subject.Evidence.Run
	if r.done > 0 || run.Given == nil {
		return nil
	}
	if ended := run.Given.Ended(run.Now, r.Now()); ended != "" {
		return fmt.Errorf("%w: %s; nothing was sent", errChanged, ended)
	}
	return nil
}

// keptUnchanged reads the state again where the platform wants it before the next call,
// and fails if what the calls keep or replace differs from the judged state.
func (r *redemption) keptUnchanged(ctx context.Context) error {
	needed, certificate := r.platform.Reread(r.subject, r.plan, r.done)
	if !needed {
		return nil
	}
	ctx, cancel := r.step(ctx, r.CallTime)
	defer cancel()
	now, err := r.Reader.State(ctx, r.subject.Binding, certificate)
	if err != nil {
		return fmt.Errorf("reading the state again that the calls start from, so the call was not sent: %w", err)
	}
	if words := r.platform.Changed(r.subject, r.plan, now); words != "" {
		return fmt.Errorf("%w: %s; the call was not sent, run lint again", errChanged, words)
	}
	return nil
}

func sorted(holders []evidence.BoundGroup) []evidence.BoundGroup {
	return slices.SortedFunc(slices.Values(holders), func(a, b evidence.BoundGroup) int {
		return cmp.Or(cmp.Compare(a.GroupID, b.GroupID), cmp.Compare(a.Domain.DomainName, b.Domain.DomainName))
	})
}

// names returns the domain and group of each holder.
func names(holders []evidence.BoundGroup) []string {
	out := []string{}
	for _, h := range holders {
		out = append(out, h.Domain.DomainName+" of group "+h.GroupID)
	}
	return out
}
