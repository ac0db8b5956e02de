package dns

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	miekg "github.com/miekg/dns"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
)

// Servers whose answers to A and AAAA differ from their answer to CNAME are reported, each
// with its answer.
func TestServersThatAnswerClientsOtherwise(t *testing.T) {
	t.Parallel()
	c := authority(t)
	for domain, want := range map[string][]evidence.ClientAnswer{
		"api.split.com": {
			{Name: "api.split.com", Type: "A", CNAME: sub, Targets: []string{"old.demo.com"}},
			{Name: "api.split.com", Type: "AAAA", CNAME: sub, Targets: []string{"old.demo.com"}},
		},
		"api.emptied.com":        {{Name: "api.emptied.com", Type: "A", CNAME: sub}}, // the target has no AAAA to miss
		"other-data.crooked.com": {{Name: "other-data.crooked.com", Type: "A", CNAME: sub, Records: []string{"127.0.53.81"}}},
		"api.demo.com":           nil,
		"via.demo.com":           nil,
		"flat.demo.com":          nil,
		"a.tree.demo.com":        nil,
		"c11.demo.com":           nil,
		"rho.demo.com":           nil,
		"api.mixed.com":          nil, // each server is at one with itself
	} {
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, RegionID: "cn-hangzhou"})
		if got.State != evidence.StateObserved || got.Facts.Clients == nil || got.Facts.Clients.Compared == 0 || got.Facts.Clients.Missing != nil {
			t.Errorf("%s: got %+v", domain, got)
			continue
		}
		differing := roundTrip(t, got).Facts.Clients.Differing
		for i := range differing {
			if differing[i].Server == "" {
				t.Errorf("%s: no server in %+v", domain, differing[i])
			}
			differing[i].Server = ""
		}
		if diff := cmp.Diff(want, differing); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
	}
}

// A resolver that overrides addresses is reported even if it returns the CNAME record.
func TestResolverThatOverridesAddresses(t *testing.T) {
	t.Parallel()
	records := []string{sub + ". 60 IN A 192.0.2.10", "api.demo.com. 60 IN CNAME " + sub + "."}
	override := func(qtype uint16, answers ...string) func(*miekg.Msg) {
		return func(m *miekg.Msg) {
			if q := m.Question[0]; q.Name == "api.demo.com." && q.Qtype == qtype {
				m.Answer = nil
				for _, text := range answers {
					rr, err := miekg.NewRR(text)
					if err != nil {
						t.Error(err)
					}
					m.Answer = append(m.Answer, rr)
				}
			}
		}
	}
	server := func(c *Collector) string { return c.resolvers[0].Server() }
	for name, tt := range map[string]struct {
		change func(*miekg.Msg)
		want   []evidence.ClientAnswer
	}{
		"another address":     {override(miekg.TypeA, "api.demo.com. 0 IN A 10.0.0.5"), []evidence.ClientAnswer{{Type: "A", Records: []string{"10.0.0.5"}}}},
		"an address for AAAA": {override(miekg.TypeAAAA, "api.demo.com. 0 IN AAAA fd00::5"), []evidence.ClientAnswer{{Type: "AAAA", Records: []string{"fd00::5"}}}},
		"another CNAME": {override(miekg.TypeA, "api.demo.com. 60 IN CNAME old.example.", "old.example. 60 IN A 192.0.2.200"),
			[]evidence.ClientAnswer{{Type: "A", Targets: []string{"old.example"}, Records: []string{"192.0.2.200"}}}},
		"a longer way": {override(miekg.TypeA, "api.demo.com. 60 IN CNAME "+sub+".", sub+". 60 IN CNAME old.example.", "old.example. 60 IN A 192.0.2.200"),
			[]evidence.ClientAnswer{{Type: "A", Targets: []string{sub, "old.example"}, Records: []string{"192.0.2.200"}}}},
		"both at once": {override(miekg.TypeA, "api.demo.com. 60 IN CNAME "+sub+".", "api.demo.com. 60 IN A 192.0.2.10"),
			[]evidence.ClientAnswer{{Type: "A", Targets: []string{sub}, Records: []string{"192.0.2.10"}}}},
		"nothing":                  {override(miekg.TypeA), []evidence.ClientAnswer{{Type: "A"}}},
		"without the CNAME record": {override(miekg.TypeA, "api.demo.com. 60 IN A 192.0.2.10"), nil},
		"nothing for AAAA":         {override(miekg.TypeAAAA), nil}, // the group has no such address
		"with all the chain":       {override(miekg.TypeA, "api.demo.com. 60 IN CNAME "+sub+".", sub+". 60 IN A 192.0.2.10"), nil},
	} {
		c := collectorThat(t, tt.change, records...)
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", GroupID: groupID, RegionID: "cn-hangzhou"})
		if got.State != evidence.StateObserved || got.Facts.Clients.Compared != 2 {
			t.Errorf("%s: got %+v", name, got)
			continue
		}
		for i := range tt.want {
			tt.want[i].Name, tt.want[i].Server, tt.want[i].CNAME = "api.demo.com", server(c), sub
		}
		if diff := cmp.Diff(tt.want, got.Facts.Clients.Differing); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		_, w := internet(t, nil)
		both := NewAuthority(w, []*resolve.Client{c.resolvers[0]}, "", c.now, c.label)
		got, _ = both.Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", GroupID: groupID, RegionID: "cn-hangzhou"})
		if diff := cmp.Diff(tt.want, got.Facts.Resolvers[0].Differing); diff != "" {
			t.Errorf("%s, in authoritative mode: %s", name, diff)
		}
	}
}

// A system resolver that drops queries is not queried again after maxFailed failures, except
// if DNSSEC validation fails or is impossible.
func TestLossyResolverIsGivenUp(t *testing.T) {
	t.Parallel()
	_, w := internet(t, nil)
	var asked atomic.Int64
	c := collectorThat(t, func(m *miekg.Msg) {
		if asked.Add(1); m.Question[0].Qtype != miekg.TypeTXT {
			m.Id++ // never taken for an answer
		}
	})
	both := NewAuthority(w, c.resolvers, "", c.now, c.label)
	collect := func(domain string) evidence.ResolverAnswer {
		got, _ := both.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, RegionID: "cn-hangzhou"})
		if got.State != evidence.StateObserved || len(got.Facts.Resolvers) != 1 || got.Facts.Resolvers[0].Problem == "" {
			t.Fatalf("%s: got %+v", domain, got)
		}
		return got.Facts.Resolvers[0]
	}
	for n := range maxFailed {
		collect(fmt.Sprintf("n%d.wild.demo.com", n))
	}
	before := asked.Load()
	for n := range 20 {
		if v := collect(fmt.Sprintf("m%d.wild.demo.com", n)); !strings.Contains(v.Problem, "no longer queried") {
			t.Errorf("got %+v", v)
		}
	}
	if got := asked.Load(); got != before {
		t.Errorf("it was asked %d more times", got-before)
	}
	if v := collect("api.bogus.com"); strings.Contains(v.Problem, "no longer queried") || asked.Load() == before {
		t.Errorf("bogus: got %+v", v)
	}
}

// The comparison with a resolver that agrees needs two queries per name, and gives the same
// evidence as following the whole chain.
func TestCompareResolver(t *testing.T) {
	t.Parallel()
	_, w := internet(t, nil)
	var asked atomic.Int64
	c := collectorThat(t, func(m *miekg.Msg) {
		asked.Add(1)
		if m.Question[0].Qtype == miekg.TypeA {
			rr, err := miekg.NewRR(sub + ". 17 IN A 127.0.53.80")
			if err != nil {
				t.Error(err)
			}
			m.Answer = append(m.Answer, rr)
		}
	}, "api.demo.com. 42 IN CNAME "+sub+".")
	both := NewAuthority(w, c.resolvers, "", c.now, c.label)
	got, _ := both.Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", GroupID: groupID, RegionID: "cn-hangzhou"})
	server := c.resolvers[0].Server()
	want := []evidence.ResolverAnswer{{Server: server, Hops: []evidence.Hop{{Owner: "api.demo.com", Target: sub, TTL: 42, Server: server}},
		End: evidence.End{Name: sub, Event: evidence.EventAddress, Addresses: []string{"127.0.53.80"}}}}
	if diff := cmp.Diff(want, roundTrip(t, got).Facts.Resolvers); diff != "" || asked.Load() != 2 {
		t.Errorf("%d questions: %s", asked.Load(), diff)
	}
}
