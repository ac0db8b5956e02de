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
	mute = "mute.servers.net."
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
			text: "twice IN CNAME a.crooked.com.\ntwice IN CNAME b.crooked.com.\nother-data IN CNAME " + sub + "\nother-data IN A 127.0.53.81\nother-data IN TXT hello\n"},
		{apex: "apexalias.com.", hosts: []string{odd}, servers: []string{OddAddress}, text: "@ IN CNAME " + sub},
		{apex: "servfail.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: ServFail, text: "api IN CNAME " + sub},
		{apex: "refused.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Refuse, text: "api IN CNAME " + sub},
		{apex: "cutshort.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: CutShort, text: "api IN CNAME " + sub},
		{apex: "noedns.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoEDNS, text: "api IN CNAME " + sub},
		{apex: "noaa.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NotMine, text: "api IN CNAME " + sub},
		{apex: "poison.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Poison, text: "api IN CNAME " + sub},
		{apex: "oversized.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Oversized, text: "api IN CNAME " + sub},
		{apex: "split.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Split,
			text: "api IN CNAME " + sub + "\n" + groupID() + ".api IN CNAME " + groupID() + ".both.mixed.com.\n"},
		{apex: "emptied.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: Empty, text: "api IN CNAME " + sub},
		{apex: "nons.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoNS, text: "a.b IN CNAME " + sub},
		{apex: "nomail.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoMail, text: "api IN CNAME " + sub},
		// The second server holds another version, or nothing, or is down.
		{apex: "mixed.com.", hosts: []string{ns1, odd}, servers: first,
			text: "api 300 IN CNAME " + sub + "\nboth IN CNAME " + sub + "\n" + proofText("api") + proofText("both") + "addr IN A 127.0.53.84\n_bindgate.api IN TXT gateway=gw-1\n_bindgate.both IN TXT gateway=gw-1"},
		{apex: "partlame.com.", hosts: []string{ns1, odd}, servers: first, text: "api IN CNAME " + sub},
		{apex: "partdown.com.", hosts: []string{ns1, down}, servers: first, text: "api IN CNAME " + sub},
		// The delegation and the zone itself give different addresses of the server.
		{apex: "glued.com.", hosts: []string{"ns.glued.com."}, servers: []string{OddAddress}, text: "ns IN A " + StaleAddress + "\napi IN CNAME " + sub},
		{apex: "moved.com.", hosts: []string{"ns.moved.com."}, servers: []string{OddAddress}, text: "ns IN A " + StaleAddress + "\napi IN CNAME " + sub},
		{apex: "sibling.com.", hosts: []string{"ns.moved.com."}, servers: []string{OddAddress}, text: "api IN CNAME " + sub},
		{apex: "nsalias.com.", hosts: []string{"ns.nsalias.net."}, text: ""},
		{apex: "nsalias.net.", hosts: []string{ns1}, servers: first, text: "ns IN CNAME ns1.servers.net."},
		{apex: "half.com.", hosts: []string{ns1, mute}, servers: first, text: "*.wild IN CNAME " + sub + "\napi IN CNAME " + sub},
		{apex: "half2.com.", hosts: []string{ns1, mute}, servers: first, text: "api IN CNAME " + sub},
		{apex: "half3.com.", hosts: []string{ns1, mute}, servers: first, text: "api IN CNAME " + sub},
		{apex: "silent.com.", hosts: []string{mute}, text: ""},
		{apex: "nonew.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoNew, text: "api IN CNAME " + sub + "\nb IN CNAME " + sub + "\naddr IN A 127.0.53.84"},
		{apex: "dropedns.com.", hosts: []string{"old.servers.net."}, servers: []string{OldAddress}, fault: DropEDNS, text: "api IN CNAME " + sub},
		{apex: "nosynth.com.", hosts: []string{odd}, servers: []string{OddAddress}, fault: NoSynth, text: "tree IN DNAME target.demo.com."},
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
	fmt.Fprintf(delegate["com."], "ns.glued.com. 60 IN A %[1]s\nns.moved.com. 60 IN A %[1]s\n", OddAddress)
	tld := []string{TLDAddress}
	const root = "com. 60 IN NS ns.tld.\nnet. 60 IN NS ns.tld.\nns.tld. 60 IN A " + TLDAddress + "\nns.root. 60 IN A " + RootAddress + "\n"
	mixed := spec{apex: "mixed.com.", hosts: []string{ns1, odd}, servers: []string{OddAddress}, older: true,
		text: "api 300 IN CNAME old.demo.com.\nboth IN CNAME " + SubDomain + ".\n" + proofText("both") + "addr IN A 127.0.53.85\n_bindgate.both IN TXT gateway=gw-1"}
	stale := []string{StaleAddress}
	var more []spec
	for _, apex := range []string{"half.com.", "half2.com.", "half3.com.", "silent.com."} {
		more = append(more, spec{apex: apex, servers: []string{MuteAddress}, fault: Mute})
	}
	return append(more, []spec{
		mixed,
		{apex: "glued.com.", hosts: []string{"ns.glued.com."}, servers: stale, older: true, text: "ns IN A " + StaleAddress + "\napi IN CNAME old.demo.com."},
		{apex: "moved.com.", hosts: []string{"ns.moved.com."}, servers: stale, text: "ns IN A " + StaleAddress + "\napi IN CNAME " + SubDomain + "."},
		{apex: "sibling.com.", hosts: []string{"ns.moved.com."}, servers: stale, older: true, text: "api IN CNAME old.demo.com."},
		{apex: "com.", hosts: []string{"ns.tld."}, servers: tld, signing: &signing{}, text: delegate["com."].String()},
		{apex: "net.", hosts: []string{"ns.tld."}, servers: tld, signing: &signing{nsec3: true}, text: delegate["net."].String()},
		{apex: ".", hosts: []string{"ns.root."}, servers: []string{RootAddress}, signing: &signing{}, text: root},
	}...)
}

// proofText are the TXT records that prove a name for the group of the scenarios, in
// both spellings.
func proofText(name string) string {
	var b strings.Builder
	for _, token := range []string{"apigateway-domain-verification", "apigateway-domain-verfication"} {
		fmt.Fprintf(&b, "%s.%s IN TXT \"%s=%s\"\n", groupID(), name, token, SubDomain)
	}
	return b.String()
}

func groupID() string {
	id, _, _ := strings.Cut(SubDomain, "-")
	return id
}

func hostsText() string {
	return fmt.Sprintf("ns1.servers.net. 60 IN A %s\nns2.servers.net. 60 IN A %s\nodd.servers.net. 60 IN A %s\ndown.servers.net. 60 IN A %s\nmute.servers.net. 60 IN A %s\nold.servers.net. 60 IN A %s\n",
		FirstAddress, SecondAddress, OddAddress, DownAddress, MuteAddress, OldAddress)
}

// plainText is demo.com: what an unsigned zone on sound servers can hold.
func plainText(sub string) string {
	var b strings.Builder
	b.WriteString("api IN CNAME " + sub + "\n*.wild IN CNAME " + sub + "\nflat IN A 127.0.53.80\nold IN A 127.0.53.82\n")
	b.WriteString("via IN CNAME mid\nmid IN CNAME " + sub + "\ndangling IN CNAME gone\nbelow.empty IN A 127.0.53.83\nmail IN MX 10 mail.demo.com.\n")
	b.WriteString("self IN CNAME self\none IN CNAME two\ntwo IN CNAME one\nrho IN CNAME one\n")
	b.WriteString("tree IN DNAME target.demo.com.\na.target IN CNAME " + sub + "\nchild IN NS ns1.servers.net.\n")
	b.WriteString("unregistered IN CNAME api.not-registered.net.\n")
	b.WriteString("doubled.demo.com IN CNAME " + sub + "\nproofs IN TXT \"apigateway-domain-verification=" + SubDomain + "\"\n")
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

// Case is a name and what the authorities say of it, whichever servers they are.
type Case struct {
	Name     string
	Event    string // as resolve.Event; "" if it is undefined
	Final    string // the last name
	Hops     int
	Security string // as iterate.Status, of the worst name of the chain; "" where it is not looked at
}

// Cases are the scenarios that sound servers serve.
func Cases() []Case {
	const sub = SubDomain
	return []Case{
		{"api.demo.com", "found", sub, 1, "insecure"},
		{"API.Demo.COM.", "found", sub, 1, "insecure"},
		{"www.child.demo.com", "found", sub, 1, "insecure"},
		{"child.demo.com", "nodata", "child.demo.com", 0, "insecure"},
		{"random.wild.demo.com", "found", sub, 1, "insecure"},
		{"flat.demo.com", "found", "flat.demo.com", 0, "insecure"},
		{"via.demo.com", "found", sub, 2, ""},
		{"dangling.demo.com", "nxdomain", "gone.demo.com", 1, ""},
		{"unregistered.demo.com", "nxdomain", "api.not-registered.net", 1, ""},
		{"empty.demo.com", "nodata", "empty.demo.com", 0, ""},
		{"mail.demo.com", "nodata", "mail.demo.com", 0, ""},
		{"no.demo.com", "nxdomain", "no.demo.com", 0, ""},
		{"nothing.not-registered.net", "nxdomain", "nothing.not-registered.net", 0, "secure"},
		{"self.demo.com", "loop", "self.demo.com", 1, ""},
		{"one.demo.com", "loop", "one.demo.com", 2, ""},
		{"rho.demo.com", "loop", "one.demo.com", 3, ""},
		{"a.tree.demo.com", "found", sub, 2, ""},
		{"c1.demo.com", "found", sub, 1, ""},
		{"c8.demo.com", "found", sub, 8, ""},
		{"c11.demo.com", "found", sub, 11, ""},
		{"c12.demo.com", "too-long", "c1.demo.com", 12, ""},
		{"c40.demo.com", "too-long", "c29.demo.com", 12, ""},
		{"api.glueless.net", "found", sub, 1, ""},
		{"api.partlame.com", "found", sub, 1, ""},
		{"api.partdown.com", "found", sub, 1, ""},
		{"api.half.com", "found", sub, 1, ""},
		{"api.signed.com", "found", sub, 1, "insecure"}, // its target is not signed
		{"empty.signed.com", "nodata", "empty.signed.com", 0, "secure"},
		{"no.signed.com", "nxdomain", "no.signed.com", 0, "secure"},
		{"mail.signed.com", "nodata", "mail.signed.com", 0, "secure"},
		{"random.wild.signed.com", "found", sub, 1, "insecure"},
		{"a.tree.signed.com", "found", sub, 2, "insecure"},
		{"empty.hashed.com", "nodata", "empty.hashed.com", 0, "secure"},
		{"no.hashed.com", "nxdomain", "no.hashed.com", 0, "secure"},
		{"mail.hashed.com", "nodata", "mail.hashed.com", 0, "secure"},
		{"random.wild.hashed.com", "found", sub, 1, "insecure"},
		{"api.expired.com", "found", sub, 1, "bogus"},
		{"api.bogus.com", "nxdomain", "forged." + sub, 1, "bogus"},
		{"api.wrongds.com", "found", sub, 1, "bogus"},
		{"tosigned.signed.com", "nxdomain", "forged." + sub, 2, "bogus"}, // a hop in the middle
		{"api.lame.com", "", "api.lame.com", 0, ""},
		{"api.alldown.com", "", "api.alldown.com", 0, ""},
	}
}

// OddCases are the scenarios that only a server of our own serves.
func OddCases() []Case {
	const sub = SubDomain
	return []Case{
		{"twice.crooked.com", "multiple-cnames", "twice.crooked.com", 0, ""},
		{"other-data.crooked.com", "found", sub, 1, ""},
		{"apexalias.com", "found", sub, 1, ""},
		{"api.servfail.com", "", "api.servfail.com", 0, ""},
		{"api.refused.com", "", "api.refused.com", 0, ""},
		{"api.cutshort.com", "", "api.cutshort.com", 0, ""},
		{"api.noedns.com", "found", sub, 1, ""},
		{"api.dropedns.com", "found", sub, 1, ""},
		{"api.nonew.com", "found", sub, 1, ""},
		{"a.tree.nosynth.com", "found", sub, 2, ""},
		{"api.noaa.com", "", "api.noaa.com", 0, ""},
		{"api.poison.com", "found", sub, 1, ""},
		{"api.oversized.com", "", "api.oversized.com", 0, ""},
		{"www.victim.com", "nxdomain", "www.victim.com", 0, "secure"}, // after poison.com was asked
		{"api.ring1.net", "", "api.ring1.net", 0, ""},
		{"api.mixed.com", "found", sub, 1, ""},
		{"a.b.nons.com", "found", sub, 1, ""},
	}
}
