package progress

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

func TestProgressShowsPastPatienceAndGoesAway(t *testing.T) {
	var s screen
	p := Start(&s, 4)
	p.Step()
	if got := s.String(); got != "" {
		t.Errorf("%q before its time", got)
	}
	p.show() // as its timer does
	if got := s.String(); !strings.Contains(got, "gathering evidence") || !strings.Contains(got, "1/4") {
		t.Errorf("shown: %q", got)
	}
	p.End()
	last := s.String()[strings.LastIndex(s.String(), "/4")+2:]
	if !strings.Contains(last, "\r") {
		t.Errorf("the bar stays: %q", last)
	}
	before := s.String()
	p.Step()
	p.show()
	if s.String() != before {
		t.Error("it came back after its end")
	}
}
