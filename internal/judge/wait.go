package judge

import (
	"context"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
)

// The pauses between two DNS queries of a wait: at first, later, and as a fraction of the whole
// wait if that is longer. Each query starts at the root, so a wait of an hour
// must not repeat it every few seconds.
const (
	firstPause = time.Second
	laterPause = 5 * time.Second
	mostLooks  = 60
)

// Wait queries DNS until every binding's change is visible everywhere, within has
// passed, or ctx ends. It calls report with the remaining time, the number of waiting
// bindings, and one of them with its reason. It does not judge: the run that
// follows queries DNS again.
func (e *Engine) Wait(ctx context.Context, within time.Duration, report func(left time.Duration, waiting int, example string)) error {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	end := e.o.Clock().Add(within)
	var missing []int // nil at first: all
	for pause := firstPause; ; pause = min(2*pause, max(laterPause, within/mostLooks)) {
		still, example := []int{}, ""
		err := e.invisible(ctx, missing, func(number int, b binding.Binding, why string) {
			if still = append(still, number); example == "" {
				example = b.DomainName + ": " + why
			}
		})
		if err != nil || len(still) == 0 {
			return err
		}
		missing = still
		report(max(end.Sub(e.o.Clock()), 0), len(missing), example)
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
