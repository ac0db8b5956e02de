package report

import (
	"io"
	"runtime"
	"testing"

	"github.com/bindgate/bindgate/checks/catalog"
)

// What a report keeps of a binding in which nothing is found must not grow with
// what was observed: nothing in the formats that are written as verdicts arrive,
// a few bytes where names are numbered, what was drawn in html. Markdown is full
// after some hundred.
func TestMemoryDoesNotGrowWithTheBindings(t *testing.T) {
	catalogue := catalog.All()
	const few, many = 1000, 2500
	bindings := make([]Binding, 0, many)
	for i := range many {
		bindings = append(bindings, offline(10*i, catalogue)) // partial: nothing was found
	}
	for format, most := range map[string]int64{"json": 16, "jsonl": 16, "sarif": 16, "github": 16, "gitlab": 16,
		"text": 16, "markdown": 16, "junit": 64, "html": 2000} {
		s, err := Open(io.Discard, format, run("lint").Head, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var before int64
		for i, b := range bindings {
			if i == few {
				before = live()
			}
			if err := s.Add(b); err != nil {
				t.Fatal(err)
			}
		}
		if got := (live() - before) / (many - few); got > most {
			t.Errorf("%s keeps %d bytes a binding, want at most %d", format, got, most)
		}
		if err := s.Close(Tail{}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.KeepAlive(bindings) // so that each format is measured beside all of them
}

// live returns the bytes of the heap that are in use.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
