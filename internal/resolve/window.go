package resolve

import (
	"context"
	"sync"
)

// Bounds of a window, in questions on their way to one server.
const (
	firstWindow = 64
	leastWindow = 4
	mostWindow  = 1024
)

// window bounds the questions on their way to one server: one more for each
// window of answers, half as many after a loss (as in RFC 5681 §3.1). A server that
// cannot keep up is asked more slowly instead of losing more.
type window struct {
	mu    sync.Mutex
	size  float64
	busy  int
	queue []chan struct{} // closed when its turn has come, in the order of arrival
}

func newWindow() *window { return &window{size: firstWindow} }

// enter waits for a place; the error is the context's.
func (w *window) enter(ctx context.Context) error {
	w.mu.Lock()
	if w.busy < int(w.size) && len(w.queue) == 0 {
		w.busy++
		w.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	w.queue = append(w.queue, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		w.abandon(turn)
		return context.Cause(ctx)
	}
}

// abandon gives up a place in the queue, or the place that was won meanwhile.
func (w *window) abandon(turn chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.queue {
		if other == turn {
			w.queue = append(w.queue[:i], w.queue[i+1:]...)
			return
		}
	}
	w.busy--
	w.admit()
}

// leave gives the place back. lost: no answer came.
func (w *window) leave(lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	if lost {
		w.size = max(w.size/2, leastWindow)
	} else {
		w.size = min(w.size+1/w.size, mostWindow)
	}
	w.admit()
}

// admit lets in who waits, as far as there is room. The caller holds the lock.
func (w *window) admit() {
	for len(w.queue) > 0 && w.busy < int(w.size) {
		w.busy++
		close(w.queue[0])
		w.queue = w.queue[1:]
	}
}
