package dns

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	miekg "github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8") // most of the tests wait for a time-out
	goleak.VerifyTestMain(m)
}

const (
	groupID = "927d50c0f2e54b359919923d908bb015"
	sub     = groupID + "-cn-hangzhou.alicloudapi.com"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// collector makes a collector for a server that has only these records (a wildcard answers
// for the random label) and refuses names below refused.example.
func collector(t *testing.T, records ...string) *Collector {
	t.Helper()
	return collectorWithin(t, 10*time.Second, func(*miekg.Msg) {}, records...)
}

// collectorThat makes a collector for a server whose answers a function changes; those that
// are no answers any more cost the time-out.
func collectorThat(t *testing.T, change func(*miekg.Msg), records ...string) *Collector {
	t.Helper()
	return collectorWithin(t, 400*time.Millisecond, change, records...)
}

func collectorWithin(t *testing.T, timeout time.Duration, change func(*miekg.Msg), records ...string) *Collector {
	t.Helper()
	var rrs []miekg.RR
	for _, line := range records {
		rr, err := miekg.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		rrs = append(rrs, rr)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &miekg.Server{PacketConn: conn, Handler: miekg.HandlerFunc(func(w miekg.ResponseWriter, r *miekg.Msg) {
		m := answer(r, rrs)
		change(m)
		w.WriteMsg(m)
	})}
	stopped := make(chan error, 1)
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { stopped <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-stopped); err != nil {
			t.Error(err)
		}
	})
	client, err := resolve.New(resolve.Config{Server: conn.LocalAddr().String(), Timeout: timeout, Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return New(client, func() time.Time { return noon }, func() string { return "RANDOM1" })
}

func answer(r *miekg.Msg, rrs []miekg.RR) *miekg.Msg {
	m := new(miekg.Msg).SetRcode(r, miekg.RcodeNameError)
	m.RecursionAvailable = true
	q := r.Question[0]
	for _, rr := range rrs {
		owner := rr.Header().Name
		if owner != q.Name && owner != "*."+strings.TrimPrefix(q.Name, "random1.") {
			continue
		}
		m.Rcode = miekg.RcodeSuccess
		if t := rr.Header().Rrtype; t == q.Qtype || t == miekg.TypeCNAME {
			rr = miekg.Copy(rr)
			rr.Header().Name = q.Name
			m.Answer = append(m.Answer, rr)
		}
	}
	if strings.HasSuffix(q.Name, "refused.example.") {
		m.Rcode = miekg.RcodeRefused
	}
	return m
}

func TestCollectAliases(t *testing.T) {
	t.Parallel()
	c := collector(t, "api.demo.com. 60 IN CNAME "+sub+".", "*.demo.com. 30 IN CNAME "+sub+".",
		"xn--fa-hia.example. 60 IN A 192.0.2.7", sub+". 60 IN A 192.0.2.10")
	server := c.resolvers[0].Server()
	end := evidence.End{Name: sub, Event: evidence.EventAddress, Addresses: []string{"192.0.2.10"}, TTL: 60}
	tests := map[string]evidence.DNS{
		"API.demo.com.": {
			QueryName: "api.demo.com", Hops: []evidence.Hop{{Owner: "api.demo.com", Target: sub, TTL: 60, Server: server}}, End: end,
		},
		"*.demo.com": {
			QueryName: "random1.demo.com", Hops: []evidence.Hop{{Owner: "random1.demo.com", Target: sub, TTL: 30, Server: server}}, End: end,
		},
		"faß.example": { // transitional mapping would ask for fass.example
			QueryName: "xn--fa-hia.example", Hops: []evidence.Hop{},
			End: evidence.End{Name: "xn--fa-hia.example", Event: evidence.EventAddress, Addresses: []string{"192.0.2.7"}, TTL: 60},
		},
		"no.example": {
			QueryName: "no.example", Hops: []evidence.Hop{}, End: evidence.End{Name: "no.example", Event: evidence.EventNameError},
		},
	}
	arounds := map[string]*evidence.DNSContext{
		"faß.example": {HTTPS: &evidence.Lookup{Name: "xn--fa-hia.example", Event: evidence.EventNoData},
			Group: &evidence.Lookup{Name: groupID + "-cn-hangzhou.alicloudapi.com", Records: []string{"192.0.2.10"}}},
		"no.example": {HTTPS: &evidence.Lookup{Name: "no.example", Event: evidence.EventNameError}, Missing: "example"},
	}
	for domain, want := range tests {
		want.Mode, want.Clients = evidence.DNSResolver, &evidence.Clients{Compared: 2}
		want.Context = arounds[domain]
		if want.Context == nil {
			want.Context = &evidence.DNSContext{HTTPS: &evidence.Lookup{Name: want.QueryName, Event: evidence.EventNoData}}
		}
		got, proof := c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, RegionID: "cn-hangzhou", DomainProof: binding.ProofCNAME})
		if diff := cmp.Diff(evidence.Observed(want, server, noon), got); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
		if proof.State != evidence.StateNotCollected || proof.Reason != "the binding proves its domain by CNAME" {
			t.Errorf("%s: got proof %+v", domain, proof)
		}
		replayed := roundTrip(t, got)
		if diff := cmp.Diff(got, replayed); diff != "" {
			t.Errorf("%s: changed by JSON: %s", domain, diff)
		}
	}
}

func roundTrip[T any](t *testing.T, in T) (out T) {
	t.Helper()
	data, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCollectProof(t *testing.T) {
	t.Parallel()
	token := "apigateway-domain-verification=" + sub
	c := collector(t, groupID+`.api.demo.com. 60 IN TXT "`+token+`"`, groupID+`.demo.com. 60 IN TXT "other" " text"`)
	for domain, want := range map[string]evidence.Proof{
		"api.demo.com": {Owner: groupID + ".api.demo.com", Records: []string{token}},
		"*.demo.com":   {Owner: groupID + ".demo.com", Records: []string{"other text"}},
		"no.example":   {Owner: groupID + ".no.example", Event: evidence.EventNameError},
	} {
		b := binding.Binding{DomainName: domain, GroupID: strings.ToUpper(groupID), DomainProof: binding.ProofTXT}
		dns, got := c.Collect(t.Context(), b)
		if diff := cmp.Diff(evidence.Observed(want, c.resolvers[0].Server(), noon), roundTrip(t, got)); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
		if dns.State != evidence.StateObserved {
			t.Errorf("%s: the aliases were not collected: %+v", domain, dns)
		}
	}
}

func TestCollectProofForGateways(t *testing.T) {
	t.Parallel()
	c := collector(t, `_bindgate.api.demo.com. 60 IN TXT "gateway=gw-1"`, `demo.com. 60 IN TXT "gateway=gw-2"`)
	long := strings.Repeat("abcdefg.", 31) + "co"
	for domain, want := range map[string]evidence.Proof{
		"API.demo.com": {Owner: "_bindgate.api.demo.com", Records: []string{"gateway=gw-1"}},
		"*.demo.com": {Owner: "_bindgate.demo.com", Event: evidence.EventNameError,
			Misplaced: []evidence.Lookup{{Name: "demo.com", Records: []string{"gateway=gw-2"}}}},
		long: {Owner: "_bindgate." + long, OwnerProblem: "its owner name would have 260 octets, and a domain name has at most 253: _bindgate." + long},
	} {
		_, got := c.Collect(t.Context(), binding.Binding{DomainName: domain, GatewayID: "gw-1", DomainProof: binding.ProofCNAME})
		if diff := cmp.Diff(evidence.Observed(want, c.resolvers[0].Server(), noon), roundTrip(t, got)); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
	}
	if _, got := c.Collect(t.Context(), binding.Binding{DomainName: "a..b", GatewayID: "gw-1"}); got.State != evidence.StateFailed {
		t.Errorf("got %+v", got)
	}
}

func TestCollectFails(t *testing.T) {
	t.Parallel()
	c := collector(t, "api.demo.com. 60 IN CNAME a.refused.example.", groupID+".api.demo.com. 60 IN CNAME b.refused.example.")
	dns, proof := c.Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", GroupID: groupID, DomainProof: binding.ProofTXT})
	if dns.State != evidence.StateFailed || !strings.Contains(dns.Reason, "(REFUSED)") || dns.From != c.resolvers[0].Server() || !dns.At.Equal(noon) {
		t.Errorf("got %+v", dns)
	}
	if len(dns.Facts.Hops) != 1 || dns.Facts.End.Name != "a.refused.example" || dns.Facts.End.Event != "" {
		t.Errorf("the CNAME records before the error are missing: %+v", dns.Facts)
	}
	if proof.State != evidence.StateFailed || len(proof.Facts.Hops) != 1 || proof.Facts.Event != "" {
		t.Errorf("got %+v", proof)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if dns, _ := c.Collect(ended, binding.Binding{DomainName: "late.demo.com", GroupID: groupID}); dns.State != evidence.StateFailed {
		t.Errorf("cancelled: got %+v", dns)
	}
}

func TestCollectRefusesNamesItCannotAsk(t *testing.T) {
	t.Parallel()
	c := collector(t)
	long := strings.Repeat("abcdefg.", 31)
	for domain, group := range map[string]string{
		"": groupID, "a b.com": groupID, "a..b": groupID, "*.": groupID, "*.*.com": groupID, "xn--a.com": groupID,
		`a\.b.com`: groupID, "a\x00.com": groupID, long + "co": groupID, "ok.example": "a.b", "fine.example": "",
	} {
		dns, proof := c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: group, DomainProof: binding.ProofTXT})
		if domain == long+"co" && group == groupID { // what will not change is an observation
			if proof.State != evidence.StateObserved || !strings.Contains(proof.Facts.OwnerProblem, "283 octets") {
				t.Errorf("%q: got proof %+v", domain, proof)
			}
			continue
		}
		if proof.State != evidence.StateFailed || proof.Reason == "" {
			t.Errorf("%q of %q: got proof %+v", domain, group, proof)
		}
		if group == groupID && len(domain) < 200 && (dns.State != evidence.StateFailed || !strings.Contains(dns.Reason, "request/domain-is-well-formed")) {
			t.Errorf("%q: got %+v", domain, dns)
		}
	}
}

func TestCollectLeavesOut(t *testing.T) {
	t.Parallel()
	dns, proof := collector(t).Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", CertificateOnly: true})
	if dns.State != evidence.StateNotCollected || proof.State != evidence.StateNotCollected || dns.Reason == "" {
		t.Errorf("got %+v, %+v", dns, proof)
	}
}
