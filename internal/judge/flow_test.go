package judge

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks/binding"
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
