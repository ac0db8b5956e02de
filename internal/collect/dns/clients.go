package dns

import (
	"net/netip"
	"slices"

	miekg "github.com/miekg/dns"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
)

// maxDiffering limits the recorded answers that differ from the chain.
const maxDiffering = 32

// clientsOf compares a resolver's answers to A and AAAA with its CNAME chain.
func clientsOf(chain resolve.Chain, led []resolve.Led, owner, server string) *evidence.Clients {
	c := &evidence.Clients{}
	want := targetsFrom(chain, 0)
	for _, l := range led {
		a := evidence.ClientAnswer{Name: owner, Type: miekg.Type(l.Type).String(), Server: server}
		if len(want) > 0 {
			a.CNAME = want[0]
		}
		if l.Err != nil {
			a.Problem = l.Err.Error()
			c.Missing = append(c.Missing, a)
			continue
		}
		c.Compared++
		fill(&a, l.Lead)
		// A resolver may omit the CNAME records; then only the addresses are compared.
		flattened := len(a.Targets) == 0 && len(a.Records) > 0 && !slices.ContainsFunc(a.Records, func(r string) bool { return !slices.Contains(chain.Records, r) })
		if !agrees(chain, l.Type, want, l.Lead) && !flattened {
			c.Differing = append(c.Differing, a)
		}
	}
	return c
}

// clientsOfServers compares, for each authoritative server, its answers to A and AAAA
// with its answers to CNAME.
func clientsOfServers(walk iterate.Walk) *evidence.Clients {
	c := &evidence.Clients{}
	for i, step := range walk.Steps {
		for _, m := range step.Others {
			c.Compared += compareServers(walk.Chain, i, step.Aliases, m, &c.Differing)
			if missing := missingType(step.Aliases, m); missing != nil {
				c.Missing = append(c.Missing, *missing)
			}
		}
	}
	return c
}

// compareServers compares, for each server, its reply for an address or TXT type (m) with
// its reply for CNAME (aliases) at one place of the chain. It appends answers that differ and
// returns the number of servers compared.
func compareServers(chain resolve.Chain, place int, aliases, m iterate.ZoneAnswers, differing *[]evidence.ClientAnswer) (compared int) {
	chained := targetsFrom(chain, place)
	for n, r := range m.Replies {
		if n >= len(aliases.Replies) || r.Status != iterate.Authoritative || aliases.Replies[n].Status != iterate.Authoritative {
			continue
		}
		compared++
		lead, err := m.Lead(r)
		own, rest := aliases.Replies[n].Answer.CNAMEs, chain
		var want []string
		switch {
		case len(own) == 0:
			rest.Event = resolve.NoData
		case len(own) == 1 && len(chained) > 0 && chained[0] == own[0].Target:
			want = chained
		default:
			want = []string{own[0].Target}
			rest.Event = resolve.TooLong // the end of this server's chain is unknown
		}
		if err == nil && (len(own) > 1 || len(*differing) >= maxDiffering || agrees(rest, m.Type, want, lead)) {
			continue
		}
		a := evidence.ClientAnswer{Name: m.Name, Type: miekg.Type(m.Type).String(), Server: r.Server.Host + " (" + r.Server.Text + ")"}
		if err != nil {
			a.Problem = err.Error()
		} else {
			fill(&a, lead)
			if len(own) > 0 {
				a.CNAME = own[0].Target
			}
		}
		*differing = append(*differing, a)
	}
	return compared
}

// otherAddresses appends the answers of servers whose addresses of a queried name without a
// CNAME record are not those of most servers.
func otherAddresses(walk iterate.Walk, differing *[]evidence.ClientAnswer) {
	if len(walk.Steps) != 1 || len(walk.Hops) > 0 {
		return
	}
	for _, m := range walk.Steps[0].Others {
		agreed, _ := m.Agreed()
		want := slices.Sorted(slices.Values(agreed.Records))
		for _, r := range m.Replies {
			if r.Status != iterate.Authoritative || slices.Equal(want, slices.Sorted(slices.Values(r.Answer.Records))) || len(*differing) >= maxDiffering {
				continue
			}
			*differing = append(*differing, evidence.ClientAnswer{Name: m.Name, Type: miekg.Type(m.Type).String(),
				Server: r.Server.Host + " (" + r.Server.Text + ")", Records: r.Answer.Records[:min(len(r.Answer.Records), most)], NameError: r.Answer.NameError})
		}
	}
}

// missingType returns the type of m if no server answers queries of this type, although at
// least one answers CNAME queries; otherwise it returns nil.
func missingType(aliases, m iterate.ZoneAnswers) *evidence.ClientAnswer {
	problem, heard := "", false
	for n, r := range m.Replies {
		if r.Status == iterate.Authoritative {
			return nil
		}
		if n < len(aliases.Replies) && aliases.Replies[n].Status == iterate.Authoritative {
			problem, heard = r.Problem, true
		}
	}
	if !heard {
		return nil
	}
	return &evidence.ClientAnswer{Name: m.Name, Type: miekg.Type(m.Type).String(), Problem: problem}
}

// targetsFrom returns the targets of a chain, from the record at index place.
func targetsFrom(chain resolve.Chain, place int) (targets []string) {
	for _, h := range chain.Hops[min(place, len(chain.Hops)):] {
		targets = append(targets, h.Target)
	}
	return targets
}

// agrees reports whether an answer agrees with a chain: its CNAME records are a prefix of
// the chain, and it contains addresses only if it contains the whole chain. An answer without
// records agrees if the end of the chain has no records of the type.
func agrees(chain resolve.Chain, qtype uint16, want []string, lead resolve.Lead) bool {
	open := chain.Event == resolve.Loop || chain.Event == resolve.TooLong || chain.Event == resolve.MultipleCNAMEs
	for i, target := range lead.Targets {
		if i < len(want) && target != want[i] || i >= len(want) && !open {
			return false
		}
	}
	switch {
	case lead.Mixed:
		return false
	case len(want) == 0:
		return true
	case len(lead.Targets) == 0 && len(lead.Records) == 0:
		return !open && !slices.ContainsFunc(chain.Records, func(text string) bool { return ofType(text, qtype) })
	}
	return len(lead.Records) == 0 || len(lead.Targets) >= len(want)
}

// ofType reports whether an address is one of the records of a type.
func ofType(address string, qtype uint16) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && addr.Is4() == (qtype == miekg.TypeA)
}

// fill copies the records of an answer into a.
func fill(a *evidence.ClientAnswer, lead resolve.Lead) {
	a.Targets, a.Records, a.NameError = lead.Targets, lead.Records[:min(len(lead.Records), most)], lead.NameError
}
