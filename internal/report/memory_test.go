package report

import (
	"io"
	"runtime"
	"testing"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/cputime"
)

// What a report keeps of a binding in which nothing is found must not grow with
// what was observed: nothing in the formats that are written as verdicts arrive,
// a few bytes where names are numbered, what was drawn in html. Markdown is full
// after less than a thousand.
func TestMemoryDoesNotGrowWithTheBindings(t *testing.T) {
	cputime.SkipUnderRace(t)
	catalogue := catalog.All()
	judged := offline(0, catalogue) // partial: nothing was found
	bindings := make([]Binding, 0, 2000)
	for i := range cap(bindings) {
		b := offline(10*i, nil)
		b.Checks, b.Reasons = judged.Checks, judged.Reasons
		bindings = append(bindings, b)
	}
	for _, c := range []struct {
		command, format string
		verbose         bool
		most            int64
	}{{"lint", "json", false, 16}, {"lint", "jsonl", false, 16}, {"lint", "sarif", false, 16}, {"lint", "github", false, 16},
		{"lint", "gitlab", false, 16}, {"lint", "text", false, 16}, {"lint", "text", true, 16}, {"plan", "text", false, 16},
		{"plan", "text", true, 16}, {"apply", "text", false, 16}, {"lint", "markdown", false, 16}, {"lint", "junit", false, 64}, {"lint", "html", false, 2000}} {
		format, most, few := c.format, c.most, 500
		if format == "markdown" {
			few = 1000
		}
		s, err := Open(io.Discard, format, run(c.command).Head, Options{Verbose: c.verbose})
		if err != nil {
			t.Fatal(err)
		}
		var before int64
		for i, b := range bindings[:2*few] {
			if i == few {
				before = live()
			}
			if err := s.Add(b); err != nil {
				t.Fatal(err)
			}
		}
		if got := (live() - before) / int64(few); got > most {
			t.Errorf("%s of %s, verbose %t, keeps %d bytes a binding, want at most %d", format, c.command, c.verbose, got, most)
		}
		if err := s.Close(Tail{}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.KeepAlive(bindings) // so that each format is measured while all of them exist
}

// live returns the bytes of the heap that are in use.
func live() int64 {
	runtime.GC()
	runtime.GC() // what a pool holds is freed by the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
