package policy

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

const head = "package bindgate.policy.x\n"

// text of the messages and pointers, one each.
func flat(messages []evidence.PolicyMessage) string {
	var out []string
	for _, m := range messages {
		out = append(out, m.Text+"@"+m.Pointer)
	}
	return strings.Join(out, " ")
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct{ module, denials, warnings string }{
		"silent":          {"deny contains \"x\" if input.binding.domainName == \"\"", "", ""},
		"text":            {"deny contains \"b\"\ndeny contains \"a\"", "a@ b@", ""},
		"object":          {"deny contains {\"msg\": \"a\", \"pointer\": \"/labels\"}\ndeny contains {\"msg\": \"b\"}", "a@/labels b@", ""},
		"warning":         {"deny contains \"d\" if count(input.binding.forceFrom) > 99\nwarn contains {\"msg\": \"w\"}", "", "w@"},
		"a complete set":  {"deny := {\"a\"}", "a@", ""},
		"an empty set":    {"deny := set()", "", ""},
		"the run's clock": {"deny contains sprintf(\"%v\", [time.now_ns()])", "1795262400000000000@", ""},
		"the result":      {"deny contains r.status if r := input.results[\"dns/cname-reaches-group\"]", "pass@", ""},
		"the run":         {"deny contains concat(\" \", [input.run.actor, input.run.command, input.run.now])", "ci lint 2026-11-21T12:00:00Z@", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := engine(t, head+c.module).Evaluate(context.Background(), plain())
			if o.State != evidence.StateObserved || len(o.Facts.Packages) != 1 {
				t.Fatalf("got %+v", o)
			}
			p := o.Facts.Packages[0]
			if p.Name != "bindgate.policy.x" || flat(p.Denials) != c.denials || flat(p.Warnings) != c.warnings {
				t.Errorf("got %+v, want denials %q and warnings %q", p, c.denials, c.warnings)
			}
		})
	}
}

// None of these is silence: the observation has failed, and the gate stays shut.
func TestAnswersThatAreNone(t *testing.T) {
	for name, c := range map[string]struct{ module, want string }{
		"undefined":        {"deny := {\"x\"} if input.binding.domainName == \"\"", "deny is undefined"},
		"a built-in error": {"deny contains \"x\" if to_number(input.binding.domainName) > 1", "to_number"},
		"a conflict":       {"deny contains \"x\" if f\nf := true\nf := false if input.binding.isForce == false", "produced conflicting values: true at"},
		"an array":         {"deny := [\"x\"]", "deny is of type array, want a set"},
		"a pattern":        {"deny contains \"x\" if regex.match(concat(\"\", [\"(\", input.binding.groupId]), input.binding.domainName)", "regex.match"},
		"false":            {"default deny := false", "deny is of type boolean"},
		"an object":        {"deny := {\"k\": \"x\"}", "deny is of type object"},
		"no text":          {"deny contains \"\"", "deny holds a message without text"},
		"a text as warn":   {"deny contains \"x\" if count(input.binding.forceFrom) > 99\nwarn := \"w\"", "warn is of type string, want a set"},
	} {
		t.Run(name, func(t *testing.T) {
			o := engine(t, head+c.module).Evaluate(context.Background(), plain())
			if o.State != evidence.StateFailed {
				t.Fatalf("got %+v", o)
			}
			wantWords(t, o.Reason, "bindgate.policy.x: ", c.want)
		})
	}
}

func TestOneBrokenPackageDoesNotHideTheOthers(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.rego": "package bindgate.policy.a\ndeny contains \"a\" if 1 / (input.binding.source.line - input.binding.source.line) == 1",
		"b.rego": "package bindgate.policy.b\ndeny contains \"b\"",
		"c.rego": "package bindgate.policy.c\ndeny := {\"x\"} if input.binding.isForce",
	})
	e, err := Load(context.Background(), Options{Dirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	o := e.Evaluate(context.Background(), plain())
	if o.State != evidence.StateFailed || len(o.Facts.Packages) != 1 || flat(o.Facts.Packages[0].Denials) != "b@" {
		t.Errorf("got %+v", o)
	}
	wantWords(t, o.Reason, "bindgate.policy.a: ", "divide by zero", "bindgate.policy.c: deny is undefined")
}

func TestNeeds(t *testing.T) {
	module := "# METADATA\n# custom:\n#   needs: [group]\n#   uses: [certificate]\n" + head +
		"deny contains \"gone\" if not input.evidence.group.facts.found\n" +
		"deny contains \"old\" if time.parse_rfc3339_ns(input.evidence.certificate.facts.chain[0].notAfter) < time.now_ns()"
	e := engine(t, module)
	for name, c := range map[string]struct {
		change         func(*evidence.Evidence)
		notRun, reason string
	}{
		"all there":   {func(*evidence.Evidence) {}, "", ""},
		"need left":   {func(e *evidence.Evidence) { e.Group = evidence.NotCollected[evidence.Group]("--offline") }, "it needs group evidence, which was skipped: --offline", ""},
		"need failed": {func(e *evidence.Evidence) { e.Group.State, e.Group.Reason = evidence.StateFailed, "503" }, "", "bindgate.policy.x: it needs group evidence, and collecting that failed: 503"},
		"need gone":   {func(e *evidence.Evidence) { e.Group.State = evidence.StateMissing }, "", "bindgate.policy.x: it needs group evidence, which is missing"},
		"use failed": {func(e *evidence.Evidence) {
			e.Certificate = evidence.Failed[evidence.Certificate]("no", "", time.Time{})
		}, "", "certificate evidence, and collecting that failed: no"},
		"use missing": {func(e *evidence.Evidence) { e.Certificate.State = evidence.StateMissing }, "", "certificate evidence, which is missing"},
		"bad certificate": {func(e *evidence.Evidence) {
			e.Certificate = evidence.Observed(evidence.Certificate{Chain: []evidence.Cert{{DER: []byte("x")}}}, "", time.Time{})
		}, "", "reading the chain for the policies: certificate 1"},
	} {
		t.Run(name, func(t *testing.T) {
			in := plain()
			in.Binding.Certificate = &binding.Certificate{Name: "www", Body: "c.pem"}
			c.change(&in.Evidence)
			o := e.Evaluate(context.Background(), in)
			wantWords(t, o.Reason, c.reason)
			if (o.State == evidence.StateObserved) != (c.reason == "") {
				t.Fatalf("got %+v", o)
			}
			if c.reason == "" && o.Facts.Packages[0].NotRun != c.notRun {
				t.Errorf("got %+v", o.Facts)
			}
		})
	}
}

func TestDoubledResultsAreNoInput(t *testing.T) {
	in := plain()
	in.Results = append(in.Results, checks.Result{ID: in.Results[0].ID, Status: checks.StatusFail})
	o := engine(t, head+"deny contains \"x\" if input.results[_].status == \"fail\"").Evaluate(context.Background(), in)
	if o.State != evidence.StateFailed {
		t.Fatalf("got %+v", o)
	}
	wantWords(t, o.Reason, "dns/cname-reaches-group has two results")
}

const slow = head + `deny contains "x" if {
	input.binding.domainName == "www.demo.com"
	some a in numbers.range(1, 2000)
	some b in numbers.range(1, 2000)
	some c in numbers.range(1, 2000)
	a + b + c < 0
}`

func TestSlowPoliciesEnd(t *testing.T) {
	dir := folder(t, map[string]string{"x.rego": slow})
	e, err := Load(context.Background(), Options{Dirs: []string{dir}, Timeout: 30 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if o := e.Evaluate(context.Background(), plain()); o.State != evidence.StateFailed || !strings.Contains(o.Reason, "took too long") {
		t.Errorf("got %+v", o)
	}
	quick := plain()
	quick.Binding.DomainName = "quick.demo.com"
	for range 10 {
		if o := e.Evaluate(context.Background(), quick); o.State != evidence.StateObserved {
			t.Errorf("after a slow binding: got %+v", o)
		}
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	e = engine(t, head+"deny contains \"x\" if count(input.binding.forceFrom) > 99")
	if o := e.Evaluate(canceled, plain()); o.State != evidence.StateFailed || !strings.Contains(o.Reason, "interrupted") {
		t.Errorf("got %+v", o)
	}
}

func TestManyMessagesAreBounded(t *testing.T) {
	dir := folder(t, map[string]string{"x.rego": head + "deny contains sprintf(\"%d %s\", [i, long]) if some i in numbers.range(1000, 1200)\nlong := concat(\"\", [\"x\" | some _ in numbers.range(1, 3000)])"})
	e, err := Load(context.Background(), Options{Dirs: []string{dir}, Timeout: time.Minute}) // under the race detector it is slow
	if err != nil {
		t.Fatal(err)
	}
	o := e.Evaluate(context.Background(), plain())
	denials := o.Facts.Packages[0].Denials
	if len(denials) != maxMessages+1 || denials[maxMessages].Text != "and 101 more" || len(denials[0].Text) > maxMessageText+len("…") {
		t.Errorf("got %d messages", len(denials))
	}
}

func TestEvaluateAtOnce(t *testing.T) {
	e := engine(t, head+"deny contains input.binding.domainName")
	want := e.Evaluate(context.Background(), force())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if diff := cmp.Diff(want, e.Evaluate(context.Background(), force())); diff != "" {
				t.Error(diff)
			}
		})
	}
	all.Wait()
}
