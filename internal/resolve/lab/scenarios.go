package lab

import (
	"fmt"
	"strings"
)

// SubDomain is the name that the group of the scenarios has.
const SubDomain = "927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com"

// Hosts of the scenario zones' servers.
const (
	ns1  = "ns1.servers.net."
	ns2  = "ns2.servers.net."
	odd  = "odd.servers.net."
	down = "down.servers.net."
)

// scenarioZones are all zones, leaves first, for a zone above needs their DS.
func scenarioZones() []spec {
	both, first := []string{FirstAddress, SecondAddress}, []string{FirstAddress}
	sub := SubDomain + "."
	zones := []spec{
		{apex: "demo.com.", hosts: []string{ns1, ns2}, servers: both, text: plainText(sub)},
		{apex: "child.demo.com.", hosts: []string{ns1}, servers: first, text: "www IN CNAME " + sub},
		{apex: "alicloudapi.com.", hosts: []string{ns1, ns2}, servers: both, text: sub + " 60 IN A 127.0.53.80"},
		{apex: "servers.net.", hosts: []string{ns1, ns2}, servers: both, text: hostsText()},
		{apex: "glueless.net.", hosts: []string{"ns.other.net."}, servers: first, text: "api IN CNAME " + sub},
		{apex: "other.net.", hosts: []string{ns1}, servers: first, text: "ns IN A " + FirstAddress},
		{apex: "signed.com.", hosts: []string{ns1, ns2}, servers: both, signing: &signing{}, text: signedText()},
		{apex: "hashed.com.", hosts: []string{ns1}, servers: first, signing: &signing{nsec3: true}, text: signedText()},
		{apex: "expired.com.", hosts: []string{ns1}, servers: first, signing: &signing{expired: true}, text: signedText()},
		{apex: "bogus.com.", hosts: []string{ns1}, servers: first, signing: &signing{forged: true}, text: signedText()},
		{apex: "wrongds.com.", hosts: []string{ns1}, servers: first, signing: &signing{dsWrong: true}, text: signedText()},
		// What sound servers refuse to load or to do.
		{apex: "crooked.com.", hosts: []string{odd}, servers: []string{OddAddress},
			text: "twice IN CNAME a.crooked.com.\ntwice IN CNAME b.crooked.com.\nbeside IN CNAME " + sub + "\nbeside IN A 127.0.53.81\nbeside IN TXT hello\n"},
		{apex: "apexalias.com.", hosts: []string{odd}, servers: []string{OddAddress}, text: "@ IN CNAME " + sub},
		{apex: "servfail.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: ServFail, text: "api IN CNAME " + sub},
		{apex: "refused.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Refuse, text: "api IN CNAME " + sub},
		{apex: "cutshort.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: CutShort, text: "api IN CNAME " + sub},
		{apex: "noedns.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoEDNS, text: "api IN CNAME " + sub},
		{apex: "noaa.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NotMine, text: "api IN CNAME " + sub},
		{apex: "poison.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Poison, text: "api IN CNAME " + sub},
		{apex: "oversized.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Oversized, text: "api IN CNAME " + sub},
		{apex: "nons.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoNS, text: "a.b IN CNAME " + sub},
		{apex: "nomail.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoMail, text: "api IN CNAME " + sub},
		// The second server holds another version, or nothing, or is down.
		{apex: "mixed.com.", hosts: []string{ns1, odd}, servers: first,
			text: "api 300 IN CNAME " + sub + "\nboth IN CNAME " + sub + "\n" + proofText("api") + proofText("both")},
		{apex: "partlame.com.", hosts: []string{ns1, odd}, servers: first, text: "api IN CNAME " + sub},
		{apex: "partdown.com.", hosts: []string{ns1, down}, servers: first, text: "api IN CNAME " + sub},
		{apex: "lame.com.", hosts: []string{odd}, text: ""},
		{apex: "alldown.com.", hosts: []string{down}, text: ""},
	}
	return append(zones, aboveZones(zones)...)
}

// aboveZones are the zones that delegate the others.
func aboveZones(zones []spec) []spec {
	delegate := map[string]*strings.Builder{"com.": {}, "net.": {}}
	for _, z := range zones {
		above := delegate[parent(z.apex)]
		for _, host := range z.hosts {
			if above != nil {
				fmt.Fprintf(above, "%s 60 IN NS %s\n", z.apex, host)
			}
		}
	}
	// A ring: each can be found only through the other.
	delegate["net."].WriteString("ring1.net. 60 IN NS ns.ring2.net.\nring2.net. 60 IN NS ns.ring1.net.\n")
	delegate["net."].WriteString(hostsText())
	tld := []string{TLDAddress}
	const root = "com. 60 IN NS ns.tld.\nnet. 60 IN NS ns.tld.\nns.tld. 60 IN A " + TLDAddress + "\nns.root. 60 IN A " + RootAddress + "\n"
	mixed := spec{apex: "mixed.com.", hosts: []string{ns1, odd}, servers: []string{OddAddress}, older: true,
		text: "api 300 IN CNAME old.demo.com.\nboth IN CNAME " + SubDomain + ".\n" + proofText("both")}
	return []spec{
		mixed,
		{apex: "com.", hosts: []string{"ns.tld."}, servers: tld, signing: &signing{}, text: delegate["com."].String()},
		{apex: "net.", hosts: []string{"ns.tld."}, servers: tld, signing: &signing{nsec3: true}, text: delegate["net."].String()},
		{apex: ".", hosts: []string{"ns.root."}, servers: []string{RootAddress}, signing: &signing{}, text: root},
	}
}

// proofText are the TXT records that prove a name for the group of the scenarios, in
// both spellings.
func proofText(name string) string {
	id, _, _ := strings.Cut(SubDomain, "-")
	var b strings.Builder
	for _, token := range []string{"apigateway-domain-verification", "apigateway-domain-verfication"} {
		fmt.Fprintf(&b, "%s.%s IN TXT \"%s=%s\"\n", id, name, token, SubDomain)
	}
	return b.String()
}

func hostsText() string {
	return fmt.Sprintf("ns1.servers.net. 60 IN A %s\nns2.servers.net. 60 IN A %s\nodd.servers.net. 60 IN A %s\ndown.servers.net. 60 IN A %s\n",
		FirstAddress, SecondAddress, OddAddress, DownAddress)
}

// plainText is demo.com: what an unsigned zone on sound servers can hold.
func plainText(sub string) string {
	var b strings.Builder
	b.WriteString("api IN CNAME " + sub + "\n*.wild IN CNAME " + sub + "\nflat IN A 127.0.53.80\nold IN A 127.0.53.82\n")
	b.WriteString("via IN CNAME mid\nmid IN CNAME " + sub + "\ndangling IN CNAME gone\nbelow.empty IN A 127.0.53.83\nmail IN MX 10 mail.demo.com.\n")
	b.WriteString("self IN CNAME self\none IN CNAME two\ntwo IN CNAME one\nrho IN CNAME one\n")
	b.WriteString("tree IN DNAME target.demo.com.\na.target IN CNAME " + sub + "\nchild IN NS ns1.servers.net.\n")
	b.WriteString("unregistered IN CNAME api.nobody-has-this.net.\n")
	for n := 1; n <= 40; n++ {
		next := fmt.Sprintf("c%d", n-1)
		if n == 1 {
			next = sub
		}
		fmt.Fprintf(&b, "c%d IN CNAME %s\n", n, next)
	}
	return b.String()
}

// signedText is the same for every signed zone.
func signedText() string {
	const sub = SubDomain + "."
	return "api IN CNAME " + sub + "\nwild IN TXT here\n*.wild IN CNAME " + sub + "\nbelow.empty IN A 127.0.53.83\nmail IN MX 10 mail.demo.com.\ntree IN DNAME target.demo.com.\n" +
		"unsigned IN CNAME api.demo.com.\ntosigned IN CNAME api.bogus.com.\n"
}
