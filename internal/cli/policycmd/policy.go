// Package policycmd is the commands of `bindgate policy`: flags to options of package policy,
// and what it answers to outputs and exit codes.
package policycmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/policy/registry"
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
		o, _, err := f.options(env, args)
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

// options are those of the given paths, with the client of registries.
func (f *policyFlags) options(env console.Env, paths []string) (o policy.Options, _ *registry.Client, err error) {
	var owner config.Config
	if f.config != "" {
		if owner, err = config.LoadOwner(env.Absolute(f.config)); err != nil {
			return o, nil, err
		}
	}
	o, client, err := distribution(env, owner)
	o.Dirs, o.Data = paths, f.data
	return o, client, err
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
		if err := env.Print(text); err != nil {
			return err
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
		return env.Println("policies are sound")
	})
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
		Args: usage.Some("file or folder of policies"),
		RunE: func(c *cobra.Command, args []string) error {
			changed, err := policy.Format(c.Context(), policy.Options{Dir: env.Dir, Dirs: args})
			if err != nil {
				return err
			}
			for _, f := range changed {
				if err := env.Replace(f.Name, f.Text, check); err != nil {
					return err
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

func newPolicySchema(env console.Env) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of a policy's input", Args: usage.None,
		Example: `  bindgate policy schema
  bindgate policy schema > policy-input.schema.json`,
		RunE: func(*cobra.Command, []string) error {
			return env.Print(string(policy.InputSchema()))
		},
	}
}

func newPolicyDocs(env console.Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "docs [PATH…]",
		Short: "Describe policies in Markdown, from their METADATA, messages and data schemas",
		Long: `Print a section for each package that is asked (default: the shipped ones): title,
description and needs of its METADATA, each rule with its title or message, and a
table of the settings from data.jsonschema.`,
		Example: `  bindgate policy docs
  bindgate policy docs policies > policies/README.md`,
	}
	return policyCommand(env, c, func(ctx context.Context, o policy.Options) error {
		text, err := policy.Docs(ctx, o)
		if err != nil {
			return err
		}
		return env.Print(text)
	})
}
