package judge

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// TestListener states which addresses are probed for a gateway: its own, whatever DNS
// says; those in DNS only where a CNAME leads to an entry.
func TestListener(t *testing.T) {
	entry := func(name, network string, addresses ...string) evidence.Entry {
		return evidence.Entry{Name: name, NetworkType: network, Addresses: addresses}
	}
	for name, test := range map[string]struct {
		entries  []evidence.Entry
		target   string // of the CNAME
		want     []string
		intranet bool
	}{
		"public ones first":      {entries: []evidence.Entry{entry("p", "Intranet", "10.0.0.1"), entry("n", "Internet", "47.96.0.1", "47.96.0.1", "47.96.0.2")}, target: "old", want: []string{"47.96.0.1", "47.96.0.2"}},
		"a private gateway":      {entries: []evidence.Entry{entry("p", "Intranet", "10.0.0.1")}, target: "old", want: []string{"10.0.0.1"}, intranet: true},
		"none stated, DNS leads": {entries: []evidence.Entry{entry("nlb.example.com", "Internet")}, target: "NLB.example.com.", want: []string{"192.0.2.10"}},
		"none stated, elsewhere": {entries: []evidence.Entry{entry("nlb.example.com", "Internet")}, target: "old"},
		"no entry":               {target: "old"},
	} {
		var ev evidence.Evidence
		ev.Gateway.Facts.Entries = test.entries
		ev.DNS.Facts = evidence.DNS{QueryName: "api.demo.com", Hops: []evidence.Hop{{Owner: "api.demo.com", Target: test.target}}}
		ev.DNS.Facts.End.Addresses = []string{"192.0.2.10"}
		ev.Records.Facts.Domain = &evidence.Record{CertIdentifier: "1-cn-hangzhou"}
		got, bound, certified := listener(binding.Binding{DomainName: "api.demo.com", GatewayID: "gw-1"}, ev)
		var want []netip.Addr
		for _, text := range test.want {
			want = append(want, netip.MustParseAddr(text))
		}
		if !slices.Equal(got.Addresses, want) || got.Intranet != test.intranet || got.Name != "api.demo.com" || !bound || !certified {
			t.Errorf("%s: got %+v, %t, %t, want %v, intranet %t, bound with a certificate", name, got, bound, certified, want, test.intranet)
		}
		ev.Records.Facts.Domain = nil
		if _, bound, _ := listener(binding.Binding{GatewayID: "gw-1"}, ev); bound {
			t.Errorf("%s: a domain that the gateway does not have counts as bound", name)
		}
	}
}
