package lsp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Limits of one document.
const (
	maxJudged   = 8 << 20 // bytes; a larger one is for the command line
	maxLine     = 1 << 18 // bytes of one line: a place in it is found by counting its characters
	maxFindings = 1000    // diagnostics; more slow editors down
	maxFacts    = 1000    // certificates whose facts are kept
	maxActions  = 50      // changes offered at once; some need the whole document read again
)

// verdict is what is known of one version of a document.
type verdict struct {
	kind     kind
	text     *text
	large    bool // too large to be judged
	findings []finding
	facts    map[place]string // of the certificates, by the place of their paths
	seen     map[string]bool  // findings by what a reader sees: defaults give each binding the same
	more     int              // findings beyond maxFindings
}

// finding is a diagnostic, and what its explanation and its repair are made of.
type finding struct {
	id       string // of a check; empty: an error of the file's form
	at       place
	where    span // of at
	severity int
	message  string
	other    place // another place of the file; zero: none
	instead  string
	repair   *checks.Repair
	binding  place // where the binding begins
	has      bool  // the binding has the value of the repair
}

// same is what a reader sees of a finding.
func (f finding) same() string {
	return fmt.Sprintf("%d:%d %s %s", f.at.line, f.at.column, f.id, f.message)
}

func (v *verdict) add(f finding) {
	f.message = bounded(f.message)
	switch same := f.same(); {
	case v.seen[same]:
	case len(v.findings) == maxFindings:
		v.more++
	default:
		v.seen[same] = true
		v.findings = append(v.findings, f)
	}
}

// bounded makes a message fit for an editor, line by line: parts of it come from files.
func bounded(message string) string {
	lines := strings.Split(message, "\n")
	for i := range lines {
		lines[i] = report.Escape(lines[i])
	}
	return strings.Join(lines, "\n")
}

// span returns the range of a finding: its value, and of an unknown place the first line.
func (v *verdict) span(at place) span {
	if at.line < 1 {
		at = place{1, 1}
	}
	return v.text.span(at)
}

// judge judges one version of a document. An interrupted run returns what it has, which is
// never shown.
func (s *server) judge(ctx context.Context, d snapshot) (v *verdict) {
	v = &verdict{text: newText(d.text), seen: map[string]bool{}}
	defer func() {
		if r := recover(); r != nil {
			s.logPanic("judging a document", r)
			v.add(finding{severity: severityError, message: "judging the file panicked; this is a defect of bindgate, please report it"})
		}
	}()
	if v.kind = kindOf(d.path, s.o.Owner, d.text); v.kind == foreign {
		v.text = nil // none of the server's business, and it may be long
		return v
	}
	name := d.path // of the document in errors
	var err error
	switch {
	case len(d.text) > maxJudged:
		v.large, err = true, fmt.Errorf("the file has more than %d MiB, which is too much to judge while it is edited; run `bindgate lint --offline`", maxJudged>>20)
	case v.text.longest() > maxLine:
		v.large, err = true, fmt.Errorf("the file has a line of more than %d KiB, which is too much to judge while it is edited; break it, or run `bindgate lint --offline`", maxLine>>10)
	case v.kind == treeConfig:
		_, err = config.ParseTree(d.path, []byte(d.text))
		v.unknownChecks("raise")
	case v.kind == ownersConfig:
		_, err = config.ParseOwner(d.path, []byte(d.text))
		v.unknownChecks("severities")
	default:
		name, err = s.judgeBindings(ctx, d, v)
	}
	v.fail(err, name)
	if v.more > 0 {
		v.findings = append(v.findings, finding{severity: severityInformation, message: fmt.Sprintf("%d more findings are not shown; run `bindgate lint --offline`", v.more)})
	}
	v.seen = nil
	for i := range v.findings { // once: each request wants all of them
		v.findings[i].where = v.span(v.findings[i].at)
	}
	return v
}

// fail adds the errors of the document's form, which have its name, and others that kept it
// from being judged, such as those of a policy.
func (v *verdict) fail(err error, name string) {
	var errs strictyaml.Errors
	var one *strictyaml.Error
	switch {
	case err == nil:
		return
	case errors.As(err, &errs):
	case errors.As(err, &one):
		errs = strictyaml.Errors{one}
	default:
		v.add(finding{severity: severityError, message: cannotJudge + err.Error()})
		return
	}
	for _, e := range errs {
		if e.File != name {
			v.add(finding{severity: severityError, message: cannotJudge + e.Error()})
			continue
		}
		v.add(finding{at: place{e.Line, e.Column}, severity: severityError, message: withNext(e.Message, e.Next), other: place{e.First.Line, e.First.Column}, instead: e.Instead})
	}
}

// unknownChecks adds an error for each id under a key of a configuration that no check has.
func (v *verdict) unknownChecks(key string) {
	all := catalog.All()
	look := func(name strictyaml.Value) {
		id, tag := name.Scalar()
		if tag == "" || slices.ContainsFunc(all, func(c checks.Check) bool { return c.ID == id }) {
			return
		}
		f := finding{at: placed(name), severity: severityError, message: fmt.Sprintf("no check has the id %.80q", id)}
		if near := catalog.Suggest(all, id); near != "" {
			f.message += fmt.Sprintf("; did you mean %q?", near)
			f.instead = v.scalar(f.at, near)
		}
		v.add(f)
	}
	for doc := range documents(v.kind, v.text.string) {
		if !doc.Has(key) {
			continue
		}
		in := doc.Object().Get(key)
		if items, ok := in.List(); ok {
			for _, item := range items {
				look(item)
			}
		} else if entries, ok := in.Entries(); ok {
			for _, e := range entries {
				look(e.Name)
			}
		}
	}
}

const cannotJudge = "bindgate cannot judge this file: "

func withNext(message, next string) string {
	if next == "" {
		return message
	}
	return message + "\nfix: " + next
}

// judgeBindings judges the bindings of a document as `bindgate lint --offline` does with
// the file, whose text the client has. It returns the name of the document in errors.
func (s *server) judgeBindings(ctx context.Context, d snapshot, v *verdict) (name string, err error) {
	run, files, err := s.o.Settings(d.dir)
	if err != nil {
		return "", err
	}
	name = d.path
	if rel, err := filepath.Rel(files.WorkDir, d.path); err == nil && filepath.IsLocal(rel) && rel != "-" {
		name = rel
	}
	files.Overlay, files.Stdin = overlay{d.path, unlinked(d.path), []byte(d.text)}, nil
	argument := name
	if d.path == "" {
		argument, name, files.Stdin, files.Overlay = "-", manifest.Stdin, strings.NewReader(d.text), nil
	}
	engine, err := judge.Open(ctx, run, func() (*manifest.Set, error) { return manifest.Load([]string{argument}, files) })
	if err != nil {
		return name, err
	}
	defer engine.Close()
	return name, engine.Judge(ctx, judge.Scope{}, func(one judge.Verdict) error {
		v.addBinding(one)
		return ctx.Err()
	})
}

// addBinding adds the findings of a binding, and one for the checks that cannot tell if
// nothing else says why.
func (v *verdict) addBinding(one judge.Verdict) {
	b := one.Binding
	v.addFacts(one)
	failed := false
	var unknown []string
	for _, r := range one.Results {
		for _, f := range r.Findings {
			failed = failed || f.Severity != checks.Warning
			v.add(findingOf(r.ID, f, b))
		}
		if r.Status == checks.StatusUnknown {
			unknown = append(unknown, r.ID+": "+r.Reason)
		}
	}
	if len(unknown) > 0 && !failed {
		id, _, _ := strings.Cut(unknown[0], ":")
		at := b.At("/domainName")
		v.add(finding{id: id, at: place{at.Line, at.Column}, severity: severityWarning,
			message: fmt.Sprintf("%d checks cannot tell, which refuses a bind; the first is %s", len(unknown), unknown[0])})
	}
}

func findingOf(id string, f checks.Finding, b binding.Binding) finding {
	out := finding{id: id, at: place{f.Source.Line, f.Source.Column}, severity: severityError, message: withNext(f.Message, f.Fix),
		binding: place{b.Source.Line, b.Source.Column}, repair: f.Repair}
	if f.Severity == checks.Warning {
		out.severity = severityWarning
	}
	if f.Rule != "" {
		out.message += "\nrule: " + f.Rule
	}
	if f.Waived != nil {
		out.severity = severityInformation
		out.message += "\nwaived by the owner until " + f.Waived.Until.UTC().Format("2006-01-02")
	}
	if f.Other.File == b.Source.File {
		out.other = place{f.Other.Line, f.Other.Column}
	}
	out.has = f.Repair != nil && b.Positions.Has(f.Repair.Pointer)
	return out
}

// addFacts keeps the facts of a binding's certificate files.
func (v *verdict) addFacts(one judge.Verdict) {
	observed := one.Evidence.Certificate
	if observed.State != evidence.StateObserved {
		return
	}
	keep := func(pointer, facts string) {
		if at := one.Binding.At(pointer); facts != "" && one.Binding.Positions.Has(pointer) {
			v.facts[place{at.Line, at.Column}] = facts
		}
	}
	if v.facts == nil {
		v.facts = map[place]string{}
	}
	if len(v.facts) >= maxFacts {
		return
	}
	now := one.Evidence.Run.Now
	keep("/certificate/body", certificateFacts(observed.Facts, now))
	if ca := observed.Facts.ClientCA; ca != nil {
		keep("/clientCertificate/ca", certificateFacts(evidence.Certificate{Problem: ca.Problem, Chain: ca.Chain}, now))
	}
}

// diagnostics returns what the client shows.
func (v *verdict) diagnostics(uri string, c capabilities) []diagnostic {
	out := make([]diagnostic, len(v.findings))
	for i, f := range v.findings {
		out[i] = v.diagnostic(f, uri, c)
	}
	return out
}

// diagnostic returns a finding as the client shows it.
func (v *verdict) diagnostic(f finding, uri string, c capabilities) diagnostic {
	d := diagnostic{Range: f.where, Severity: f.severity, Code: f.id, Source: "bindgate", Message: f.message}
	if f.id != "" && c.TextDocument.Diagnostics.Description {
		d.Description = &description{checks.Page(f.id)}
	}
	if f.other != (place{}) && c.TextDocument.Diagnostics.Related {
		r := related{Message: "the other place"}
		r.Location.URI, r.Location.Range = uri, v.span(f.other)
		d.Related = []related{r}
	}
	return d
}

// within returns the findings whose ranges overlap a range.
func (v *verdict) within(r span) (found []finding) {
	for _, f := range v.findings {
		if f.where.overlaps(r) {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(a.severity, b.severity) })
	return found
}

// overlay is the text of the one document that is judged, by its path as it is named and
// without symbolic links.
type overlay struct {
	path, unlinked string
	text           []byte
}

// Read returns the text of the document.
func (o overlay) Read(path string) (data []byte, held bool, err error) {
	held = path == o.path || path == o.unlinked
	if !held {
		return nil, false, nil
	}
	return o.text, true, nil
}

// unlinked returns a path without symbolic links, as far as it exists.
func unlinked(path string) string {
	if all, err := filepath.EvalSymlinks(path); err == nil {
		return all
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}
