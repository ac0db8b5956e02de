// Package iterate asks the authoritative servers themselves: it walks from the
// root to every address of every server of a name's zone. It believes a server
// about the zones that lead to it and nothing else (RFC 1034 §5.3.3, RFC 5452
// §6), and it judges nothing.
package iterate

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/memo"
	"github.com/bindgate/bindgate/internal/resolve"
)

// Config says where to begin and how patiently to ask.
type Config struct {
	Roots   Roots            // from ParseRoots; the zero value: IANA's, compiled in
	Port    uint16           // of every server; 0: 53
	Timeout time.Duration    // of one try; 0: 2 s
	Tries   int              // how often a question is sent to one address; 0: 3
	Rate    float64          // questions a second to one address; 0: 500, below 0: no limit
	Now     func() time.Time // stamps answers, and the time at which signatures must hold
	// Dial opens a connection ("udp" or "tcp"); nil: the operating system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Walker walks. What it learnt of zones and names it keeps, failures too, so
// make one for a run. It is safe for concurrent use.
type Walker struct {
	cfg     Config
	root    *Zone
	public  bool // it begins at IANA's roots: no address of a private network is asked
	anchors []*dns.DS

	mu      sync.Mutex
	clients map[netip.AddrPort]*resolve.Client

	zones     memo.Memo[zoneKey, *Zone]
	addresses memo.Memo[string, []netip.Addr]
	asked     memo.Memo[askKey, Matrix]
	trusted   memo.Memo[string, trust]
	versions  memo.Memo[versionKey, Version]
	steps     memo.Memo[stepKey, found]
	others    memo.Memo[askKey, others]
}

// zoneKey: a zone that was found on the way to some server's address may know
// fewer of its own servers, and is kept apart.
type zoneKey struct {
	name   string
	helper bool
}

// mostNames bounds the answers that are kept. What is known of zones, which many
// names share, is kept for the whole run.
const mostNames = 4096

type askKey struct {
	zone, name string
	qtype      uint16
}

// New makes a walker.
func New(cfg Config) (*Walker, error) {
	if cfg.Port == 0 {
		cfg.Port = 53
	}
	roots, err := cfg.Roots.orIANA()
	if err != nil {
		return nil, err
	}
	w := &Walker{cfg: cfg, anchors: roots.anchors, public: cfg.Roots.servers == nil, clients: map[netip.AddrPort]*resolve.Client{}}
	w.zones.Own, w.addresses.Own, w.asked.Own, w.trusted.Own = spent, spent, spent, spent
	w.asked.Most, w.others.Most, w.steps.Most = mostNames, mostNames, mostNames
	w.steps.Own = spent
	w.root, err = w.newZone(nil, ".", roots.servers)
	return w, err
}

// client is the one that asks an address, so that its window and rate hold for
// the whole run.
func (w *Walker) client(at netip.AddrPort) (*resolve.Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.clients[at]; c != nil {
		return c, nil
	}
	c, err := resolve.New(resolve.Config{Server: at.String(), Authoritative: true,
		Timeout: w.cfg.Timeout, Tries: w.cfg.Tries, Rate: w.cfg.Rate, Dial: w.cfg.Dial})
	if err == nil {
		w.clients[at] = c
	}
	return c, err
}
