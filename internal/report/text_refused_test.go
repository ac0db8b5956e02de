package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// manyRefused gives n refused bindings; every tenth fails one check fewer, and the
// last has a reason that is not a check's.
func manyRefused(n int) []Binding {
	var out []Binding
	for i := range n {
		b := refused()
		b.DomainName, b.Source = fmt.Sprintf("d%d.demo.com", i), at(i+1, 5)
		if i%10 == 9 {
			b.Checks = b.Checks[:2]
			b.Reasons = b.Reasons[:1]
		}
		out = append(out, b)
	}
	out[n-1].Reasons = append(out[n-1].Reasons, "dns/cname-chain-terminates: the check returned 2 results, want exactly 1")
	return out
}

func TestManyRefusedBindingsAreGrouped(t *testing.T) {
	many := manyRefused(1000)
	got := written(t, "text", run("lint", many...), Options{})
	if n := strings.Count(got, "\n"); n > 130 {
		t.Errorf("%d lines, want at most 130:\n%s", n, got)
	}
	folded := strings.Join(strings.Fields(got), " ")
	for _, want := range []string{
		"✗ refused: d3.demo.com, d4.demo.com, d5.demo.com, d6.demo.com, d7.demo.com and 892 more" +
			" 897 more bindings fail the same checks as those above; --verbose or -f json shows every finding" +
			" certificate/covers-domain, dns/cname-reaches-group",
		"96 more bindings fail the same checks",
		"✗ refused d999.demo.com", // no other binding has its reason
		"dns/cname-chain-terminates: the check returned 2 results",
		"1000 bindings: 1000 refused",
		"failing: dns/cname-reaches-group (1000), certificate/covers-domain (900)",
	} {
		if !strings.Contains(folded, want) {
			t.Errorf("the report does not say %q:\n%s", want, got)
		}
	}
	for _, o := range []Options{{Verbose: true}, {Quiet: true, Verbose: true}} {
		whole := written(t, "text", run("lint", many...), o)
		for _, b := range many {
			if !strings.Contains(whole, "✗ refused "+b.DomainName) {
				t.Fatalf("the verbose report leaves out %s", b.DomainName)
			}
		}
	}
}

func TestFewRefusedBindingsAreListed(t *testing.T) {
	few := manyRefused(mostBindings)
	if got := written(t, "text", run("lint", few...), Options{}); strings.Count(got, "✗ refused d") != len(few) {
		t.Errorf("not every one of %d bindings is listed:\n%s", len(few), got)
	}
}

func TestTheChainIsDrawnWhereDNSIsInDoubt(t *testing.T) {
	drawn := func(status checks.Status, o Options) bool {
		b := refused()
		b.Checks = []checks.Result{b.Checks[2], {ID: "dns/cname-reaches-group", Status: status}}
		return strings.Contains(written(t, "text", run("lint", b), o), "(300 s)")
	}
	for status, want := range map[checks.Status]bool{checks.StatusFail: true, checks.StatusUnknown: true,
		checks.StatusPass: false, checks.StatusNotApplicable: false, checks.StatusNotRun: false} {
		if got := drawn(status, Options{}); got != want {
			t.Errorf("DNS %s: drawn %t, want %t", status, got, want)
		}
		if !drawn(status, Options{Verbose: true}) {
			t.Errorf("DNS %s: the verbose report does not draw the chain", status)
		}
	}
}

// A path that is not trusted is drawn without the aliases that are sound.
func TestThePathIsDrawnAlone(t *testing.T) {
	b := refused()
	b.Decision, b.Evidence.Path, b.Evidence.RootsFrom = gate.Refused, []string{"CN=leaf", "CN=root"}, "mozilla"
	b.Checks = []checks.Result{{ID: "certificate/chain-is-trusted", Status: checks.StatusFail,
		Findings: []checks.Finding{checks.Fails("", "it ends at a root that is not trusted", "")}}}
	got := written(t, "text", run("lint", b), Options{})
	if !strings.Contains(got, "└ CN=root (root: mozilla)") || strings.Contains(got, "(300 s)") {
		t.Errorf("want the path and not the aliases:\n%s", got)
	}
}
