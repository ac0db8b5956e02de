package policy

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// rebind is what the shipped policy says.
func rebind(t *testing.T, o Options, in Input) (evidence.PolicyPackage, evidence.Observation[evidence.Policy]) {
	t.Helper()
	e, err := Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	out := e.Evaluate(context.Background(), in)
	for _, p := range out.Facts.Packages {
		if p.Name == "bindgate.force.rebind" {
			return p, out
		}
	}
	return evidence.PolicyPackage{}, out
}

func TestForceIsAskedOnlyWhereItIsWanted(t *testing.T) {
	if p, o := rebind(t, Options{}, plain()); o.State != evidence.StateObserved || len(o.Facts.Packages) != 0 || p.Name != "" {
		t.Errorf("without force: got %+v", o)
	}
	if p, o := rebind(t, Options{}, force()); o.State != evidence.StateObserved || !p.Allow || p.Reasons != nil {
		t.Errorf("with force: got %+v", o)
	}
}

func TestForceGivesReasons(t *testing.T) {
	in := force()
	in.Binding.Labels = nil
	p, o := rebind(t, Options{}, in)
	if o.State != evidence.StateObserved || p.Allow {
		t.Fatalf("got %+v", o)
	}
	if got, want := flat(p.Reasons), "the label changeTicket is missing or empty@/labels/changeTicket the label owner is missing or empty@/labels/owner"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestForceWithoutEvidenceIsNoLeave(t *testing.T) {
	in := force()
	in.Evidence.Account = evidence.NotCollected[evidence.Account]("--offline")
	if p, o := rebind(t, Options{}, in); p.Allow || p.NotRun != "it needs account evidence, which was skipped: --offline" {
		t.Errorf("left out: got %+v", o)
	}
	in.Evidence.Account = evidence.Failed[evidence.Account]("503", "", in.Run.Now)
	p, o := rebind(t, Options{}, in)
	if p.Allow || o.State != evidence.StateFailed {
		t.Errorf("failed: got %+v", o)
	}
	wantWords(t, o.Reason, "bindgate.force.rebind", "account", "503")
}

func TestForceByTheRealDocument(t *testing.T) {
	in := force()
	in.Binding.DomainProof = binding.ProofTXT
	in.Results[0].Status = checks.StatusNotApplicable
	in.Evidence.DNS.Facts.Hops = nil // no alias at all
	if p, o := rebind(t, Options{}, in); !p.Allow {
		t.Errorf("no alias: got %+v", o)
	}
	in.Evidence.Account.Facts.CNAMETarget = &evidence.GroupRef{GroupID: in.Evidence.Account.Facts.BoundGroups[0].GroupID}
	if p, o := rebind(t, Options{}, in); p.Allow || len(p.Reasons) != 1 {
		t.Errorf("CNAME to the displaced group: got %+v", o)
	}
}

func TestTeamsSettings(t *testing.T) {
	for name, c := range map[string]struct{ data, reason string }{
		"protected": {"force_rebind: {protectedGroups: [\"leg*\"]}", "legacy) would be displaced"},
		"labels":    {"force_rebind: {requiredLabels: [team]}", "label team is missing"},
		"ticket":    {"force_rebind: {ticketPattern: 'JIRA-\\d+'}", "want JIRA-"},
		"freeze":    {"force_rebind:\n  freezeWindows:\n    - {from: 2026-11-21T00:00:00Z, to: 2026-11-22T00:00:00Z, reason: sale}\n", "sale"},
		"json":      {`{"force_rebind": {"protectedDomains": ["*.demo.com"]}}`, "www.demo.com is protected"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(folder(t, map[string]string{"team.yaml": c.data}), "team.yaml")
			p, o := rebind(t, Options{Data: []string{file}}, force())
			if p.Allow || len(p.Reasons) != 1 {
				t.Fatalf("got %+v", o)
			}
			wantWords(t, p.Reasons[0].Text, c.reason)
		})
	}
}

// Settings that a force would be judged by wrongly do not load, with their place.
func TestTeamsSettingsThatAreRefused(t *testing.T) {
	for data, want := range map[string]string{
		"force_rebind: {freezeWindows: [{from: soon, to: later, reason: x}]}":                                                                    `team.yaml:1:39: data.force_rebind.freezeWindows[0].from is "soon": want a time of RFC 3339`,
		"force_rebind: {freezeWindows: [{from: 2026-01-01T00:00:00Z, to: 2026-01-02, reason: x}]}":                                               `freezeWindows[0].to is "2026-01-02": want a time`,
		"force_rebind: {freezeWindows: [{from: 2026-01-01T00:00:00Z, to: 2026-01-02T00:00:00Z}]}":                                                "freezeWindows[0].reason is missing, and is required",
		"force_rebind: {freezeWindows: [{from: 2026-01-01T00:00:00Z, to: 2026-01-02T00:00:00Z, reason: x, zone: Asia/Shanghai}]}":                `team.yaml:1:104: data.force_rebind.freezeWindows[0].zone is not declared at policies/force_rebind/data.jsonschema:`,
		"force_rebind: {freezeWindows: [{form: 2026-01-01T00:00:00Z, to: 2026-01-02T00:00:00Z, reason: x}]}":                                     `did you mean "from"?`,
		"force_rebind: {ticketPattern: \"CHG-[0-9+\"}":                                                                                           "team.yaml:1:31: data.force_rebind.ticketPattern is \"CHG-[0-9+\": error parsing regexp",
		"force_rebind: {ticketPattern: 5}":                                                                                                       "data.force_rebind.ticketPattern is a number, want a text",
		"force_rebind: {protectedGroups: [\"a{b\"]}":                                                                                             "protectedGroups[0] is \"a{b\"",
		"force_rebind: {protectedGroups: [\"\"]}":                                                                                                "want a text that matches .",
		"{\"force_rebind\": {\"freezeWindows\": [\n{\"from\": \"soon\", \"to\": \"2026-01-02T00:00:00Z\", \"reason\": \"x\"}]}}":                 `team.json:2:10: data.force_rebind.freezeWindows[0].from is "soon"`,
		"{\"force_rebind\": {\"freezeWindows\": [{\"from\": \"2026-01-02T00:00:00Z\", \"to\": \"2026-01-02T00:00:00Z\", \"reason\": [\"x\"]}]}}": "reason is a list, want a text",
	} {
		name := "team.yaml"
		if data[0] == '{' {
			name = "team.json"
		}
		_, err := Load(context.Background(), Options{Data: []string{filepath.Join(folder(t, map[string]string{name: data}), name)}})
		if err == nil {
			t.Errorf("%s: loaded", data)
			continue
		}
		wantWords(t, err.Error(), want)
	}
}

func TestForcePackagesNarrow(t *testing.T) {
	for name, c := range map[string]struct {
		module string
		state  evidence.State
		allow  bool
		words  string
	}{
		"allows":              {"allow := true", evidence.StateObserved, true, ""},
		"says false":          {"default allow := false", evidence.StateObserved, false, ""},
		"says nothing":        {"allow if input.binding.domainName == \"\"", evidence.StateObserved, false, ""},
		"says a text":         {"allow := \"true\"", evidence.StateFailed, false, "allow is of type string, want true or false"},
		"contradicts itself":  {"allow := true\nreasons contains \"no\"", evidence.StateFailed, false, "it allows, and gives reasons against: no"},
		"reasons are no set":  {"allow := false\nreasons := [\"no\"]", evidence.StateFailed, false, "reasons is of type array"},
		"fails on a built-in": {"allow if to_number(input.binding.domainName) == 1", evidence.StateFailed, false, "to_number"},
	} {
		t.Run(name, func(t *testing.T) {
			o := engine(t, "package bindgate.force.x\n"+c.module).Evaluate(context.Background(), force())
			if o.State != c.state || len(o.Facts.Packages) == 0 || o.Facts.Packages[0].Name != "bindgate.force.rebind" || !o.Facts.Packages[0].Allow {
				t.Fatalf("got %+v", o)
			}
			wantWords(t, o.Reason, c.words)
			if c.state == evidence.StateObserved && o.Facts.Packages[1].Allow != c.allow {
				t.Errorf("got %+v", o.Facts)
			}
		})
	}
}
