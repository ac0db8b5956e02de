package resolve

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

const sampleZone = `
api.demo.com.      60  IN CNAME CDN.Example.NET.
cdn.example.net.   600 IN CNAME group.alicloudapi.com.
group.alicloudapi.com. 30 IN A 192.0.2.10
group.alicloudapi.com. 30 IN AAAA 2001:db8::10
group.alicloudapi.com. 30 IN A 192.0.2.9
flat.demo.com.     60  IN A 192.0.2.1
below.empty.demo.com. 60 IN A 192.0.2.2
mail.demo.com.     60  IN TXT "v=spf1 -all"
broken.demo.com.   60  IN CNAME gone.demo.com.
self.demo.com.     60  IN CNAME self.demo.com.
one.demo.com.      60  IN CNAME two.demo.com.
two.demo.com.      60  IN CNAME one.demo.com.
rho.demo.com.      60  IN CNAME one.demo.com.
twice.demo.com.    60  IN CNAME b.demo.com.
twice.demo.com.    60  IN CNAME a.demo.com.
same.demo.com.     60  IN CNAME flat.demo.com.
same.demo.com.     20  IN CNAME FLAT.demo.com.
odd.demo.com.      60  IN CNAME a\.b\001\ c.demo.com.
a\.b\001\ c.demo.com. 60 IN A 192.0.2.3
proof.demo.com.    60  IN CNAME texts.demo.com.
texts.demo.com.    60  IN TXT "two " "strings"
texts.demo.com.    60  IN TXT "a \"quote\" and \027"
`

func TestWalk(t *testing.T) {
	t.Parallel()
	c := client(t, serve(t, newZone(t, sampleZone).ServeDNS))
	tests := []struct {
		name string
		want Chain
	}{
		{"API.demo.com.", Chain{
			Hops:  []Hop{{"api.demo.com", "cdn.example.net", 60}, {"cdn.example.net", "group.alicloudapi.com", 600}},
			Name:  "group.alicloudapi.com",
			Event: Found, Records: []string{"192.0.2.10", "192.0.2.9", "2001:db8::10"}, TTL: 30,
		}},
		{"flat.demo.com", Chain{Name: "flat.demo.com", Event: Found, Records: []string{"192.0.2.1"}, TTL: 60}},
		{"empty.demo.com", Chain{Name: "empty.demo.com", Event: NoData}},
		{"mail.demo.com", Chain{Name: "mail.demo.com", Event: NoData}},
		{"no.demo.com", Chain{Name: "no.demo.com", Event: NameError}},
		{"broken.demo.com", Chain{Hops: []Hop{{"broken.demo.com", "gone.demo.com", 60}}, Name: "gone.demo.com", Event: NameError}},
		{"self.demo.com", Chain{Hops: []Hop{{"self.demo.com", "self.demo.com", 60}}, Name: "self.demo.com", Event: Loop}},
		{"one.demo.com", Chain{
			Hops: []Hop{{"one.demo.com", "two.demo.com", 60}, {"two.demo.com", "one.demo.com", 60}}, Name: "one.demo.com", Event: Loop,
		}},
		{"rho.demo.com", Chain{
			Hops: []Hop{{"rho.demo.com", "one.demo.com", 60}, {"one.demo.com", "two.demo.com", 60}, {"two.demo.com", "one.demo.com", 60}},
			Name: "one.demo.com", Event: Loop,
		}},
		{"twice.demo.com", Chain{Name: "twice.demo.com", Event: MultipleCNAMEs, Targets: []string{"a.demo.com", "b.demo.com"}}},
		{"same.demo.com", Chain{
			Hops: []Hop{{"same.demo.com", "flat.demo.com", 20}}, Name: "flat.demo.com", Event: Found, Records: []string{"192.0.2.1"}, TTL: 60,
		}},
		{"odd.demo.com", Chain{
			Hops: []Hop{{"odd.demo.com", `a\.b\001\ c.demo.com`, 60}}, Name: `a\.b\001\ c.demo.com`, Event: Found, Records: []string{"192.0.2.3"}, TTL: 60,
		}},
	}
	for _, tt := range tests {
		got, err := c.Walk(t.Context(), tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestTXT(t *testing.T) {
	t.Parallel()
	c := client(t, serve(t, newZone(t, sampleZone).ServeDNS))
	got, err := c.Follow(t.Context(), "proof.demo.com", dns.TypeTXT)
	want := Chain{
		Hops: []Hop{{"proof.demo.com", "texts.demo.com", 60}}, Name: "texts.demo.com", Event: Found,
		Records: []string{`a \"quote\" and \027`, "two strings"}, TTL: 60,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("got error %v, %s", err, diff)
	}
	for name, event := range map[string]Event{"flat.demo.com": NoData, "no.demo.com": NameError, "self.demo.com": Loop} {
		if got, err := c.Follow(t.Context(), name, dns.TypeTXT); got.Event != event || err != nil {
			t.Errorf("%s: got %s, %v, want %s", name, got.Event, err, event)
		}
	}
}

// chainOf is a zone with that many aliases in a row from n0.demo.com.
func chainOf(hops int) string {
	var b strings.Builder
	for i := range hops {
		fmt.Fprintf(&b, "n%d.demo.com. 60 IN CNAME n%d.demo.com.\n", i, i+1)
	}
	fmt.Fprintf(&b, "n%d.demo.com. 60 IN A 192.0.2.1\n", hops)
	return b.String()
}

func TestLongChains(t *testing.T) {
	t.Parallel()
	for hops, want := range map[int]Event{1: Found, MaxHops: Found, MaxHops + 1: TooLong, 40: TooLong} {
		z := newZone(t, chainOf(hops))
		got, err := client(t, serve(t, z.ServeDNS)).Walk(t.Context(), "n0.demo.com")
		if err != nil || got.Event != want || len(got.Hops) != min(hops, MaxHops+1) {
			t.Errorf("%d aliases: got %s after %d hops, %v, want %s", hops, got.Event, len(got.Hops), err, want)
		}
		if asked := z.asked.Load(); asked > MaxHops+3 {
			t.Errorf("%d aliases: %d questions", hops, asked)
		}
	}
}

// A liar adds records of names further down the chain, or of a name that does
// not exist: none of them is read before that name itself is asked for.
func TestNeverBridgesAGap(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	lies := newZone(t, "cdn.example.net. 60 IN CNAME victim.alicloudapi.com.\nno.demo.com. 60 IN CNAME victim.alicloudapi.com.\n"+
		"gone.demo.com. 60 IN A 192.0.2.66").records
	c := client(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		m := z.answer(r)
		for _, lie := range lies {
			if !strings.EqualFold(lie.Header().Name, r.Question[0].Name) {
				m.Answer = append([]dns.RR{lie}, m.Answer...)
			}
		}
		w.WriteMsg(m)
	}))
	for name, want := range map[string]Chain{
		"api.demo.com":    {Name: "group.alicloudapi.com", Event: Found},
		"broken.demo.com": {Name: "gone.demo.com", Event: NameError},
		"no.demo.com":     {Name: "no.demo.com", Event: NameError},
	} {
		if got, err := c.Walk(t.Context(), name); err != nil || got.Name != want.Name || got.Event != want.Event {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// A stale NODATA for the alias must not hide the alias that other answers hold.
func TestAliasInOtherAnswers(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	c := client(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		m := z.answer(r)
		if r.Question[0].Qtype == dns.TypeCNAME {
			m.Answer = nil
		}
		w.WriteMsg(m)
	}))
	got, err := c.Walk(t.Context(), "api.demo.com")
	if err != nil || got.Name != "group.alicloudapi.com" || len(got.Hops) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFailureKeepsTheHops(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	c := client(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		m := z.answer(r)
		if strings.HasPrefix(strings.ToLower(r.Question[0].Name), "cdn.") {
			m.Answer, m.Rcode = nil, dns.RcodeRefused
		}
		w.WriteMsg(m)
	}))
	got, err := c.Walk(within(t, time.Second), "api.demo.com")
	if kindOf(t, err) != Refused || len(got.Hops) != 1 || got.Name != "cdn.example.net" || got.Event != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNamesThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	c := client(t, "192.0.2.1")
	for _, name := range []string{"", ".", "..", "a..b", strings.Repeat("a", 64) + ".com", strings.Repeat("abcdefg.", 33) + "com"} {
		if _, err := c.Walk(t.Context(), name); err == nil || !strings.Contains(err.Error(), "is not a domain name") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
