package demo

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

func TestCompareAgrees(t *testing.T) {
	o := agreeing(t)
	got := compare(expectations(), *o)
	if len(got.differences) > 0 {
		t.Fatalf("got %v", got.differences)
	}
	var out bytes.Buffer
	p := &printer{w: &out}
	p.closing(got)
	if p.err != nil || strings.Contains(out.String(), "✗") || strings.Count(out.String(), "✓") != len(expectations()) {
		t.Errorf("got %v:\n%s", p.err, &out)
	}
	for line := range strings.Lines(out.String()) {
		if utf8.RuneCountInString(line) > 81 { // the line feed counts
			t.Errorf("a line is wider than 80 columns: %q", line)
		}
	}
}

// tampering is one thing that went another way than it had to, and where.
type tampering struct {
	note string
	at   place
	with func(*observed)
}

func tamperings() []tampering {
	api, status, stands := place{"api.demo.com", shop}, place{"status.demo.com", shop}, place{"stands.demo.com", shop}
	moved, typo := place{"moved.demo.com", payments}, place{"typo.demo.com", payments}
	old, stranger := place{"old.demo.com", legacy}, place{"stranger.demo.com", shop}
	extra := func(action string, at place) func(*observed) {
		return func(o *observed) {
			o.received = append(o.received, sandbox.Received{Action: action, Params: withPlace(at, nil), Code: "OK", Committed: true})
		}
	}
	return []tampering{
		{"an extra write for a refused binding", typo, extra("SetDomain", typo)},
		{"an extra write for one that stands", stands, extra("SetDomain", stands)},
		{"an extra write for a bound one", api, extra("SetDomain", api)},
		{"a write of another kind", stands, extra("DeleteDomain", stands)},
		{"a write that nobody asked for", stranger, extra("SetDomain", stranger)},
		{"a write on another group", place{"api.demo.com", legacy}, extra("SetDomain", place{"api.demo.com", legacy})},
		{"a write without any name", place{}, extra("SetDomain", place{})},
		{"a read that changed something", stands, extra("DescribeDomain", stands)},
		{"a write that was refused", typo, func(o *observed) {
			o.received = append(o.received, sandbox.Received{Action: "SetDomain", Params: withPlace(typo, nil), Code: "InvalidBindStageName"})
		}},

		{"a call is missing", status, func(o *observed) {
			*o.call("status.demo.com", 0) = sandbox.Received{Action: "DescribeApiGroup", Code: "OK"}
		}},
		{"calls in another order", api, func(o *observed) {
			a, b := o.call("api.demo.com", 0), o.call("api.demo.com", 2)
			*a, *b = *b, *a
		}},
		{"another value", api, func(o *observed) { o.call("api.demo.com", 0).Params["BindStageName"] = "TEST" }},
		{"one parameter more", api, func(o *observed) { o.call("api.demo.com", 2).Params["IsForce"] = "true" }},
		{"the empty stage was dropped", status, func(o *observed) { delete(o.call("status.demo.com", 0).Params, "BindStageName") }},
		{"another certificate", moved, func(o *observed) { o.call("moved.demo.com", 1).ChainDigest = o.minted["api.demo.com"].chain }},
		{"another key", moved, func(o *observed) { o.call("moved.demo.com", 1).PublicKeyDigest = o.minted["api.demo.com"].key }},
		{"an error code", api, func(o *observed) { o.call("api.demo.com", 1).Code = "Throttling.User" }},
		{"no commit", api, func(o *observed) { o.call("api.demo.com", 1).Committed = false }},

		{"a refused one was allowed", typo, func(o *observed) { o.binding("typo.demo.com").Decision = "allowed" }},
		{"a bound one was refused", api, func(o *observed) { o.binding("api.demo.com").Decision = "refused" }},
		{"refused for another reason", typo, func(o *observed) { o.binding("typo.demo.com").Checks[0].IDs[0] = "group/exists" }},
		{"refused for two reasons", typo, func(o *observed) { o.binding("typo.demo.com").Checks[1].Status = "fail" }},
		{"refused for no reason", typo, func(o *observed) { o.binding("typo.demo.com").Checks = nil }},
		{"another outcome", api, func(o *observed) { o.binding("api.demo.com").Outcome.Status = "incomplete" }},
		{"another plan", api, func(o *observed) { o.binding("api.demo.com").Calls[0].Params["BindStageName"] = "PRE" }},
		{"another planned certificate", api, func(o *observed) { o.binding("api.demo.com").Calls[1].Material.Chain = "sha256:00" }},
		{"a plan for a refused one", typo, func(o *observed) { o.binding("typo.demo.com").Calls = o.binding("status.demo.com").Calls }},
		{"a binding is missing in the report", api, func(o *observed) { o.report.Bindings = o.report.Bindings[1:] }},
		{"a binding is in the report twice", api, func(o *observed) { o.report.Bindings = append(o.report.Bindings, o.report.Bindings[0]) }},
		{"a binding that nobody asked for", stranger, func(o *observed) {
			o.report.Bindings = append(o.report.Bindings, decided{DomainName: stranger.domain, GroupID: stranger.group})
		}},

		{"bound, but not in effect", api, func(o *observed) { o.domain(api).DomainBindingStatus = "BOUND" }},
		{"bound with another stage", api, func(o *observed) { o.domain(api).BindStageName = "" }},
		{"bound without the redirect", api, func(o *observed) { o.domain(api).IsHTTPRedirectToHTTPS = false }},
		{"bound with another certificate", api, func(o *observed) { o.domain(api).Certificate.ChainDigest = "sha256:00" }},
		{"not bound after all", api, func(o *observed) { o.drop(api) }},
		{"the loser kept the domain", place{"moved.demo.com", legacy}, func(o *observed) {
			o.group(legacy).Domains = append(o.group(legacy).Domains, seed.Domain{DomainName: "moved.demo.com"})
		}},
		{"another one lost its domain", old, func(o *observed) { o.drop(old) }},
		{"another one was changed", old, func(o *observed) { o.domain(old).BindStageName = "TEST" }},
		{"the one that stands was changed", stands, func(o *observed) { o.domain(stands).Certificate.ChainDigest = "sha256:00" }},
		{"a domain came from nowhere", stranger, func(o *observed) {
			o.group(shop).Domains = append(o.group(shop).Domains, seed.Domain{DomainName: stranger.domain})
		}},
		{"nothing was refused", place{}, func(o *observed) { o.exits[1] = 0 }},
	}
}

func TestCompareFindsWhatWasTamperedWith(t *testing.T) {
	for _, tc := range tamperings() {
		t.Run(tc.note, func(t *testing.T) {
			o := agreeing(t)
			for i := range o.received { // digests and names are shared with nobody
				o.received[i].Params = maps.Clone(o.received[i].Params)
			}
			tc.with(o)
			got := compare(expectations(), *o)
			if len(got.differences) == 0 || got.agrees(tc.at) {
				t.Fatalf("not found at %v: %v", tc.at, got.differences)
			}
			for _, d := range got.differences {
				if d.place != tc.at {
					t.Errorf("found at the wrong place: %v", d)
				}
			}
			var out bytes.Buffer
			p := &printer{w: &out}
			p.closing(got)
			if strings.Contains(out.String(), "All agree") || !strings.Contains(out.String(), "They do not agree") {
				t.Errorf("got\n%s", &out)
			}
		})
	}
}
