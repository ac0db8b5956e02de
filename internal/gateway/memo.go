package gateway

import (
	"context"
	"errors"
	"sync"
)

// Memo asks for each key once, however many ask for it at the same time, and
// keeps what came of it, errors included. An answer that its own asker's
// context cut short says nothing about the key, so it is not kept. The zero
// Memo is ready.
type Memo[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]*entry[V]
}

type entry[V any] struct {
	done  chan struct{}
	value V
	err   error
	kept  bool
}

// Get is what fetch gave for the key. Waiting for another asker ends with ctx.
func (m *Memo[K, V]) Get(ctx context.Context, key K, fetch func(context.Context) (V, error)) (V, error) {
	for {
		e, mine := m.entry(key)
		if mine {
			m.fill(ctx, key, e, fetch)
			return e.value, e.err
		}
		select {
		case <-e.done:
			if e.kept {
				return e.value, e.err
			}
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
}

func (m *Memo[K, V]) entry(key K) (e *entry[V], mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[key]; ok {
		return e, false
	}
	if m.entries == nil {
		m.entries = map[K]*entry[V]{}
	}
	e = &entry[V]{done: make(chan struct{})}
	m.entries[key] = e
	return e, true
}

// fill also lets the others go on when fetch panics: one of them asks again.
func (m *Memo[K, V]) fill(ctx context.Context, key K, e *entry[V], fetch func(context.Context) (V, error)) {
	defer func() {
		if !e.kept {
			m.mu.Lock()
			delete(m.entries, key)
			m.mu.Unlock()
		}
		close(e.done)
	}()
	e.value, e.err = fetch(ctx)
	cut := ctx.Err() != nil || errors.Is(e.err, context.Canceled) || errors.Is(e.err, context.DeadlineExceeded)
	e.kept = e.err == nil || !cut
}
