package cutover

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/probe"
)

const old, fresh = "g-cn-hangzhou.alicloudapi.com", "nlb-1.cn-hangzhou.nlb.aliyuncs.com"

func both() ends {
	return endsOf(evidence.Group{Found: true, SubDomain: old},
		evidence.Gateway{GatewayID: "gw", Entries: []evidence.Entry{{GatewayID: "gw", Name: fresh, Addresses: []string{"203.0.113.1", "203.0.113.2"}}, {GatewayID: "other", Name: "nlb-9"}}})
}

// Each server leads where it says, and only a server that gave an answer of its own does.
func TestDirections(t *testing.T) {
	auth := func(server, target string) evidence.ServerAnswer {
		a := evidence.ServerAnswer{Server: server, Status: evidence.ServerAuthoritative, TTL: 60}
		if target != "" {
			a.Targets = []string{target}
		}
		return a
	}
	names := func(answers ...evidence.ServerAnswer) []evidence.ServerAnswers {
		return []evidence.ServerAnswers{{Name: "api.demo.com", NegativeTTL: 900, Answers: answers}}
	}
	two := append(names(auth("ns1", "edge.demo.com")), evidence.ServerAnswers{Name: "edge.demo.com", Answers: []evidence.ServerAnswer{auth("ns1", fresh), auth("ns2", old)}},
		evidence.ServerAnswers{Name: fresh, Answers: []evidence.ServerAnswer{auth("ns9", "elsewhere.example")}})
	apex := evidence.End{Name: "api.demo.com", Event: evidence.EventAddress, Addresses: []string{"203.0.113.1"}, TTL: 120}
	for name, c := range map[string]struct {
		dns  evidence.DNS
		want []evidence.Leads
		ttl  uint32
	}{
		"half":                 {evidence.DNS{Servers: names(auth("ns1", fresh), auth("ns2", old+"."))}, []evidence.Leads{"new", "old"}, 60},
		"other case":           {evidence.DNS{Servers: names(auth("ns1", "NLB-1.cn-hangzhou.nlb.aliyuncs.COM"))}, []evidence.Leads{"new"}, 0},
		"another gateway":      {evidence.DNS{Servers: names(auth("ns1", "nlb-9"))}, []evidence.Leads{"elsewhere"}, 60},
		"two targets":          {evidence.DNS{Servers: names(evidence.ServerAnswer{Server: "ns1", Status: evidence.ServerAuthoritative, Targets: []string{fresh, old}})}, []evidence.Leads{"elsewhere"}, 0},
		"lame":                 {evidence.DNS{Servers: names(auth("ns1", fresh), evidence.ServerAnswer{Server: "ns2", Status: evidence.ServerLame})}, []evidence.Leads{"new"}, 0},
		"silent":               {evidence.DNS{Servers: names(auth("ns1", fresh), evidence.ServerAnswer{Server: "ns2", Status: evidence.ServerUnreachable})}, []evidence.Leads{"new", "unknown"}, 0},
		"no way to IPv6":       {evidence.DNS{Servers: names(auth("ns1", fresh), evidence.ServerAnswer{Server: "ns1", Status: evidence.ServerNotTested})}, []evidence.Leads{"new"}, 0},
		"IPv6 alone":           {evidence.DNS{Servers: names(auth("ns1", fresh), evidence.ServerAnswer{Server: "ns2", Status: evidence.ServerNotTested})}, []evidence.Leads{"new", "unknown"}, 0},
		"second alias":         {evidence.DNS{Servers: two}, []evidence.Leads{"new", "old"}, 60},
		"nothing there":        {evidence.DNS{Servers: names(auth("ns1", fresh), auth("ns2", ""))}, []evidence.Leads{"new", "elsewhere"}, 900},
		"addresses":            {evidence.DNS{Servers: names(auth("ns1", "")), End: apex, Clients: &evidence.Clients{Compared: 2}}, []evidence.Leads{"new"}, 0},
		"addresses differ":     {evidence.DNS{Servers: names(auth("ns1", "")), End: apex, Clients: &evidence.Clients{Differing: []evidence.ClientAnswer{{Name: "api.demo.com"}}}}, []evidence.Leads{"unknown"}, 0},
		"addresses unanswered": {evidence.DNS{Servers: names(auth("ns1", "")), End: apex}, []evidence.Leads{"unknown"}, 0},
		"other addresses":      {evidence.DNS{Servers: names(auth("ns1", "")), End: evidence.End{Name: "api.demo.com", Event: evidence.EventAddress, Addresses: []string{"203.0.113.1", "198.51.100.1"}, TTL: 120}, Clients: &evidence.Clients{}}, []evidence.Leads{"elsewhere"}, 120},
		"a resolver":           {evidence.DNS{QueryName: "api.demo.com", Hops: []evidence.Hop{{Target: old, TTL: 30}}}, []evidence.Leads{"old"}, 30},
		"a resolver, new":      {evidence.DNS{QueryName: "api.demo.com", Hops: []evidence.Hop{{Target: fresh, TTL: 30}}}, []evidence.Leads{"new"}, 0},
	} {
		got, ttl := directions(evidence.Observed(c.dns, "resolver", time.Now()), both())
		var leads []evidence.Leads
		for _, d := range got {
			leads = append(leads, d.Leads)
		}
		if !slices.Equal(leads, c.want) || ttl != c.ttl {
			t.Errorf("%s: got %v and TTL %d, want %v and %d", name, leads, ttl, c.want, c.ttl)
		}
	}
}

// recorder is every source, and notes what is asked.
type recorder struct {
	asked []probe.Target
	panic bool
}

func (r *recorder) Handshake(_ context.Context, target probe.Target) evidence.Observation[evidence.Probe] {
	if r.panic {
		panic("key")
	}
	r.asked = append(r.asked, target)
	return evidence.Observed(evidence.Probe{Name: target.Name}, "", time.Now())
}

func (r *recorder) Plain(ctx context.Context, target probe.Target) evidence.Observation[evidence.Probe] {
	return r.Handshake(ctx, target)
}

func (r *recorder) Collect(_ context.Context, b binding.Binding) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof]) {
	return evidence.Observed(evidence.DNS{QueryName: b.DomainName, End: evidence.End{Event: evidence.EventAddress, Addresses: []string{"192.0.2.9"}}}, "", time.Now()), evidence.Observation[evidence.Proof]{}
}

func (r *recorder) Served(context.Context, string, string, string) (evidence.Served, error) {
	return evidence.Served{}, errors.New("no permission")
}
func (r *recorder) Endpoint(string) string { return "endpoint" }
func (r *recorder) Account(context.Context, binding.Binding, evidence.Group, []string) evidence.Observation[evidence.Account] {
	return evidence.Observed(evidence.Account{Complete: true}, "", time.Now())
}

func moved() (binding.Binding, evidence.Evidence) {
	now := time.Now()
	return binding.Binding{DomainName: "api.demo.com", GatewayID: "gw", CutOver: true, MovesFrom: &binding.MovesFrom{GroupID: "g"}},
		evidence.Evidence{
			DNS: evidence.Observed(evidence.DNS{QueryName: "api.demo.com", Hops: []evidence.Hop{{Target: fresh}}, End: evidence.End{Event: evidence.EventAddress, Addresses: []string{"203.0.113.1"}}}, "", now),
			Gateway: evidence.Observed(evidence.Gateway{Found: true, GatewayID: "gw", Entries: []evidence.Entry{
				{GatewayID: "gw", Name: "env", Kind: evidence.EntrySubDomain, NetworkType: "Internet"},
				{GatewayID: "gw", Name: fresh, Kind: evidence.EntryBalancer, NetworkType: "Internet", Ready: true, Addresses: []string{"203.0.113.1"}},
				{GatewayID: "gw", Name: "down", Kind: evidence.EntryBalancer, NetworkType: "Internet", Addresses: []string{"203.0.113.3"}},
				{GatewayID: "gw", Name: "inside", Kind: evidence.EntryBalancer, NetworkType: "Intranet", Ready: true, Addresses: []string{"10.0.0.1"}}}}, "", now),
			Records:     evidence.Observed(evidence.Records{Domain: &evidence.Record{Protocol: "HTTPS"}}, "", now),
			Predecessor: evidence.Observed(evidence.Predecessor{Group: evidence.Group{Found: true, GroupID: "g", SubDomain: old, Domains: []evidence.Domain{{DomainName: "api.demo.com", CertificateID: "c"}}}}, "", now),
		}
}

// Each side is asked at its own addresses, wherever DNS leads, and never at another's.
func TestSidesAreAskedAtTheirOwnAddresses(t *testing.T) {
	before, after := &recorder{}, &recorder{}
	b, ev := moved()
	c := &Collector{Old: before, New: after, DNS: before, Served: before, Account: before, Now: time.Now}
	o := c.Collect(t.Context(), b, &ev)
	want := func(r *recorder, address string) {
		t.Helper()
		if len(r.asked) != 1 || r.asked[0].Name != "api.demo.com" || r.asked[0].Intranet || !slices.Equal(r.asked[0].Addresses, []netip.Addr{netip.MustParseAddr(address)}) {
			t.Errorf("asked %+v, want %s", r.asked, address)
		}
	}
	want(before, "192.0.2.9") // DNS leads to the gateway, so the group's own name was looked up
	want(after, "203.0.113.1")
	if o.State != evidence.StateObserved || o.Facts.Served.State != evidence.StateFailed || o.Facts.Leading(evidence.LeadsNew) != 1 {
		t.Errorf("got %+v", o)
	}
}

// What is not observed fails, and a panic does not escape.
func TestNothingIsAskedWithoutBothSides(t *testing.T) {
	for _, need := range []evidence.Need{evidence.NeedDNS, evidence.NeedGateway, evidence.NeedRecords, evidence.NeedPredecessor} {
		r := &recorder{}
		b, ev := moved()
		ev.Set(evidence.Metadata{State: evidence.StateFailed, Reason: "503"}, need)
		c := &Collector{Old: r, New: r, DNS: r, Served: r, Account: r, Now: time.Now}
		if o := c.Collect(t.Context(), b, &ev); o.State != evidence.StateFailed || len(r.asked) > 0 {
			t.Errorf("%s: got %+v after %d probes", need, o, len(r.asked))
		}
	}
	r := &recorder{panic: true}
	b, ev := moved()
	c := &Collector{Old: r, New: r, DNS: r, Served: r, Account: r, Now: time.Now}
	if o := c.Collect(t.Context(), b, &ev); o.Facts.New.State != evidence.StateFailed || o.Facts.Old.State != evidence.StateFailed {
		t.Errorf("got %+v", o)
	}
}
