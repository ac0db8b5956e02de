package judge

import (
	"context"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
)

// How long a wait sleeps between two looks: at first, and after some, or a part of
// the whole wait if that is longer. A look asks from the root down, so an hour's
// wait must not be a look every few seconds.
const (
	firstPause = time.Second
	laterPause = 5 * time.Second
	mostLooks  = 60
)

// Wait looks at DNS until every binding's change is visible everywhere, the time
// is up or ctx ends. report gets the time that is left, the number of bindings
// that wait, and one of them with its reason. It judges nothing: the run that
// follows asks and judges again.
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
