package judge

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
)

func numbers(n int) iter.Seq2[int, binding.Binding] {
	return func(yield func(int, binding.Binding) bool) {
		for i := range n {
			if !yield(i, binding.Binding{DomainName: fmt.Sprint(i)}) {
				return
			}
		}
	}
}

func TestInOrderYieldsInOrder(t *testing.T) {
	var got []int
	err := inOrder(numbers(1000), 8, func(i int, b binding.Binding) int {
		for range (i * 7) % 13 * 1000 { // the values come out of order
		}
		if b.DomainName != fmt.Sprint(i) {
			t.Errorf("binding %d is %q", i, b.DomainName)
		}
		return i
	}, func(i int) error { got = append(got, i); return nil })
	if err != nil || len(got) != 1000 || !slices.IsSorted(got) {
		t.Errorf("got %d values, sorted %t, and %v; want 1000 in order", len(got), slices.IsSorted(got), err)
	}
}

// A slow reader holds back what is computed: memory is bounded by the window.
func TestInOrderHoldsAWindow(t *testing.T) {
	const parallel = 4
	var computed, yielded, most atomic.Int64
	_ = inOrder(numbers(500), parallel, func(i int, _ binding.Binding) int {
		held := computed.Add(1) - yielded.Load()
		for old := most.Load(); held > old && !most.CompareAndSwap(old, held); old = most.Load() {
		}
		return i
	}, func(int) error { yielded.Add(1); return nil })
	if got := most.Load(); got > 2*parallel+2 {
		t.Errorf("%d values were held at a time, want at most %d", got, 2*parallel+2)
	}
}

func TestInOrderEndsWithTheReader(t *testing.T) {
	defer goleak.VerifyNone(t)
	stop := errors.New("disk full")
	var computed atomic.Int64
	err := inOrder(numbers(1_000_000), 4, func(i int, _ binding.Binding) int { computed.Add(1); return i },
		func(i int) error {
			if i == 10 {
				return stop
			}
			return nil
		})
	if !errors.Is(err, stop) || computed.Load() > 100 {
		t.Errorf("got %v after %d values, want the reader's error soon after the tenth", err, computed.Load())
	}
}

// A plan is saved without approvals only where nothing else is missing.
func TestAwaitsApprovals(t *testing.T) {
	awaiting := evidence.PolicyPackage{Name: "bindgate.policy.people", NotRun: "no plan", Awaits: evidence.NeedApprovals}
	for name, tc := range map[string]struct {
		packages []evidence.PolicyPackage
		change   func(*Verdict)
		want     bool
	}{
		"approvals alone":            {[]evidence.PolicyPackage{awaiting, {Name: "bindgate.policy.names"}}, nil, true},
		"another package's evidence": {[]evidence.PolicyPackage{awaiting, {Name: "bindgate.policy.names", NotRun: "no token"}}, nil, false},
		"another check":              {[]evidence.PolicyPackage{awaiting}, func(v *Verdict) { v.Decision.Reasons = append(v.Decision.Reasons, "dns/x: left out") }, false},
		"nothing of policies":        {nil, func(v *Verdict) { v.Results = nil }, false},
		"another check alone":        {[]evidence.PolicyPackage{awaiting}, func(v *Verdict) { v.afterPolicy = nil }, false},
		"refused":                    {[]evidence.PolicyPackage{awaiting}, func(v *Verdict) { v.Decision.Status = gate.Refused }, false},
		"undetermined":               {[]evidence.PolicyPackage{awaiting}, func(v *Verdict) { v.Decision.Status = gate.Undetermined }, false},
		"no plan":                    {[]evidence.PolicyPackage{awaiting}, func(v *Verdict) { v.Decision.PlanErr = errors.New("no group") }, false},
	} {
		v := Verdict{Results: []checks.Result{{ID: "dns/x", Status: checks.StatusPass}, {ID: "policy/no-denials", Status: checks.StatusNotRun}},
			Decision:    gate.Decision{Status: gate.Partial, Reasons: []string{"policy/no-denials: was not run"}},
			afterPolicy: []string{"policy/no-denials"}}
		v.Evidence.Policy.Facts.Packages = tc.packages
		if tc.change != nil {
			tc.change(&v)
		}
		if got := v.AwaitsApprovals(); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}
