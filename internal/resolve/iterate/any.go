package iterate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/miekg/dns"
)

// stagger is how long a server may take before the next is asked beside it.
const stagger = 400 * time.Millisecond

// anyOf asks the servers of a zone until one gives a useful answer: one after
// the other, beside each other when they are slow.
func (w *Walker) anyOf(ctx context.Context, t trail, z *Zone, name string, qtype uint16, useful func(*dns.Msg) bool) (*dns.Msg, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var servers []Server
	for _, i := range order(z.Name, name, len(z.Servers)) {
		if z.Servers[i].client != nil {
			servers = append(servers, z.Servers[i])
		}
	}
	type outcome struct {
		m   *dns.Msg
		err error
	}
	outcomes := make(chan outcome, len(servers))
	problem, under := fmt.Errorf("no address of any server of %s is known", z.Name), 0
	for next := 0; next < len(servers) || under > 0; {
		if next < len(servers) {
			if err := t.spend(); err != nil {
				return nil, err
			}
			s := servers[next]
			go func() {
				m, err := s.client.Exchange(ctx, name, qtype)
				outcomes <- outcome{m, err}
			}()
			next, under = next+1, under+1
		}
		var hurry <-chan time.Time
		if next < len(servers) {
			hurry = time.After(stagger)
		}
		select {
		case <-hurry:
			continue
		case o := <-outcomes:
			under--
			if o.err == nil && useful(o.m) {
				return o.m, nil
			}
			problem = why(problem, o.m, o.err)
		}
		if ctx.Err() != nil {
			problem = fmt.Errorf("%w before any of them did", context.Cause(ctx))
			break
		}
	}
	if z.parent == nil {
		problem = fmt.Errorf("%w; where port 53 is closed or others answer there, name a resolver with --resolver", problem)
	}
	return nil, fmt.Errorf("no server of %s gives a useful answer for %s %s: %w", z.Name, name, dns.Type(qtype), problem)
}

// order spreads the questions over a zone's servers, and asks the same ones first
// in every run: where they disagree, a verdict must not change by chance.
func order(zone, name string, servers int) []int {
	h := fnv.New128a()
	_, _ = h.Write([]byte(zone + " " + name))
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:]))).Perm(servers)
}

// why keeps the last reason, preferring what a server said to what this machine lacks.
func why(before error, m *dns.Msg, err error) error {
	if err == nil {
		return errors.New("it answered " + dns.RcodeToString[m.Rcode] + " without authority, or against its authority")
	}
	if noFamily(err) {
		return before
	}
	return err
}
