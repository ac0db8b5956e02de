// Package memo asks once and shares the outcome.
package memo

import (
	"context"
	"errors"
	"sync"
)

// Memo asks once for each key, however many want to know at the same time, and
// keeps the outcome, errors too. Its zero value is ready.
type Memo[K comparable, V any] struct {
	// Own, if it is set, tells the errors that are the asker's own affair, such as
	// a budget that is spent: they are not kept, and others ask for themselves.
	Own func(error) bool
	// Most bounds the outcomes that are kept; 0: no bound. Those that were not asked
	// for recently are dropped, and asked again when they are needed again.
	Most    int
	mu      sync.Mutex
	entries map[K]*entry[V] // at most half of Most
	older   map[K]*entry[V] // what entries held before it was full
}

type entry[V any] struct {
	done      chan struct{} // closed when value and err are there
	value     V
	err       error
	abandoned bool // whoever asked was interrupted, or had no more to spend: that says nothing to the others
}

// CutShort is an Own for what asks with deadlines of its own: an end of somebody's
// time says nothing of what was asked.
func CutShort(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Get gives the outcome for key; ask is called if nobody else has been here. If
// the context ends while somebody else asks, the error is the context's.
func (m *Memo[K, V]) Get(ctx context.Context, key K, ask func(context.Context, K) (V, error)) (V, error) {
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

func (m *Memo[K, V]) entry(key K) (*entry[V], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[key]; ok {
		return e, false
	}
	e, known := m.older[key]
	if !known {
		e = &entry[V]{done: make(chan struct{})}
	}
	switch {
	case m.entries == nil:
		m.entries = map[K]*entry[V]{}
	case m.Most > 0 && len(m.entries) >= max(m.Most/2, 1):
		m.older, m.entries = m.entries, map[K]*entry[V]{}
	}
	m.entries[key] = e
	return e, !known
}

// forget drops an entry, so that the next caller asks again. The key may hold
// another entry meanwhile.
func (m *Memo[K, V]) forget(key K, e *entry[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, generation := range []map[K]*entry[V]{m.entries, m.older} {
		if generation[key] == e {
			delete(generation, key)
		}
	}
}

// fill asks. If ask is interrupted, fails by its own fault, or panics, the entry
// goes and the next one to come asks anew.
func (m *Memo[K, V]) fill(ctx context.Context, key K, e *entry[V], ask func(context.Context, K) (V, error)) {
	e.abandoned = true
	defer func() {
		if e.abandoned {
			m.forget(key, e)
		}
		close(e.done)
	}()
	e.value, e.err = ask(ctx, key)
	e.abandoned = e.err != nil && (ctx.Err() != nil || m.Own != nil && m.Own(e.err))
}

// Alone is Get for one who must not wait, because the others may be waiting for
// him: it takes an outcome that is there, and else asks for itself.
func (m *Memo[K, V]) Alone(ctx context.Context, key K, ask func(context.Context, K) (V, error)) (V, error) {
	e, mine := m.entry(key)
	if mine {
		m.fill(ctx, key, e, ask)
		return e.value, e.err
	}
	select {
	case <-e.done:
		if !e.abandoned {
			return e.value, e.err
		}
	default:
	}
	return ask(ctx, key)
}
