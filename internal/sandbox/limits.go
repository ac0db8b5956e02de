package sandbox

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bindgate/bindgate/internal/sandbox/apierror"
)

// limits is flow control: so many calls a second of each action, with a burst of
// one second's worth. A nil limits lets everything through.
type limits struct {
	perSecond float64
	now       func() time.Time
	mu        sync.Mutex
	actions   map[string]*rate.Limiter
}

func newLimits(perSecond float64, now func() time.Time) *limits {
	if perSecond == 0 {
		return nil
	}
	return &limits{perSecond: perSecond, now: now, actions: map[string]*rate.Limiter{}}
}

// allow counts a call of an action that exists.
func (l *limits) allow(action string) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.actions[action]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(l.perSecond), max(1, int(l.perSecond)))
		l.actions[action] = limiter
	}
	if !limiter.AllowN(l.now(), 1) {
		return throttled()
	}
	return nil
}

func throttled() error {
	return apierror.New("Throttling.User", "Request was denied due to user flow control.")
}
