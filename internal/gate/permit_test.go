package gate

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/internal/plan"
)

func twoCalls() []plan.Call {
	return []plan.Call{
		{Action: plan.SetDomain, Params: map[string]string{"DomainName": "a"}},
		{Action: plan.SetDomainCertificate, Params: map[string]string{"DomainName": "a"}},
	}
}

func TestZeroPermit(t *testing.T) {
	var p Permit
	if _, err := p.Take(); !errors.Is(err, ErrNoPermit) {
		t.Errorf("Take: %v", err)
	}
	if _, err := p.Again(); !errors.Is(err, ErrNoPermit) {
		t.Errorf("Again: %v", err)
	}
	if _, ok := p.Peek(); ok || p.ID() != "" {
		t.Error("the zero permit shows a call or an id")
	}
	p.Done()
	p.Unknown()
	p.Failed()
}

func TestPermitIsFrozen(t *testing.T) {
	calls := twoCalls()
	p := newPermit("id", calls)
	calls[0].Params["DomainName"] = "changed"
	seen, _ := p.Peek()
	seen.Params["DomainName"] = "changed"
	got, err := p.Take()
	if err != nil || got.Params["DomainName"] != "a" {
		t.Errorf("the frozen call became %v, %v", got, err)
	}
}

func TestPermitStopsAfterAFailure(t *testing.T) {
	p := newPermit("id", twoCalls())
	if _, err := p.Take(); err != nil {
		t.Fatal(err)
	}
	p.Failed()
	if _, err := p.Take(); !errors.Is(err, ErrRedeemed) {
		t.Errorf("Take after a failure: %v, want %v", err, ErrRedeemed)
	}
	if _, ok := p.Peek(); ok {
		t.Error("a spent permit still shows a call")
	}
}

// Whatever is done to a permit, in any order, it gives its calls in order, each
// once, and a repeat only of a call whose outcome is unknown.
func TestPermitProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPermit("id", twoCalls())
		var given, open, repeats int // calls given, whether the last is unsettled (1) or unknown (2)
		var failed bool
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"take", "again", "done", "unknown", "failed"}).Draw(t, "act") {
			case "take":
				c, err := p.Take()
				if ok := open == 0 && given < 2 && !failed; ok != (err == nil) {
					t.Fatalf("Take: %v with %d given, open %d", err, given, open)
				}
				if err == nil {
					if c.Action != twoCalls()[given].Action {
						t.Fatalf("call %d is %s", given, c.Action)
					}
					given, open, repeats = given+1, 1, 0
				}
			case "again":
				c, err := p.Again()
				if ok := open == 2 && repeats < maxRepeats; ok != (err == nil) {
					t.Fatalf("Again: %v with open %d after %d repeats", err, open, repeats)
				}
				if err == nil {
					if c.Action != twoCalls()[given-1].Action {
						t.Fatalf("repeat of call %d is %s", given-1, c.Action)
					}
					open, repeats = 1, repeats+1
				}
			case "done":
				p.Done()
				open = 0
			case "unknown":
				p.Unknown()
				if open != 0 {
					open = 2
				}
			case "failed":
				p.Failed()
				if open != 0 {
					open, failed = 0, true
				}
			}
		}
	})
}
