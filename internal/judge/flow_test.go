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
	for _, size := range []int{1, 7, 2000} {
		var got []int
		err := inOrder(numbers(1000), 8, size, each(func(i int, b binding.Binding) int {
			for range (i * 7) % 13 * 1000 { // the values come out of order
			}
			if b.DomainName != fmt.Sprint(i) {
				t.Errorf("binding %d is %q", i, b.DomainName)
			}
			return i
		}), func(i int) error { got = append(got, i); return nil })
		if err != nil || len(got) != 1000 || !slices.IsSorted(got) {
			t.Errorf("batches of %d: got %d values, sorted %t, and %v; want 1000 in order", size, len(got), slices.IsSorted(got), err)
		}
	}
}

// A slow reader holds back what is computed: memory is bounded by the window.
func TestInOrderHoldsAWindow(t *testing.T) {
	const parallel = 4
	for _, size := range []int{1, 8} {
		var computed, yielded, most atomic.Int64
		_ = inOrder(numbers(500), parallel, size, each(func(i int, _ binding.Binding) int {
			held := computed.Add(1) - yielded.Load()
			for old := most.Load(); held > old && !most.CompareAndSwap(old, held); old = most.Load() {
			}
			return i
		}), func(int) error { yielded.Add(1); return nil })
		if got := int(most.Load()); got > (2*parallel+2)*size {
			t.Errorf("batches of %d: %d values were held at a time, want at most %d", size, got, (2*parallel+2)*size)
		}
	}
}

func TestInOrderEndsWithTheReader(t *testing.T) {
	defer goleak.VerifyNone(t)
	stop := errors.New("disk full")
	for _, size := range []int{1, 8} {
		var computed atomic.Int64
		err := inOrder(numbers(1_000_000), 4, size, each(func(i int, _ binding.Binding) int { computed.Add(1); return i }),
			func(i int) error {
				if i == 10 {
					return stop
				}
				return nil
			})
		if !errors.Is(err, stop) || computed.Load() > 200 {
			t.Errorf("batches of %d: got %v after %d values, want the reader's error soon after the tenth", size, err, computed.Load())
		}
	}
}

// Only bindings that wait for nothing are judged together, and never more of them at a
// time than the owner allows.
func TestBatches(t *testing.T) {
	offline := Skip{DNS: "--offline", Group: "--offline", Revocation: "--offline"}
	online := offline
	online.DNS = ""
	for _, concurrency := range []int{0, 1, 2, 3, 32, 1000} {
		for _, skip := range []Skip{offline, online} {
			e := &Engine{o: Options{Concurrency: concurrency, Skip: skip}}
			parallel, size := e.batches()
			if parallel < 1 || size < 1 || size > batchSize || parallel*size > max(concurrency, 1) || skip == online && (size != 1 || parallel != max(concurrency, 1)) {
				t.Errorf("%d at a time, %+v: got %d batches of %d", concurrency, skip, parallel, size)
			}
		}
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
