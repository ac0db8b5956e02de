package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Of two runs on one journal, the second waits and finds every binding in effect, or
// stops at once and names the lock. Until then it sends no request to the gateway.
func TestTwoAppliesOnOneJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve(groups(1), map[string]string{"api.demo.com": target(0)})
	w.certified("api.demo.com")
	w.faults("SetDomain:hold-before-commit:1")
	first := w.start("apply", "-f", "json")
	call := first.held()
	asked := len(w.box.Calls())

	if e := w.want(2, "apply", "--lock-wait", "0"); !strings.Contains(e.err, journalFile+".lock") || !strings.Contains(e.err, "another apply is running") {
		t.Errorf("the run that does not wait says %q, want the lock's name", e.err)
	}
	if e := w.want(2, "apply", "--lock-wait", "60ms"); !strings.Contains(e.err, "another apply is running") {
		t.Errorf("the run that waited too short says %q", e.err)
	}
	if got := len(w.box.Calls()); got != asked {
		t.Errorf("the runs without the lock made %d calls", got-asked)
	}
	second := w.start("apply", "-f", "json", "--lock-wait", "30s")
	call.Release()
	first.ends(0, "api.demo.com bound")
	second.ends(0, "api.demo.com unchanged")
	w.wrote(sequence()...)
	w.bound("api.demo.com")
	w.verified(0)
}

// A lock protects one journal. Runs with two journals, on two machines for example,
// both judge and both send. They send the same calls, so in the end the binding
// is in effect, and each journal contains its own calls.
func TestTwoAppliesOnTwoJournals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve(groups(1), map[string]string{"api.demo.com": target(0)})
	w.certified("api.demo.com")
	w.faults("SetDomain:hold-before-commit:1")
	first := w.start("apply", "-f", "json")
	call := first.held()
	w.want(0, "apply", "--journal", "other.jsonl")
	w.wrote(sequence()...)
	call.Release()
	first.ends(0, "api.demo.com bound")
	w.wrote(slices.Concat(sequence()[:1], sequence(), sequence()[1:])...) // in the order of their arrival
	w.bound("api.demo.com")
	w.verified(0)
	w.want(0, "journal", "verify", "--journal", "other.jsonl")
}

// A journal that cannot be written stops the run before any request.
func TestJournalThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve(groups(1), map[string]string{"api.demo.com": target(0)})
	w.certified("api.demo.com")
	w.check(os.Mkdir(w.path("folder"), 0o755))
	w.write("file", "")
	w.write("broken.jsonl", "{}\n")
	w.check(os.Symlink("/dev/full", w.path("full")))
	for path, says := range map[string]string{
		"folder":       "folder",
		"file/journal": "not a directory",
		"/dev/full":    "device",
		"full":         "symbolic link",
		"broken.jsonl": "chain is broken",
	} {
		for _, mode := range []string{"--each=false", "--each"} {
			if e := w.want(2, "apply", mode, "--journal", path); !strings.Contains(e.err, says) {
				t.Errorf("%s: apply says %q, want %q", path, e.err, says)
			}
		}
	}
	if got := w.box.Calls(); len(got) > 0 {
		t.Errorf("the gateway was asked %d times", len(got))
	}
}
