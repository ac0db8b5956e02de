package demo

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// agreeing is a run in which everything became what it had to.
func agreeing(t *testing.T) *observed {
	t.Helper()
	f := folder{path: t.TempDir()}
	minted, err := mint(f, now)
	if err != nil {
		t.Fatal(err)
	}
	state := func() []seed.Group {
		s, err := sandbox.ParseSeed([]byte(seedFile), f.path)
		if err != nil {
			t.Fatal(err)
		}
		return s.Groups
	}
	o := &observed{before: state(), minted: minted, exits: []int{exitRefused, exitRefused}}
	for _, g := range o.before {
		o.after = append(o.after, g.Clone())
	}
	for _, e := range expectations() {
		calls := e.wanted(minted)
		o.report.Bindings = append(o.report.Bindings, decidedAs(e, calls))
		o.received = append(o.received, received(e.place, calls)...)
		if e.becomes == bound {
			o.carryOut(e, calls)
		}
	}
	return o
}

func decidedAs(e expectation, calls []call) decided {
	d := decided{DomainName: e.domain, GroupID: e.group, Decision: "allowed"}
	d.Outcome.Status = e.becomes
	if e.becomes == refused {
		d.Decision, d.Outcome.Status = "refused", "not-attempted"
		d.Checks = append(d.Checks, result{IDs: []string{e.fails}, Status: "fail"})
	}
	d.Checks = append(d.Checks, result{IDs: []string{"group/exists"}, Status: "pass"})
	for _, c := range calls {
		one := planned{Action: c.action, Params: withPlace(e.place, c.params)}
		if c.pair != (pair{}) {
			one.Material = &digests{c.pair.chain, c.pair.key}
		}
		d.Calls = append(d.Calls, one)
	}
	return d
}

func received(at place, calls []call) []sandbox.Received {
	out := []sandbox.Received{{Action: "DescribeApiGroup", Params: withPlace(at, nil), Code: "OK"}}
	for _, c := range calls {
		out = append(out, sandbox.Received{Action: c.action, Params: withPlace(at, c.params), Code: "OK", Committed: true,
			ChainDigest: c.pair.chain, PublicKeyDigest: c.pair.key})
	}
	return out
}

func withPlace(at place, params map[string]string) map[string]string {
	out := map[string]string{"GroupId": at.group, "DomainName": at.domain}
	maps.Copy(out, params)
	return out
}

// carryOut does to the state what the calls ask for.
func (o *observed) carryOut(e expectation, calls []call) {
	for _, c := range calls {
		d := o.domain(e.place)
		if d == nil {
			g := o.group(e.group)
			g.Domains = append(g.Domains, seed.Domain{DomainName: e.domain, CustomDomainType: "INTERNET", DomainBindingStatus: "BINDING"})
			d = o.domain(e.place)
		}
		set := func(field *string, name string) {
			if v, ok := c.params[name]; ok {
				*field = v
			}
		}
		set(&d.BindStageName, "BindStageName")
		set(&d.CustomDomainType, "CustomDomainType")
		set(&d.CertificateName, "CertificateName")
		if v, ok := c.params["IsHttpRedirectToHttps"]; ok {
			d.IsHTTPRedirectToHTTPS = v == "true"
		}
		if c.pair != (pair{}) {
			d.Certificate = &seed.Certificate{Name: d.CertificateName, ChainDigest: c.pair.chain, PublicKeyDigest: c.pair.key}
		}
	}
	if e.loser != "" {
		o.drop(place{e.domain, e.loser})
	}
}

func (o *observed) group(id string) *seed.Group {
	i := slices.IndexFunc(o.after, func(g seed.Group) bool { return g.GroupID == id })
	return &o.after[i]
}

// domain is a domain of the state after the run, to be changed; nil: not there.
func (o *observed) domain(at place) *seed.Domain {
	g := o.group(at.group)
	for i := range g.Domains {
		if g.Domains[i].DomainName == at.domain {
			return &g.Domains[i]
		}
	}
	return nil
}

func (o *observed) drop(at place) {
	g := o.group(at.group)
	g.Domains = slices.DeleteFunc(g.Domains, func(d seed.Domain) bool { return d.DomainName == at.domain })
}

// call is the n-th write that was received for a domain.
func (o *observed) call(domain string, n int) *sandbox.Received {
	for i := range o.received {
		r := &o.received[i]
		if r.Committed && r.Params["DomainName"] == domain {
			if n == 0 {
				return r
			}
			n--
		}
	}
	return nil
}

// binding is a binding of the report, to be changed.
func (o *observed) binding(domain string) *decided {
	i := slices.IndexFunc(o.report.Bindings, func(d decided) bool { return d.DomainName == domain })
	return &o.report.Bindings[i]
}
