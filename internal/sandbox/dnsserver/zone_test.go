package dnsserver

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

const text = `
api.demo.com.      60 IN CNAME first.demo.com.
first.demo.com.    60 IN CNAME g1-cn-hangzhou.alicloudapi.com.
g1-cn-hangzhou.alicloudapi.com. 60 IN A 198.51.100.1
lost.demo.com.     60 IN CNAME gone.demo.com.
a.ent.demo.com.    60 IN TXT "below an empty non-terminal"
*.wild.demo.com.   60 IN CNAME api.demo.com.
taken.wild.demo.com. 60 IN TXT "hides the wildcard"
loop1.demo.com.    60 IN CNAME loop2.demo.com.
loop2.demo.com.    60 IN CNAME loop1.demo.com.
two.demo.com.      60 IN CNAME api.demo.com.
two.demo.com.      60 IN CNAME lost.demo.com.
mixed.demo.com.    60 IN CNAME api.demo.com.
mixed.demo.com.    60 IN A 198.51.100.9
demo.net.          60 IN SOA ns.demo.net. host.demo.net. 7 1 1 1 30
old.demo.net.      60 IN DNAME demo.com.
`

func records(t *testing.T, s string) []dns.RR {
	t.Helper()
	rrs, err := ParseZone(s, "test")
	if err != nil {
		t.Fatal(err)
	}
	return rrs
}

// say is a reply in one line: RCODE, answers, authority's owner.
func say(r reply) string {
	parts := []string{dns.RcodeToString[r.rcode]}
	for _, rr := range r.answer {
		fields := strings.Fields(rr.String())
		parts = append(parts, fields[0]+" "+strings.Join(fields[3:], " "))
	}
	for _, rr := range r.authority {
		parts = append(parts, "authority "+rr.Header().Name)
	}
	return strings.Join(parts, "; ")
}

func TestResolve(t *testing.T) {
	const chain = "api.demo.com. CNAME first.demo.com.; first.demo.com. CNAME g1-cn-hangzhou.alicloudapi.com.; " +
		"g1-cn-hangzhou.alicloudapi.com. A 198.51.100.1"
	z := newZone(records(t, text))
	for question, want := range map[string]string{
		"api.demo.com. A":                       "NOERROR; " + chain,
		"API.demo.com. A":                       "NOERROR; API" + chain[3:],
		"api.demo.com. CNAME":                   "NOERROR; api.demo.com. CNAME first.demo.com.",
		"api.demo.com. AAAA":                    "NOERROR; " + chain[:len(chain)-len("; g1-cn-hangzhou.alicloudapi.com. A 198.51.100.1")] + "; authority .",
		"lost.demo.com. A":                      "NXDOMAIN; lost.demo.com. CNAME gone.demo.com.; authority .",
		"none.demo.com. A":                      "NXDOMAIN; authority .",
		"ent.demo.com. TXT":                     "NOERROR; authority .",
		"x.wild.demo.com. CNAME":                "NOERROR; x.wild.demo.com. CNAME api.demo.com.",
		"y.x.wild.demo.com. A":                  "NOERROR; y.x.wild.demo.com. CNAME api.demo.com.; " + chain,
		"taken.wild.demo.com. A":                "NOERROR; authority .",
		"x.taken.wild.demo.com. A":              "NXDOMAIN; authority .",
		"*.wild.demo.com. CNAME":                "NOERROR; *.wild.demo.com. CNAME api.demo.com.",
		"loop1.demo.com. A":                     "SERVFAIL",
		"loop1.demo.com. CNAME":                 "NOERROR; loop1.demo.com. CNAME loop2.demo.com.",
		"two.demo.com. CNAME":                   "NOERROR; two.demo.com. CNAME api.demo.com.; two.demo.com. CNAME lost.demo.com.",
		"mixed.demo.com. A":                     "NOERROR; mixed.demo.com. A 198.51.100.9",
		"mixed.demo.com. ANY":                   "NOERROR; mixed.demo.com. CNAME api.demo.com.; mixed.demo.com. A 198.51.100.9",
		"x.demo.net. A":                         "NXDOMAIN; authority demo.net.",
		"api.old.demo.net. CNAME":               "NOERROR; old.demo.net. DNAME demo.com.; api.old.demo.net. CNAME api.demo.com.; api.demo.com. CNAME first.demo.com.",
		"old.demo.net. TXT":                     "NOERROR; authority demo.net.",
		". NS":                                  "NOERROR; authority .",
		"api.demo.com. TYPE65280":               "NOERROR; " + chain[:len(chain)-len("; g1-cn-hangzhou.alicloudapi.com. A 198.51.100.1")] + "; authority .",
		"first.demo.com. DNSKEY":                "NOERROR; first.demo.com. CNAME g1-cn-hangzhou.alicloudapi.com.; authority .",
		"g1-cn-hangzhou.alicloudapi.com. CNAME": "NOERROR; authority .",
	} {
		name, kind, _ := strings.Cut(question, " ")
		qtype, known := dns.StringToType[kind]
		if !known {
			qtype = 65280
		}
		if diff := cmp.Diff(want, say(z.resolve(name, qtype))); diff != "" {
			t.Errorf("%s: %s", question, diff)
		}
	}
}

func TestChainLimit(t *testing.T) {
	for hops, want := range map[int]string{11: "NOERROR", 12: "SERVFAIL"} {
		var b strings.Builder
		for i := range hops {
			b.WriteString("n" + string(rune('a'+i)) + ".demo.com. IN CNAME n" + string(rune('b'+i)) + ".demo.com.\n")
		}
		b.WriteString("n" + string(rune('a'+hops)) + ".demo.com. IN A 198.51.100.1\n")
		got := newZone(records(t, b.String())).resolve("na.demo.com.", dns.TypeA)
		if dns.RcodeToString[got.rcode] != want {
			t.Errorf("%d hops: got %s, want %s", hops, say(got), want)
		}
	}
}

func TestParseZoneRefuses(t *testing.T) {
	for zone, want := range map[string]string{
		"api.demo.com. IN CNAME \n":                                "bad CNAME",
		"api.demo.com. 60 IN CNAME\n":                              "no data after CNAME",
		"api.demo.com. 60 IN TXT\n":                                "no data after TXT",
		"$INCLUDE /etc/hosts":                                      "INCLUDE",
		"api.demo.com. CH TXT \"x\"":                               "want IN",
		"api.demo.com. IN A 1.2.3.4.5":                             "bad A",
		"api.demo.com. IN NOSUCHTYPE x":                            "NOSUCHTYPE",
		"$GENERATE 0-65535 a$ TXT b\n$GENERATE 0-65535 b$ TXT b\n": "more than 100000 records",
	} {
		if _, err := ParseZone(zone, "seed.yaml"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", zone, err, want)
		}
	}
}

func FuzzZone(f *testing.F) {
	f.Add(text, "x.wild.demo.com.", uint16(1))
	f.Add("a. IN DNAME .\n. IN DNAME b.c.\n", "x.a.", uint16(5))
	f.Add("\ufffd\ufffd. IN DNAME b.", "x.\xff\xff.", uint16(1)) // the same name in fewer bytes
	f.Fuzz(func(t *testing.T, text, name string, qtype uint16) {
		rrs, err := ParseZone(text, "fuzz")
		if _, ok := dns.IsDomainName(name); err != nil || !ok {
			return
		}
		r := newZone(rrs).resolve(dns.Fqdn(name), qtype)
		if len(r.answer) > 2*(maxHops+1)*(len(rrs)+1) {
			t.Errorf("%d answers from %d records", len(r.answer), len(rrs))
		}
	})
}
