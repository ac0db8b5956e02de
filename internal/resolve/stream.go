package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/miekg/dns"
)

// frameSize is how many bytes a message's length takes in front of it (RFC 1035 §4.2.2).
const frameSize = 2

// anyDatagram is the length of a message in bytes that no server has to truncate (RFC 1035 §2.3.4).
const anyDatagram = 512

// stream asks over TCP. Questions are sent one after the other on connections that many
// share, and answers come in any order (RFC 7766 §6.2.1.1). What a connection ends
// without, as with a server that closes it after each answer, gets a new one.
func (p *plain) stream(ctx context.Context, timeout time.Duration, queries []query) []delivery {
	alone := func(q query) delivery {
		return overStream(ctx, "tcp", timeout, q, func(ctx context.Context) (net.Conn, error) { return p.dial(ctx, "tcp", p.address) })
	}
	if p.oneByOne.Load() {
		return each(queries, alone)
	}
	out := make([]delivery, len(queries))
	var open []int // without an answer
	wires, failed := p.streams.exchange(ctx, timeout, queries)
	for i, q := range queries {
		out[i] = delivery{network: "tcp", err: failed}
		if wires[i] == nil {
			open = append(open, i)
			continue
		}
		out[i].message, out[i].err = q.acceptWhole(wires[i])
		out[i].small = len(wires[i]) <= anyDatagram
	}
	var op *net.OpError
	switch {
	case len(open) == 0 || ctx.Err() != nil || errors.As(failed, &op) && op.Op == "dial":
	case !errors.Is(failed, os.ErrDeadlineExceeded):
		for n, d := range each(pick(queries, open), alone) {
			out[open[n]] = d
		}
	case len(open) < len(queries): // it reads a question at a time, and drops the others
		p.oneByOne.Store(true)
	}
	return out
}

// acceptWhole reads the answer to a query that came over a stream.
func (q query) acceptWhole(wire []byte) (*dns.Msg, error) {
	m, err := q.accept(wire)
	if errors.Is(err, errTruncated) {
		err = errors.New("it is truncated, over TCP too")
	}
	return m, malformed(err)
}

// writeFrames sends queries on a stream, in one piece.
func (s *socket) writeFrames(timeout time.Duration, queries []query) error {
	var frames []byte
	for _, q := range queries {
		frames = append(binary.BigEndian.AppendUint16(frames, uint16(len(q.wire))), q.wire...)
	}
	err := s.conn.SetWriteDeadline(systemClock().Add(timeout))
	if err == nil {
		_, err = s.conn.Write(frames)
	}
	if err != nil {
		_ = s.conn.Close() // a part of a frame may have gone; the reader ends the other waits
	}
	return err
}

// readFrames hands out the answers of a stream as read does those of datagrams.
func (p *sockets) readFrames(s *socket) {
	var held []byte // what was read and not handed out
	chunk := make([]byte, udpBuffer)
	for {
		n, err := s.conn.Read(chunk)
		held = append(held, chunk[:n]...)
		rest := p.deliverFrames(s, held)
		held = held[:copy(held, rest)]
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && !p.idle(s):
			_ = s.conn.SetReadDeadline(systemClock().Add(linger))
		case err != nil:
			p.fail(s, err)
			return
		}
	}
}

// deliverFrames hands out the whole messages of what was read, and returns the rest.
func (p *sockets) deliverFrames(s *socket, held []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(held) >= frameSize {
		end := frameSize + int(binary.BigEndian.Uint16(held))
		if len(held) < end {
			break
		}
		p.take(s, held[frameSize:end])
		held = held[end:]
	}
	return held
}

// overStream opens a connection and makes one exchange on it in the time of one try.
func overStream(ctx context.Context, network string, timeout time.Duration, q query, open func(context.Context) (net.Conn, error)) delivery {
	try, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := open(try)
	if err != nil {
		return delivery{network: network, err: err}
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(try, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	d := delivery{network: network}
	wire, err := exchangeFrame(conn, q)
	if err != nil {
		d.err = err
		return d
	}
	if d.message, d.err = q.acceptWhole(wire); errors.Is(q.matches(wire), errForeign) {
		d.err = &readError{err: errForeign, ignored: 1}
	}
	d.small = len(wire) <= anyDatagram
	return d
}

// exchangeFrame sends one query and returns the message that comes next.
func exchangeFrame(conn net.Conn, q query) ([]byte, error) {
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(q.wire)))
	if _, err := conn.Write(append(framed, q.wire...)); err != nil {
		return nil, err
	}
	var size [frameSize]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, &readError{err: err}
	}
	wire := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, wire); err != nil {
		return nil, &readError{err: err}
	}
	return wire, nil
}
