package gate

import (
	"errors"
	"maps"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/platform"
	"github.com/bindgate/bindgate/internal/platform/classic"
	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

func twoCalls() []plan.Call {
	return []plan.Call{
		{Action: classic.SetDomain, Params: map[string]string{"DomainName": "a"}},
		{Action: classic.SetDomainCertificate, Params: map[string]string{"DomainName": "a"}},
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
	if _, _, more := p.Peek(); more || p.ID() != "" || len(p.Plan().Calls) != 0 || p.Subject().Binding.DomainName != "" {
		t.Error("the zero permit shows a call, an id, a plan or a subject")
	}
	p.Done()
	p.Unknown()
	p.Failed()
}

func TestPermitIsFrozen(t *testing.T) {
	given := plan.Plan{Calls: twoCalls(), Displaces: []evidence.BoundGroup{{Conflicts: true}}, Before: &evidence.Domain{DomainName: "a"}}
	p := newPermit("id", subject(), given)
	spoil := func(pl plan.Plan) {
		pl.Calls[0].Params["DomainName"], pl.Calls[1], pl.Displaces[0].Conflicts, pl.Before.DomainName = "changed", plan.Call{}, false, "changed"
	}
	spoil(given)
	spoil(p.Plan())
	seen, _, _ := p.Peek()
	seen.Params["DomainName"] = "changed"
	got, err := p.Take()
	if err != nil || got.Params["DomainName"] != "a" {
		t.Errorf("the frozen call became %v, %v", got, err)
	}
	if pl := p.Plan(); pl.Calls[1].Action == "" || !pl.Displaces[0].Conflicts || pl.Before.DomainName != "a" {
		t.Errorf("the frozen plan became %+v", pl)
	}
}

func TestPermitCarriesWhatWasJudged(t *testing.T) {
	p, err := Decide(small, nil, subject(), sound(), checks.Error).Permit()
	if err != nil {
		t.Fatal(err)
	}
	want, err := platform.Calls(subject())
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Plan(); len(got.Calls) != 1 || !maps.Equal(got.Calls[0].Params, want.Calls[0].Params) {
		t.Errorf("the permit's plan is %+v, want %+v", got, want)
	}
	if got := p.Subject().Binding.DomainName; got != subject().Binding.DomainName {
		t.Errorf("the permit is for %q", got)
	}
}

// What Peek shows is what the next Take or Again gives, and nothing when
// neither gives anything.
func TestPeek(t *testing.T) {
	p := newPermit("id", subject(), plan.Plan{Calls: twoCalls()})
	peek := func(index int, more bool) {
		t.Helper()
		c, got, ok := p.Peek()
		if ok != more || more && (got != index || c.Action != twoCalls()[index].Action) {
			t.Errorf("Peek: %s, %d, %t, want call %d, %t", c.Action, got, ok, index, more)
		}
	}
	peek(0, true)
	if p.ID() != "id" {
		t.Errorf("got the id %q", p.ID())
	}
	give := p.Take
	for range maxRepeats + 1 {
		if _, err := give(); err != nil {
			t.Fatal(err)
		}
		peek(0, true)
		p.Unknown()
		if p.seq.repeat < maxRepeats {
			peek(0, true)
		}
		give = p.Again
	}
	peek(0, false)
	p.Done()
	peek(1, true)
}

func TestRepeatsAreBounded(t *testing.T) {
	p := newPermit("id", subject(), plan.Plan{Calls: twoCalls()})
	if _, err := p.Take(); err != nil {
		t.Fatal(err)
	}
	for range maxRepeats {
		p.Unknown()
		if _, err := p.Again(); err != nil {
			t.Fatal(err)
		}
	}
	p.Unknown()
	if c, err := p.Again(); !errors.Is(err, ErrRedeemed) || c.Action != "" {
		t.Errorf("repeat %d gives %q, %v, want %v", maxRepeats+1, c.Action, err, ErrRedeemed)
	}
	p.Done()
	if c, err := p.Take(); err != nil || c.Action != classic.SetDomainCertificate {
		t.Errorf("the second call: %q, %v", c.Action, err)
	}
	p.Unknown()
	if _, err := p.Again(); err != nil {
		t.Errorf("the second call cannot be repeated: %v", err)
	}
}

func TestPermitStopsAfterAFailure(t *testing.T) {
	p := newPermit("id", subject(), plan.Plan{Calls: twoCalls()})
	if _, err := p.Take(); err != nil {
		t.Fatal(err)
	}
	p.Failed()
	if _, err := p.Take(); !errors.Is(err, ErrRedeemed) {
		t.Errorf("Take after a failure: %v, want %v", err, ErrRedeemed)
	}
	if _, _, more := p.Peek(); more {
		t.Error("a spent permit still shows a call")
	}
}

// After any operations on a permit, in any order, it has returned its calls in order, each
// once, and repeated only a call whose outcome is unknown.
func TestPermitProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPermit("id", subject(), plan.Plan{Calls: twoCalls()})
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
