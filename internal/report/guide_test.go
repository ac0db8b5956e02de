package report

import (
	"strings"
	"testing"
)

// Every kind of next step names its own section of the pages.
func TestEveryNextStepNamesASection(t *testing.T) {
	kinds := map[string]Run{
		GuideRefused:      {Command: "lint"},
		GuideUndetermined: {Command: "lint"},
		GuideNotRun:       {Command: "lint", Offline: true},
		GuideFailed:       {Command: "apply"},
		GuideUnknown:      {Command: "apply"},
		GuideIncomplete:   {Command: "apply"},
		GuideInterrupted:  {Command: "apply", Interrupted: true},
	}
	summaries := map[string]Summary{
		GuideRefused: {Refused: 1}, GuideUndetermined: {Undetermined: 1}, GuideNotRun: {Partial: 1}, GuideFailed: {Failed: 1},
		GuideUnknown: {Unknown: 1}, GuideIncomplete: {Incomplete: 1}, GuideInterrupted: {},
	}
	var all Summary
	for guide, run := range kinds {
		steps := (&text{state: &state{Head: Head{Run: run}, summary: summaries[guide]}}).nextSteps()
		if len(steps) != 1 || !strings.HasSuffix(steps[0], "; see "+guide) {
			t.Errorf("%s: got %q", guide, steps)
		}
		s := summaries[guide]
		all.Refused += s.Refused
		all.Undetermined += s.Undetermined
		all.Partial += s.Partial
		all.Failed += s.Failed
		all.Unknown += s.Unknown
		all.Incomplete += s.Incomplete
	}
	steps := (&text{state: &state{Head: Head{Run: Run{Command: "apply"}}, summary: all}}).nextSteps()
	if len(steps) != len(kinds)-1 {
		t.Errorf("got %d kinds of next steps, want %d: %q", len(steps), len(kinds)-1, steps)
	}
	for _, step := range steps {
		if strings.Count(step, "; see docs/") != 1 {
			t.Errorf("%q names no section", step)
		}
	}
}
