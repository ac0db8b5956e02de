package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/report"
)

// sink is one -f FORMAT[=FILE].
type sink struct {
	format string
	path   string // empty: standard output
	file   *os.File
}

// sinks are where a report goes. They are opened before anything is judged, so
// that a report that cannot be written is known before any call is made.
type sinks []*sink

// openSinks checks the formats and creates the files.
func openSinks(env Env, specs []string) (sinks, error) {
	if len(specs) == 0 {
		specs = []string{"text"}
	}
	var out sinks
	stdout := 0
	for _, spec := range specs {
		format, path, named := strings.Cut(spec, "=")
		if !slices.Contains(report.Formats(), format) {
			out.close()
			return nil, fmt.Errorf("reading -f: unknown format %q, want one of %s", format, strings.Join(report.Formats(), ", "))
		}
		s := &sink{format: format}
		if named {
			if path == "" {
				out.close()
				return nil, fmt.Errorf("reading -f %q: no file after =, want %s=FILE", spec, format)
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(env.Dir, path)
			}
			f, err := os.Create(path)
			if err != nil {
				out.close()
				return nil, fmt.Errorf("opening the report file: %w", err)
			}
			s.path, s.file = path, f
		} else if stdout++; stdout > 1 {
			out.close()
			return nil, fmt.Errorf("reading -f: two formats for standard output, want all but one as FORMAT=FILE")
		}
		out = append(out, s)
	}
	return out, nil
}

// write writes the report everywhere. Colour is for the terminal, never for a file.
func (ss sinks) write(env Env, r report.Report, o report.Options) error {
	defer ss.close()
	for _, s := range ss {
		w, opt := env.Stdout, o
		if s.file != nil {
			w, opt.Color = s.file, false
		}
		buf := bufio.NewWriter(w)
		if err := report.Write(buf, s.format, r, opt); err != nil {
			return err
		}
		if err := buf.Flush(); err != nil {
			return fmt.Errorf("writing the %s report: %w", s.format, err)
		}
		if s.format == "github" {
			if err := stepSummary(env, r); err != nil {
				return err
			}
		}
		if s.file == nil {
			continue
		}
		if err := s.file.Close(); err != nil {
			return fmt.Errorf("writing the %s report: %w", s.format, err)
		}
		s.file = nil
	}
	return nil
}

// stepSummary adds the whole report to the page of the workflow's run, for
// GitHub shows few annotations. Without the variable there is no such page.
func stepSummary(env Env, r report.Report) error {
	path := env.get("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(absolute(env, path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the file that GITHUB_STEP_SUMMARY names: %w", err)
	}
	if err := errors.Join(report.WriteStepSummary(f, r), f.Close()); err != nil {
		return fmt.Errorf("writing the file that GITHUB_STEP_SUMMARY names: %w", err)
	}
	return nil
}

func (ss sinks) close() {
	for _, s := range ss {
		if s.file != nil {
			_ = s.file.Close()
			s.file = nil
		}
	}
}
