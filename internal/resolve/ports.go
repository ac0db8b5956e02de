package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
)

const (
	portCount = 4    // sockets to one server at a time; each has a random port of its own
	udpBuffer = 4096 // holds any datagram that keeps to ednsSize, and some that do not
)

// ports are the UDP sockets to one server. Many questions share a socket: an
// answer finds its question by id, and counts only if it repeats it. A socket
// stays open as long as somebody waits on it, so there is nothing to close.
type ports struct {
	dial func(context.Context) (net.Conn, error)
	mu   sync.Mutex
	open [portCount]*port
}

// port is one socket; its fields are guarded by the mutex of its ports.
type port struct {
	conn    net.Conn
	slot    int // in ports.open; -1: not shared
	waiting map[uint16]*waiter
	strays  int // datagrams that answered nobody
}

// waiter is a query on its way. got holds its answer's bytes, or what ended the wait.
type waiter struct {
	query query
	got   chan arrival
}

type arrival struct {
	wire []byte
	err  error
}

// exchange sends a query and waits for its answer. It lets pass by whatever is
// not it: an attacker who cannot see the query must not be able to end the wait
// (RFC 5452 §9).
func (p *ports) exchange(ctx context.Context, q query) ([]byte, error) {
	at, w, err := p.enter(ctx, q)
	if err != nil {
		return nil, err
	}
	before := p.strays(at)
	defer p.leave(at, q.id)
	if _, err := at.conn.Write(q.wire); err != nil {
		return nil, err
	}
	select {
	case a := <-w.got:
		return a.wire, a.err
	case <-ctx.Done():
		return nil, &readError{err: context.Cause(ctx), ignored: p.strays(at) - before}
	}
}

// enter finds a socket on which no other query has this id, or opens one.
func (p *ports) enter(ctx context.Context, q query) (*port, *waiter, error) {
	w := &waiter{query: q, got: make(chan arrival, 1)}
	slot := rand.IntN(portCount)
	if at := p.join(slot, w); at != nil {
		return at, w, nil
	}
	conn, err := p.dial(ctx)
	if err != nil {
		return nil, nil, err
	}
	at := &port{conn: conn, slot: -1, waiting: map[uint16]*waiter{q.id: w}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[slot] == nil {
		at.slot, p.open[slot] = slot, at
	}
	go p.read(at)
	return at, w, nil
}

func (p *ports) join(slot int, w *waiter) *port {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.open[slot]
	if at == nil || at.waiting[w.query.id] != nil {
		return nil
	}
	at.waiting[w.query.id] = w
	return at
}

// leave ends a wait; the last one to leave closes the socket.
func (p *ports) leave(at *port, id uint16) {
	p.mu.Lock()
	delete(at.waiting, id)
	last := len(at.waiting) == 0
	if last {
		p.retire(at)
	}
	p.mu.Unlock()
	if last {
		_ = at.conn.Close() // nobody waits on it
	}
}

// retire takes a socket out of the shared ones. The caller holds the lock.
func (p *ports) retire(at *port) {
	if at.slot >= 0 && p.open[at.slot] == at {
		p.open[at.slot] = nil
	}
}

func (p *ports) strays(at *port) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return at.strays
}

// read hands out answers until the socket breaks, or its last waiter closes it.
func (p *ports) read(at *port) {
	buf := make([]byte, udpBuffer)
	for {
		n, err := at.conn.Read(buf)
		if err != nil {
			p.fail(at, err)
			return
		}
		p.deliver(at, buf[:n])
	}
}

func (p *ports) deliver(at *port, wire []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var w *waiter
	if len(wire) >= headerSize {
		w = at.waiting[binary.BigEndian.Uint16(wire)]
	}
	if w == nil || errors.Is(w.query.matches(wire), errForeign) {
		at.strays++
		return
	}
	select {
	case w.got <- arrival{wire: append([]byte(nil), wire...)}:
	default: // it has its answer
	}
}

func (p *ports) fail(at *port, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retire(at)
	for _, w := range at.waiting {
		select {
		case w.got <- arrival{err: &readError{err: err}}:
		default:
		}
	}
}
