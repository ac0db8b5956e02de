package progress

import (
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/progress/progresstest"
)

func TestProgressShowsPastPatienceAndGoesAway(t *testing.T) {
	var s progresstest.Screen
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
