package report

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// stepSummary is the format of the page that GitHub shows for a step of a
// workflow: Markdown, of the size that GitHub accepts. It writes nothing before it
// is closed, and is not one of Formats.
const stepSummary = "step summary"

// Sink is where one of several reports goes.
type Sink struct {
	Format string
	To     io.Writer
	Color  bool         // paint; the caller knows about terminals and NO_COLOR
	End    func() error // after the report's last byte, such as closing a file; may be nil
}

// Several are the reports of one run that is under way.
type Several struct {
	open  []openReport
	tail  Tail
	files []string // that hold all reports; empty: one goes to standard output
}

// openReport is a report under way; its stream is nil after an error.
type openReport struct {
	Sink
	stream *Stream
}

// OpenSeveral begins a report for each sink. The colour is each sink's own.
func OpenSeveral(sinks []Sink, head Head, o Options) (*Several, error) {
	s := &Several{}
	for _, sink := range sinks {
		o.Color = sink.Color
		stream, err := Open(sink.To, sink.Format, head, o)
		if err != nil {
			return nil, err
		}
		s.open = append(s.open, openReport{sink, stream})
	}
	return s, nil
}

// Add reports one binding, in manifest order. After an error the other reports
// go on, and the one that failed takes no more.
func (s *Several) Add(b Binding) error {
	s.learn(b)
	var errs []error
	for i, r := range s.open {
		if r.stream == nil {
			continue
		}
		if err := r.stream.Add(b); err != nil {
			s.open[i].stream = nil
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// learn takes from a binding's evidence what the reports say of the whole run.
func (s *Several) learn(b Binding) {
	if b.FullEvidence == nil {
		return
	}
	facts := b.FullEvidence.Certificate.Facts
	if facts.Lints != nil {
		s.tail.Linter = facts.Lints.Linter
	}
	if s.tail.KeyLists == nil { // the same for every certificate
		for _, list := range facts.KeyLists {
			s.tail.KeyLists = append(s.tail.KeyLists, KeyList{File: list.File, Digest: list.Digest, Keys: list.Keys})
		}
	}
}

// Compare adds what differs from an earlier report.
func (s *Several) Compare(since *Since) { s.tail.Since = since }

// InFiles returns what is not well in a run and which files say more, for a person who would
// read nothing else; empty if one of the reports goes to standard output. It is called only
// where Add and Close had no error: then every stream is whole.
func (s *Several) InFiles() string {
	if len(s.files) == 0 {
		return ""
	}
	names := make([]string, 0, len(s.files))
	for _, f := range s.files {
		names = append(names, strconv.Quote(f))
	}
	return s.open[0].stream.state.blocked() + "; see " + strings.Join(names, ", ")
}

// Close ends the reports with what is known only at the end of a run.
func (s *Several) Close(interrupted bool, journalHead string, waivers []Waiver) error {
	s.tail.Waivers = waivers
	s.tail.Interrupted, s.tail.JournalHead = interrupted, journalHead
	var errs []error
	for _, r := range s.open {
		if r.stream == nil {
			continue
		}
		if err := r.stream.Close(s.tail); err != nil {
			errs = append(errs, err)
			continue
		}
		if r.End == nil {
			continue
		}
		if err := r.End(); err != nil {
			errs = append(errs, fmt.Errorf("writing the %s report: %w", r.Format, err))
		}
	}
	return errors.Join(errs...)
}
