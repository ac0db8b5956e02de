// Package iterate resolves names iteratively: it follows the delegations from the root and
// queries every address of every server of a name's zone. It ignores data outside of the
// zone that a server was asked for (RFC 1034 §5.3.3, RFC 5452 §6), and it judges nothing.
package iterate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/memo"
	"github.com/bindgate/bindgate/internal/resolve"
)

// Config configures a Walker.
type Config struct {
	Roots   Roots            // from ParseRoots; the zero value: IANA's, compiled in
	Port    uint16           // of every server; 0: 53
	Timeout time.Duration    // of one try; 0: 2 s
	Tries   int              // attempts per query and address; 0: 3
	Rate    float64          // questions a second to one address; 0: 500, below 0: no limit
	Now     func() time.Time // time of answers, and for validating signatures
	// Dial opens a connection ("udp" or "tcp"); nil: the operating system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Walker resolves names iteratively. It caches zones, answers and failures, so
// create one per run. It is safe for concurrent use.
type Walker struct {
	cfg     Config
	root    *Zone
	public  bool // with IANA's roots: private addresses are not contacted
	anchors []*dns.DS

	mu      sync.Mutex
	clients map[netip.AddrPort]*resolve.Client
	family6 family

	zones     memo.Memo[zoneKey, *Zone]
	addresses memo.Memo[string, []netip.Addr]
	asked     memo.Memo[askKey, []ZoneAnswers]
	trusted   memo.Memo[string, trust]
	versions  memo.Memo[versionKey, Version]
	steps     memo.Memo[stepKey, found]
	others    memo.Memo[askKey, others]
}

// zoneKey separates zones that were found while looking up a server's address: such a
// zone may have fewer known servers.
type zoneKey struct {
	name   string
	helper bool
}

// mostNames limits the cached answers. Zones, which many names share, are cached for the
// whole run.
const mostNames = 4096

// askKey is the cache key of queries.
type askKey struct {
	zone, name string
	types      typeSet
}

// typeSet is up to four types that are asked for together.
type typeSet uint64

func setOf(types ...uint16) (set typeSet) {
	for _, qtype := range types {
		set = set<<16 | typeSet(qtype)
	}
	return set
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
	w.zones.Transient, w.addresses.Transient, w.asked.Transient, w.trusted.Transient = spent, spent, spent, spent
	w.asked.Limit, w.others.Limit, w.steps.Limit = mostNames, mostNames, mostNames
	w.steps.Transient = spent
	w.root, err = w.newZone(nil, ".", rootHosts(roots.servers))
	return w, err
}

// client returns the client for an address. There is one per address and run, so that its
// window and rate limit apply to the whole run.
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

// family records whether IPv6 works: many machines and networks drop it, and each IPv6
// address would then cost all its time-outs.
type family struct {
	mu       sync.Mutex
	answered bool
	silent   map[netip.AddrPort]bool
}

// enoughSilent is the number of silent IPv6 addresses, without any that answered, after
// which IPv6 counts as unreachable.
const enoughSilent = 2

// note records the result of a query to an address.
func (f *family) note(at netip.AddrPort, err error) {
	if !at.Addr().Is6() || at.Addr().Is4In6() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var e *resolve.Error
	switch {
	case err == nil:
		f.answered = true
	case errors.As(err, &e) && (e.Kind == resolve.Timeout || e.Kind == resolve.Silent):
		if f.silent == nil {
			f.silent = map[netip.AddrPort]bool{}
		}
		f.silent[at] = true
	}
}

// lost returns why an address must not be queried, or "".
func (f *family) lost(at netip.AddrPort) string {
	if !at.Addr().Is6() || at.Addr().Is4In6() {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answered || f.silent[at] || len(f.silent) < enoughSilent {
		return ""
	}
	return fmt.Sprintf("not asked: none of %d IPv6 addresses that were asked answered, so there may be no way to them from this machine", len(f.silent))
}

// Walk is a CNAME chain, according to the authoritative servers.
type Walk struct {
	resolve.Chain
	Steps []Step // one per queried name of the chain
}

// Step contains the nameserver answers for one name of the chain.
type Step struct {
	Aliases ZoneAnswers   // to the CNAME query
	Others  []ZoneAnswers // to the queries for the requested types; at a CNAME owner only A, AAAA and TXT
}

// Walk follows the CNAME chain of name to its records of the given types. It queries every
// authoritative server of every name of the chain and follows the most frequent answer;
// the steps contain all answers. If Walk fails, it returns the steps up to the
// error.
func (w *Walker) Walk(ctx context.Context, name string, types ...uint16) (Walk, error) {
	return w.walk(ctx, name, w.sharedStep, types)
}

// WalkWithOthers is Walk for a name that is expected to be an alias and is asked for by
// this walk alone: it asks for what OtherRecords wants to know of it at the same time.
func (w *Walker) WalkWithOthers(ctx context.Context, name string, types ...uint16) (Walk, error) {
	return w.walk(ctx, name, w.firstStep, types)
}

// stepper finds what one name of a walk has.
type stepper func(ctx context.Context, t trail, name string, types []uint16) (Step, resolve.Answer, error)

func (w *Walker) walk(ctx context.Context, name string, next stepper, types []uint16) (Walk, error) {
	owner, err := resolve.NameToAsk(name)
	if err != nil {
		return Walk{}, err
	}
	t := newTrail()
	walk := Walk{Chain: resolve.Chain{Name: owner}, Steps: make([]Step, 0, 2)} // most chains have one CNAME record
	for {
		step, here, err := next(ctx, t, walk.Name, types)
		next = w.sharedStep
		if step.Aliases.Zone != nil {
			walk.Steps = append(walk.Steps, step)
		}
		if err != nil {
			return walk, err
		}
		if walk.Extend(here) {
			return walk, nil
		}
	}
}

// found is a step and its result.
type found struct {
	step Step
	here resolve.Answer
	err  error
}

// stepKey is the cache key of a step.
type stepKey struct {
	name  string
	types typeSet
}

// sharedStep returns the step of a name, from the cache if possible, because many names
// have the same CNAME target.
func (w *Walker) sharedStep(ctx context.Context, t trail, name string, types []uint16) (Step, resolve.Answer, error) {
	f, err := w.steps.Get(ctx, stepKey{name, setOf(types...)}, func(ctx context.Context, _ stepKey) (f found, err error) {
		by := w.askAll
		if types[0] == dns.TypeA { // most chains end here
			by = w.askWithAlso
		}
		f.step, f.here, f.err = w.step(ctx, t, name, by, types)
		if ctx.Err() != nil || spent(f.err) {
			return f, f.err // not kept
		}
		return f, nil
	})
	if err == nil {
		err = f.err
	}
	return f.step, f.here, err
}

func (w *Walker) firstStep(ctx context.Context, t trail, name string, types []uint16) (Step, resolve.Answer, error) {
	return w.step(ctx, t, name, w.askWithOthers, types)
}

// step queries one name: its CNAME record, or else the requested records.
// It queries addresses and TXT in any case, as clients and the platform
// do, because a server may answer them differently from the CNAME query.
func (w *Walker) step(ctx context.Context, t trail, name string, by asker, types []uint16) (Step, resolve.Answer, error) {
	var s Step
	wanted := []uint16{dns.TypeCNAME}
	direct := types[0] == dns.TypeA || types[0] == dns.TypeTXT
	if direct {
		wanted = append(wanted, types...)
	}
	var known found
	var ok bool // a walk to its addresses asked for its alias
	if !direct {
		known, ok = w.steps.Known(stepKey{name, setOf(dns.TypeA, dns.TypeAAAA)})
	}
	if ok {
		s.Aliases = known.step.Aliases
	} else {
		all, err := w.askBy(ctx, t, name, by, wanted)
		if err != nil {
			return s, resolve.Answer{}, err
		}
		s.Aliases, s.Others = all[0], all[1:]
	}
	first, err := decided(s.Aliases)
	if err != nil || len(first.CNAMEs) > 0 {
		return s, first, err
	}
	if also := s.Aliases.also; !direct && len(also) == len(types) && also[0].Type == types[0] {
		s.Others = also
	} else if !direct {
		if s.Others, err = w.ask(ctx, t, name, types...); err != nil {
			return s, resolve.Answer{}, err
		}
	}
	answers := []resolve.Answer{first}
	for _, m := range s.Others {
		a, err := decided(m)
		if err != nil && m.Type == dns.TypeAAAA && len(answers[len(answers)-1].Records) > 0 {
			continue // the server drops unknown types; the addresses are enough
		}
		if err != nil {
			return s, resolve.Answer{}, err
		}
		answers = append(answers, a)
	}
	return s, resolve.Union(answers...), nil
}

// decided returns the most frequent answer, or an error that explains why there is none.
func decided(m ZoneAnswers) (resolve.Answer, error) {
	said, ok := m.Agreed()
	if ok {
		return said, nil
	}
	problem, lame := "it has none", len(m.Replies) > 0
	for _, r := range m.Replies {
		lame = lame && r.Status == Lame
		if r.Problem != "" {
			problem = r.Server.Host + ": " + r.Problem
		}
	}
	if lame {
		return said, fmt.Errorf("the zone %s is delegated, and no server serves it (server addresses queried: %d), so %s cannot be found (%s); create the zone at that provider, or correct its NS records in the zone above",
			m.Zone.Name, len(m.Replies), m.Name, problem)
	}
	return said, fmt.Errorf("asking the servers of %s for %s %s: none of %d addresses answered with authority; %s",
		m.Zone.Name, m.Name, dns.Type(m.Type), len(m.Replies), problem)
}

const (
	mostQuestions = 400 // per walk, to all servers together
	mostDepth     = 4   // looking up a server to look up a server …
)

// trail is the context of a query: the zones and budget of its walk. A lookup of a name
// server's address is a helper. Helpers use results of other walks but never wait for
// them, because those may be waiting for the helper.
type trail struct {
	helper bool
	depth  int
	zones  []string // being found
	left   *atomic.Int32
}

// errSpent reports a walk without remaining queries, for example because of a delegation
// that was built to cause many queries (RFC 9520, NXNSAttack).
var errSpent = errors.New("the zones on the way need too many questions; a delegation without end, or a trap")

// spent reports whether a walk has used up its queries. The budgets of other walks are not
// affected.
func spent(err error) bool { return errors.Is(err, errSpent) }

func newTrail() trail {
	t := trail{left: new(atomic.Int32)}
	t.left.Store(mostQuestions)
	return t
}

func (t trail) spend() error {
	if t.left.Add(-1) < 0 {
		return errSpent
	}
	return nil
}

// addressesOf looks up a name server's addresses from the root. It does not follow a CNAME
// record: the name of a name server must not have one (RFC 2181 §10.3).
func (w *Walker) addressesOf(ctx context.Context, t trail, host string) ([]netip.Addr, error) {
	if t.depth >= mostDepth {
		return nil, errors.New("the servers' names depend on too many other zones")
	}
	get := w.addresses.Get
	if t.helper {
		get = w.addresses.GetWithoutWaiting
	}
	return get(ctx, host, func(ctx context.Context, host string) ([]netip.Addr, error) {
		next := t
		next.helper, next.depth = true, t.depth+1
		z, err := w.zoneOf(ctx, next, parent(host))
		if err != nil {
			return nil, err
		}
		return w.bothFamilies(ctx, next, z, host)
	})
}

func (w *Walker) bothFamilies(ctx context.Context, t trail, z *Zone, host string) (addrs []netip.Addr, err error) {
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		found, err := w.hostRecords(ctx, t, z, host, qtype)
		if err != nil {
			return addrs, err
		}
		addrs = append(addrs, found...)
	}
	return addrs, nil
}

func (w *Walker) hostRecords(ctx context.Context, t trail, z *Zone, host string, qtype uint16) ([]netip.Addr, error) {
	m, err := w.anyOf(ctx, t, z, host, qtype, func(m *dns.Msg) bool {
		_, refers := referral(m, z.Name, host)
		return m.Authoritative || refers
	})
	if err != nil {
		return nil, err
	}
	if _, refers := referral(m, z.Name, host); refers {
		child, err := w.zoneOf(ctx, t, host)
		if err != nil || child.Name == z.Name {
			return nil, err
		}
		return w.hostRecords(ctx, t, child, host, qtype)
	}
	return addressesIn(m, host)
}

// addressesIn returns the addresses of a host in an answer. It fails if the host has a CNAME record.
func addressesIn(m *dns.Msg, host string) (addrs []netip.Addr, err error) {
	for _, rr := range m.Answer {
		if resolve.Canonical(rr.Header().Name) != host {
			continue
		}
		if alias, ok := rr.(*dns.CNAME); ok {
			err = fmt.Errorf("it has a CNAME record to %s, which the name in an NS record must not have (RFC 2181 §10.3)", resolve.Canonical(alias.Target))
		}
		if addr, ok := addressIn(rr); ok && len(addrs) < mostAddresses {
			addrs = append(addrs, addr)
		}
	}
	return addrs, err
}
