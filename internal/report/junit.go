package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

func writeJUnit(w io.Writer, r Report, _ Options) error {
	all := junitSuites{Name: "bindgate " + Escape(r.Run.Command)}
	names := map[string]int{}
	for _, b := range r.Bindings {
		name := Escape(fmt.Sprintf("%s on %s", b.DomainName, b.GroupID))
		if names[name]++; names[name] > 1 {
			name += fmt.Sprintf(" (%d)", names[name])
		}
		s := junitSuite{Name: name, Timestamp: r.Run.Now.Format("2006-01-02T15:04:05"), Cases: junitCases(b, name)}
		s.count()
		all.add(s.junitCounts)
		all.Suites = append(all.Suites, s)
	}
	doc, err := xml.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte(xml.Header), doc...), '\n'))
	return err
}

// junitCases are the checks of a binding, then what the gate decided, then what
// came of the calls: a missing result has no check to stand at.
func junitCases(b Binding, suite string) []junitCase {
	names := map[string]int{}
	named := func(name string) junitCase {
		if names[name]++; names[name] > 1 {
			name = fmt.Sprintf("%s (%d)", name, names[name])
		}
		return junitCase{Name: name, ClassName: suite, Time: "0"}
	}
	var cases []junitCase
	for _, c := range b.Checks {
		cases = append(cases, junitCheck(named(Escape(c.ID)), c))
	}
	decision := named(ruleDecision)
	detail := &junitDetail{Message: string(b.Decision), Type: ruleDecision, Text: escapeLines(b.Reasons)}
	switch b.Decision {
	case gate.Allowed:
	case gate.Refused:
		decision.Failure = detail
	case gate.Partial:
		decision.Skipped = detail
	default:
		decision.Error = detail
	}
	cases = append(cases, decision)
	if o := b.Outcome; o != nil {
		outcome := named(ruleOutcome)
		detail := &junitDetail{Message: Escape(outcomeText(*o)), Type: ruleOutcome, Text: escapeLines(o.Restore)}
		switch o.Status {
		case bound, unchanged:
		case notAttempted:
			outcome.Skipped = detail
		case unknown:
			outcome.Error = detail
		default:
			outcome.Failure = detail
		}
		cases = append(cases, outcome)
	}
	return cases
}

func junitCheck(out junitCase, c checks.Result) junitCase {
	var lines []string
	for _, f := range c.Findings {
		lines = append(lines, fmt.Sprintf("%s %s %s", place(f.Source), f.Severity, note{domain: c.ID, Message: f.Message, Fix: f.Fix}.text()))
	}
	detail := &junitDetail{Message: Escape(orElse(c.Reason, string(c.Status))), Type: Escape(c.ID), Text: escapeLines(lines)}
	switch c.Status {
	case checks.StatusPass:
		out.Out = escapeLines(lines) // warnings
	case checks.StatusFail:
		if len(c.Findings) > 0 {
			detail.Message = Escape(c.Findings[0].Message)
		}
		out.Failure = detail
	case checks.StatusNotRun, checks.StatusNotApplicable:
		detail.Message = Escape(strings.TrimSuffix(string(c.Status)+": "+c.Reason, ": "))
		out.Skipped = detail
	default:
		out.Error = detail
	}
	return out
}

// escapeLines escapes each text and puts one on a line.
func escapeLines(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = Escape(t)
	}
	return strings.Join(out, "\n")
}
