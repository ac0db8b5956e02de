package bind_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/journal"
)

// crashing is a journal on disk whose process ends at its nth entry: just after
// the entry was kept, or instead of it.
type crashing struct {
	*journal.Journal
	n    int
	kept bool
}

type crash struct{}

func (c *crashing) Append(e journal.Entry) error {
	c.n--
	if c.n == 0 && !c.kept {
		panic(crash{})
	}
	err := c.Journal.Append(e)
	if c.n == 0 {
		panic(crash{})
	}
	return err
}

func open(t *testing.T, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(context.Background(), path, 0, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// A sequence of three calls has six journal entries. Whichever of them is the last one
// of a process, with or without the journal, the next run judges the current
// state, sends the missing calls and repeats no call that took effect.
func TestCrash(t *testing.T) {
	t.Parallel()
	all := []string{setPlain + "OK", setCert + "OK", setSecure + "OK"}
	for n := 1; n <= 6; n++ {
		for _, kept := range []bool{false, true} {
			for _, lost := range []bool{false, true} {
				t.Run(fmt.Sprintf("entry %d kept %t journal lost %t", n, kept, lost), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, nil)
					path := filepath.Join(t.TempDir(), "journal.jsonl")
					w.crash(t, path, n, kept)
					sent := w.writes()
					if want := all[:n/2]; !slices.Equal(sent, want) {
						t.Fatalf("before the crash: %q, want %q", sent, want)
					}
					if lost {
						path += ".new"
					}
					j := open(t, path)
					defer j.Close()
					// An intent without its outcome is pending; the state knows better.
					pending := 0
					if !lost && (kept == (n%2 == 1)) {
						pending = 1
					}
					if got := len(j.Pending()); got != pending {
						t.Errorf("%d pending calls, want %d", got, pending)
					}
					w.newRun(j)
					got := w.bind(context.Background(), w.permit(requested(withCertificate, withRedirect)))
					w.finished(t, got[0], len(sent))
					if _, err := journal.Verify(path, j.Head()); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// crash begins a run and ends it at the nth entry of its journal.
func (w *world) crash(t *testing.T, path string, n int, kept bool) {
	t.Helper()
	j := open(t, path)
	defer j.Close()
	w.newRun(&crashing{Journal: j, n: n, kept: kept})
	defer func() {
		if r := recover(); r != (crash{}) {
			t.Fatalf("the run ended with %v, want a crash", r)
		}
	}()
	w.bind(context.Background(), w.permit(requested(withCertificate, withRedirect)))
}

// finished checks the run after a crash that came after so many calls.
func (w *world) finished(t *testing.T, got bind.Outcome, sent int) {
	t.Helper()
	// Bound and certified, only the redirect is missing: nothing must be late.
	want := [][]string{
		{setPlain + "OK", setCert + "OK", setSecure + "OK"},
		{setCert + "OK", setSecure + "OK"},
		{setSecure + "OK"},
		nil,
	}[sent]
	status := bind.Bound
	if want == nil {
		status = bind.Unchanged
	}
	if got.Status != status || !slices.Equal(w.writes(), want) || w.held(domain) != own {
		t.Errorf("got %+v after %q, want %s after %q", got, w.writes(), status, want)
	}
}
