// Package policycmd is the commands of `bindgate policy`: flags to options of package policy,
// and what it answers to outputs and exit codes.
package policycmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

// New returns the command with all below it.
func New(env console.Env) *cobra.Command {
	return usage.Family("policy", "Test, check and ask Rego policies",
		newPolicyTest(env), newPolicyCheck(env), newPolicyInput(env), newPolicyEval(env), newPolicyWhy(env), newPolicyDiff(env),
		newPolicyDocs(env), newPolicyFmt(env), newPolicySchema(env), newPolicyBuild(env), newPolicyPush(env), newPolicyLock(env))
}

// policyCommand makes a command on the policies that its arguments name.
func policyCommand(env console.Env, c *cobra.Command, do func(context.Context, policy.Options) error) *cobra.Command {
	var f policyFlags
	f.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		o, err := f.options(env, args)
		if err != nil {
			return err
		}
		return do(c.Context(), o)
	}
	return c
}

// policyFlags are the flags that say what policies are loaded with.
type policyFlags struct {
	data   []string
	config string
}

func (f *policyFlags) add(c *cobra.Command) {
	usage.List(c.Flags(), &f.data, "data", "", "YAML or JSON `FILE` that overrides policy data, repeatable")
	c.Flags().StringVar(&f.config, "config", "", "configuration `FILE` of the gate's owner; its labels and external facts are those that policies can read, and its registries are asked")
}

// options are those of the given paths.
func (f *policyFlags) options(env console.Env, paths []string) (policy.Options, error) {
	owner, err := ownerOf(env, f.config)
	if err != nil {
		return policy.Options{}, err
	}
	o, _, err := distribution(env, owner)
	o.Dirs, o.Data = paths, f.data
	return o, err
}

func newPolicyTest(env console.Env) *cobra.Command {
	var verbose, coverage bool
	c := &cobra.Command{
		Use:   "test [PATH…]",
		Short: "Run Rego tests (default: those of the shipped policies); no test is a failure",
		Long: `Run the tests in files named *_test.rego. A test fails, too, if an input that it
mocks does not fit the schema. Each rule of deny, warn and reasons must apply in one
test and not in another. Exit code 1: a failure.`,
		Example: `  bindgate policy test policies
  bindgate policy test -v --coverage policies`,
	}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "print every test")
	c.Flags().BoolVar(&coverage, "coverage", false, "print how much of each policy is evaluated, and the lines that are not")
	return policyCommand(env, c, func(ctx context.Context, o policy.Options) error {
		r, err := policy.Test(ctx, o)
		if err != nil {
			return err
		}
		text := r.Text(report.Escape, verbose)
		if coverage {
			text = r.CoverageText(report.Escape) + text
		}
		if _, err := io.WriteString(env.Stdout, text); err != nil {
			return fmt.Errorf("printing the tests: %w", err)
		}
		if r.Failed > 0 {
			return exit.Ended(exit.Refused)
		}
		return nil
	})
}

func newPolicyCheck(env console.Env) *cobra.Command {
	c := &cobra.Command{Use: "check [PATH…]", Short: "Compile policies strictly, with the input's schema, and compare their format",
		Example: `  bindgate policy check policies
  bindgate policy check --data data.yaml policies`,
	}
	return policyCommand(env, c, func(ctx context.Context, o policy.Options) error {
		if err := policy.Check(ctx, o); err != nil {
			return err
		}
		_, err := fmt.Fprintln(env.Stdout, "policies are sound")
		return err
	})
}

// printer writes what policies print, which may hold anything.
type printer struct{ to io.Writer }

func (p printer) Write(line []byte) (int, error) {
	if _, err := io.WriteString(p.to, report.Escape(strings.TrimSuffix(string(line), "\n"))+"\n"); err != nil {
		return 0, fmt.Errorf("printing for a policy: %w", err)
	}
	return len(line), nil
}

func newPolicyFmt(env console.Env) *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt PATH…",
		Short: "Write policies and their tests in the form that policy check wants",
		Long: `Write the .rego files of the paths in OPA's format, with the import that makes every
tool read them as Rego v2. Prints the name of each file that it changed.`,
		Example: `  bindgate policy fmt policies
  bindgate policy fmt --check policies`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			changed, err := policy.Format(c.Context(), policy.Options{Dir: env.Dir, Dirs: args})
			if err != nil {
				return err
			}
			for _, f := range changed {
				if !check {
					if err := confine.WriteFile(env.Dir, f.Name, f.Text, 0o666); err != nil {
						return fmt.Errorf("replacing %q: %w", f.Name, err)
					}
				}
				if _, err := fmt.Fprintln(env.Stdout, report.Escape(f.Name)); err != nil {
					return fmt.Errorf("printing the file names: %w", err)
				}
			}
			if check && len(changed) > 0 {
				return exit.With(exit.Refused, errors.New("these files are in another form; run `bindgate policy fmt`"))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; exit 1 if a file is in another form")
	return c
}

// maxInput bounds a policy input, in bytes.
const maxInput = 16 << 20

func readInput(env console.Env, path string) ([]byte, error) {
	switch path {
	case "":
		return nil, errors.New("reading flags: --input is missing; `bindgate policy schema` says what it holds")
	case "-":
		return env.ReadStdin(maxInput)
	}
	data, err := confine.ReadBounded(env.Absolute(path), maxInput)
	if err != nil {
		return nil, fmt.Errorf("reading --input: %w", err)
	}
	return data, nil
}

// policyVerdict prints what the packages said. A denial, or a force that is not
// allowed, is a refusal, unless the owner waives it. A policy that could not be evaluated ends with exit code 3.
func policyVerdict(env console.Env, said evidence.Observation[evidence.Policy]) error {
	enc := json.NewEncoder(env.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(said); err != nil {
		return fmt.Errorf("printing the verdict: %w", err)
	}
	if said.State != evidence.StateObserved {
		return exit.Ended(exit.CannotTell)
	}
	codes := []int{exit.Clean}
	for _, p := range said.Facts.Packages {
		if p.NotRun != "" {
			codes = append(codes, exit.CannotTell)
		}
		if slices.ContainsFunc(p.Denials, evidence.PolicyMessage.Counts) {
			codes = append(codes, exit.Refused)
		}
	}
	for _, p := range said.Facts.PackagesUnder("bindgate.force") {
		if !p.Allow {
			codes = append(codes, exit.Refused)
		}
	}
	return exit.Ended(exit.Worst(codes...))
}

func newPolicySchema(env console.Env) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of a policy's input", Args: cobra.NoArgs,
		Example: `  bindgate policy schema
  bindgate policy schema > policy-input.schema.json`,
		RunE: func(*cobra.Command, []string) error {
			_, err := env.Stdout.Write(policy.InputSchema())
			return err
		},
	}
}
