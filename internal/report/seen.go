package report

import (
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Seen is as much of the evidence as a reader needs to follow the verdict.
type Seen struct {
	Hops      []evidence.Hop `json:"hops,omitempty"`      // the aliases of the domain, in order
	End       *evidence.End  `json:"end,omitempty"`       // where they lead; absent: DNS was not observed
	Path      []string       `json:"path,omitempty"`      // subjects of the certification path, leaf to root
	RootsFrom string         `json:"rootsFrom,omitempty"` // where its root comes from
}

// Observed takes from a binding's evidence what was really observed; nil when
// that is nothing.
func Observed(e evidence.Evidence) *Seen {
	var s Seen
	if e.DNS.State == evidence.Observed {
		end := e.DNS.Facts.End
		s.Hops, s.End = e.DNS.Facts.Hops, &end
	}
	if e.Certificate.State == evidence.Observed && len(e.Certificate.Facts.Path.Subjects) > 0 {
		s.Path, s.RootsFrom = e.Certificate.Facts.Path.Subjects, e.Certificate.Facts.Path.RootsFrom
	}
	if s.End == nil && s.Path == nil {
		return nil
	}
	return &s
}

// draw puts the alias chain and the certification path as lines, each with its
// depth, for the text report.
func (s *Seen) draw() []branch {
	if s == nil {
		return nil
	}
	var out []branch
	if s.End != nil {
		first := s.End.Name
		if len(s.Hops) > 0 {
			first = s.Hops[0].Owner
		}
		out = append(out, branch{0, first})
		for i, h := range s.Hops {
			out = append(out, branch{i + 1, "CNAME " + h.Target})
		}
		out = append(out, branch{len(s.Hops) + 1, ending(*s.End)})
	}
	for i, subject := range s.Path {
		if i == len(s.Path)-1 {
			subject += " (root: " + s.RootsFrom + ")"
		}
		out = append(out, branch{i, subject})
	}
	return out
}

// branch is one line of a drawn chain.
type branch struct {
	depth int
	text  string
}

// ending says in words where the walk along the aliases ended.
func ending(e evidence.End) string {
	switch e.Event {
	case evidence.EventAddress:
		return strings.Join(e.Addresses, " ")
	case evidence.EventNoData:
		return "no address (NODATA)"
	case evidence.EventNameError:
		return "does not exist (NXDOMAIN)"
	case evidence.EventLoop:
		return "loop: back at " + e.Name
	case evidence.EventMultipleCNAMEs:
		return "several CNAME records: " + strings.Join(e.Targets, " ")
	case evidence.EventTooLong:
		return "too many aliases: the walk was given up"
	}
	return string(e.Event)
}
