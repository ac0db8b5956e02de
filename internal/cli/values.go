package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
)

// duration is a flag's time, which may be given in days.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }
func (d *duration) Type() string   { return "duration" }

func (d *duration) Set(text string) error {
	t, err := config.ParseDuration(text)
	if err != nil {
		return err
	}
	*d = duration(t)
	return nil
}

// durationVar adds a flag of a time.
func durationVar(p *pflag.FlagSet, to *time.Duration, name string, otherwise time.Duration, usage string) {
	*to = otherwise
	p.Var((*duration)(to), name, usage)
}

// expand replaces patterns among the arguments by the files that match them, because
// some shells do not. An argument that names a file is taken as it is.
func expand(env console.Env, paths []string) ([]string, error) {
	if !slices.ContainsFunc(paths, isPattern) {
		return paths, nil
	}
	var out []string
	for _, p := range paths {
		if !isPattern(p) || confine.Exists(env.Absolute(p)) {
			out = append(out, p)
			continue
		}
		found, err := filepath.Glob(env.Absolute(p))
		if err != nil {
			return nil, fmt.Errorf("reading arguments: %q is no pattern: %w; quote a name with [ as it is, or use * and ?", p, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("reading arguments: no file matches %q; name a manifest, or a folder that holds bindings.yaml", p)
		}
		for _, f := range found {
			if !filepath.IsAbs(p) {
				if f, err = filepath.Rel(env.Dir, f); err != nil {
					return nil, fmt.Errorf("reading arguments: expanding %q: %w", p, err)
				}
			}
			if f == "-" { // a file of this name, and not standard input
				f = "./-"
			}
			out = append(out, f)
		}
	}
	return out, nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// addColor adds the flag of the commands that paint.
func addColor(p *pflag.FlagSet, to *string) {
	p.StringVar(to, "color", "auto", "`WHEN` to colour the text report: auto, always or never")
}

// checkColor returns an error for a value that --color does not have.
func checkColor(when string) error {
	switch when {
	case "", "auto", "always", "never":
		return nil
	}
	return fmt.Errorf("reading --color: got %q, want auto, always or never", when)
}
