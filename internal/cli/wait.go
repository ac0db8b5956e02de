package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/report"
)

// How long a wait sleeps between two looks: at first, and after some, or a part of
// the whole wait if that is longer. A look asks everybody from the root down, so an
// hour's wait must not be a look every few seconds.
const (
	firstPause = time.Second
	laterPause = 5 * time.Second
	mostLooks  = 60
)

// await looks at DNS until every binding's change is visible everywhere or the
// time of --wait is up, with a line on standard error for each look. It judges
// nothing: the run that follows asks and judges afresh.
func (r *run) await(ctx context.Context) error {
	if r.s.wait == 0 {
		return nil
	}
	if !r.names.asked || r.s.wait < 0 {
		return fmt.Errorf("reading --wait: got %s in a run that asks no DNS or with a negative time; leave it out", r.s.wait)
	}
	deadline := time.NewTimer(r.s.wait)
	defer deadline.Stop()
	end := r.env.Now().Add(r.s.wait)
	missing := r.set.Bindings
	for pause := firstPause; ; pause = min(2*pause, max(laterPause, r.s.wait/mostLooks)) {
		var example string
		var err error
		if missing, example, err = r.invisible(ctx, missing); err != nil || len(missing) == 0 {
			return err
		}
		_, _ = fmt.Fprintf(r.env.Stderr, "bindgate: waiting for DNS, %s left: %d of %d bindings are not visible everywhere yet; %s\n",
			max(end.Sub(r.env.Now()), 0).Round(time.Second), len(missing), len(r.set.Bindings), report.Escape(example))
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-deadline.C:
			again.Stop()
			return nil // the checks say what is not there yet
		case <-ctx.Done():
			again.Stop()
			return nil // the run that follows ends as interrupted
		}
	}
}

// visibility are the checks that a change of DNS which has arrived passes.
func (r *run) visibility() []checks.Check {
	ids := []string{"dns/cname-reaches-group", "dns/ownership-is-proved", "dns/name-exists", "dns/servers-agree", "dns/resolvers-agree"}
	return slices.DeleteFunc(slices.Clone(r.s.catalogue), func(c checks.Check) bool { return !slices.Contains(ids, c.ID) })
}

// invisible are those of some bindings whose change has not arrived, with an example.
func (r *run) invisible(ctx context.Context, bindings []binding.Binding) (missing []binding.Binding, example string, err error) {
	c, _, _, err := r.collectors(false)
	if err != nil {
		return nil, "", err
	}
	for i, ev := range c.All(ctx, r.facts(), bindings) {
		b := bindings[i]
		if why, waiting := notYet(checks.Run(ctx, r.visibility(), checks.Subject{Binding: b, Evidence: ev})); waiting {
			if missing = append(missing, b); example == "" {
				example = b.DomainName + ": " + why
			}
		}
	}
	return missing, example, nil
}

// notYet is the first reason to look again: something found, or not to be told.
func notYet(results []checks.Result) (why string, waiting bool) {
	for _, res := range results {
		switch {
		case res.Status == checks.StatusUnknown:
			return res.ID + ": " + res.Reason, true
		case len(res.Findings) > 0 && (res.Status == checks.StatusFail || res.ID == "dns/resolvers-agree"):
			return res.ID + ": " + res.Findings[0].Message, true
		}
	}
	return "", false
}
