package iterate_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8") // most of the tests wait for a time-out
	goleak.VerifyTestMain(m)
}

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
	t.Parallel()
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

// A thousand names of one zone ask for its delegation once.
func TestDelegationIsAskedOnce(t *testing.T) {
	t.Parallel()
	l, w := start(t)
	var all sync.WaitGroup
	names := make(chan string, 1000)
	for n := range 1000 {
		names <- fmt.Sprintf("x%d.wild.demo.com", n)
	}
	close(names)
	for range 32 {
		all.Go(func() {
			for name := range names {
				if walk, err := w.Walk(t.Context(), name, 1, 28); err != nil || walk.Event != "found" {
					t.Errorf("%s: %+v, %v", name, walk.Chain, err)
				}
			}
		})
	}
	all.Wait()
	tld := l.Servers[lab.TLDAddress]
	for question, want := range map[string]int{"demo.com. NS": 1, "alicloudapi.com. NS": 1} {
		if got := tld.Count(question); got != want {
			t.Errorf("%s was asked %d times, want %d", question, got, want)
		}
	}
	cuts := 0
	for _, address := range []string{lab.FirstAddress, lab.SecondAddress} {
		if cuts += l.Servers[address].Count("wild.demo.com. NS"); l.Servers[address].Count("x999.wild.demo.com. CNAME") == 0 {
			t.Errorf("%s was not asked for its own name", address)
		}
	}
	if cuts == 0 || cuts > 2 { // if a server is slow, another one is asked in parallel
		t.Errorf("whether a zone begins at wild.demo.com was asked %d times", cuts)
	}
	if got := l.Servers[lab.RootAddress].Count("com. NS"); got != 1 {
		t.Errorf("com. NS was asked %d times", got)
	}
}

// Data outside of a server's zone is ignored, and it is not cached.
func TestPoisonIsNotKept(t *testing.T) {
	t.Parallel()
	l, w := start(t)
	for _, name := range []string{"api.poison.com", "www.victim.com"} {
		walk, err := w.Walk(t.Context(), name, 1, 28)
		if err != nil || name == "www.victim.com" && walk.Event != "nxdomain" || len(walk.Hops) > 1 {
			t.Errorf("%s: got %+v, %v", name, walk.Chain, err)
		}
	}
	if got := l.Servers[lab.OddAddress].Count("www.victim.com. CNAME"); got != 0 {
		t.Errorf("the liar was asked for the victim's name %d times", got)
	}
}

// A walk always ends with its context, and reports that.
func TestDeadline(t *testing.T) {
	t.Parallel()
	_, w := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	walk, err := w.Walk(ctx, "api.alldown.com", 1)
	if err == nil && walk.Event != "" {
		t.Errorf("got %+v, %v", walk.Chain, err)
	}
}

func TestRootsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "com. NS a.example.", ". NS a.root.", "not a zone file at all\x00", ". NS a.root.\nb.root. A 192.0.2.1",
		". NS a.root.\na.root. A 192.0.2.1\ncom. DS 1 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"} {
		if _, err := iterate.ParseRoots(text); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
	w, err := iterate.New(iterate.Config{Now: time.Now})
	if err != nil || w == nil {
		t.Errorf("the compiled-in roots: %v", err)
	}
}

// A server that never answers costs the run its time-outs for two zones, and nothing
// more: every name has its answer from the other server, with the silent one in a row.
func TestSilentServerOfManyNames(t *testing.T) {
	t.Parallel()
	l, w := start(t)
	silent := l.Servers[lab.MuteAddress]
	walk := func(name string) {
		t.Helper()
		got, err := w.Walk(t.Context(), name, 1, 28)
		if err != nil || got.Event != "found" {
			t.Fatalf("%s: got %+v, %v", name, got, err)
		}
		standings := map[iterate.ServerStatus]int{}
		for _, r := range got.Steps[0].Aliases.Replies {
			standings[r.Status]++
		}
		if standings[iterate.Authoritative] != 1 || standings[iterate.Unreachable] != 1 {
			t.Errorf("%s: got %v", name, standings)
		}
	}
	walk("api.half.com")
	once := silent.Asked.Load()
	for n := range 50 {
		walk(fmt.Sprintf("n%d.wild.half.com", n))
	}
	if got := silent.Asked.Load(); got != once {
		t.Errorf("it was asked %d times more", got-once)
	}
	walk("api.half2.com")
	twice := silent.Asked.Load()
	walk("api.half3.com")
	if got := silent.Asked.Load(); got != twice {
		t.Errorf("though silent for two zones it was asked %d times more for a third", got-twice)
	}
}

// A walk that is ended names the server that it waited for.
func TestSilentServerIsNamed(t *testing.T) {
	t.Parallel()
	l, _ := start(t)
	roots, err := iterate.ParseRoots(l.Hints)
	if err != nil {
		t.Fatal(err)
	}
	ended := errors.New("the time is over")
	for name, words := range map[string]string{
		"api.half.com":   "asking the servers of half.com for half.com: no answer of mute.servers.net (" + lab.MuteAddress,
		"api.silent.com": "no answer of mute.servers.net (" + lab.MuteAddress,
	} {
		w, err := iterate.New(iterate.Config{Roots: roots, Port: l.Port, Timeout: time.Minute, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		asked := l.Servers[lab.MuteAddress].Asked.Load()
		walked := make(chan error, 1)
		go func() {
			_, err := w.Walk(ctx, name, 1, 28)
			walked <- err
		}()
		for l.Servers[lab.MuteAddress].Asked.Load() == asked && len(walked) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel(ended)
		if err := <-walked; !errors.Is(err, ended) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got %v, want: …%s…", name, err, words)
		}
	}
}

// HTTPS of a target is asked for with its addresses, of every server; what one of them does
// not answer is asked for again when somebody wants it.
func TestHTTPSComesWithTheTarget(t *testing.T) {
	t.Parallel()
	const https = 65
	l, w := start(t)
	count := func(name string) int {
		return l.Servers[lab.FirstAddress].Count(name+". HTTPS") + l.Servers[lab.SecondAddress].Count(name+". HTTPS") + l.Servers[lab.OddAddress].Count(name+". HTTPS")
	}
	walk, err := w.Walk(t.Context(), "a.wild.demo.com", 1, 28)
	if err != nil || walk.Event != "found" {
		t.Fatalf("got %+v, %v", walk.Chain, err)
	}
	for range 2 {
		if got := count(walk.Name); got != 2 {
			t.Errorf("HTTPS of %s was asked for %d times, want once at each of two servers", walk.Name, got)
		}
		if end, err := w.Walk(t.Context(), walk.Name, https); err != nil || end.Event != "nodata" || len(end.Steps[0].Others) != 1 {
			t.Errorf("got %+v, %v", end, err)
		}
	}
	if walk, err = w.Walk(t.Context(), "addr.nonew.com", 1, 28); err != nil || walk.Event != "found" {
		t.Fatalf("a server that does not answer for HTTPS: got %+v, %v", walk.Chain, err)
	}
	before := count("addr.nonew.com")
	if _, err := w.Walk(t.Context(), "addr.nonew.com", https); err == nil || before == 0 || count("addr.nonew.com") <= before {
		t.Errorf("asked %d times, then %d times: got %v", before, count("addr.nonew.com"), err)
	}
}

// The types that are looked for next to an alias are asked for with the walk, of one
// server; what it does not answer is asked for later.
func TestOthersComeWithTheWalk(t *testing.T) {
	t.Parallel()
	l, w := start(t)
	count := func(question string) int {
		return l.Servers[lab.FirstAddress].Count(question) + l.Servers[lab.SecondAddress].Count(question)
	}
	walk, err := w.WalkWithOthers(t.Context(), "a.wild.demo.com", 1, 28)
	if err != nil || walk.Event != "found" {
		t.Fatalf("got %+v, %v", walk.Chain, err)
	}
	for range 2 {
		if got := count("a.wild.demo.com. MX"); got != 1 {
			t.Errorf("MX was asked for %d times, want once", got)
		}
		if more, err := w.OtherRecords(t.Context(), walk.Steps[0].Aliases); err != nil || len(more.Types) != 0 {
			t.Errorf("got %+v, %v", more, err)
		}
	}
	if got := count(walk.Name + ". MX"); got != 0 {
		t.Errorf("MX of the target was asked for %d times", got)
	}
	if w.Trusted(walk) {
		t.Error("the zones are known before they were validated")
	}
	if _, err := w.Validate(t.Context(), walk); err != nil || !w.Trusted(walk) {
		t.Errorf("the zones are not known after they were validated: %v", err)
	}
	walk, err = w.WalkWithOthers(t.Context(), "api.nomail.com", 1, 28)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.OtherRecords(t.Context(), walk.Steps[0].Aliases); err == nil || !strings.Contains(err.Error(), "api.nomail.com MX") {
		t.Errorf("a server that does not answer for MX: got %v", err)
	}
}
