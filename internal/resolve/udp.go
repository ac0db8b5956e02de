package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	socketCount = 4                     // sockets to one server at a time; each with a random port
	udpBuffer   = 4096                  // holds any datagram that keeps to ednsSize, and some that do not
	readAhead   = 16                    // datagrams that one system call may read
	linger      = 50 * time.Millisecond // how often an open socket looks whether it is in use
)

// sockets are the UDP sockets, or the TCP connections, to one server. Many questions
// share one: an answer finds its question by id, and counts only if it repeats it. A
// socket that is not in use closes itself, so there is nothing to close.
type sockets struct {
	framed   bool // they are streams, and each message has its length in front of it
	dial     func(context.Context) (net.Conn, error)
	timers   sync.Pool   // of *time.Timer
	oneByOne atomic.Bool // batches in one piece are lost or refused
	mu       sync.Mutex
	open     [socketCount]*socket
	arrived  bool // a batch in one piece was answered: the interface can send them
}

// socket is one of them; its fields are guarded by the mutex of its sockets.
type socket struct {
	conn    net.Conn
	packets *ipv4.PacketConn // conn, where it reads several datagrams at once
	cuts    bool             // the system cuts one buffer into datagrams
	slot    int              // in sockets.open; -1: not shared
	asked   map[uint16]place
	strays  int // datagrams that answered no question
}

// batch is queries that are sent together. Its fields are guarded as those of its socket.
type batch struct {
	queries []query
	whole   bool     // they are sent in one piece, which the system cuts
	wires   [][]byte // of the answers; nil: none yet
	buffer  []byte   // holds the wires
	left    int      // answers that are missing
	cut     bool     // an answer is truncated
	err     error    // what ended the wait
	events  chan event
}

// event is what a batch waits for. There is one of each at most.
type event int

const (
	ended event = iota // every query has its answer, or the socket broke
	cut                // an answer is truncated
)

// afterCut is how long a batch waits for its other answers once one is truncated: then
// there is more to fetch over TCP in any case, and a server that limits its rate
// truncates some answers and drops the others.
const afterCut = 25 * time.Millisecond

// place is where the answer to one query of a batch goes.
type place struct {
	batch *batch
	index int
}

// exchange sends queries and waits for their answers. It ignores every other
// datagram, so that an off-path attacker cannot end the wait (RFC 5452 §9). Where
// an answer is nil, err says why.
func (p *sockets) exchange(ctx context.Context, timeout time.Duration, queries []query) (wires [][]byte, err error) {
	b := &batch{queries: queries, wires: make([][]byte, len(queries)), left: len(queries), events: make(chan event, 2)}
	s, before, err := p.enter(ctx, timeout, b)
	if err != nil {
		return b.wires, err
	}
	if p.framed {
		err = s.writeFrames(timeout, queries)
	} else {
		err = p.write(s, b)
	}
	if err != nil {
		p.leave(s, b)
		return b.wires, err
	}
	err = p.wait(ctx, timeout, b)
	strays := p.leave(s, b) - before
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.doubt(s, b)
	}
	switch {
	case b.err != nil:
		return b.wires, &readError{err: b.err}
	case err != nil:
		return b.wires, &readError{err: err, ignored: strays}
	}
	return b.wires, nil
}

// wait waits for the answers to a batch.
func (p *sockets) wait(ctx context.Context, timeout time.Duration, b *batch) error {
	timer := p.timer(timeout)
	defer p.timers.Put(timer)
	defer timer.Stop()
	for {
		select {
		case e := <-b.events:
			if e == ended {
				return nil
			}
			if timeout > afterCut {
				timer.Reset(afterCut)
			}
		case <-timer.C:
			return os.ErrDeadlineExceeded
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// timer returns a timer that runs; the caller stops it and gives it back.
func (p *sockets) timer(d time.Duration) *time.Timer {
	timer, ok := p.timers.Get().(*time.Timer)
	if !ok {
		return time.NewTimer(d)
	}
	timer.Reset(d)
	return timer
}

// enter finds a socket on which no other query has an id of the batch, or opens
// one. It returns how many strays came there before.
func (p *sockets) enter(ctx context.Context, timeout time.Duration, b *batch) (*socket, int, error) {
	slot := rand.IntN(socketCount)
	if s, strays := p.join(slot, b); s != nil {
		return s, strays, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := p.dial(ctx)
	if err != nil {
		return nil, 0, err
	}
	if err := conn.SetReadDeadline(systemClock().Add(linger)); err != nil {
		return nil, 0, errors.Join(err, conn.Close())
	}
	s := &socket{conn: conn, slot: -1, asked: map[uint16]place{}}
	if udp, ok := conn.(*net.UDPConn); ok && runtime.GOOS != "windows" { // x/net has no batches there
		s.packets, s.cuts = ipv4.NewPacketConn(udp), canCut(udp)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[slot] == nil {
		s.slot, p.open[slot] = slot, s
	}
	p.add(s, b)
	go p.read(s)
	return s, 0, nil
}

func (p *sockets) join(slot int, b *batch) (*socket, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.open[slot]
	if s == nil {
		return nil, 0
	}
	for _, q := range b.queries {
		if s.asked[q.id].batch != nil {
			return nil, 0
		}
	}
	p.add(s, b)
	return s, s.strays
}

func (p *sockets) add(s *socket, b *batch) {
	b.whole = s.cuts && len(b.queries) > 1 && !p.oneByOne.Load()
	for i, q := range b.queries {
		s.asked[q.id] = place{b, i}
	}
}

// leave ends a wait and returns how many strays came until then.
func (p *sockets) leave(s *socket, b *batch) (strays int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range b.queries {
		delete(s.asked, q.id)
	}
	return s.strays
}

// doubt retires a socket on which a whole batch waited in vain: balancers choose a
// server by the port that asks, and one of theirs may be dead. An interface that never sent a
// batch in one piece may also have lost this one.
func (p *sockets) doubt(s *socket, b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.left == len(b.queries) {
		p.oneByOne.Store(p.oneByOne.Load() || !p.arrived)
		p.retire(s)
	}
}

// retire takes a socket out of the shared ones. The caller holds the lock.
func (p *sockets) retire(s *socket) {
	if s.slot >= 0 && p.open[s.slot] == s {
		p.open[s.slot] = nil
	}
}

// write sends queries about one name. They have the same length, so that a system that cuts
// one buffer into datagrams sends them in one call.
func (p *sockets) write(s *socket, b *batch) error {
	if b.whole {
		size := len(b.queries[0].wire)
		all := make([]byte, 0, len(b.queries)*size)
		for _, q := range b.queries {
			all = append(all, q.wire...)
		}
		_, _, err := s.conn.(*net.UDPConn).WriteMsgUDP(all, cutEvery(size), nil)
		if !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.EINVAL) {
			return err
		}
		p.oneByOne.Store(true) // the interface cannot do it
	}
	for _, q := range b.queries {
		if _, err := s.conn.Write(q.wire); err != nil {
			return err
		}
	}
	return nil
}

// read hands out answers until the socket breaks or is no longer used.
func (p *sockets) read(s *socket) {
	defer func() { _ = s.conn.Close() }() // no answer is waited for
	if p.framed {
		p.readFrames(s)
		return
	}
	messages := make([]ipv4.Message, 1)
	if s.packets != nil {
		messages = make([]ipv4.Message, readAhead)
	}
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, udpBuffer)}
	}
	for {
		n, err := 1, error(nil)
		if s.packets != nil {
			n, err = s.packets.ReadBatch(messages, 0)
		} else {
			messages[0].N, err = s.conn.Read(messages[0].Buffers[0])
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && !p.idle(s):
			_ = s.conn.SetReadDeadline(systemClock().Add(linger))
			continue
		case err != nil:
			p.fail(s, err)
			return
		}
		p.deliver(s, messages[:n])
	}
}

// idle reports whether no query waits on a socket; then none will.
func (p *sockets) idle(s *socket) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(s.asked) == 0 {
		p.retire(s)
	}
	return len(s.asked) == 0
}

func (p *sockets) deliver(s *socket, messages []ipv4.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range messages {
		p.take(s, m.Buffers[0][:m.N])
	}
}

// take hands a datagram to the query that it answers. The caller holds the lock.
func (p *sockets) take(s *socket, wire []byte) {
	var at place
	if len(wire) >= headerSize {
		at = s.asked[binary.BigEndian.Uint16(wire)]
	}
	b := at.batch
	if b == nil || errors.Is(b.queries[at.index].matches(wire), errForeign) {
		s.strays++
		return
	}
	if b.wires[at.index] != nil || b.err != nil {
		return // a second answer, or one that comes too late
	}
	if b.buffer == nil {
		b.buffer = make([]byte, 0, len(b.queries)*len(wire)) // most answers about a name are alike
	}
	p.arrived = p.arrived || b.whole
	b.buffer = append(b.buffer, wire...)
	b.wires[at.index] = b.buffer[len(b.buffer)-len(wire):]
	if truncates(wire) && !p.framed && !b.cut {
		b.cut = true
		b.events <- cut
	}
	if b.left--; b.left == 0 {
		b.events <- ended
	}
}

// fail ends every wait on a socket that broke.
func (p *sockets) fail(s *socket, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retire(s)
	for _, at := range s.asked {
		if b := at.batch; b.left > 0 && b.err == nil {
			b.err = err
			b.events <- ended
		}
	}
}
