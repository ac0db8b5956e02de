package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/report"
)

// outputs are the files that a run writes, and its reports.
type outputs struct {
	Reports  report.Outputs
	evidence *confine.Output // of --evidence-out; may be nil
	Plan     *confine.Output // of plan -o; may be nil
	Metrics  *confine.Output // of audit --metrics; may be nil
}

// openOutputs opens every file that the run is to write.
func (r *Run) openOutputs() (err error) {
	if r.Env.Opened != nil {
		*r.Env.Opened = true
	}
	if r.Out.Reports, err = report.OpenOutputs(r.Env.Dir, r.Settings.Formats); err != nil {
		return err
	}
	if r.Settings.EvidenceOut != "" {
		if r.Out.evidence, err = confine.Create(r.Env.Dir, r.Settings.EvidenceOut, 0o600); err != nil {
			return fmt.Errorf("saving the evidence: %w", err)
		}
	}
	if r.Settings.PlanOut != "" {
		if r.Out.Plan, err = confine.Create(r.Env.Dir, r.Settings.PlanOut, 0o600); err != nil {
			return fmt.Errorf("saving the plan: %w", err)
		}
	}
	return nil
}

// apart makes sure that what the run writes goes over no file that it reads, over no
// certificate or key, and that no two outputs share a file.
func (r *Run) apart(set *manifest.Set) error {
	outs := r.Out.Files()
	for i, f := range outs {
		what := ""
		switch {
		case Overwrites(r.Env, f, set.Paths):
			what = "the manifest"
		case Overwrites(r.Env, f, r.reads()), r.ofPolicies(f):
			what = "a file that the run reads"
		case holdsCertificate(f):
			what = "a certificate or key"
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
func (r *Run) reads() []string {
	s := r.Settings
	all := slices.Concat([]string{s.Config, s.Evidence, s.Roots, s.DNS.RootHints, s.Gateway.CA, s.PlanFile, s.CIToken, s.Since, s.Terraform, s.ROS},
		s.Data, s.CRLs, s.WeakKeys, s.Approvals)
	for _, given := range s.ExternalFiles {
		_, path, _ := strings.Cut(given, "=")
		all = append(all, path)
	}
	for _, p := range s.Policies {
		if ref, err := bundle.ParseRef(p); err == nil && !ref.OCI() {
			all = append(all, ref.Path)
		}
	}
	return slices.DeleteFunc(all, func(path string) bool { return path == "" })
}

// ofPolicies reports whether an output would replace a file in a folder of policies.
func (r *Run) ofPolicies(f *confine.Output) bool {
	return slices.Contains([]string{".rego", ".json", ".yaml", ".yml"}, filepath.Ext(f.Path())) && r.below(f, r.reads())
}

// below reports whether an output would replace a file in or below one of the folders
// among the paths.
func (r *Run) below(f *confine.Output, paths []string) bool {
	parent, err := filepath.EvalSymlinks(filepath.Dir(f.Path()))
	return err == nil && f.Existing() != nil && slices.ContainsFunc(paths, func(path string) bool {
		folder, err := filepath.EvalSymlinks(r.Env.Absolute(path))
		if err != nil {
			return false
		}
		info, err := os.Stat(folder)
		if err != nil || !info.IsDir() {
			return false
		}
		below, err := filepath.Rel(folder, parent)
		return err == nil && filepath.IsLocal(below)
	})
}

// holdsCertificate reports whether an output would replace a file with a certificate or a
// key: PEM, or what begins as DER and PKCS#12 do. No report looks so.
func holdsCertificate(f *confine.Output) bool {
	if f.Existing() == nil || !f.Regular() {
		return false
	}
	file, err := os.Open(f.Path())
	if err != nil {
		return false // the user may not read it, so the run does not
	}
	defer func() { _ = file.Close() }()
	head, err := io.ReadAll(io.LimitReader(file, 64<<10))
	return err == nil && (bytes.HasPrefix(head, []byte("-----BEGIN ")) || bytes.Contains(head, []byte("\n-----BEGIN ")) ||
		len(head) > 1 && head[0] == 0x30 && head[1]&0xf0 == 0x80)
}

// Overwrites reports whether an output is one of the paths.
func Overwrites(env console.Env, f *confine.Output, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		info, err := os.Stat(env.Absolute(path)) // an error: standard input, or a file to come
		return f.Path() == env.Absolute(path) || err == nil && f.Existing() != nil && os.SameFile(info, f.Existing())
	})
}

// Keep refuses outputs that would go over a file that the run keeps, such as the journal,
// and protects it from the report of a failure.
func (r *Run) Keep(what string, paths ...string) error {
	r.Keeps = append(r.Keeps, paths...)
	for _, f := range r.Out.Files() {
		if Overwrites(r.Env, f, paths) {
			return fmt.Errorf("looking at the files to write: %q is %s too, want a separate file for each", f.Path(), what)
		}
	}
	return nil
}

// Files are all that the run writes but its standard output.
func (o outputs) Files() []*confine.Output {
	files := append(o.Reports.Files(), o.evidence, o.Plan, o.Metrics)
	return slices.DeleteFunc(files, func(f *confine.Output) bool { return f == nil })
}

// SavePlan writes the file of plan -o.
func (o outputs) SavePlan(f plan.File) error {
	data, err := json.MarshalIndent(f, "", " ")
	if err == nil {
		_, err = o.Plan.Write(append(data, '\n'))
	}
	return save("plan", o.Plan, err)
}

// save closes a file after its last byte, unless there was an error.
func save(what string, to *confine.Output, err error) error {
	if err == nil {
		err = to.Commit()
	}
	if err != nil {
		return fmt.Errorf("saving the %s: %w", what, err)
	}
	return nil
}

// discard removes the temporary files of outputs that were not completed.
func (o outputs) discard() {
	for _, f := range o.Files() {
		f.Discard()
	}
}

// reportHead is what a report says of a run before anything is known of it.
func (r *Run) reportHead() report.Head {
	clock := r.Settings.Clock
	if clock == nil {
		clock = r.Env.Now
	}
	return report.Head{Tool: report.Tool{Name: "bindgate", Version: built.Version()}, Run: report.Run{Command: r.Settings.Command, Now: clock().UTC()},
		Path: confine.RepositoryPath(r.Env.Dir)}
}

func (r *Run) reportOptions() report.Options {
	return report.Options{Width: r.Env.Columns(), Verbose: r.Settings.Verbose, Quiet: r.Settings.Quiet, Category: r.Settings.SarifCategory}
}

// fail writes the error that ended a run into its report files, but not over a file
// that the run was to read.
func (r *Run) fail(cause error) {
	if len(r.Out.Reports.Files()) == 0 {
		return
	}
	inputs := slices.Concat(r.Inputs, r.reads(), r.Keeps)
	err := r.Out.Reports.Fail(r.reportHead(), r.reportOptions(), cause, func(f *confine.Output) bool {
		return Overwrites(r.Env, f, inputs) || manifest.HasName(filepath.Base(f.Path())) && r.below(f, r.Inputs) || r.ofPolicies(f) || holdsCertificate(f)
	})
	if err != nil {
		r.Env.Complain(err)
	}
}

// FailEarly writes an error into the report files of a command that ended before it
// opened them, such as for an unknown flag.
func FailEarly(env console.Env, root *cobra.Command, args []string, cause error) {
	c, rest, err := root.Find(args)
	if err != nil || c.Flags().Lookup("config") == nil { // no command that reports
		return
	}
	r := &Run{Env: env, Inputs: []string{"."}}
	r.Settings.Command = c.Name()
	for i, arg := range rest {
		value, isFormat, joined := formatOf(c.Flags(), arg)
		switch _, assigned, isPair := strings.Cut(arg, "="); {
		case isFormat && joined:
			r.Settings.Formats = append(r.Settings.Formats, value)
		case isFormat && i+1 < len(rest):
			r.Settings.Formats = append(r.Settings.Formats, rest[i+1])
		case isPair && strings.HasPrefix(arg, "-"):
			r.Inputs = append(r.Inputs, assigned)
		default: // an argument, or the value of a flag: it may be a file to read
			r.Inputs = append(r.Inputs, arg)
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
