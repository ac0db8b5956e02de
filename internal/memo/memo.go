// Package memo computes a value once per key and shares the result.
package memo

import (
	"context"
	"errors"
	"sync"
)

// Memo calls the function for a key once, however many callers ask at the same
// time, and caches the result, errors included. The zero value is ready to use.
type Memo[K comparable, V any] struct {
	// Transient, if set, reports errors that concern only the caller, such as an
	// exhausted budget. They are not cached; other callers compute the value
	// themselves.
	Transient func(error) bool
	// Limit bounds the number of cached results; 0 means no limit. Results not
	// used recently are dropped and computed again when needed.
	Limit   int
	mu      sync.Mutex
	entries map[K]*entry[V] // the newer generation, at most half of Limit
	older   map[K]*entry[V] // the previous generation
}

type entry[V any] struct {
	done      chan struct{} // closed when value and err are set
	value     V
	err       error
	abandoned bool // the caller was interrupted or out of budget: the result says nothing to others
}

// Interrupted is a Transient for functions that set their own deadlines: a deadline of
// one caller says nothing about the value.
func Interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Get returns the result for key, calling ask if no other caller has. If ctx
// ends while another caller computes it, Get returns the cause of ctx.
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
	case m.Limit > 0 && len(m.entries) >= max(m.Limit/2, 1):
		m.older, m.entries = m.entries, m.older // its memory is used again
		if clear(m.entries); m.entries == nil {
			m.entries = map[K]*entry[V]{}
		}
	}
	m.entries[key] = e
	return e, !known
}

// forget deletes an entry, so that the next caller computes it again. The key
// may have another entry by now.
func (m *Memo[K, V]) forget(key K, e *entry[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, generation := range []map[K]*entry[V]{m.entries, m.older} {
		if generation[key] == e {
			delete(generation, key)
		}
	}
}

// fill calls ask. If ask is interrupted, fails for the caller's own reasons or
// panics, the entry is deleted and the next caller tries again.
func (m *Memo[K, V]) fill(ctx context.Context, key K, e *entry[V], ask func(context.Context, K) (V, error)) {
	e.abandoned = true
	defer func() {
		if e.abandoned {
			m.forget(key, e)
		}
		close(e.done)
	}()
	e.value, e.err = ask(ctx, key)
	e.abandoned = e.err != nil && (ctx.Err() != nil || m.Transient != nil && m.Transient(e.err))
}

// Known returns the value for key if it is cached and no error, and never waits.
func (m *Memo[K, V]) Known(key K) (value V, ok bool) {
	m.mu.Lock()
	e := m.entries[key]
	if e == nil {
		e = m.older[key]
	}
	m.mu.Unlock()
	if e == nil {
		return value, false
	}
	select {
	case <-e.done:
		return e.value, e.err == nil
	default:
		return value, false
	}
}

// GetWithoutWaiting is Get for a caller that must not wait, because others may be waiting
// for it: it uses a cached result, or calls ask itself.
func (m *Memo[K, V]) GetWithoutWaiting(ctx context.Context, key K, ask func(context.Context, K) (V, error)) (V, error) {
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
