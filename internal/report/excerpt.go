package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Excerpt is as much of the evidence as a reader needs to follow the verdict.
type Excerpt struct {
	Hops      []evidence.Hop          `json:"hops,omitempty"`      // the aliases of the domain, in order
	End       *evidence.End           `json:"end,omitempty"`       // where they lead; absent: DNS was not observed
	Group     string                  `json:"group,omitempty"`     // the other group of the account that they lead to: its name and id
	Servers   []evidence.ServerAnswer `json:"servers,omitempty"`   // what each server of the domain's zone said, where they do not agree or some did not answer
	Path      []string                `json:"path,omitempty"`      // subjects of the certification path, leaf to root
	RootsFrom string                  `json:"rootsFrom,omitempty"` // where its root comes from
}

// ExcerptOf takes from a binding's evidence what was really observed; nil when
// that is nothing.
func ExcerptOf(e evidence.Evidence) *Excerpt {
	var s Excerpt
	if e.DNS.State == evidence.StateObserved {
		end := e.DNS.Facts.End
		s.Hops, s.End = e.DNS.Facts.Hops, &end
		if len(e.DNS.Facts.Servers) > 0 && uneven(e.DNS.Facts.Servers[0].Answers) {
			s.Servers = e.DNS.Facts.Servers[0].Answers
		}
		if g := e.Account.Facts.CNAMETarget; g != nil && e.Account.State == evidence.StateObserved {
			s.Group = fmt.Sprintf("%q (%s)", g.GroupName, g.GroupID)
		}
	}
	if e.Certificate.State == evidence.StateObserved && len(e.Certificate.Facts.Path.Subjects) > 0 {
		s.Path, s.RootsFrom = e.Certificate.Facts.Path.Subjects, e.Certificate.Facts.Path.RootsFrom
	}
	if s.End == nil && s.Path == nil {
		return nil
	}
	return &s
}

// names are the CNAME chain as lines, with what the servers say where they do
// not agree.
func (s *Excerpt) names() []branch {
	if s == nil || s.End == nil {
		return nil
	}
	out := []branch{{0, s.chain()}}
	for _, r := range s.Servers {
		out = append(out, branch{1, rowText(r)})
	}
	return out
}

// path is the certification path as lines, each as deep as its certificate.
func (s *Excerpt) path() []branch {
	if s == nil {
		return nil
	}
	var out []branch
	for i, subject := range s.Path {
		if i == len(s.Path)-1 {
			subject += " (root: " + s.RootsFrom + ")"
		}
		out = append(out, branch{i, subject})
	}
	return out
}

// chain is the aliases in one line, each with the seconds that it is kept.
func (s *Excerpt) chain() string {
	var b strings.Builder
	if b.WriteString(s.End.Name); len(s.Hops) > 0 {
		b.Reset()
		b.WriteString(s.Hops[0].Owner)
	}
	for _, h := range s.Hops {
		fmt.Fprintf(&b, " → (%d s) %s", h.TTL, h.Target)
	}
	if s.Group != "" {
		return b.String() + " ✗ ends at " + s.End.Name + ", which is group " + s.Group
	}
	return b.String() + " → " + ending(*s.End)
}

// rowText is one line of the table of servers.
func rowText(r evidence.ServerAnswer) string {
	said := strings.Join(r.Targets, " ")
	switch {
	case r.Status != evidence.ServerAuthoritative:
		said = string(r.Status)
	case said == "":
		said = r.RCode
	default:
		said = fmt.Sprintf("(%d s) %s", r.TTL, said)
	}
	return fmt.Sprintf("%s %s %s", r.Server, r.Address, said)
}

// uneven reports whether rows do not all say the same with authority.
func uneven(rows []evidence.ServerAnswer) bool {
	return slices.ContainsFunc(rows, func(r evidence.ServerAnswer) bool {
		return r.Status != evidence.ServerAuthoritative || r.RCode != rows[0].RCode || !slices.Equal(r.Targets, rows[0].Targets)
	})
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
