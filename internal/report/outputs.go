package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Outputs are the reports that a run is to write, each to standard output or a file.
type Outputs struct {
	dir   string
	sinks []output
}

type output struct {
	format string
	path   string          // of file, as it was given
	file   *confine.Output // nil: standard output
}

// OpenOutputs opens the files of FORMAT[=FILE] specifications in the folder dir; without
// any, text goes to standard output. If one cannot be opened, it returns the error and
// those before it, which then receive the error by Fail.
func OpenOutputs(dir string, specs []string) (Outputs, error) {
	o := Outputs{dir: dir}
	if len(specs) == 0 {
		specs = []string{"text"}
	}
	stdout := 0
	for _, spec := range specs {
		s, err := openOutput(dir, spec)
		if err != nil {
			return o, err
		}
		o.sinks = append(o.sinks, s)
		if s.file == nil {
			stdout++
		}
	}
	if stdout > 1 {
		return o, errors.New("reading -f: two formats for standard output, want all but one as FORMAT=FILE")
	}
	return o, nil
}

func openOutput(dir, spec string) (output, error) {
	format, path, named := strings.Cut(spec, "=")
	switch {
	case !slices.Contains(Formats(), format):
		return output{}, fmt.Errorf("reading -f: unknown format %q, want one of %s", format, strings.Join(Formats(), ", "))
	case !named:
		return output{format: format}, nil
	case path == "":
		return output{}, fmt.Errorf("reading -f %q: no file after =, want %s=FILE", spec, format)
	}
	file, err := confine.Create(dir, path, 0o666)
	if err != nil {
		return output{}, fmt.Errorf("opening the report file: -f %s: %w", spec, err)
	}
	return output{format, path, file}, nil
}

// Files returns the files of the reports.
func (o Outputs) Files() (files []*confine.Output) {
	for _, s := range o.sinks {
		if s.file != nil {
			files = append(files, s.file)
		}
	}
	return files
}

// Console is where the report for standard output goes.
type Console struct {
	Out   io.Writer
	Color bool // of Out: files have none
	// StepSummary is the path of the page of a GitHub workflow's step, which the github
	// format adds to, because GitHub shows few annotations; empty: none.
	StepSummary string
}

// Begin begins every report of a run.
func (o Outputs) Begin(c Console, head Head, options Options) (*Several, error) {
	var sinks []Sink
	var page *bytes.Buffer
	for _, s := range o.sinks {
		if s.file == nil {
			sinks = append(sinks, Sink{Format: s.format, To: c.Out, Color: c.Color})
		} else {
			sinks = append(sinks, Sink{Format: s.format, To: s.file, End: s.file.Commit})
		}
		if s.format == "github" && c.StepSummary != "" {
			page = &bytes.Buffer{}
		}
	}
	if page != nil {
		sinks = append(sinks, Sink{Format: stepSummary, To: page, End: func() error {
			if err := confine.Append(o.dir, c.StepSummary, page.Bytes(), 0o600); err != nil {
				return fmt.Errorf("writing the file that GITHUB_STEP_SUMMARY names: %w", err)
			}
			return nil
		}})
	}
	all, err := OpenSeveral(sinks, head, options)
	if err == nil && len(o.Files()) == len(o.sinks) {
		for _, s := range o.sinks {
			all.files = append(all.files, s.path)
		}
	}
	return all, err
}

// Annotate shows on GitHub where a manifest is at fault, because there is no report
// without a manifest. Other errors, and other formats, write nothing.
func (o Outputs) Annotate(w io.Writer, head Head, err error) {
	faults := failureOf(err).Faults
	for _, s := range o.sinks {
		if s.format != "github" || s.file != nil {
			continue
		}
		for _, f := range faults[:min(len(faults), 10)] { // GitHub shows ten of a step
			_ = writeGitHubFault(w, head, f.Source, f.Message) // standard error has it, too
		}
	}
}

// Fail writes the error that ended a run into each report file that is not complete, so
// that no later step takes an older report for this run's. Files for which keep is true
// are not changed.
func (o Outputs) Fail(head Head, options Options, cause error, keep func(*confine.Output) bool) error {
	var errs []error
	for _, s := range o.sinks {
		if s.file == nil || s.file.Ended() || !s.file.Regular() || keep(s.file) {
			continue
		}
		s.file.Discard()
		file, err := confine.Create(o.dir, s.file.Path(), 0o666)
		if err == nil {
			err = WriteFailure(file, s.format, head, options, failureOf(cause))
		}
		if err == nil {
			err = file.Commit()
		}
		if file.Discard(); err != nil {
			errs = append(errs, fmt.Errorf("writing the error into the %s report: %w", s.format, err))
		}
	}
	return errors.Join(errs...)
}

// failureOf returns an error as reports have it, with the places of errors in files.
func failureOf(err error) Failure {
	f := Failure{Message: err.Error()}
	var faults strictyaml.Errors
	if errors.As(err, &faults) {
		for _, one := range faults {
			f.Faults = append(f.Faults, Fault{Message: strings.TrimSuffix(one.Message+"; "+one.Next, "; "),
				Source: binding.Position{File: one.File, Line: one.Line, Column: one.Column}})
		}
	}
	return f
}
