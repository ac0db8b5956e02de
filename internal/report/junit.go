package report

import (
	"encoding/xml"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/gate"
)

// junit writes a suite as its binding arrives. The root has no counts, which
// would have to be known before: readers add up those of the suites.
type junit struct {
	*state
	xml   *xml.Encoder
	root  xml.StartElement
	seed  maphash.Seed
	names map[uint64]int32 // how many suites had a name, by its hash
}

func openJUnit(s *state) (format, error) {
	j := &junit{state: s, xml: xml.NewEncoder(s.out), seed: maphash.MakeSeed(), names: map[uint64]int32{}}
	j.root = xml.StartElement{Name: xml.Name{Local: "testsuites"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "name"}, Value: "bindgate " + Escape(s.Run.Command)}}}
	j.xml.Indent("", " ")
	s.put(xml.Header)
	return j, j.xml.EncodeToken(j.root)
}

func (j *junit) add(b Binding) error {
	name := Escape(b.DomainName)
	if kind := kindOfTarget(b); kind != "" {
		name += " on " + kind + " " + Escape(b.Target())
	}
	key := maphash.String(j.seed, name)
	if j.names[key]++; j.names[key] > 1 {
		name += fmt.Sprintf(" (%d)", j.names[key])
	}
	cases := junitCases(b, name)
	s := junitSuite{Name: name, Timestamp: j.Run.Now.Format("2006-01-02T15:04:05"), Cases: cases}
	s.count()
	if !j.options.Verbose {
		s.Cases = slices.DeleteFunc(cases, junitCase.only)
	}
	for i := range s.Cases {
		at := note{Source: s.Cases[i].source}
		if at.Source.File == "" {
			at.Source = b.Source
		}
		if at.Source.File != "" {
			s.Cases[i].File, s.Cases[i].Line = Escape(j.path(at)), at.line()
		}
	}
	return j.xml.Encode(s)
}

func (j *junit) close() error {
	if notes := j.Run.notes(); len(notes) > 0 {
		s := junitSuite{Name: j.root.Attr[0].Value, Timestamp: j.Run.Now.Format("2006-01-02T15:04:05")}
		for i, n := range notes {
			c := junitCase{Name: n.Rule, ClassName: s.Name, Time: "0"}
			if n.Severity == checks.Error {
				c.Error = &junitDetail{Message: Escape(n.Message), Type: n.Rule, Text: Escape(n.Place())}
			} else {
				c.Out = Escape(n.Message)
			}
			if i > 0 {
				c.Name = fmt.Sprintf("%s (%d)", n.Rule, i+1)
			}
			if n.Source.File != "" {
				c.File, c.Line = Escape(j.path(n)), n.line()
			}
			s.Cases = append(s.Cases, c)
		}
		s.count()
		if err := j.xml.Encode(s); err != nil {
			return err
		}
	}
	if err := j.xml.EncodeToken(j.root.End()); err != nil {
		return err
	}
	err := j.xml.Close()
	j.put("\n")
	return err
}

// junitCases returns the test cases of a binding: one per check, then the decision, then
// the outcome of the calls. The last two cover refusals that no check reports.
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
	if len(c.Findings) > 0 {
		out.source = c.Findings[0].Source
	}
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

// The JUnit XML that Jenkins, GitLab and others read (the schema of Jenkins'
// xUnit plugin, junit-10.xsd, which counts what was skipped in a suite alone). A
// suite is a binding, a test case is a check.
type (
	junitSuite struct {
		XMLName   xml.Name    `xml:"testsuite"`
		Name      string      `xml:"name,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		ClassName string       `xml:"classname,attr"`
		File      string       `xml:"file,attr,omitempty"` // as GitLab and others read it, and line
		Line      int          `xml:"line,attr,omitempty"`
		Time      string       `xml:"time,attr"`
		Skipped   *junitDetail `xml:"skipped"`
		Error     *junitDetail `xml:"error"`
		Failure   *junitDetail `xml:"failure"`
		Out       string       `xml:"system-out,omitempty"`
		source    binding.Position
	}
	junitDetail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// only reports a case that counts and says nothing: 2,000 bindings have 100,000. What
// passed with a warning is not one, and neither is the decision.
func (c junitCase) only() bool {
	return c.Failure == nil && c.Error == nil && c.Out == "" && c.Name != ruleDecision && c.Name != ruleOutcome
}

func (s *junitSuite) count() {
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}
