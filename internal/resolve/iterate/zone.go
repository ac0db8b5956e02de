package iterate

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
)

// Bounds of what a delegation may cost.
const (
	mostHosts     = 20 // name servers of a zone that are looked at
	mostAddresses = 4  // of one host and family
)

// Zone is a part of the name space and those who answer for it.
type Zone struct {
	Name    string   // its apex; "." for the root
	Servers []Server // every address of every host of the delegation and of the zone's own NS set, sorted
	parent  *Zone    // nil: the root
}

// Server is one address of a name server, or a host whose address is not known, or
// whose address is not to be asked.
type Server struct {
	Host    string
	Address netip.AddrPort // invalid: see Problem
	Text    string         // of Address; "" if it is invalid
	Problem string         // why it is not asked
	Origin  string         // "glue" or "zone": only the delegation, or only the zone itself, gives this address
	client  *resolve.Client
}

// name is the host with its address.
func (s Server) name() string { return s.Host + " (" + s.Text + ")" }

// origin is who gives an address of a name server, where the delegation and the zone
// itself give different ones.
type origin string

const (
	originGlue origin = "glue" // the delegation alone
	originZone origin = "zone" // the zone itself alone
)

// host is what is known of a name server.
type host struct {
	addrs   []netip.Addr
	origins map[netip.Addr]origin // none: both, or one of them was not asked
	problem string                // why there is no address
}

// newZone makes a zone of its hosts.
func (w *Walker) newZone(parent *Zone, name string, hosts map[string]*host) (*Zone, error) {
	z := &Zone{Name: name, parent: parent}
	for name, h := range hosts {
		if len(h.addrs) == 0 {
			z.Servers = append(z.Servers, Server{Host: name, Problem: cmp.Or(h.problem, "no address of this host could be found")})
		}
		for _, addr := range h.addrs {
			at := netip.AddrPortFrom(addr, w.cfg.Port)
			s := Server{Host: name, Address: at, Text: at.String(), Origin: string(h.origins[addr])}
			// A zone that anyone may publish must not make this machine ask inside its own network.
			if w.public && !evidence.PublicAddress(addr) {
				s.Problem = "its address is of a private or reserved network, and callers on the Internet cannot ask it"
				z.Servers = append(z.Servers, s)
				continue
			}
			var err error
			if s.client, err = w.client(at); err != nil {
				return nil, err
			}
			z.Servers = append(z.Servers, s)
		}
	}
	slices.SortFunc(z.Servers, func(a, b Server) int {
		if c := strings.Compare(a.Host, b.Host); c != 0 {
			return c
		}
		return a.Address.Compare(b.Address)
	})
	return z, nil
}

// zoneOf is the zone that holds a name, or begins there.
func (w *Walker) zoneOf(ctx context.Context, t trail, name string) (*Zone, error) {
	if name == "." {
		return w.root, nil
	}
	get := w.zones.Get
	if t.helper {
		get = w.zones.GetWithoutWaiting // see trail
	}
	return get(ctx, zoneKey{name, t.helper}, func(ctx context.Context, key zoneKey) (*Zone, error) {
		above, err := w.zoneOf(ctx, t, parent(name))
		if err != nil {
			return nil, err
		}
		return w.cut(ctx, t, above, name)
	})
}

// cut finds out whether a zone begins at name, by asking the servers of the zone
// above for its NS records and nothing more (RFC 9156): a thousand names below
// it then share that answer. Some servers, balancers above all, answer such a
// question with an error and others soundly; then no zone begins there, as far as
// is known, and the query for the whole name decides (RFC 9156 §2.3). The root's
// servers do not: such an error comes from a middlebox.
func (w *Walker) cut(ctx context.Context, t trail, above *Zone, name string) (*Zone, error) {
	balks := false
	m, err := w.anyOf(ctx, t, above, name, dns.TypeNS, func(m *dns.Msg) bool {
		_, refers := referral(m, above.Name, name)
		sound := refers || m.Authoritative && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError)
		balks = balks || !sound
		return sound
	})
	if err != nil && balks && above.parent != nil && ctx.Err() == nil && !spent(err) {
		return above, nil
	}
	if err != nil {
		return nil, fmt.Errorf("finding the zone of %s: %w", name, err)
	}
	if begin, refers := referral(m, above.Name, name); refers {
		return w.delegated(ctx, t, above, begin, m.Ns, m.Extra)
	}
	if len(hostsAt(m.Answer, name)) > 0 { // one server for both zones
		return w.delegated(ctx, t, above, name, m.Answer, m.Extra)
	}
	return above, nil
}

// delegated makes the zone that a delegation names.
func (w *Walker) delegated(ctx context.Context, t trail, above *Zone, name string, ns, extra []dns.RR) (*Zone, error) {
	if slices.Contains(t.zones, name) {
		return nil, fmt.Errorf("the servers of %s can be found only through themselves", name)
	}
	t.zones = append(slices.Clip(t.zones), name)
	hosts := map[string]*host{}
	for name, addrs := range glueOf(extra, above.Name, hostsAt(ns, name)) {
		hosts[name] = &host{addrs: addrs}
	}
	glue := map[string][]netip.Addr{}
	for name, h := range hosts {
		glue[name] = h.addrs
	}
	if err := w.locate(ctx, t, hosts); err != nil {
		return nil, err
	}
	z, err := w.newZone(above, name, hosts)
	if err != nil || above.parent == nil || t.helper {
		return z, err
	}
	return w.completed(ctx, t, z, hosts, glue)
}

// locate looks up the hosts that came without addresses. A helper stops at the
// first: it needs one server, not all.
func (w *Walker) locate(ctx context.Context, t trail, hosts map[string]*host) error {
	known := false
	for _, h := range hosts {
		known = known || len(h.addrs) > 0
	}
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		h := hosts[name]
		if len(h.addrs) > 0 {
			continue
		}
		if t.helper && known {
			return nil
		}
		addrs, err := w.addressesOf(ctx, t, name)
		if ctx.Err() != nil || spent(err) {
			return err
		}
		if h.addrs = addrs; err != nil && len(addrs) == 0 {
			h.problem = "no address of this host could be found: " + err.Error()
		}
		known = known || len(addrs) > 0
	}
	return nil
}

// hostsAt are the hosts of the NS records of name, without addresses.
func hostsAt(rrs []dns.RR, name string) map[string][]netip.Addr {
	hosts := map[string][]netip.Addr{}
	for _, rr := range rrs {
		if ns, ok := rr.(*dns.NS); ok && resolve.Canonical(ns.Hdr.Name) == name && len(hosts) < mostHosts {
			hosts[resolve.Canonical(ns.Ns)] = nil
		}
	}
	return hosts
}

// glueOf gives hosts the addresses that came with the delegation, as far as the
// zone that delegates may speak of them: at and below its own apex.
func glueOf(extra []dns.RR, apex string, hosts map[string][]netip.Addr) map[string][]netip.Addr {
	for _, rr := range extra {
		host := resolve.Canonical(rr.Header().Name)
		addrs, wanted := hosts[host]
		addr, ok := addressIn(rr)
		if wanted && ok && within(apex, host) && !slices.Contains(addrs, addr) && len(addrs) < 2*mostAddresses {
			hosts[host] = append(addrs, addr)
		}
	}
	return hosts
}

func addressIn(rr dns.RR) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		return netip.AddrFromSlice(rr.A.To4())
	case *dns.AAAA:
		return netip.AddrFromSlice(rr.AAAA.To16())
	}
	return netip.Addr{}, false
}

// within reports whether name is apex or lies below it.
// Both are canonical.
func within(apex, name string) bool {
	if apex == "." || apex == name {
		return true
	}
	above, below := strings.CutSuffix(name, "."+apex)
	escapes := len(above) - len(strings.TrimRight(above, `\`)) // an odd number: the dot belongs to a label
	return below && above != "" && escapes%2 == 0
}

// parent is the name without its first label.
func parent(name string) string {
	if next, end := dns.NextLabel(name, 0); !end {
		return name[next:]
	}
	return "."
}

// stagger is how long a server may take before the next is asked, too.
const stagger = 400 * time.Millisecond

// anyOf asks the servers of a zone until one gives a useful answer: one after
// the other, in parallel when they are slow.
func (w *Walker) anyOf(ctx context.Context, t trail, z *Zone, name string, qtype uint16, useful func(*dns.Msg) bool) (*dns.Msg, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var servers []Server
	for _, i := range order(z.Name, name, len(z.Servers)) {
		if z.Servers[i].client != nil && w.family6.lost(z.Servers[i].Address) == "" {
			servers = append(servers, z.Servers[i])
		}
	}
	type outcome struct {
		server Server
		m      *dns.Msg
		err    error
	}
	outcomes := make(chan outcome, len(servers))
	problem, under := noAddress(z), 0
	waiting := map[string]bool{}
	for next := 0; next < len(servers) || under > 0; {
		if next < len(servers) {
			if err := t.spend(); err != nil {
				return nil, err
			}
			s := servers[next]
			go func() {
				m, err := s.client.Exchange(ctx, z.Name, name, qtype)
				outcomes <- outcome{s, m, err}
			}()
			waiting[s.name()] = true
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
			if ctx.Err() != nil {
				break
			}
			delete(waiting, o.server.name())
			w.family6.note(o.server.Address, o.err)
			if o.err == nil && useful(o.m) {
				return o.m, nil
			}
			problem = why(problem, o.m, o.err)
		}
		if ctx.Err() != nil {
			problem = context.Cause(ctx)
			if len(waiting) > 0 {
				problem = fmt.Errorf("no answer of %s: %w", strings.Join(slices.Sorted(maps.Keys(waiting)), ", "), problem)
			}
			break
		}
	}
	if z.parent == nil {
		problem = fmt.Errorf("%w; where port 53 is closed or others answer there, name a resolver with --resolver", problem)
	}
	return nil, fmt.Errorf("no server of %s gives a useful answer for %s %s: %w", z.Name, name, dns.Type(qtype), problem)
}

// noAddress says why no server of a zone can be asked.
func noAddress(z *Zone) error {
	for _, s := range z.Servers {
		if s.Problem != "" {
			return fmt.Errorf("%s: %s", s.Host, s.Problem)
		}
	}
	return fmt.Errorf("no address of any server of %s can be asked", z.Name)
}

// order spreads the questions over a zone's servers, and asks the same ones first
// in every run: where they disagree, a verdict must not change by chance.
func order(zone, name string, servers int) []int {
	h := fnv.New128a()
	_, _ = h.Write([]byte(zone + " " + name))
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:]))).Perm(servers)
}

// firstAsked returns the number of the server that is asked first about a name; -1: none
// can be asked.
func firstAsked(z *Zone, name string) int {
	for _, i := range order(z.Name, name, len(z.Servers)) {
		if z.Servers[i].client != nil {
			return i
		}
	}
	return -1
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
