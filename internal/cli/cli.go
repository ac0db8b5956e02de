// Package cli is the commands, one file each: their flags, and what they report and exit
// with. Package settings resolves the flags that judging commands share, session opens a
// run with them.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/cli/policycmd"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/policy/registry"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

// Run runs one command to its end and gives its exit code. It never panics on
// bad input and never exits the process itself.
func Run(ctx context.Context, args []string, env console.Env) int {
	opened := false
	env.Opened = &opened
	root := newRoot(env, args)
	root.SetArgs(args)
	help := bufio.NewWriter(env.Stdout) // it keeps an error, which cobra does not look at
	root.SetOut(help)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		usage.Complete(root)
	}
	err := usage.Arguments(root, args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if failed := help.Flush(); err == nil && failed != nil {
		err = fmt.Errorf("printing: %w", failed)
	}
	if err != nil && !errors.Is(err, exit.ErrReported) {
		env.Complain(err)
		if guide := guideTo(err); guide != "" {
			_, _ = fmt.Fprintf(env.Stderr, "bindgate: next: see %s\n", guide)
		}
		if !opened {
			session.FailEarly(env, root, args, err)
		}
	}
	return exit.CodeOf(err)
}

// guideTo returns the heading that helps a person with an error; empty where the
// message alone is enough.
func guideTo(err error) string {
	var refused *api.Error
	var policies *policy.LoadError
	switch {
	case errors.Is(err, journal.ErrLocked):
		return report.GuideLocked
	case errors.Is(err, journal.ErrBroken):
		return report.GuideJournal
	case errors.Is(err, api.ErrNoCredentials), errors.Is(err, judge.ErrOtherAccount), errors.As(err, &refused) && refused.Kind == api.Auth:
		return report.GuideCredentials
	case errors.Is(err, api.ErrTooLong):
		return report.GuideTooLong
	case errors.Is(err, registry.ErrUnavailable):
		return report.GuideRegistry
	case errors.As(err, &policies):
		return report.GuidePolicies
	}
	return map[int]string{exit.CannotTell: report.GuideUndetermined, exit.Failed: report.GuideUnknown, exit.Changed: report.GuideChanged}[exit.CodeOf(err)]
}

// command makes one command of the program.
type command struct {
	name string
	make func(console.Env) *cobra.Command
}

// commands are all, in the order of the help.
func commands() []command {
	return []command{
		{"lint", newLint}, {"plan", newPlan}, {"apply", newApply}, {"audit", newAudit}, {"cutover", newCutover},
		{"checks", newChecks}, {"explain", newExplain}, {"policy", policycmd.New}, {"journal", newJournal},
		{"sandbox", newSandbox}, {"demo", newDemo},
		{"init", newInit}, {"import", newImport}, {"fmt", newFmt}, {"lsp", newLSP}, {"schema", newSchema}, {"man", newMan}, {"version", newVersion},
	}
}

// newRoot returns the program with the command that args name, and with all commands where
// they name none or the manual, which describes them: the flags of all cost a run of one
// binding a twentieth of its time.
func newRoot(env console.Env, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "bindgate",
		Short: "Judge custom-domain bindings for Alibaba Cloud API Gateway before they are made",
		Long: `bindgate collects evidence about a custom-domain binding (DNS, certificate, key,
state of the gateway), runs checks and Rego policies on it, and binds the domain, on
the classic or the cloud-native API Gateway, only if every check passes.

Exit codes: 0 clean or bound, 1 refused, 2 wrong usage or credentials,
3 undetermined, 4 a call failed or its outcome is unknown, 5 the gateway, DNS or the
plan changed after it was judged, 130 interrupted.

If a deploy is blocked, read docs/blocked.md and docs/exit-3.md of
https://github.com/bindgate/bindgate; a line "next:" names the section.`,
		SilenceUsage: true, SilenceErrors: true,
		Args: usage.Subcommand,
	}
	root.RunE = func(c *cobra.Command, _ []string) error {
		if asked, _ := c.Flags().GetBool("version"); asked {
			return printVersion(env, "text")
		}
		return c.Help()
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.Flags().BoolP("version", "V", false, "print the version")
	all := commands()
	if i := slices.IndexFunc(all, func(c command) bool { return len(args) > 0 && c.name == args[0] && c.name != "man" }); i >= 0 {
		all = all[i : i+1]
	}
	for _, c := range all {
		root.AddCommand(c.make(env))
	}
	usage.Install(root, env.Columns, settings.Groups, func() []*cobra.Command { return newRoot(env, nil).Commands() })
	return root
}
