package lab

// Case is a name and what the authorities say of it, whichever servers they are.
type Case struct {
	Name     string
	Event    string // as resolve.Event; "" if nobody can tell
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
		{"unregistered.demo.com", "nxdomain", "api.nobody-has-this.net", 1, ""},
		{"empty.demo.com", "nodata", "empty.demo.com", 0, ""},
		{"mail.demo.com", "nodata", "mail.demo.com", 0, ""},
		{"no.demo.com", "nxdomain", "no.demo.com", 0, ""},
		{"nothing.nobody-has-this.net", "nxdomain", "nothing.nobody-has-this.net", 0, "secure"},
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
		{"beside.crooked.com", "found", sub, 1, ""},
		{"apexalias.com", "found", sub, 1, ""},
		{"api.servfail.com", "", "api.servfail.com", 0, ""},
		{"api.refused.com", "", "api.refused.com", 0, ""},
		{"api.cutshort.com", "", "api.cutshort.com", 0, ""},
		{"api.noedns.com", "found", sub, 1, ""},
		{"api.noaa.com", "", "api.noaa.com", 0, ""},
		{"api.poison.com", "found", sub, 1, ""},
		{"api.oversized.com", "", "api.oversized.com", 0, ""},
		{"www.victim.com", "nxdomain", "www.victim.com", 0, "secure"}, // after poison.com was asked
		{"api.ring1.net", "", "api.ring1.net", 0, ""},
		{"api.mixed.com", "found", sub, 1, ""},
		{"a.b.nons.com", "found", sub, 1, ""},
	}
}
