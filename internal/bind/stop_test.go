package bind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/write"
)

// How a sequence ended follows from what took effect, what was sent and the error.
func TestStop(t *testing.T) {
	t.Parallel()
	running, interrupted := context.Background(), func() context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx
	}()
	notSent := &api.Error{Kind: api.NotSent}
	refused := errors.New("refused")
	unknown := fmt.Errorf("%w: broken", write.ErrOutcomeUnknown)
	changed := fmt.Errorf("%w: other bytes", write.ErrChanged)
	for name, c := range map[string]struct {
		r       redemption
		err     error
		want    Outcome // Message is a part
		restore bool
	}{
		"refused":                        {redemption{run: running, outcome: Outcome{Sent: true}}, refused, Outcome{Status: Failed, Sent: true}, false},
		"refused after a doubtful try":   {redemption{run: running, doubted: true, outcome: Outcome{Sent: true}}, refused, Outcome{Status: Failed, Sent: true, Message: "could still take effect late"}, true},
		"refused after a call":           {redemption{run: running, done: 1, outcome: Outcome{Sent: true}}, refused, Outcome{Status: Incomplete, Stopped: true, Sent: true}, true},
		"refused, call and doubt":        {redemption{run: running, done: 1, doubted: true, outcome: Outcome{Sent: true}}, refused, Outcome{Status: Incomplete, Stopped: true, Sent: true}, true},
		"unknown":                        {redemption{run: running, outcome: Outcome{Sent: true}}, unknown, Outcome{Status: Unknown, Sent: true}, true},
		"unknown after a call":           {redemption{run: running, done: 1, outcome: Outcome{Sent: true}}, unknown, Outcome{Status: Unknown, Sent: true}, true},
		"unknown, and changed":           {redemption{run: running, outcome: Outcome{Sent: true}}, then(unknown, changed), Outcome{Status: Unknown, Sent: true}, true},
		"changed":                        {redemption{run: running}, changed, Outcome{Status: NotAttempted, Changed: true}, false},
		"changed after it was sent":      {redemption{run: running, outcome: Outcome{Sent: true}}, changed, Outcome{Status: Failed, Changed: true, Sent: true}, false},
		"changed after a call":           {redemption{run: running, done: 1, outcome: Outcome{Sent: true}}, changed, Outcome{Status: Incomplete, Stopped: true, Changed: true, Sent: true}, true},
		"the world changed":              {redemption{run: running}, fmt.Errorf("%w: x", errChanged), Outcome{Status: NotAttempted, Changed: true}, false},
		"interrupted":                    {redemption{run: interrupted}, errInterrupted, Outcome{Status: NotAttempted, Interrupted: true}, false},
		"interrupted before it was sent": {redemption{run: interrupted}, notSent, Outcome{Status: NotAttempted, Interrupted: true}, false},
		"no way to the gateway":          {redemption{run: running}, notSent, Outcome{Status: Failed}, false},
		"refused while interrupted":      {redemption{run: interrupted, outcome: Outcome{Sent: true}}, refused, Outcome{Status: Failed, Sent: true}, false},
		"changed while interrupted":      {redemption{run: interrupted}, then(changed, errInterrupted), Outcome{Status: NotAttempted, Changed: true}, false},
	} {
		c.r.plan = plan.Plan{Restore: []string{"restore"}}
		got := c.r.stop(c.err)
		if c.want.Message == "" && strings.Contains(got.Message, "late") || !strings.Contains(got.Message, c.want.Message) || !strings.Contains(got.Message, c.err.Error()) {
			t.Errorf("%s: got the message %q", name, got.Message)
		}
		if got.Status != c.want.Status || got.Stopped != c.want.Stopped || got.Changed != c.want.Changed || got.Sent != c.want.Sent || got.Interrupted != c.want.Interrupted {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
		if slices.Equal(got.Restore, []string{"restore"}) != c.restore {
			t.Errorf("%s: restore %q", name, got.Restore)
		}
	}
}

func TestSent(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil: true, errors.New("reading the key again"): false, write.ErrChanged: false, write.ErrOutcomeUnknown: true,
		&api.Error{Kind: api.NotSent}: false, &api.Error{Kind: api.NoPermission}: true,
	} {
		if sent(err) != want {
			t.Errorf("%v: got %t", err, !want)
		}
	}
}
