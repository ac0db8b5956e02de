package exit

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/policy/registry"
)

// Of several codes the one that matters most wins, in any order.
func TestWorst(t *testing.T) {
	order := []int{Usage, Interrupted, Changed, Failed, Refused, CannotTell, Clean}
	for i, worse := range order {
		for _, better := range order[i:] {
			if a, b := Worst(worse, better), Worst(better, worse); a != worse || b != worse {
				t.Errorf("of %d and %d: got %d and %d, want %d", worse, better, a, b, worse)
			}
		}
	}
	if got := Worst(); got != Clean {
		t.Errorf("of none: got %d", got)
	}
}

// An error keeps its code below others, and has that of usage without one.
func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, Clean}, {errors.New("x"), Usage}, {fmt.Errorf("x: %w", With(Changed, errors.New("y"))), Changed},
		{fmt.Errorf("x: %w", registry.ErrUnavailable), CannotTell}, {fmt.Errorf("x: %w", context.Canceled), Interrupted}, {Ended(Clean), Clean}, {Ended(Refused), Refused},
	} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("%v: got %d, want %d", c.err, got, c.want)
		}
	}
	if err := Ended(Refused); !errors.Is(err, ErrReported) {
		t.Errorf("got %v, want an error that is reported already", err)
	}
}

// Only an allowed decision is clean, and a partial one where nothing more was asked for.
func TestOfDecision(t *testing.T) {
	for status, want := range map[gate.Status][2]int{
		gate.Allowed: {Clean, Clean}, gate.Partial: {CannotTell, Clean}, gate.Refused: {Refused, Refused},
		gate.Undetermined: {CannotTell, CannotTell}, "": {CannotTell, CannotTell}, "new": {CannotTell, CannotTell},
	} {
		for i, partialIsClean := range []bool{false, true} {
			if got := OfDecision(status, partialIsClean); got != want[i] {
				t.Errorf("%q, partial is clean %t: got %d, want %d", status, partialIsClean, got, want[i])
			}
		}
	}
}
