package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
)

// Options are what the reader asks for. Formats ignore what is not theirs.
type Options struct {
	Color   bool // text: paint; the caller knows about terminals and NO_COLOR
	Verbose bool // text: every binding, check, warning and call; junit: every check
	Quiet   bool // text: only what blocks a binding; nothing at all if nothing does
	Width   int  // text: columns; 0 is 80, and fewer than 40 is 40

	Category string // sarif: what distinguishes this analysis from others of the same commit; may be empty
}

// Stream is a report that is written while its run is under way. It is not for
// use by several goroutines at once.
type Stream struct {
	name   string
	state  *state
	format format
	order  []int           // of the last binding's results, by id
	sorted []checks.Result // room for a binding's results
}

// format writes one format. What it writes to the output of its state needs no
// look at errors: the output keeps the first.
type format interface {
	add(Binding) error // keeps neither the checks nor the whole evidence
	close() error      // the facts of the tail are in the state
}

// state is what a format may ask of the report under way.
type state struct {
	Head
	summary Summary
	options Options
	out     *bufio.Writer
}

// put writes texts; out keeps the first error.
func (s *state) put(texts ...string) {
	for _, t := range texts {
		_, _ = s.out.WriteString(t)
	}
}

type maker struct {
	name string
	open func(*state) (format, error)
}

// makers is the one list of formats, by name.
func makers() []maker {
	return []maker{
		{"github", openGitHub},
		{"gitlab", openGitLab},
		{"html", openHTML},
		{"json", openJSON},
		{"jsonl", openJSONL},
		{"junit", openJUnit},
		{"markdown", func(s *state) (format, error) { return newMarkdown(s, maxComment), nil }},
		{"sarif", openSARIF},
		{"text", openText},
	}
}

// Formats returns the names that Open accepts, sorted.
func Formats() []string {
	var names []string
	for _, m := range makers() {
		names = append(names, m.name)
	}
	return names
}

// Open begins a report of the named format on w. Nothing is whole before Close.
func Open(w io.Writer, name string, head Head, o Options) (*Stream, error) {
	for _, m := range append(makers(), maker{stepSummary, func(s *state) (format, error) { return newMarkdown(s, maxStepSummary), nil }}) {
		if m.name == name {
			return begin(w, m, head, o)
		}
	}
	return nil, fmt.Errorf("unknown report format %q, want one of %s", name, strings.Join(Formats(), ", "))
}

func begin(w io.Writer, m maker, head Head, o Options) (*Stream, error) {
	head.Run = head.Run.with(Tail{})
	head.Run.Now = head.Run.Now.UTC()
	head.Run.Endpoint = publicEndpoint(head.Run.Endpoint)
	s := &state{Head: head, options: o, out: bufio.NewWriterSize(w, 32<<10)}
	f, err := m.open(s)
	if err != nil {
		return nil, fmt.Errorf("writing %s report: %w", m.name, err)
	}
	return &Stream{name: m.name, state: s, format: f}, nil
}

// Add reports one binding. Bindings come in manifest order. The binding is the
// caller's again when Add returns.
func (s *Stream) Add(b Binding) error {
	b = s.complete(b)
	s.state.summary.add(b)
	err := s.format.add(b)
	if err == nil {
		_, err = s.state.out.Write(nil) // the error that it keeps
	}
	return s.inReport(err)
}

// Close ends the report.
func (s *Stream) Close(t Tail) error {
	s.state.Run = s.state.Run.with(t)
	err := s.format.close()
	if err == nil {
		err = s.state.out.Flush()
	}
	return s.inReport(err)
}

// inReport names the report in an error.
func (s *Stream) inReport(err error) error {
	if err != nil {
		return fmt.Errorf("writing %s report: %w", s.name, err)
	}
	return nil
}

// complete returns the binding as it is written: sorted, every list present, and
// no word that the schema does not know. It sorts the checks by id, not by the
// catalogue, so that two reports can be compared although a check was moved in
// between. Calls, reasons and restore commands keep their order: it means something.
func (s *Stream) complete(b Binding) Binding {
	switch b.Decision {
	case gate.Allowed, gate.Refused, gate.Undetermined, gate.Partial:
	default:
		b.Reasons = append(slices.Clone(b.Reasons), fmt.Sprintf("no decision was made (%q)", string(b.Decision)))
		b.Decision = gate.Undetermined
	}
	if b.Reasons == nil {
		b.Reasons = []string{}
	}
	b.Checks = s.byID(b.Checks)
	for i, c := range b.Checks {
		b.Checks[i] = completeCheck(c)
	}
	b.Displaces = slices.Clone(b.Displaces)
	slices.SortStableFunc(b.Displaces, func(x, y evidence.BoundGroup) int {
		return cmp.Or(strings.Compare(x.RegionID, y.RegionID), strings.Compare(x.GroupID, y.GroupID),
			strings.Compare(x.Domain.DomainName, y.Domain.DomainName))
	})
	if b.Outcome != nil {
		o := *b.Outcome
		o.Status = knownOutcome(o.Status)
		b.Outcome = &o
	}
	return b
}

// byID returns the results sorted by id, in room that the next call uses again.
// The results of all bindings come in the same order as a rule, so the order of
// the binding before is tried first.
func (s *Stream) byID(results []checks.Result) []checks.Result {
	arrange := func() {
		s.sorted = s.sorted[:0]
		for _, i := range s.order {
			s.sorted = append(s.sorted, results[i])
		}
	}
	if len(s.order) == len(results) {
		if arrange(); slices.IsSortedFunc(s.sorted, func(x, y checks.Result) int { return strings.Compare(x.ID, y.ID) }) {
			return s.sorted
		}
	}
	s.order = s.order[:0]
	for i := range results {
		s.order = append(s.order, i)
	}
	slices.SortStableFunc(s.order, func(i, j int) int { return strings.Compare(results[i].ID, results[j].ID) })
	arrange()
	return s.sorted
}

func completeCheck(c checks.Result) checks.Result {
	switch c.Status {
	case checks.StatusFail, checks.StatusNotApplicable, checks.StatusNotRun, checks.StatusPass, checks.StatusUnknown:
	default:
		c.Status, c.Reason = checks.StatusUnknown, fmt.Sprintf("no such status (%q)", string(c.Status))
	}
	if len(c.Findings) == 0 {
		return c
	}
	c.Findings = slices.Clone(c.Findings)
	for i := range c.Findings {
		if c.Findings[i].Severity != checks.Warning {
			c.Findings[i].Severity = checks.Error
		}
		if w := c.Findings[i].Waived; w != nil {
			c.Findings[i].Message += waived(w)
		}
	}
	slices.SortStableFunc(c.Findings, func(x, y checks.Finding) int {
		return cmp.Or(strings.Compare(string(x.Severity), string(y.Severity)), // error before warning
			byPosition(x.Source, y.Source), strings.Compare(x.Message, y.Message), strings.Compare(x.Fix, y.Fix))
	})
	return c
}

func byPosition(a, b binding.Position) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// knownOutcome takes a word that is none as the one that promises nothing.
func knownOutcome(status string) string {
	switch status {
	case bound, unchanged, incomplete, failed, notAttempted:
		return status
	}
	return unknown
}

// publicEndpoint leaves out of an endpoint all that can hold a secret.
func publicEndpoint(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	full := endpoint
	if !strings.Contains(endpoint, "://") {
		full = "//" + endpoint
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" {
		return "(not an address)"
	}
	return strings.TrimPrefix((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), "//")
}
