package iterate_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB) (*lab.Lab, *iterate.Walker) {
	t.Helper()
	plan, err := lab.NewPlan(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, plan, 0)
	return l, walker(t, l)
}

func walker(t testing.TB, l *lab.Lab) *iterate.Walker {
	t.Helper()
	roots, err := iterate.ParseRoots(l.Hints)
	if err != nil {
		t.Fatal(err)
	}
	w, err := iterate.New(iterate.Config{Roots: roots, Port: l.Port, Timeout: 300 * time.Millisecond, Tries: 2, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestScenarios(t *testing.T) {
	_, w := start(t)
	for _, c := range append(lab.Cases(), lab.OddCases()...) {
		check(t, w, c)
	}
}

// check walks from one name and compares what was found with the case.
func check(t *testing.T, w *iterate.Walker, c lab.Case) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	walk, err := w.Walk(ctx, c.Name, 1, 28)
	if string(walk.Event) != c.Event || walk.Name != resolve.Canonical(c.Final) || len(walk.Hops) != c.Hops || (err != nil) != (c.Event == "") {
		t.Errorf("%s: got %q at %s after %d aliases, %v; want %q at %s after %d", c.Name, walk.Event, walk.Name, len(walk.Hops), err, c.Event, c.Final, c.Hops)
	}
	if c.Security == "" {
		return
	}
	all, err := w.Validate(ctx, walk)
	if err != nil {
		t.Errorf("%s: %v", c.Name, err)
	}
	worst := iterate.Secure
	for _, s := range all {
		if rank(s.Status) > rank(worst) {
			worst = s.Status
		}
	}
	if string(worst) != c.Security {
		t.Errorf("%s: got %s, want %s: %+v", c.Name, worst, c.Security, all)
	}
}

func rank(s iterate.Status) int {
	return map[iterate.Status]int{iterate.Secure: 0, iterate.Insecure: 1, iterate.Indeterminate: 2, iterate.Bogus: 3}[s]
}
