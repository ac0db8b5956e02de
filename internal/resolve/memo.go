package resolve

import (
	"context"
	"sync"
)

// memo asks once for each key, however many want to know at the same time, and
// keeps the outcome, errors too. Its zero value is ready.
type memo[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]*entry[V]
}

type entry[V any] struct {
	done      chan struct{} // closed when value and err are there
	value     V
	err       error
	abandoned bool // whoever asked was interrupted: that says nothing to the others
}

// get gives the outcome for key; ask is called if nobody else has been here. If
// the context ends while somebody else asks, the error is the context's.
func (m *memo[K, V]) get(ctx context.Context, key K, ask func(context.Context, K) (V, error)) (V, error) {
	for {
		e, mine := m.entry(key)
		if mine {
			m.fill(ctx, key, e, ask)
			return e.value, e.err
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			var none V
			return none, context.Cause(ctx)
		}
		if !e.abandoned {
			return e.value, e.err
		}
	}
}

func (m *memo[K, V]) entry(key K) (*entry[V], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[key]; ok {
		return e, false
	}
	if m.entries == nil {
		m.entries = map[K]*entry[V]{}
	}
	e := &entry[V]{done: make(chan struct{})}
	m.entries[key] = e
	return e, true
}

// fill asks. If ask is interrupted, or panics, the entry goes and the next one
// to come asks anew.
func (m *memo[K, V]) fill(ctx context.Context, key K, e *entry[V], ask func(context.Context, K) (V, error)) {
	e.abandoned = true
	defer func() {
		if e.abandoned {
			m.mu.Lock()
			delete(m.entries, key)
			m.mu.Unlock()
		}
		close(e.done)
	}()
	e.value, e.err = ask(ctx, key)
	e.abandoned = e.err != nil && ctx.Err() != nil
}
