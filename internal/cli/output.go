package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/report"
)

// outputs are the files that a run writes, and its reports.
type outputs struct {
	sinks    []sink
	evidence *confine.Output // of --evidence-out; may be nil
	plan     *confine.Output // of plan -o; may be nil
}

// sink is one -f FORMAT[=FILE].
type sink struct {
	format string
	file   *confine.Output // nil: standard output
}

// openOutputs checks the formats and opens every file that the run is to write.
func (r *run) openOutputs() error {
	if r.env.opened != nil {
		*r.env.opened = true
	}
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
		if r.out.evidence, err = confine.Create(r.env.Dir, r.s.evidenceOut, 0o600); err != nil {
			return fmt.Errorf("saving the evidence: %w", err)
		}
	}
	if r.s.planOut != "" {
		if r.out.plan, err = confine.Create(r.env.Dir, r.s.planOut, 0o600); err != nil {
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
	file, err := confine.Create(env.Dir, path, 0o666)
	if err != nil {
		return sink{}, fmt.Errorf("opening the report file: -f %s: %w", spec, err)
	}
	return sink{format, file}, nil
}

// apart makes sure that what the run writes goes over none of its manifests, and
// that no two reports share a file.
func (r *run) apart(set *manifest.Set) error {
	outs := r.out.files()
	for i, f := range outs {
		what := ""
		switch {
		case overwrites(r.env, f, set.Paths):
			what = "the manifest"
		case overwrites(r.env, f, r.reads()):
			what = "a file that the run reads"
		case slices.ContainsFunc(outs[:i], f.Same):
			what = "another output"
		default:
			continue
		}
		return fmt.Errorf("looking at the files to write: %q is %s too, want a separate file for each", f.Path(), what)
	}
	return nil
}

// reads returns the files that a run reads, except manifests and the files that they name.
func (r *run) reads() []string {
	one := []string{r.s.config, r.s.evidence, r.s.roots, r.s.rootHints, r.s.endpointCA, r.s.planFile}
	all := slices.Concat(one, r.s.policy, r.s.data, r.s.crls, r.s.weakKeys)
	return slices.DeleteFunc(all, func(path string) bool { return path == "" })
}

// overwrites reports whether an output is one of the paths.
func overwrites(env Env, f *confine.Output, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		info, err := os.Stat(absolute(env, path)) // an error: standard input
		return err == nil && f.Existing() != nil && os.SameFile(info, f.Existing())
	})
}

// files are all that the run writes but its standard output.
func (o outputs) files() (files []*confine.Output) {
	for _, s := range o.sinks {
		files = append(files, s.file)
	}
	files = append(files, o.evidence, o.plan)
	return slices.DeleteFunc(files, func(f *confine.Output) bool { return f == nil })
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
			sinks = append(sinks, report.Sink{Format: s.format, To: s.file, End: s.file.Commit})
		}
		if s.format == "github" && r.env.get("GITHUB_STEP_SUMMARY") != "" { // GitHub shows few annotations; the page shows them all
			p.page = &bytes.Buffer{}
		}
	}
	if p.page != nil {
		sinks = append(sinks, report.Sink{Format: report.StepSummary, To: p.page, End: p.writePage})
	}
	var err error
	p.Several, err = report.OpenSeveral(sinks, head, r.reportOptions())
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
			message := messageOf(f)
			_ = report.WriteGitHubFault(r.env.Stdout, r.reportHead(), binding.Position{File: f.File, Line: f.Line, Column: f.Column}, message)
		}
	}
}

// writePage adds the report to the page of the workflow's run.
func (p *reports) writePage() error {
	if err := confine.Append(p.env.Dir, p.env.get("GITHUB_STEP_SUMMARY"), p.page.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the file that GITHUB_STEP_SUMMARY names: %w", err)
	}
	return nil
}

// closeEvidence closes the file of --evidence-out after its last byte.
func (o outputs) closeEvidence(err error) error {
	if err == nil {
		err = o.evidence.Commit()
	}
	if err != nil {
		return fmt.Errorf("saving the evidence: %w", err)
	}
	return nil
}

func (o outputs) savePlan(f plan.File) error {
	data, err := json.MarshalIndent(f, "", " ")
	if err == nil {
		_, err = o.plan.Write(append(data, '\n'))
	}
	if err == nil {
		err = o.plan.Commit()
	}
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}

// discard removes the temporary files of outputs that were not completed.
func (o outputs) discard() {
	for _, f := range o.files() {
		f.Discard()
	}
}

// reportHead is what a report says of a run before anything is known of it.
func (r *run) reportHead() report.Head {
	clock := r.s.clock
	if clock == nil {
		clock = r.env.Now
	}
	return report.Head{Tool: report.Tool{Name: "bindgate", Version: version()}, Run: report.Run{Command: r.s.command, Now: clock().UTC()},
		Path: confine.RepositoryPath(r.env.Dir)}
}

func (r *run) reportOptions() report.Options {
	return report.Options{Verbose: r.s.verbose, Quiet: r.s.quiet, Category: r.s.sarifCategory}
}

// fail writes the error that ended a run into each report file, so that no step
// after it takes an older report for this run's. A file that the run was to read is
// left alone.
func (r *run) fail(cause error) {
	inputs := append(manifest.Named(r.env.Dir, r.inputs), r.reads()...)
	for _, s := range r.out.sinks {
		if s.file == nil || s.file.Ended() || !s.file.Regular() || overwrites(r.env, s.file, inputs) {
			continue
		}
		s.file.Discard()
		file, err := confine.Create(r.env.Dir, s.file.Path(), 0o666)
		if err == nil {
			err = report.WriteFailure(file, s.format, r.reportHead(), r.reportOptions(), failureOf(cause))
		}
		if err == nil {
			err = file.Commit()
		}
		if file.Discard(); err != nil {
			complain(r.env.Stderr, fmt.Errorf("writing the error into the %s report: %w", s.format, err))
		}
	}
}

// failEarly writes an error into the report files of a command that ended before it
// opened them, such as for an unknown flag.
func failEarly(env Env, root *cobra.Command, args []string, cause error) {
	c, rest, err := root.Find(args)
	if err != nil || c.Flags().Lookup("config") == nil { // no command that reports
		return
	}
	r := &run{env: env, inputs: []string{"."}, s: settings{command: c.Name()}}
	for i, arg := range rest {
		value, isFormat, joined := formatOf(c.Flags(), arg)
		switch _, assigned, isPair := strings.Cut(arg, "="); {
		case isFormat && joined:
			r.s.formats = append(r.s.formats, value)
		case isFormat && i+1 < len(rest):
			r.s.formats = append(r.s.formats, rest[i+1])
		case isPair && strings.HasPrefix(arg, "-"):
			r.inputs = append(r.inputs, assigned)
		default: // an argument, or the value of a flag: it may be a file to read
			r.inputs = append(r.inputs, arg)
		}
	}
	_ = r.openOutputs() // those that open receive the error
	r.close(cause)
}

// formatOf reports whether an argument is the flag --format or ends in its short form,
// such as -qf, and the value if it is joined to it. Unknown short flags count as flags
// without a value.
func formatOf(flags *pflag.FlagSet, arg string) (value string, found, joined bool) {
	if strings.HasPrefix(arg, "--") {
		name, value, joined := strings.Cut(arg, "=")
		return value, name == "--format", joined
	}
	if !strings.HasPrefix(arg, "-") {
		return "", false, false
	}
	for i := 1; i < len(arg); i++ {
		switch f := flags.ShorthandLookup(arg[i : i+1]); {
		case f == nil || f.NoOptDefVal != "":
			continue
		case f.Name == "format":
			value := arg[i+1:]
			return strings.TrimPrefix(value, "="), true, value != ""
		}
		return "", false, false // the rest is its value
	}
	return "", false, false
}

// failureOf is an error as reports have it.
func failureOf(err error) report.Failure {
	f := report.Failure{Message: err.Error()}
	var faults manifest.Errors
	if errors.As(err, &faults) {
		for _, one := range faults {
			f.Faults = append(f.Faults, report.Fault{Message: messageOf(one), Source: binding.Position{File: one.File, Line: one.Line, Column: one.Column}})
		}
	}
	return f
}

func messageOf(f *manifest.Error) string { return strings.TrimSuffix(f.Message+"; "+f.Next, "; ") }
