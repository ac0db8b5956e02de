// Package probe connects to the addresses of a name: a TLS handshake on port 443, or a HEAD
// request on port 80. It does not resolve names: the caller passes the addresses, and
// package reach checks each right before the connection, so that DNS rebinding has no
// effect. It follows no redirects, uses no proxy, and limits time and bytes.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/neterr"
	"github.com/bindgate/bindgate/internal/reach"
)

// The ports that bindgate connects to.
const (
	portTLS   = 443
	portPlain = 80
)

// Limits for one name.
const (
	maxAddresses = 16
	maxTime      = 5 * time.Second // for one address
	maxBytes     = 512 << 10       // that are read from one address
	maxChain     = 10              // certificates that are kept
	parallel     = 8               // addresses of one name at a time
)

// Config configures a Collector.
type Config struct {
	Allow []netip.Prefix                          // addresses to connect to in addition to public ones
	Via   netip.AddrPort                          // dialled in place of every address, on loopback: a sandbox; zero: none
	Trust func([]*x509.Certificate) evidence.Path // finds the path of a chain to a root of the run
	Now   func() time.Time
}

// Collector is safe for concurrent use.
type Collector struct {
	config Config
}

// New creates a Collector. It fails if Via is not a loopback address.
func New(c Config) (*Collector, error) {
	if c.Via.IsValid() && !c.Via.Addr().IsLoopback() {
		return nil, fmt.Errorf("reading the probe's address: got %s, want a loopback address", c.Via)
	}
	return &Collector{config: c}, nil
}

// Target is a name and the addresses to connect to.
type Target struct {
	Name      string       // server name: what DNS was asked for, without a wildcard
	Addresses []netip.Addr // as DNS gave them, or those of a listener that DNS does not name yet
	Intranet  bool         // the name is of a private network: private addresses may be asked
}

// Handshake observes the certificates that the addresses present for the name.
func (c *Collector) Handshake(ctx context.Context, t Target) evidence.Observation[evidence.Probe] {
	return c.look(ctx, t, portTLS, c.handshake)
}

// Plain observes what the addresses answer without TLS.
func (c *Collector) Plain(ctx context.Context, t Target) evidence.Observation[evidence.Probe] {
	return c.look(ctx, t, portPlain, c.plain)
}

// answer is the result of one address.
type answer struct {
	served *evidence.Presented // without its addresses
	plain  *evidence.HTTPAnswer
	silent *silence
}

// silence is an address without an answer, as an error.
type silence struct {
	kind    evidence.ProbeFailureKind
	problem string
}

func (s *silence) Error() string { return s.problem }

type asking func(ctx context.Context, conn net.Conn, name string) (answer, error)

// look connects to all addresses in parallel and combines the results.
func (c *Collector) look(ctx context.Context, t Target, port uint16, ask asking) evidence.Observation[evidence.Probe] {
	now := c.config.Now()
	switch {
	case len(t.Addresses) == 0:
		return evidence.Failed[evidence.Probe]("DNS gives no address to ask", "", now)
	case len(t.Addresses) > maxAddresses:
		return evidence.Failed[evidence.Probe](fmt.Sprintf("DNS gives %d addresses, more than the %d that are asked", len(t.Addresses), maxAddresses), "", now)
	}
	answers := make([]answer, len(t.Addresses))
	var work errgroup.Group
	work.SetLimit(parallel)
	for i, addr := range t.Addresses {
		work.Go(func() error {
			answers[i] = c.one(ctx, t, netip.AddrPortFrom(addr, port), ask)
			return nil
		})
	}
	_ = work.Wait() // they report through the answers only
	if err := ctx.Err(); err != nil {
		return evidence.Failed[evidence.Probe]("interrupted: "+context.Cause(ctx).Error(), "", now)
	}
	facts := evidence.Probe{Name: t.Name}
	for i, a := range answers {
		address := t.Addresses[i].String()
		switch {
		case a.silent != nil:
			facts.Failures = append(facts.Failures, evidence.ProbeFailure{Address: address, Port: int(port), Kind: a.silent.kind, Problem: a.silent.problem})
		case a.plain != nil:
			a.plain.Address = address
			facts.HTTP = append(facts.HTTP, *a.plain)
		default:
			facts.Presented = c.add(facts.Presented, *a.served, address)
		}
	}
	return evidence.Observed(facts, t.Name, now)
}

// add adds an address to the chain that it presented.
func (c *Collector) add(all []evidence.Presented, p evidence.Presented, address string) []evidence.Presented {
	for i, known := range all {
		if known.RequestsClientCertificate == p.RequestsClientCertificate && sameChain(known.Chain, p.Chain) {
			all[i].Addresses = append(all[i].Addresses, address)
			return all
		}
	}
	chain := make([]*x509.Certificate, 0, len(p.Chain))
	for _, cert := range p.Chain {
		if parsed, err := cert.X509(); err == nil { // the handshake has parsed it
			chain = append(chain, parsed)
		}
	}
	p.Path = c.config.Trust(chain)
	p.Addresses = []string{address}
	return append(all, p)
}

func sameChain(a, b []evidence.Cert) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

// one connects to one address. A panic counts as a failed connection.
func (c *Collector) one(ctx context.Context, t Target, to netip.AddrPort, ask asking) (a answer) {
	defer func() {
		if recover() != nil {
			a = answer{silent: &silence{evidence.ProbeNoHandshake, "the probe panicked; this is a defect of bindgate, please report it"}}
		}
	}()
	if err := (reach.Policy{Private: t.Intranet, Allow: c.config.Allow}).Check(to.Addr()); err != nil {
		return answer{silent: &silence{evidence.ProbeNotAllowed, err.Error()}}
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	conn, err := c.dial(ctx, to)
	if err != nil {
		return answer{silent: classify(err)}
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return answer{silent: classify(err)}
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // an interrupted run does not wait
	defer stop()
	a, err = ask(ctx, &bounded{Conn: conn, left: maxBytes}, t.Name)
	switch {
	case err != nil && ctx.Err() != nil: // closing the connection hides the cause
		return answer{silent: classify(ctx.Err())}
	case err != nil:
		return answer{silent: classify(err)}
	}
	return a
}

// dial connects to exactly the checked address: it resolves nothing, and compares
// the address that is passed to the kernel.
func (c *Collector) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if c.config.Via.IsValid() {
		to = c.config.Via
	}
	dialer := net.Dialer{KeepAlive: -1, Control: func(_, address string, _ syscall.RawConn) error {
		if got, err := netip.ParseAddrPort(address); err != nil || got.Addr().Unmap() != to.Addr().Unmap() || got.Port() != to.Port() {
			return errors.New("the address that is dialled is not the one that was judged")
		}
		return nil
	}}
	return dialer.DialContext(ctx, "tcp", to.String())
}

// bounded is a connection that limits the number of bytes to read.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &silence{evidence.ProbeNoHandshake, fmt.Sprintf("the answer has more than %d bytes", maxBytes)}
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// classify returns the reason why an address gave no answer, without text of the server.
func classify(err error) *silence {
	var known *silence
	var timeout net.Error
	switch {
	case errors.As(err, &known):
		return known
	case neterr.NoRoute(err):
		return &silence{evidence.ProbeNoRoute, "this machine has no route to it"}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &silence{evidence.ProbeTimeout, fmt.Sprintf("no answer within %s", maxTime)}
	case neterr.Refused(err):
		return &silence{evidence.ProbeNoConnection, "the connection was refused"}
	case neterr.HostUnreachable(err):
		return &silence{evidence.ProbeNoConnection, "the host is unreachable"}
	}
	return &silence{evidence.ProbeNoConnection, "the connection was closed before there was an answer"}
}
