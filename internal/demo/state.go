package demo

import (
	"fmt"
	"maps"
	"reflect"
	"strconv"

	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// compareState holds every domain of the account against what the calls had to
// leave behind: bound ones in effect and as asked, the force's loser without
// its domain, and all others exactly as they were.
func compareState(all []expectation, o observed) []difference {
	before, after := domains(o.before), domains(o.after)
	settled := map[place]bool{}
	var out []difference
	for _, e := range all {
		if e.becomes != bound {
			continue
		}
		settled[e.place] = true
		out = append(out, e.stands(before, after, o.minted)...)
		if e.loser == "" {
			continue
		}
		lost := place{e.domain, e.loser}
		settled[lost] = true
		_, had := before[lost]
		if _, has := after[lost]; has || !had {
			out = append(out, difference{lost, fmt.Sprintf("state: held before %t and after %t, want it lost to the force", had, has)})
		}
	}
	for at := range union(before, after) {
		was, had := before[at]
		is, has := after[at]
		if !settled[at] && (had != has || !reflect.DeepEqual(was, is)) {
			out = append(out, difference{at, "state: nobody asked to change it, and it is not as it was"})
		}
	}
	return out
}

// stands compares the domain with what it was before, or with the platform's
// defaults, after the wanted calls.
func (e expectation) stands(before, after map[place]account.Domain, minted map[string]pair) []difference {
	want := map[string]string{"BindStageName": "", "CustomDomainType": "INTERNET", "IsHttpRedirectToHttps": "false",
		"CertificateName": "", "certificate": ""}
	if was, had := before[e.place]; had {
		want = facts(was)
	}
	want["DomainBindingStatus"] = "BINDING"
	for _, c := range e.wanted(minted) {
		maps.Copy(want, c.params)
		if c.action == setDomainCertificate {
			want["certificate"] = c.pair.chain
		}
	}
	delete(want, "IsForce")
	is, has := after[e.place]
	if !has {
		return []difference{{e.place, "state: the domain is not bound to the group"}}
	}
	if got := facts(is); !maps.Equal(got, want) {
		return []difference{{e.place, fmt.Sprintf("state: got %q, want %q", got, want)}}
	}
	return nil
}

// facts are what SetDomain and SetDomainCertificate can change of a domain.
func facts(d account.Domain) map[string]string {
	f := map[string]string{"BindStageName": d.BindStageName, "CustomDomainType": d.CustomDomainType,
		"IsHttpRedirectToHttps": strconv.FormatBool(d.IsHTTPRedirectToHTTPS), "CertificateName": d.CertificateName,
		"certificate": "", "DomainBindingStatus": d.DomainBindingStatus}
	if d.Certificate != nil {
		f["certificate"] = d.Certificate.ChainDigest
	}
	return f
}

// domains is every domain of a state, by its place.
func domains(groups []account.Group) map[place]account.Domain {
	out := map[place]account.Domain{}
	for _, g := range groups {
		for _, d := range g.Domains {
			out[place{d.DomainName, g.GroupID}] = d
		}
	}
	return out
}

func union(a, b map[place]account.Domain) map[place]bool {
	out := map[place]bool{}
	for at := range a {
		out[at] = true
	}
	for at := range b {
		out[at] = true
	}
	return out
}
