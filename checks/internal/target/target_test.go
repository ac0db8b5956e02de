package target_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/checktest"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// proved is a domain that is proved in all three ways: it leads to the group that it moves
// from, and by it to the gateway.
const proved = `
base: apig
binding: {movesFrom: {groupId: g1, regionId: cn-hangzhou}}
evidence:
  dns:
    facts:
      hops:
        - {owner: api.demo.com, target: g1-cn-hangzhou.alicloudapi.com, ttl: 60, server: a}
        - {owner: g1-cn-hangzhou.alicloudapi.com, target: nlb-1.cn-hangzhou.nlb.aliyuncsslb.com, ttl: 60, server: a}
  proof: {facts: {event: null, records: [gateway=gw-cq2avtllhtgja4v7v3sg]}}
  predecessor: {state: observed, facts: {serves: true, group: {found: true, groupId: g1, regionId: cn-hangzhou,
    subDomain: g1-cn-hangzhou.alicloudapi.com, domains: [{domainName: api.demo.com}]}}}
`

// No way proves a domain by evidence that was not observed.
func TestNothingUnobservedProves(t *testing.T) {
	s := checktest.Subject(t, proved)
	if diff := cmp.Diff(target.Proof{By: []string{target.ByDNS, target.ByTXT, target.ByPredecessor}}, target.Prove(s)); diff != "" {
		t.Fatal(diff)
	}
	for need, want := range map[evidence.Need][]string{
		evidence.NeedDNS:         {target.ByTXT},
		evidence.NeedGateway:     {target.ByTXT, target.ByPredecessor},
		evidence.NeedProof:       {target.ByDNS, target.ByPredecessor},
		evidence.NeedPredecessor: {target.ByDNS, target.ByTXT},
	} {
		for _, state := range []evidence.State{evidence.StateFailed, evidence.StateMissing, evidence.StateNotCollected, "odd"} {
			without := s
			ev := s.Evidence
			switch m := (evidence.Metadata{State: state, Reason: "removed"}); need { // the facts stay
			case evidence.NeedDNS:
				ev.DNS.Metadata = m
			case evidence.NeedGateway:
				ev.Gateway.Metadata = m
			case evidence.NeedProof:
				ev.Proof.Metadata = m
			case evidence.NeedPredecessor:
				ev.Predecessor.Metadata = m
			}
			without.Evidence = ev
			p := target.Prove(without)
			if !slices.Equal(p.By, want) || len(p.Unknown) != 3-len(want) {
				t.Errorf("%s is %q: got %+v, want %v and the others unknown", need, state, p, want)
			}
		}
	}
	if got := target.Prove(checks.Subject{Binding: s.Binding}); len(got.By) > 0 || len(got.Unknown) != 3 {
		t.Errorf("without evidence: got %+v", got)
	}
}

// A binding that does not state movesFrom is not proved by a group, and an id that is only
// alike proves nothing.
func TestProofsAreOfTheBinding(t *testing.T) {
	s := checktest.Subject(t, proved)
	for name, c := range map[string]struct {
		change func(*binding.Binding)
		want   []string
	}{
		"no movesFrom":       {func(b *binding.Binding) { b.MovesFrom = nil }, []string{target.ByDNS, target.ByTXT}},
		"another group":      {func(b *binding.Binding) { b.MovesFrom = &binding.MovesFrom{GroupID: "g2", RegionID: "cn-hangzhou"} }, []string{target.ByDNS, target.ByTXT}},
		"the group's region": {func(b *binding.Binding) { b.MovesFrom = &binding.MovesFrom{GroupID: "g1", RegionID: "cn-beijing"} }, []string{target.ByDNS, target.ByTXT}},
		"another gateway":    {func(b *binding.Binding) { b.GatewayID = "gw-cq2avtllhtgja4v7v3s" }, []string{target.ByPredecessor}},
		"another case":       {func(b *binding.Binding) { b.GatewayID = "GW-cq2avtllhtgja4v7v3sg" }, []string{target.ByPredecessor}},
		"another name":       {func(b *binding.Binding) { b.DomainName = "www.demo.com" }, nil},
		"a wildcard above":   {func(b *binding.Binding) { b.DomainName = "*.com" }, nil},
	} {
		changed := s
		c.change(&changed.Binding)
		if got := target.Prove(changed).By; !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestPlatformName(t *testing.T) {
	for name, want := range map[string]bool{
		"env-1-cn-hangzhou.alicloudapi.com": true, "NLB-1.cn-hangzhou.nlb.aliyuncs.com.": true, "alb-1.cn-beijing.alb.aliyuncsslb.com": true,
		"nlb-1.ap-southeast-1.nlb.aliyuncsslbintl.com": true, "x.slb.aliyuncs.com": true,
		"nlb.aliyuncs.com": false, "oss-cn-hangzhou.aliyuncs.com": false, "nlb.aliyuncs.com.evil.example": false, "notaliyuncsslb.com": false, "": false,
	} {
		if got := target.PlatformName(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// Entries count if they are the gateway's, in use, and of the network that is stated.
func TestEntries(t *testing.T) {
	s := checktest.Subject(t, "base: apig")
	g := &s.Evidence.Gateway.Facts
	g.Entries = []evidence.Entry{
		{Name: "Own.alicloudapi.com.", Kind: evidence.EntrySubDomain, NetworkType: "Internet"},
		{Name: "in.nlb.aliyuncs.com", Kind: evidence.EntryBalancer, NetworkType: "Intranet", Ready: true, Addresses: []string{"10.0.0.7"}},
		{Name: "down.nlb.aliyuncs.com", Kind: evidence.EntryBalancer, NetworkType: "Internet", Addresses: []string{"203.0.113.1"}},
		{Name: "none.nlb.aliyuncs.com", Kind: evidence.EntryBalancer, Ready: true, Addresses: []string{"203.0.113.2"}},
		{GatewayID: "gw-other", Name: "other.alicloudapi.com", Kind: evidence.EntrySubDomain, NetworkType: "Internet"},
		{Name: "203.0.113.3", Kind: evidence.EntryBalancer, NetworkType: "Internet", Ready: true, Addresses: []string{"::ffff:203.0.113.4", "nonsense"}},
	}
	for name, c := range map[string]struct {
		network          string
		given            bool
		names, addresses []string
	}{
		"not stated": {"INTERNET", false, []string{"own.alicloudapi.com", "in.nlb.aliyuncs.com"}, []string{"203.0.113.4", "203.0.113.3", "10.0.0.7"}},
		"Internet":   {"INTERNET", true, []string{"own.alicloudapi.com"}, []string{"203.0.113.4", "203.0.113.3"}},
		"Intranet":   {"INTRANET", true, []string{"in.nlb.aliyuncs.com"}, []string{"10.0.0.7"}},
		"none":       {"", true, nil, nil},
	} {
		s.Binding.CustomDomainType, s.Binding.CustomDomainTypeGiven = c.network, c.given
		got := target.Of(s)
		var addresses []string
		for _, a := range got.Addresses {
			addresses = append(addresses, a.String())
		}
		if !slices.Equal(got.Names, c.names) || !slices.Equal(addresses, c.addresses) {
			t.Errorf("%s: got %v and %v, want %v and %v", name, got.Names, addresses, c.names, c.addresses)
		}
	}
}
