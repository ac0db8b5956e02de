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

// Limits for one delegation.
const (
	mostHosts     = 20 // name servers of a zone
	mostAddresses = 4  // of one host and family
)

// Zone is a DNS zone and its servers.
type Zone struct {
	Name    string   // its apex; "." for the root
	Servers []Server // every address of every host of the delegation and of the zone's own NS set, sorted
	parent  *Zone    // nil: the root
}

// Server is one address of a name server. Address is invalid if the host's address is
// unknown or must not be contacted.
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

// origin is the source of a name server's address, if delegation and zone have different
// ones.
type origin string

const (
	originGlue origin = "glue" // the delegation alone
	originZone origin = "zone" // the zone itself alone
)

// host contains the addresses of a name server.
type host struct {
	addrs   []netip.Addr
	origins map[netip.Addr]origin // none: both, or one of them was not asked
	problem string                // why there is no address
}

// newZone creates a zone from its hosts.
func (w *Walker) newZone(parent *Zone, name string, hosts map[string]*host) (*Zone, error) {
	z := &Zone{Name: name, parent: parent}
	for name, h := range hosts {
		if len(h.addrs) == 0 {
			z.Servers = append(z.Servers, Server{Host: name, Problem: cmp.Or(h.problem, "no address of this host could be found")})
		}
		for _, addr := range h.addrs {
			at := netip.AddrPortFrom(addr, w.cfg.Port)
			s := Server{Host: name, Address: at, Text: at.String(), Origin: string(h.origins[addr])}
			// Anyone can publish a zone: its addresses must not lead into this machine's own network.
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

// zoneOf returns the zone that contains a name; the name may be its apex.
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

// cut reports whether a zone begins at name. It sends only an NS query to the servers of
// the parent zone (RFC 9156), so that a thousand names below share the answer.
// Some servers, mostly load balancers, answer NS queries with an error but other
// queries correctly. cut then assumes that no zone begins there, and the query for the full
// name decides (RFC 9156 §2.3). Root servers answer NS queries, so there an error
// comes from a middlebox.
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

// delegated creates the zone of a delegation.
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

// locate looks up the addresses of hosts without glue. A helper stops after the
// first host, because it needs only one server.
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

// glueOf adds the glue of a delegation to hosts. It ignores glue for names outside of the
// delegating zone, whose apex is given.
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

// anyOf asks the servers of a zone one after the other until one gives a useful answer. If
// a server is slow, it asks the next one in parallel.
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

// order distributes queries over a zone's servers. The order depends only on zone and
// name, so that a verdict does not change by chance if servers disagree.
func order(zone, name string, servers int) []int {
	h := fnv.New128a()
	_, _ = h.Write([]byte(zone + " " + name))
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:]))).Perm(servers)
}

// firstAsked returns the index of the server that is asked first about a name, or -1 if
// none can be asked.
func firstAsked(z *Zone, name string) int {
	for _, i := range order(z.Name, name, len(z.Servers)) {
		if z.Servers[i].client != nil {
			return i
		}
	}
	return -1
}

// why returns the last reason; an answer of a server takes precedence over a missing route.
func why(before error, m *dns.Msg, err error) error {
	if err == nil {
		return errors.New("it answered " + dns.RcodeToString[m.Rcode] + ", which is neither a usable answer nor a referral")
	}
	if noFamily(err) {
		return before
	}
	return err
}
