package policycmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/report"
)

func newPolicyDiff(env console.Env) *cobra.Command {
	var f settings.Flags
	c := &cobra.Command{
		Use:   "diff OLD NEW EVIDENCE [MANIFEST…]",
		Short: "Compare what two sets of policies say about saved evidence",
		Long: `Judge the bindings of manifests (default: the current folder) by saved evidence, once
with the policies OLD and once with NEW; those of --policy and --config are in both.
Prints each binding whose ruling changes; the owner's waivers are in effect. Exit code 1: the policies NEW refuse a
binding no longer, or no longer for sure, that OLD keep back.`,
		Example: `  bindgate policy diff main/policies policies evidence.json
  bindgate policy diff main/policies policies evidence.json bindings.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 3 {
				return fmt.Errorf("reading arguments: got %d, want OLD, NEW and EVIDENCE; see `%s --help`", len(args), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return policyDiff(c.Context(), env, f, args) },
	}
	f.AddSources(c)
	return c
}

// rulings are those of one set of policies, in the order of the manifest.
type rulings struct {
	names []string
	of    []policy.Ruling
}

func policyDiff(ctx context.Context, env console.Env, f settings.Flags, args []string) error {
	f.Evidence = args[2]
	var sides [2]rulings
	for i := range sides {
		var err error
		if sides[i], err = rule(ctx, env, f, args[i], args[3:]); err != nil {
			return fmt.Errorf("judging with %q: %w", args[i], err)
		}
	}
	before, after := sides[0], sides[1]
	var b strings.Builder
	changed, weaker := 0, 0
	for i, name := range before.names {
		changes := before.of[i].Changes(after.of[i])
		if changes == nil && before.of[i].Status == after.of[i].Status {
			continue
		}
		changed++
		if after.of[i].Weaker(before.of[i]) {
			weaker++
		}
		fmt.Fprintf(&b, "%s: %s -> %s\n", report.Escape(name), before.of[i].Status, after.of[i].Status)
		for _, line := range changes {
			fmt.Fprintf(&b, "  %s\n", report.Escape(line))
		}
	}
	fmt.Fprintf(&b, "%d of %d bindings change; the new policies let %d pass, or nearer to it, that the old ones keep back\n", changed, len(before.names), weaker)
	if err := env.Print(b.String()); err != nil {
		return err
	}
	if weaker > 0 {
		return exit.Ended(exit.Refused)
	}
	return nil
}

// rule judges saved evidence with one more set of policies.
func rule(ctx context.Context, env console.Env, f settings.Flags, policies string, manifests []string) (out rulings, err error) {
	f.Policies, f.ForeignRules = append(f.Policies[:len(f.Policies):len(f.Policies)], policies), true
	err = session.Silent(ctx, env, f, manifests, func(r *session.Run) error {
		return r.Engine.Judge(ctx, judge.Scope{}, func(v judge.Verdict) error {
			out.names = append(out.names, v.Binding.DomainName+" "+v.Binding.Target())
			out.of = append(out.of, policy.RulingOf(v.Binding, v.Evidence.Policy))
			return ctx.Err()
		})
	})
	return out, err
}
