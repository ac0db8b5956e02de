package sandbox

import (
	"context"
	"fmt"
	"sync"
)

// Held is a call that a fault holds open.
type Held struct {
	Received Received // as it was when the hold began
	release  chan struct{}
	once     sync.Once
}

// Release lets the call go on. Doing so twice is no error.
func (h *Held) Release() { h.once.Do(func() { close(h.release) }) }

// Held waits for the next call that a fault holds open.
func (s *Sandbox) Held(ctx context.Context) (*Held, error) {
	select {
	case h := <-s.gateway.holds:
		return h, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a call to be held: %w", ctx.Err())
	case <-s.gateway.ctx.Done():
		return nil, fmt.Errorf("waiting for a call to be held: the sandbox has stopped")
	}
}

// hold waits until the call is released; false if the client goes away, or the
// sandbox stops, before that. Nobody needs to be waiting in Held.
func (g *gateway) hold(ctx context.Context, entry *Received) bool {
	h := &Held{Received: g.log.get(entry), release: make(chan struct{})}
	offers := g.holds
	for {
		select {
		case offers <- h:
			offers = nil // taken; a nil channel is never ready
		case <-h.release:
			return true
		case <-ctx.Done():
			return false
		}
	}
}
