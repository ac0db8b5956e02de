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

func TestManyRefusedBindingsAreCounted(t *testing.T) {
	many := manyRefused(1000)
	got := written(t, "text", run("lint", many...), Options{})
	if n := strings.Count(got, "\n"); n > 50 {
		t.Errorf("%d lines, want at most 50:\n%s", n, got)
	}
	folded := strings.Join(strings.Fields(got), " ")
	for _, want := range []string{
		"error[dns/cname-reaches-group] d0.demo.com and 999 more: the CNAME chain",
		"error[certificate/covers-domain] d0.demo.com and 899 more:",
		"error[gate/decision] d999.demo.com: dns/cname-chain-terminates: the check returned 2 results", // no other binding has its reason
		"997 more refused: bindgate lint -v",
		"1000 bindings: 1000 refused; 1000 warnings",
		"failing: dns/cname-reaches-group (1000), certificate/covers-domain (900)",
	} {
		if !strings.Contains(folded, want) {
			t.Errorf("the report does not say %q:\n%s", want, got)
		}
	}
	for _, o := range []Options{{Verbose: true}, {Quiet: true, Verbose: true}} {
		whole := written(t, "text", run("lint", many...), o)
		for _, b := range many {
			if !strings.Contains(whole, "] "+b.DomainName+":") {
				t.Fatalf("the verbose report leaves out %s", b.DomainName)
			}
		}
	}
}

// Findings that differ are each shown in a small run, and in a large one counted with an
// example.
func TestFindingsThatDiffer(t *testing.T) {
	differ := func(n int) []Binding {
		var out []Binding
		for i := range n {
			b := refused()
			b.DomainName, b.Source = fmt.Sprintf("d%d.demo.com", i), at(i+1, 5)
			b.Reasons = b.Reasons[1:]
			b.Checks = []checks.Result{{ID: "certificate/covers-domain", Status: checks.StatusFail,
				Findings: []checks.Finding{checks.Fails("", fmt.Sprintf("the certificate names n%d.demo.com only", i), "")}}}
			out = append(out, b)
		}
		return out
	}
	if got := written(t, "text", run("lint", differ(mostBindings)...), Options{}); strings.Count(got, "error[") != mostBindings || strings.Count(got, "\n✗ d") != mostBindings {
		t.Errorf("not every one of %d bindings is shown:\n%s", mostBindings, got)
	}
	if got := written(t, "text", run("lint", differ(100)...), Options{}); strings.Count(got, "error[") != 1 ||
		!strings.Contains(strings.Join(strings.Fields(got), " "), "= also: d1.demo.com, d2.demo.com, d3.demo.com, d4.demo.com, d5.demo.com and 94 more (bindgate lint -v)") {
		t.Errorf("want one example and the number of the others:\n%s", got)
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

// A chain is drawn only below the line that it explains: not where only errors are shown
// and DNS warns, and not for a check that another check's finding speaks for.
func TestNoChainIsDrawnAlone(t *testing.T) {
	drawn := func(o Options, results ...checks.Result) bool {
		b := refused()
		b.Checks = results
		return strings.Contains(written(t, "text", run("lint", b), o), "(300 s)")
	}
	warned := checks.Result{ID: "dns/cname-reaches-gateway", Status: checks.StatusFail}
	unknown := checks.Result{ID: "dns/cname-reaches-gateway", Status: checks.StatusUnknown, Reason: "timed out"}
	cause := checks.Result{ID: "apig/gateway-exists", Status: checks.StatusFail, Findings: []checks.Finding{{Severity: checks.Error, Message: "there is none"}}}
	dependent := checks.Result{ID: "dns/cname-reaches-gateway", Status: checks.StatusUnknown, Reason: "no gateway; see apig/gateway-exists"}
	for name, tc := range map[string]struct {
		got, want bool
	}{
		"a warning":          {drawn(Options{}, warned), true},
		"a quiet warning":    {drawn(Options{Quiet: true}, warned), false},
		"a quiet unknown":    {drawn(Options{Quiet: true}, unknown), true},
		"a quiet dependent":  {drawn(Options{Quiet: true}, cause, dependent), false},
		"a folded dependent": {drawn(Options{}, cause, dependent), false},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: drawn %t, want %t", name, tc.got, tc.want)
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

// Few warnings are whole, never cut. Where there are many errors, many warnings are counted by check.
func TestWarningsOfARefusedRun(t *testing.T) {
	long := "a long message that " + strings.Repeat("goes on and ", 10) + "ends"
	shown := func(errors, warnings int) string {
		b := Binding{DomainName: "www.demo.com", Decision: gate.Refused, Source: at(1, 5)}
		for i := range errors {
			b.Checks = append(b.Checks, checks.Result{ID: fmt.Sprintf("dns/%d", i), Status: checks.StatusFail, Findings: []checks.Finding{checks.Fails("", "it is wrong", "")}})
		}
		for i := range warnings {
			b.Checks = append(b.Checks, checks.Result{ID: fmt.Sprintf("request/%d", i), Status: checks.StatusPass, Findings: []checks.Finding{checks.Warns("", long, "")}})
		}
		return strings.Join(strings.Fields(written(t, "text", run("lint", b), Options{})), " ")
	}
	for _, errors := range []int{mostFrames, mostFrames + 1} {
		if got := shown(errors, 1); !strings.Contains(got, "warning[request/0] www.demo.com: "+long+" error[") || !strings.Contains(got, "1 refused; 1 warning next:") {
			t.Errorf("%d errors: want the whole warning above the errors:\n%s", errors, got)
		}
	}
	if got := shown(mostFrames, mostFrames+1); strings.Count(got, "warning[") != mostFrames+1 || !strings.Contains(got, "1 refused; 4 warnings next:") {
		t.Errorf("want the warnings in one line each:\n%s", got)
	}
	want := "1 refused; 4 warnings of request/0 (1), request/1 (1), request/2 (1), request/3 (1) (bindgate lint -v)"
	if got := shown(mostFrames+1, mostFrames+1); strings.Contains(got, "warning[") || !strings.Contains(got, want) {
		t.Errorf("want the checks that warn counted:\n%s", got)
	}
}

// A chain begins with the domain, which the title of its finding names already.
func TestTheDomainOfAChainIsNamedOnce(t *testing.T) {
	b := refused()
	b.Checks = []checks.Result{{ID: "dns/cname-reaches-group", Status: checks.StatusFail,
		Findings: []checks.Finding{checks.Fails("", b.DomainName+" → (60 s) other.example: it leads elsewhere", "")}}}
	if got := written(t, "text", run("lint", b), Options{}); !strings.Contains(got, "] "+b.DomainName+": → (60 s) other.example: it leads") {
		t.Errorf("got\n%s", got)
	}
}
