package cli

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

// screen is a terminal that may be written to at any time.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func watchedRun(terminal, quiet bool, s *screen) *run {
	r := &run{env: Env{Stderr: s, ErrTerminal: terminal, LookupEnv: func(string) (string, bool) { return "", false }}}
	r.s.quiet = quiet
	return r
}

func TestProgressShowsPastPatienceAndGoesAway(t *testing.T) {
	var s screen
	p := watchedRun(true, false, &s).progress(4)
	p.step()
	if got := s.String(); got != "" {
		t.Errorf("%q before its time", got)
	}
	p.show() // as its timer does
	if got := s.String(); !strings.Contains(got, "gathering evidence") || !strings.Contains(got, "1/4") {
		t.Errorf("shown: %q", got)
	}
	p.end()
	last := s.String()[strings.LastIndex(s.String(), "/4")+2:]
	if !strings.Contains(last, "\r") {
		t.Errorf("the bar stays: %q", last)
	}
	before := s.String()
	p.step()
	p.show()
	if s.String() != before {
		t.Error("it came back after its end")
	}
}

func TestProgressIsForATerminalOnly(t *testing.T) {
	for _, c := range []struct{ terminal, quiet bool }{{false, false}, {true, true}} {
		var s screen
		p := watchedRun(c.terminal, c.quiet, &s).progress(4)
		if p != nil {
			t.Errorf("%+v: there is a bar", c)
		}
		p.step()
		p.end()
	}
}
