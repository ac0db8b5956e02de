package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/report"
)

// outputs are the files that a run writes, and its reports.
type outputs struct {
	sinks    []sink
	evidence *outFile // of --evidence-out; may be nil
	plan     *outFile // of plan -o; may be nil
}

// sink is one -f FORMAT[=FILE].
type sink struct {
	format string
	file   *outFile // nil: standard output
}

// openOutputs checks the formats and opens every file that the run is to write.
func (r *run) openOutputs() error {
	specs := r.s.formats
	if len(specs) == 0 {
		specs = []string{"text"}
	}
	stdout := 0
	for _, spec := range specs {
		s, err := openSink(r.env, spec)
		if err != nil {
			return err
		}
		r.out.sinks = append(r.out.sinks, s)
		if s.file == nil {
			stdout++
		}
	}
	if stdout > 1 {
		return fmt.Errorf("reading -f: two formats for standard output, want all but one as FORMAT=FILE")
	}
	var err error
	if r.s.evidenceOut != "" {
		if r.out.evidence, err = openOutFile(absolute(r.env, r.s.evidenceOut), 0o600); err != nil {
			return fmt.Errorf("saving the evidence: %w", err)
		}
	}
	if r.s.planOut != "" {
		if r.out.plan, err = openOutFile(absolute(r.env, r.s.planOut), 0o600); err != nil {
			return fmt.Errorf("saving the plan: %w", err)
		}
	}
	return nil
}

func openSink(env Env, spec string) (sink, error) {
	format, path, named := strings.Cut(spec, "=")
	switch {
	case !slices.Contains(report.Formats(), format):
		return sink{}, fmt.Errorf("reading -f: unknown format %q, want one of %s", format, strings.Join(report.Formats(), ", "))
	case !named:
		return sink{format: format}, nil
	case path == "":
		return sink{}, fmt.Errorf("reading -f %q: no file after =, want %s=FILE", spec, format)
	}
	file, err := openOutFile(absolute(env, path), 0o666)
	if err != nil {
		return sink{}, fmt.Errorf("opening the report file: %w", err)
	}
	return sink{format, file}, nil
}

// apart makes sure that what the run writes goes over none of its manifests, and
// that no two reports share a file.
func (r *run) apart(set *manifest.Set) error {
	type use struct {
		what string
		info os.FileInfo
	}
	var uses []use
	for _, path := range set.Paths {
		if info, err := os.Stat(absolute(r.env, path)); err == nil { // an error: standard input
			uses = append(uses, use{"the manifest", info})
		}
	}
	for _, f := range append(r.out.files(), r.out.evidence, r.out.plan) {
		if f == nil {
			continue
		}
		info, err := f.file.Stat()
		if err != nil {
			return fmt.Errorf("looking at a file to write: %w", err)
		}
		for _, u := range uses {
			if info.Mode().IsRegular() && os.SameFile(info, u.info) {
				return fmt.Errorf("looking at the files to write: %q is %s too, want a separate file for each", f.file.Name(), u.what)
			}
		}
		uses = append(uses, use{"another output", info})
	}
	return nil
}

// files are those of the reports.
func (o outputs) files() (files []*outFile) {
	for _, s := range o.sinks {
		files = append(files, s.file)
	}
	return files
}

// openReports begins every report of the run. Colour is for the terminal, never
// for a file.
func (r *run) openReports(head report.Head) (*reports, error) {
	p := &reports{env: r.env}
	var sinks []report.Sink
	for _, s := range r.out.sinks {
		if s.file == nil {
			sinks = append(sinks, report.Sink{Format: s.format, To: r.env.Stdout, Color: r.env.color()})
		} else {
			sinks = append(sinks, report.Sink{Format: s.format, To: s.file, End: s.file.Close})
		}
		if s.format == "github" && r.env.get("GITHUB_STEP_SUMMARY") != "" { // GitHub shows few annotations; the page shows them all
			p.page = &bytes.Buffer{}
		}
	}
	if p.page != nil {
		sinks = append(sinks, report.Sink{Format: report.StepSummary, To: p.page, End: p.writePage})
	}
	var err error
	p.Several, err = report.OpenSeveral(sinks, head, report.Options{Verbose: r.s.verbose, Quiet: r.s.quiet})
	return p, err
}

// reports are the reports of a run that is under way.
type reports struct {
	*report.Several
	env  Env
	page *bytes.Buffer // of the workflow's run, on GitHub; nil where there is none
}

// annotate shows on GitHub where a manifest is at fault: without manifests there is
// no report. The error is printed on standard error as well.
func (r *run) annotate(err error) {
	var faults manifest.Errors
	if !errors.As(err, &faults) {
		return
	}
	for _, s := range r.out.sinks {
		if s.format != "github" || s.file != nil {
			continue
		}
		for _, f := range faults[:min(len(faults), 10)] { // GitHub shows ten of a step
			message := strings.TrimSuffix(f.Message+"; "+f.Next, "; ")
			_ = report.WriteGitHubFault(r.env.Stdout, binding.Position{File: f.File, Line: f.Line, Column: f.Column}, message)
		}
	}
}

// writePage adds the report to the page of the workflow's run.
func (p *reports) writePage() error {
	f, err := os.OpenFile(absolute(p.env, p.env.get("GITHUB_STEP_SUMMARY")), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the file that GITHUB_STEP_SUMMARY names: %w", err)
	}
	_, err = f.Write(p.page.Bytes())
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the file that GITHUB_STEP_SUMMARY names: %w", err)
	}
	return nil
}

// closeEvidence closes the file of --evidence-out after its last byte.
func (o outputs) closeEvidence(err error) error {
	if err = errors.Join(err, o.evidence.Close()); err != nil {
		return fmt.Errorf("saving the evidence: %w", err)
	}
	return nil
}

func (o outputs) savePlan(f plan.File) error {
	data, err := json.MarshalIndent(f, "", " ")
	if err == nil {
		_, err = o.plan.Write(append(data, '\n'))
	}
	if err = errors.Join(err, o.plan.Close()); err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}

// close closes the files that were not written. Errors of written files are
// reported where they are written.
func (o outputs) close() {
	for _, s := range o.sinks {
		_ = s.file.Close()
	}
	_ = o.evidence.Close()
	_ = o.plan.Close()
}
