package cutover

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func catalogue() []checks.Check {
	return []checks.Check{{ID: "move/serves", ShowsService: true}, {ID: "dns/leads", ShowsPropagation: true}, {ID: "move/other"}}
}

func lead(all ...evidence.Leads) (out []evidence.Direction) {
	for _, l := range all {
		out = append(out, evidence.Direction{Server: "ns", Leads: l, TTL: 60})
	}
	return out
}

// ready is a domain whose DNS may move.
func ready() Subject {
	group := evidence.Group{Found: true, GroupID: "g", Domains: []evidence.Domain{{DomainName: "a.demo.com"}}}
	return Subject{
		Binding: binding.Binding{DomainName: "a.demo.com", GatewayID: "gw", RegionID: "cn-hangzhou", CutOver: true, MovesFrom: &binding.MovesFrom{GroupID: "g", RegionID: "cn-hangzhou"}},
		Results: []checks.Result{{ID: "move/serves", Status: checks.StatusPass}, {ID: "dns/leads", Status: checks.StatusFail, Findings: []checks.Finding{{Severity: checks.Error}}}},
		Evidence: evidence.Evidence{
			Run:         evidence.Run{Now: now},
			DNS:         evidence.Observed(evidence.DNS{Mode: evidence.DNSAuthoritative}, "", now),
			Records:     evidence.Observed(evidence.Records{Domain: &evidence.Record{DomainID: "d", Protocol: "HTTPS", CertIdentifier: "c"}}, "", now),
			Serving:     evidence.Observed(evidence.Serving{Complete: true, Routes: []evidence.Route{{GatewayID: "gw", DeployStatus: "Deployed"}}}, "", now),
			Predecessor: evidence.Observed(evidence.Predecessor{Group: group}, "", now),
			Cutover:     evidence.Observed(evidence.Cutover{Directions: lead("old", "old"), OldTTL: 60}, "", now),
		},
	}
}

// Each change takes back exactly what is no longer shown.
func TestStates(t *testing.T) {
	released := func(s *Subject) { s.Evidence.Predecessor.Facts.Group.Domains = nil }
	leads := func(all ...evidence.Leads) func(*Subject) {
		return func(s *Subject) {
			s.Evidence.Cutover.Facts.Directions = lead(all...)
			if s.Evidence.Cutover.Facts.Leading(evidence.LeadsNew) == len(all) {
				s.Evidence.Cutover.Facts.OldTTL = 0
			}
		}
	}
	serves := func(status checks.Status) func(*Subject) {
		return func(s *Subject) {
			s.Results[0] = checks.Result{ID: "move/serves", Status: status, Findings: []checks.Finding{{Severity: checks.Error, Message: "expired"}}}
		}
	}
	earlier := func(p Progress) func(*Subject) { return func(s *Subject) { s.Earlier = &p } }
	for name, c := range map[string]struct {
		change []func(*Subject)
		want   State
		broken string
	}{
		"ready":              {nil, MayMove, ""},
		"not observed":       {[]func(*Subject){func(s *Subject) { s.Evidence.Set(evidence.Metadata{State: evidence.StateFailed}, evidence.NeedCutover) }}, Unknown, ""},
		"no server":          {[]func(*Subject){leads()}, Unknown, ""},
		"silent servers":     {[]func(*Subject){leads("unknown", "unknown")}, Unknown, ""},
		"no record":          {[]func(*Subject){func(s *Subject) { s.Evidence.Records.Facts.Domain = nil }}, NotPrepared, ""},
		"calls to make":      {[]func(*Subject){func(s *Subject) { s.Calls = 1 }}, NotPrepared, ""},
		"calls unknown":      {[]func(*Subject){func(s *Subject) { s.PlanErr = errors.New("x") }}, NotPrepared, ""},
		"no certificate":     {[]func(*Subject){func(s *Subject) { s.Evidence.Records.Facts.Domain.CertIdentifier = "" }}, NotPrepared, ""},
		"not published":      {[]func(*Subject){func(s *Subject) { s.Evidence.Serving.Facts.Routes[0].GatewayID = "other" }}, NotPrepared, ""},
		"does not serve":     {[]func(*Subject){serves(checks.StatusFail)}, Prepared, ""},
		"service unknown":    {[]func(*Subject){serves(checks.StatusUnknown)}, Prepared, ""},
		"service not judged": {[]func(*Subject){func(s *Subject) { s.Results = nil }}, Prepared, ""},
		"one server silent":  {[]func(*Subject){leads("old", "unknown")}, Serves, ""},
		"elsewhere":          {[]func(*Subject){leads("old", "elsewhere")}, Serves, ""},
		"long TTL":           {[]func(*Subject){func(s *Subject) { s.Evidence.Cutover.Facts.OldTTL = 3600 }}, Serves, ""},
		"another check fails": {[]func(*Subject){func(s *Subject) {
			s.Results = append(s.Results, checks.Result{ID: "move/other", Findings: []checks.Finding{{Severity: checks.Error, Message: "weak"}}})
		}}, Serves, "weak"},
		"another check is unknown": {[]func(*Subject){func(s *Subject) {
			s.Results = append(s.Results, checks.Result{ID: "move/other", Status: checks.StatusUnknown})
		}}, Serves, ""},
		"released too early":     {[]func(*Subject){released}, Serves, "no longer holds the domain"},
		"half":                   {[]func(*Subject){leads("new", "old")}, Moving, ""},
		"half, silent":           {[]func(*Subject){leads("new", "unknown")}, Moving, ""},
		"half, broken":           {[]func(*Subject){leads("new", "old"), serves(checks.StatusFail)}, Moving, "expired"},
		"half, released":         {[]func(*Subject){leads("new", "old"), released}, Moving, "no longer holds the domain"},
		"moved":                  {[]func(*Subject){leads("new", "new")}, Moved, ""},
		"moved, service unknown": {[]func(*Subject){leads("new", "new"), serves(checks.StatusUnknown)}, Moved, "is not known"},
		"moved just now":         {[]func(*Subject){leads("new"), earlier(Progress{Servers: lead("old"), OldTTL: 600})}, Moved, ""},
		"seen without a TTL":     {[]func(*Subject){leads("new"), earlier(Progress{Servers: lead("new")})}, Moved, ""},
		"moved long ago":         {[]func(*Subject){leads("new"), earlier(Progress{Servers: lead("new"), OldTTL: 600, LastCacheEnds: now.Add(-time.Second)})}, MayUnbind, ""},
		"a cache is left":        {[]func(*Subject){leads("new"), earlier(Progress{Servers: lead("new"), OldTTL: 600, LastCacheEnds: now.Add(time.Second)})}, Moved, ""},
		"by a resolver": {[]func(*Subject){leads("new"), earlier(Progress{Servers: lead("new"), OldTTL: 600, LastCacheEnds: now.Add(-time.Hour)}), func(s *Subject) {
			s.Evidence.DNS.Facts.Mode = evidence.DNSResolver
		}}, Moved, ""},
		"back again": {[]func(*Subject){leads("old"), earlier(Progress{Servers: lead("new"), OldTTL: 600, LastCacheEnds: now.Add(-time.Hour)})}, MayMove, ""},
		"done":       {[]func(*Subject){leads("new", "new"), released}, Done, ""},
	} {
		s := ready()
		for _, change := range c.change {
			change(&s)
		}
		p := Of(catalogue(), s)
		if p.State != c.want || p.Name != c.want.String() || len(p.Because) == 0 {
			t.Errorf("%s: got %s %q, want %s", name, p.State, p.Because, c.want)
		}
		if broken := strings.Join(p.Breaks, "\n"); !strings.Contains(broken, c.broken) || c.broken == "" && broken != "" {
			t.Errorf("%s: breaks %q, want %q", name, broken, c.broken)
		}
		if deletes := strings.Contains(strings.Join(p.Next, "\n"), "DeleteDomain"); deletes != (c.want == MayUnbind) {
			t.Errorf("%s: next %q", name, p.Next)
		}
	}
}
