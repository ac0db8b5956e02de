package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
)

// Rules of the formats that know only rules and places, for what is no finding
// of a check.
const (
	ruleDecision = "gate/decision" // why a binding is not allowed, if no check result says so
	ruleOutcome  = "apply/outcome" // a call that failed or is incomplete
)

// note is one thing that a CI system shows at a place of the manifest. Its
// texts are as they came: each format escapes them.
type note struct {
	Rule     string // id of the check, ruleDecision or ruleOutcome
	Severity checks.Severity
	domain   string
	Message  string
	Fix      string
	Source   binding.Position
	waived   *evidence.Waiver
}

// text is a note in one line.
func (n note) text() string {
	out := n.domain + ": " + n.Message
	if n.Fix != "" {
		out += " (fix: " + n.Fix + ")"
	}
	if address := n.Source.Address; address != "" && !strings.Contains(n.Message, address) {
		out += " (" + address + ")"
	}
	return out
}

// file is the manifest of the note, by the one path that the tools of a repository
// know it by; formats that want a file get a name for the command line too.
func (n note) file() string { return filepath.Clean(orElse(n.Source.File, "command-line")) }

// Place is where the note belongs, for the html format.
func (n note) Place() string { return strings.TrimSuffix(place(n.Source), ":") }

// line and column count from 1, for the command line too.
func (n note) line() int   { return max(n.Source.Line, 1) }
func (n note) column() int { return max(n.Source.Column, 1) }

// fingerprints numbers the notes that agree in binding, rule and severity: a
// binding that is requested twice has each twice.
type fingerprints struct {
	seed maphash.Seed
	seen map[uint64]int32 // by the hash of what they agree in
}

func newFingerprints() fingerprints {
	return fingerprints{maphash.MakeSeed(), map[uint64]int32{}}
}

// of returns the fingerprint of a binding's note: hex; the same in every run for
// the same binding, rule and severity, and unique in this one. Message and place
// are not in it: they change (days left, lines) where the problem does not.
func (p fingerprints) of(b Binding, n note) string {
	stem := strings.Join([]string{b.DomainName, b.Target(), b.RegionID, b.CustomDomainType, n.Rule, string(n.Severity)}, "\x00")
	key := maphash.String(p.seed, stem)
	p.seen[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", stem, p.seen[key]))
	return hex.EncodeToString(sum[:16])
}

// notes returns the findings of a binding and everything else that blocks it: a
// check whose status is unknown has no finding, and a format that omitted it would
// look clean. Errors come first.
func notes(b Binding) []note {
	var out []note
	for _, c := range b.Checks {
		for _, f := range c.Findings {
			out = append(out, note{Rule: c.ID, Severity: f.Severity, domain: b.DomainName, Message: f.Message, Fix: f.Fix, Source: f.Source, waived: f.Waived})
		}
		if c.Status == checks.StatusUnknown {
			n := note{Rule: c.ID, Severity: checks.Warning, domain: b.DomainName, Message: "cannot tell: " + orElse(c.Reason, "no reason was given"), Source: b.Source}
			if blocks(b, c.ID) {
				n.Severity = checks.Error
			}
			out = append(out, n)
		}
	}
	if b.Decision == gate.Refused || b.Decision == gate.Undetermined {
		for _, reason := range unexplained(b, func(checks.Result) bool { return true }) {
			out = append(out, note{Rule: ruleDecision, Severity: checks.Error, domain: b.DomainName, Message: string(b.Decision) + ": " + reason, Source: b.Source})
		}
	}
	if o := b.Outcome; o != nil && (o.Status == failed || o.Status == incomplete || o.Status == unknown) {
		out = append(out, note{Rule: ruleOutcome, Severity: checks.Error, domain: b.DomainName, Message: outcomeText(*o), Source: b.Source})
	}
	slices.SortStableFunc(out, func(a, b note) int { return strings.Compare(string(a.Severity), string(b.Severity)) })
	return out
}

// blocks reports whether a check is among the reasons of a decision.
func blocks(b Binding, id string) bool {
	return slices.ContainsFunc(b.Reasons, func(reason string) bool {
		named, _, _ := strings.Cut(reason, ": ")
		return named == id
	})
}

// outcomeText is an outcome in one line.
func outcomeText(o Outcome) string {
	parts := []string{"the outcome is " + o.Status}
	for _, p := range [][2]string{{"", o.Code}, {"", o.Message}, {"request id ", o.RequestID}} {
		if p[1] != "" {
			parts = append(parts, p[0]+p[1])
		}
	}
	return strings.Join(parts, "; ")
}

// githubMost are the annotations of one kind that GitHub shows for a step
// (docs.github.com, "Workflow commands" and the limits of check runs, 2026).
const githubMost = 10

// github is workflow commands, which annotate the lines of the manifest. What is
// more than GitHub shows is plain lines of the log; the step summary has all of it.
type github struct {
	*state
	shown    map[checks.Severity]int
	warnings []note // those that are shown, after the errors
	rest     int
}

func openGitHub(s *state) (format, error) {
	return &github{state: s, shown: map[checks.Severity]int{}}, nil
}

func (g *github) add(b Binding) error {
	for _, n := range notes(b) {
		switch g.shown[n.Severity]++; {
		case g.shown[n.Severity] > githubMost:
			g.rest++
			g.put(Escape(fmt.Sprintf("%s %s:%d:%d %s %s", n.Severity, g.path(n), n.line(), n.column(), n.Rule, n.text())), "\n")
		case n.Severity == checks.Warning:
			g.warnings = append(g.warnings, n)
		default:
			g.put(g.command(n, n.text()), "\n")
		}
	}
	return nil
}

func (g *github) close() error {
	for _, n := range append(g.Run.notes(), g.warnings...) {
		g.put(g.command(n, n.text()), "\n")
	}
	if g.rest > 0 {
		g.put(fmt.Sprintf("bindgate: GitHub shows %d annotations of a kind; %s in the lines above\n", githubMost, count(g.rest, "more is", "more are")))
	}
	g.put("bindgate: ", Escape(g.counted()), "\n")
	return nil
}

// writeGitHubFault writes, as the github format does, that a manifest is at fault
// at a place. It is for a run that cannot begin, and so has no report.
func writeGitHubFault(w io.Writer, head Head, at binding.Position, message string) error {
	g := github{state: &state{Head: head}}
	n := note{Severity: checks.Error, Rule: "manifest", Source: at}
	_, err := fmt.Fprintln(w, g.command(n, message))
	return err
}

// command is the workflow command that shows a text at the place of a note.
func (g *github) command(n note, text string) string {
	return fmt.Sprintf("::%s file=%s,line=%d,col=%d,title=%s::%s", n.Severity,
		githubProperty(g.path(n)), n.line(), n.column(), githubProperty(n.Rule), githubData(text))
}

// githubData escapes a command's text as the runner reads it (actions/toolkit,
// packages/core/src/command.ts). Escape has left no line end and no control
// character.
func githubData(text string) string { return strings.ReplaceAll(Escape(text), "%", "%25") }

// githubProperty escapes a value before the second "::".
func githubProperty(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(githubData(text), ":", "%3A"), ",", "%2C")
}

// gitlabIssue is one entry of GitLab's Code Quality report (docs.gitlab.com,
// "Code Quality report format", 2026). Fingerprints must be unique in a file.
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"` // info, minor, major, critical or blocker
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

type gitlab struct {
	*encoder
	prints    fingerprints
	separator string
}

func openGitLab(s *state) (format, error) {
	s.put("[")
	return &gitlab{newEncoder(s), newFingerprints(), "\n"}, nil
}

func (g *gitlab) add(b Binding) error { return g.issues(b, notes(b)) }

func (g *gitlab) issues(b Binding, list []note) error {
	for _, n := range list {
		severity := "minor"
		if n.Severity == checks.Error {
			severity = "blocker"
		}
		g.put(g.separator)
		g.separator = ",\n"
		err := g.value(gitlabIssue{Description: Escape(n.text()), CheckName: n.Rule, Fingerprint: g.prints.of(b, n), Severity: severity,
			Location: gitlabLocation{Path: g.path(n), Lines: gitlabLines{n.line()}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *gitlab) close() error {
	err := g.issues(Binding{}, g.Run.notes())
	g.put("\n]\n")
	return err
}
