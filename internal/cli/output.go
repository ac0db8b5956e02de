package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/report"
)

// outputs are the files that a run writes, and its reports.
type outputs struct {
	reports  report.Outputs
	evidence *confine.Output // of --evidence-out; may be nil
	plan     *confine.Output // of plan -o; may be nil
	metrics  *confine.Output // of audit --metrics; may be nil
}

// openOutputs opens every file that the run is to write.
func (r *run) openOutputs() (err error) {
	if r.env.Opened != nil {
		*r.env.Opened = true
	}
	if r.out.reports, err = report.OpenOutputs(r.env.Dir, r.s.Formats); err != nil {
		return err
	}
	if r.s.EvidenceOut != "" {
		if r.out.evidence, err = confine.Create(r.env.Dir, r.s.EvidenceOut, 0o600); err != nil {
			return fmt.Errorf("saving the evidence: %w", err)
		}
	}
	if r.s.PlanOut != "" {
		if r.out.plan, err = confine.Create(r.env.Dir, r.s.PlanOut, 0o600); err != nil {
			return fmt.Errorf("saving the plan: %w", err)
		}
	}
	return nil
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
	one := []string{r.s.Config, r.s.Evidence, r.s.Roots, r.s.RootHints, r.s.EndpointCA, r.s.PlanFile, r.s.CIToken, r.s.Since, r.s.Terraform}
	for _, given := range r.s.External {
		_, path, _ := strings.Cut(given, "=")
		one = append(one, path)
	}
	var policies []string
	for _, p := range r.s.Policy {
		if ref, err := bundle.ParseRef(p); err == nil && !ref.OCI() {
			policies = append(policies, ref.Path)
		}
	}
	all := slices.Concat(one, policies, r.s.Data, r.s.CRLs, r.s.WeakKeys, r.s.Approvals)
	return slices.DeleteFunc(all, func(path string) bool { return path == "" })
}

// overwrites reports whether an output is one of the paths.
func overwrites(env console.Env, f *confine.Output, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		info, err := os.Stat(env.Absolute(path)) // an error: standard input
		return err == nil && f.Existing() != nil && os.SameFile(info, f.Existing())
	})
}

// files are all that the run writes but its standard output.
func (o outputs) files() []*confine.Output {
	files := append(o.reports.Files(), o.evidence, o.plan, o.metrics)
	return slices.DeleteFunc(files, func(f *confine.Output) bool { return f == nil })
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
	clock := r.s.Clock
	if clock == nil {
		clock = r.env.Now
	}
	return report.Head{Tool: report.Tool{Name: "bindgate", Version: built.Version()}, Run: report.Run{Command: r.s.Command, Now: clock().UTC()},
		Path: confine.RepositoryPath(r.env.Dir)}
}

func (r *run) reportOptions() report.Options {
	return report.Options{Width: r.env.Columns(), Verbose: r.s.Verbose, Quiet: r.s.Quiet, Category: r.s.SarifCategory}
}

// fail writes the error that ended a run into its report files, but not over a file
// that the run was to read.
func (r *run) fail(cause error) {
	if len(r.out.reports.Files()) == 0 {
		return
	}
	inputs := slices.Concat(manifest.Named(r.env.Dir, r.inputs), r.reads(), r.keeps)
	err := r.out.reports.Fail(r.reportHead(), r.reportOptions(), cause, func(f *confine.Output) bool { return overwrites(r.env, f, inputs) })
	if err != nil {
		r.env.Complain(err)
	}
}

// failEarly writes an error into the report files of a command that ended before it
// opened them, such as for an unknown flag.
func failEarly(env console.Env, root *cobra.Command, args []string, cause error) {
	c, rest, err := root.Find(args)
	if err != nil || c.Flags().Lookup("config") == nil { // no command that reports
		return
	}
	r := &run{env: env, inputs: []string{"."}, s: settings.Settings{Command: c.Name()}}
	for i, arg := range rest {
		value, isFormat, joined := formatOf(c.Flags(), arg)
		switch _, assigned, isPair := strings.Cut(arg, "="); {
		case isFormat && joined:
			r.s.Formats = append(r.s.Formats, value)
		case isFormat && i+1 < len(rest):
			r.s.Formats = append(r.s.Formats, rest[i+1])
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
