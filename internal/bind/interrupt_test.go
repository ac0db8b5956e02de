package bind_test

import (
	"context"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// An interrupt never begins a sequence and never repeats a call; a sequence of
// which something took effect goes on to its end.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	full := []func(*binding.Binding){withCertificate, withRedirect}
	for name, tc := range map[string]struct {
		groups    func(own, other *account.Group)
		requested []func(*binding.Binding)
		faults    string
		held      bool // the interrupt comes when a call is held open, else at the first intent
		want      bind.Outcome
		message   string
		writes    []string
		journal   string
	}{
		"the first call is held before its commit": {faults: "SetDomain:hold-before-commit", held: true,
			want:    bind.Outcome{Status: bind.Unknown, Sent: true, Interrupted: true, Restore: undo},
			message: "the run was interrupted, so nothing more was sent",
			writes:  []string{setDomain + "hold-before-commit"}, journal: "intent unknown"},
		"the first call is held after its commit": {faults: "SetDomain:hold-after-commit", held: true,
			want:   bind.Outcome{Status: bind.Bound, Sent: true, Restore: undo},
			writes: []string{setDomain + "hold-after-commit"}, journal: "intent unknown done"},
		"the first call is reset": {faults: "SetDomain:reset-before-commit",
			want:    bind.Outcome{Status: bind.Unknown, Sent: true, Interrupted: true, Restore: undo},
			message: "the run was interrupted, so nothing more was sent",
			writes:  []string{setDomain + "reset-before-commit"}, journal: "intent unknown"},
		"the first call is throttled": {faults: "SetDomain:throttle",
			want: bind.Outcome{Status: bind.Failed, Sent: true, Code: "Throttling.User"}, message: "Throttling.User",
			writes: []string{setDomain + "Throttling.User"}, journal: "intent failed"},
		"what a force takes is being read": {groups: conflicting, requested: []func(*binding.Binding){withForce},
			faults: "DescribeApiGroups:hold-before-commit", held: true,
			want: bind.Outcome{Status: bind.NotAttempted, Interrupted: true}, message: "interrupted"},
		"a sequence has begun": {requested: full,
			want:   bind.Outcome{Status: bind.Bound, Sent: true, Restore: undo},
			writes: []string{setPlain + "OK", setCert + "OK", setSecure + "OK"}, journal: "intent done intent done intent done"},
		"a sequence has begun and its end is lost": {requested: full, faults: "SetDomain:pass:1,SetDomain:reset-before-commit",
			want:    bind.Outcome{Status: bind.Unknown, Sent: true, Interrupted: true, Restore: undo},
			message: "the run was interrupted, so nothing more was sent",
			writes:  []string{setPlain + "OK", setCert + "OK", setSecure + "reset-before-commit"},
			journal: "intent done intent done intent unknown"},
		"the effect is missing": {groups: bound(account.Domain{DomainName: domain, DomainBindingStatus: "BOUND"}),
			want:    bind.Outcome{Status: bind.Incomplete, Sent: true, Restore: undo},
			message: "when the run was interrupted domainBindingStatus",
			writes:  []string{setPlain + "OK"}, journal: "intent done"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.groups)
			w.pause = time.Hour // the interrupt comes before a second try
			w.newRun(w.journal)
			permit := w.permit(requested(tc.requested...))
			w.faults(tc.faults)
			ctx, cancel := context.WithCancel(apitest.Soon(t))
			defer cancel()
			if tc.held {
				go func() {
					_, _ = w.sandbox.Held(ctx)
					cancel()
				}()
			} else {
				w.journal.hook = func(journal.Entry) error { cancel(); return nil }
			}
			got := w.bind(ctx, permit)[0]
			if got.Interrupted != tc.want.Interrupted {
				t.Errorf("interrupted: %t, want %t", got.Interrupted, tc.want.Interrupted)
			}
			scenario{want: tc.want, message: tc.message, writes: tc.writes, journal: tc.journal}.check(t, w, got)
		})
	}
}
