package gate

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/classic"
)

// small is a catalogue with one check of each severity and role.
var small = []checks.Check{
	{ID: "request/stage-is-valid", Severity: checks.Error, Core: true, MustPass: checks.Proves(checks.RequestIsValid)},
	{ID: "request/force-is-explained", Severity: checks.Warning},
	{ID: "certificate/is-readable", Severity: checks.Error, Core: true},
	{ID: "dns/cname-reaches-group", Severity: checks.Error, Core: true, MustPass: provesDomain(binding.ProofCNAME)},
	{ID: "dns/ownership-is-proved", Severity: checks.Error, Core: true, MustPass: provesDomain(binding.ProofTXT)},
	{ID: "group/exists", Severity: checks.Error, Core: true, MustPass: checks.Proves(checks.TargetExists)},
	{ID: "dns/target-resolves", Severity: checks.Error},
}

func provesDomain(by string) func(binding.Binding) checks.Requirement {
	return func(b binding.Binding) checks.Requirement {
		if b.DomainProof == by {
			return checks.DomainIsProved
		}
		return ""
	}
}

// sound are results that allow a binding proved by CNAME.
func sound() []checks.Result {
	var rs []checks.Result
	for _, c := range small {
		r := checks.Result{ID: c.ID, Status: checks.StatusPass}
		if c.ID == "dns/ownership-is-proved" || c.ID == "certificate/is-readable" {
			r = checks.Result{ID: c.ID, Status: checks.StatusNotApplicable, Reason: "not asked for"}
		}
		rs = append(rs, r)
	}
	return rs
}

func subject() checks.Subject {
	return checks.Subject{
		Binding: binding.Binding{DomainName: "api.demo.com", GroupID: "g", RegionID: "cn-hangzhou", CustomDomainType: "INTERNET", DomainProof: "cname"},
		Evidence: evidence.Evidence{Run: evidence.Run{Live: true, Contract: evidence.Contract2026},
			Group: evidence.Observation[evidence.Group]{Metadata: evidence.Metadata{State: evidence.StateObserved}, Facts: evidence.Group{Found: true, GroupID: "g"}}},
	}
}

// with changes the result of one check.
func with(id string, status checks.Status, findings ...checks.Finding) func([]checks.Result) []checks.Result {
	return func(rs []checks.Result) []checks.Result {
		for i := range rs {
			if rs[i].ID == id {
				rs[i].Status, rs[i].Reason, rs[i].Findings = status, "because", findings
			}
		}
		return rs
	}
}

func without(id string) func([]checks.Result) []checks.Result {
	return func(rs []checks.Result) []checks.Result {
		return slices.DeleteFunc(rs, func(r checks.Result) bool { return r.ID == id })
	}
}

func doubled(id string) func([]checks.Result) []checks.Result {
	return func(rs []checks.Result) []checks.Result {
		for _, r := range rs {
			if r.ID == id {
				return append(rs, r)
			}
		}
		return rs
	}
}

func TestDecide(t *testing.T) {
	advice := checks.Warns("", "hm", "")
	errorFinding := checks.Fails("", "bad", "fix it")
	cases := []struct {
		name   string
		change []func([]checks.Result) []checks.Result
		proof  string
		failOn checks.Severity
		want   Status
		reason string
	}{
		{name: "sound", want: Allowed},
		{name: "warning fails", change: []func([]checks.Result) []checks.Result{with("request/force-is-explained", checks.StatusFail)}, want: Allowed},
		{name: "warning unknown", change: []func([]checks.Result) []checks.Result{with("request/force-is-explained", checks.StatusUnknown)}, want: Allowed},
		{name: "warning missing", change: []func([]checks.Result) []checks.Result{without("request/force-is-explained")}, want: Undetermined, reason: "0 results"},
		{name: "fail", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusFail)}, want: Refused, reason: "dns/target-resolves"},
		{name: "pass with an error finding", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusPass, errorFinding)}, want: Refused, reason: "bad"},
		{name: "pass with a finding of no severity", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusPass, checks.Finding{Message: "odd"})}, want: Refused, reason: "odd"},
		{name: "not applicable with an error finding", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusNotApplicable, errorFinding)}, want: Refused},
		{name: "unknown", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusUnknown)}, want: Undetermined, reason: "because"},
		{name: "empty status", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", "")}, want: Undetermined},
		{name: "invented status", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", "PASS")}, want: Undetermined},
		{name: "not run", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusNotRun)}, want: Partial, reason: "because"},
		{name: "missing", change: []func([]checks.Result) []checks.Result{without("dns/target-resolves")}, want: Undetermined, reason: "0 results"},
		{name: "doubled", change: []func([]checks.Result) []checks.Result{doubled("dns/target-resolves")}, want: Undetermined, reason: "2 results"},
		{name: "doubled, one fails", change: []func([]checks.Result) []checks.Result{doubled("dns/target-resolves"), with("dns/target-resolves", checks.StatusFail)}, want: Refused},
		{name: "foreign", change: []func([]checks.Result) []checks.Result{func(rs []checks.Result) []checks.Result {
			return append(rs, checks.Result{ID: "dns/invented", Status: checks.StatusPass})
		}}, want: Undetermined, reason: "not in the catalogue"},
		{name: "request core not applicable", change: []func([]checks.Result) []checks.Result{with("request/stage-is-valid", checks.StatusNotApplicable)}, want: Undetermined, reason: "must pass"},
		{name: "group not applicable", change: []func([]checks.Result) []checks.Result{with("group/exists", checks.StatusNotApplicable)}, want: Undetermined},
		{name: "proof not applicable", change: []func([]checks.Result) []checks.Result{with("dns/cname-reaches-group", checks.StatusNotApplicable)}, want: Undetermined},
		{name: "the other proof passes instead", proof: "txt", want: Undetermined, reason: "dns/ownership-is-proved"},
		{name: "txt proof passes", proof: "txt", change: []func([]checks.Result) []checks.Result{with("dns/ownership-is-proved", checks.StatusPass), with("dns/cname-reaches-group", checks.StatusNotApplicable)}, want: Allowed},
		{name: "fail outweighs unknown and not run", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusNotRun), with("group/exists", checks.StatusUnknown), with("certificate/is-readable", checks.StatusFail)}, want: Refused},
		{name: "advice", change: []func([]checks.Result) []checks.Result{with("request/force-is-explained", checks.StatusPass, advice)}, want: Allowed},
		{name: "advice, and warnings refuse", change: []func([]checks.Result) []checks.Result{with("request/force-is-explained", checks.StatusPass, advice)}, failOn: checks.Warning, want: Refused, reason: "request/force-is-explained: hm (a warning; warnings refuse under --fail-on warning)"},
		{name: "a blocking check's warning", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusPass, advice)}, want: Allowed},
		{name: "a blocking check's warning, and warnings refuse", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusPass, advice)}, failOn: checks.Warning, want: Refused, reason: "dns/target-resolves: hm"},
		{name: "advice failed without a finding, and warnings refuse", change: []func([]checks.Result) []checks.Result{with("request/force-is-explained", checks.StatusFail)}, failOn: checks.Warning, want: Refused, reason: "request/force-is-explained: failed (a warning; warnings refuse under --fail-on warning)"},
		{name: "advice failed without a finding", change: []func([]checks.Result) []checks.Result{with("request/force-is-explained", checks.StatusFail)}, failOn: checks.Error, want: Allowed},
		{name: "warnings refuse, and there are none", failOn: checks.Warning, want: Allowed},
		{name: "an unknown failOn counts as warning", change: []func([]checks.Result) []checks.Result{with("request/force-is-explained", checks.StatusPass, advice)}, failOn: "never", want: Refused},
		{name: "unknown outweighs not run", change: []func([]checks.Result) []checks.Result{with("dns/target-resolves", checks.StatusNotRun), with("group/exists", checks.StatusUnknown)}, want: Undetermined},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, rs := subject(), sound()
			if c.proof != "" {
				s.Binding.DomainProof = c.proof
			}
			for _, change := range c.change {
				rs = change(rs)
			}
			d := Decide(small, nil, s, rs, cmp.Or(c.failOn, checks.Error))
			if d.Status != c.want {
				t.Fatalf("decision %q, want %q; reasons %q", d.Status, c.want, d.Reasons)
			}
			if c.reason != "" && !strings.Contains(strings.Join(d.Reasons, "\n"), c.reason) {
				t.Errorf("reasons %q do not say %q", d.Reasons, c.reason)
			}
			_, err := d.Permit()
			if (err == nil) != (c.want == Allowed) {
				t.Errorf("permit: %v for a decision %q", err, d.Status)
			}
		})
	}
}

func TestDecideWantsAProof(t *testing.T) {
	for missing, reason := range map[string]string{
		"group/exists":            "no check of the catalogue proves that the target exists",
		"dns/cname-reaches-group": "no check of the catalogue proves that the domain is the caller's",
	} {
		list := slices.DeleteFunc(slices.Clone(small), func(c checks.Check) bool { return c.ID == missing })
		d := Decide(list, nil, subject(), without(missing)(sound()), checks.Error)
		if d.Status != Undetermined || !slices.Equal(d.Reasons, []string{reason}) {
			t.Errorf("a catalogue without %s: %q with %q, want undetermined with %q", missing, d.Status, d.Reasons, reason)
		}
		// The role decides what a check proves, not its id.
		list = slices.Clone(small)
		i := slices.IndexFunc(list, func(c checks.Check) bool { return c.ID == missing })
		list[i].MustPass = nil
		if d := Decide(list, nil, subject(), sound(), checks.Error); d.Status != Undetermined {
			t.Errorf("%s without its role: %q, want undetermined", missing, d.Status)
		}
	}
	if d := Decide(nil, nil, subject(), nil, checks.Error); d.Status != Undetermined || !slices.Contains(d.Reasons, "the catalogue of checks is empty") {
		t.Errorf("an empty catalogue: %q with %q, want undetermined, and why", d.Status, d.Reasons)
	}
}

// If two checks prove the same requirement, both must pass.
func TestDecideWantsEveryProof(t *testing.T) {
	extra := checks.Check{ID: "acme/exists", Severity: checks.Warning, MustPass: checks.Proves(checks.TargetExists)}
	list := append(slices.Clone(small), extra)
	for status, want := range map[checks.Status]Status{
		checks.StatusPass: Allowed, checks.StatusFail: Refused, checks.StatusUnknown: Undetermined,
		checks.StatusNotApplicable: Undetermined, checks.StatusNotRun: Partial,
	} {
		rs := append(sound(), checks.Result{ID: extra.ID, Status: status})
		if d := Decide(list, nil, subject(), rs, checks.Error); d.Status != want {
			t.Errorf("a second check of the target that says %s: %q, want %q", status, d.Status, want)
		}
	}
	rs := append(with("group/exists", checks.StatusFail)(sound()), checks.Result{ID: extra.ID, Status: checks.StatusPass})
	if d := Decide(list, nil, subject(), rs, checks.Error); d.Status != Refused {
		t.Errorf("a second check of the target that passes: %q, want the refusal of the first", d.Status)
	}
}

func TestDecideWeighsAsTheOwnerSays(t *testing.T) {
	lower := checks.Severities{"dns/target-resolves": checks.Warning, "certificate/is-readable": checks.Warning, "group/exists": checks.Warning}
	raise := checks.Severities{"request/force-is-explained": checks.Error}
	for name, c := range map[string]struct {
		severities checks.Severities
		id         string
		want       Status
	}{
		"lowered":        {lower, "dns/target-resolves", Allowed},
		"lowered, core":  {lower, "certificate/is-readable", Refused},
		"lowered, proof": {lower, "group/exists", Refused},
		"raised":         {raise, "request/force-is-explained", Refused},
	} {
		rs := with(c.id, checks.StatusFail)(sound())
		if d := Decide(small, c.severities, subject(), rs, checks.Error); d.Status != c.want {
			t.Errorf("%s: %q, want %q", name, d.Status, c.want)
		}
	}
	list := slices.Clone(small)
	list[2].Severity = checks.Warning // a core check blocks with any severity
	if d := Decide(list, nil, subject(), with("certificate/is-readable", checks.StatusFail)(sound()), checks.Error); d.Status != Refused {
		t.Errorf("a core check of severity warning that fails: %q, want refused", d.Status)
	}
}

func TestDecideOnACertificateAlone(t *testing.T) {
	s := subject()
	s.Binding.CertificateOnly = true
	rs := with("group/exists", checks.StatusNotApplicable)(sound())
	if d := Decide(small, nil, s, rs, checks.Error); d.Status != Partial {
		t.Errorf("a certificate judged alone: %q, want partial", d.Status)
	}
}

// A check that the catalogue lists twice gives one reason; so does a result of a check that
// the catalogue does not list.
func TestDecideSaysEachReasonOnce(t *testing.T) {
	foreign := checks.Result{ID: "dns/invented", Status: checks.StatusPass}
	for want, d := range map[string]Decision{
		"dns/target-resolves: the catalogue lists it twice":              Decide(append(slices.Clone(small), small[len(small)-1]), nil, subject(), sound(), checks.Error),
		"dns/invented: a result of a check that is not in the catalogue": Decide(small, nil, subject(), append(sound(), foreign, foreign), checks.Error),
	} {
		if d.Status != Undetermined || !slices.Equal(d.Reasons, []string{want}) {
			t.Errorf("%q with %q, want undetermined with %q", d.Status, d.Reasons, want)
		}
	}
}

// With failOn warning, errors refuse, and so does every finding of a check with severity warning.
func TestDecideNamesWhatRefuses(t *testing.T) {
	bad := checks.Fails("", "bad", "fix it")
	const suffix = " (a warning; warnings refuse under --fail-on warning)"
	for id, want := range map[string]string{
		"dns/target-resolves":        "dns/target-resolves: bad",
		"request/force-is-explained": "request/force-is-explained: bad" + suffix,
	} {
		d := Decide(small, nil, subject(), with(id, checks.StatusFail, bad)(sound()), checks.Warning)
		if d.Status != Refused || !slices.Equal(d.Reasons, []string{want}) {
			t.Errorf("%q with %q, want refused with %q", d.Status, d.Reasons, want)
		}
	}
}

func TestOnlyAnAllowedDecisionHoldsAGrant(t *testing.T) {
	refused := Decide(small, nil, subject(), with("dns/target-resolves", checks.StatusFail)(sound()), checks.Error)
	if refused.grant != nil {
		t.Error("a refused decision holds a grant")
	}
	d := Decide(small, nil, subject(), sound(), checks.Error)
	d.Status = Refused
	if _, err := d.Permit(); !errors.Is(err, ErrNoPermit) {
		t.Errorf("a permit of a decision that was changed to refused: %v, want %v", err, ErrNoPermit)
	}
	refused.Status = Allowed
	if _, err := refused.Permit(); !errors.Is(err, ErrNoPermit) {
		t.Errorf("a permit of a decision that was changed to allowed: %v, want %v", err, ErrNoPermit)
	}
}

func TestNoPlanGivesNoPermit(t *testing.T) {
	s := subject()
	s.Evidence.Group.Facts.Found = false
	d := Decide(small, nil, s, sound(), checks.Error)
	if p, err := d.Permit(); d.Status != Allowed || !errors.Is(err, classic.ErrNoGroup) || p.ID() != "" {
		t.Errorf("%q gives the permit %q, %v, want %v", d.Status, p.ID(), err, classic.ErrNoGroup)
	}
}

func TestPermitIsGivenOnce(t *testing.T) {
	d := Decide(small, nil, subject(), sound(), checks.Error)
	copied := d
	if _, err := d.Permit(); err != nil {
		t.Fatal(err)
	}
	if _, err := copied.Permit(); !errors.Is(err, ErrAlreadyGranted) {
		t.Errorf("a second permit: %v, want %v", err, ErrAlreadyGranted)
	}
}

func TestPermitWantsLiveEvidence(t *testing.T) {
	s := subject()
	s.Evidence.Run.Live = false
	if _, err := Decide(small, nil, s, sound(), checks.Error).Permit(); !errors.Is(err, ErrNotLive) {
		t.Errorf("a permit on replayed evidence: %v, want %v", err, ErrNotLive)
	}
	if _, err := (Decision{Status: Allowed}).Permit(); !errors.Is(err, ErrNoPermit) {
		t.Errorf("a permit of a decision that Decide did not make: %v, want %v", err, ErrNoPermit)
	}
}
