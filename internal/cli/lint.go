package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/gittree"
	"github.com/bindgate/bindgate/internal/manifest"
)

func newLint(env console.Env) *cobra.Command {
	var f settings.Flags
	var changed, staged bool
	c := &cobra.Command{
		Use:   "lint [PATH…]",
		Short: "Judge bindings; change nothing",
		Long: `Judge the bindings of manifests (files, folders with all below them, or - for
standard input; the default is the current folder), those of a Terraform plan or a
template of ROS, or the one that --domain and its like name.
DNS and the gateway are read unless --offline or --without leaves them out.`,
		Example: `  bindgate lint --offline bindings.yaml
  bindgate lint --domain api.demo.com --group GROUP --region cn-hangzhou --stage RELEASE`,
		RunE: func(c *cobra.Command, args []string) error {
			if name := f.Other(); name != "" && (changed || staged) {
				return fmt.Errorf("reading arguments: --%s names one file; omit --changed and --staged", name)
			}
			if changed || staged {
				return lintChanged(c.Context(), env, f, args, staged)
			}
			return lint(c.Context(), env, f, args)
		},
	}
	f.AddJudging(c)
	f.AddBinding(c)
	f.AddMode(c)
	f.AddProbe(c)
	f.AddOther(c)
	c.Flags().StringVar(&f.WriteChain, "write-chain", "", "write the certificate chain to `FILE`: PEM, in order, without key and root; a FILE that is there is left alone")
	c.Flags().BoolVar(&changed, "changed", false, "PATHs are files that changed: judge the manifests among them and those that name another, with what Git says is staged or gone")
	c.Flags().BoolVar(&staged, "staged", false, "judge what the staged change concerns, as Git's index holds it; takes no PATH")
	return c
}

func lint(ctx context.Context, env console.Env, f settings.Flags, args []string) error {
	return session.Do(ctx, env, f, args, judged(ctx))
}

// judged judges and reports the bindings of a run.
func judged(ctx context.Context) func(*session.Run) error {
	return func(r *session.Run) error { return r.Lint(ctx, true) }
}

// lintChanged judges what a change of files can have touched, and says what that is;
// it is what the pre-commit hook runs.
func lintChanged(ctx context.Context, env console.Env, f settings.Flags, files []string, staged bool) error {
	switch {
	case len(f.Binding.Given()) > 0:
		return errors.New("reading arguments: --changed takes files, not flags that name a binding")
	case staged && len(files) > 0:
		return fmt.Errorf("reading arguments: --staged asks Git what changed, got %q too; leave it out, or use --changed", files[0])
	}
	s, err := settings.Settle(env, f)
	if err != nil {
		return err
	}
	tree, err := gittree.Open(env.Dir, env.Environ)
	switch {
	case staged && (err != nil || tree == nil):
		return errors.Join(fmt.Errorf("reading --staged: %q is in no working tree that git can read", env.Dir), err)
	case err != nil:
		env.Complain(fmt.Errorf("git does not say what is gone or renamed, only the named files count: %w", err))
	}
	o := session.Reading(env, s)
	change := manifest.Change{Files: files}
	if tree != nil {
		if err := fromGit(ctx, env, tree, staged, &change, &o); err != nil {
			return err
		}
	}
	s.Overlay = o.Overlay
	concerned, err := manifest.Changed(change, o)
	if err != nil {
		return err
	}
	say(env, s, concerned, len(change.Files))
	switch {
	case len(concerned.Manifests) > 0:
		return session.Settled(ctx, env, s, concerned.Manifests, judged(ctx))
	case len(s.Formats) > 0:
		return session.Nothing(ctx, env, s, judged(ctx))
	}
	return nil
}

// fromGit adds what git says of a change: the index against the last commit, and the
// revisions between which pre-commit runs its hooks. What a sparse checkout leaves out is
// judged as the index has it.
func fromGit(ctx context.Context, env console.Env, tree *gittree.Tree, staged bool, change *manifest.Change, o *manifest.Options) error {
	names, err := tree.Staged(ctx)
	if err != nil {
		return err
	}
	change.Files = append(change.Files, names...)
	if staged {
		index, err := tree.Index(ctx)
		if err != nil {
			return err
		}
		change.Tree, o.Overlay = index.Files(), index
		return index.Preload(ctx, manifest.MayBe)
	}
	if from, to := env.Get("PRE_COMMIT_FROM_REF"), env.Get("PRE_COMMIT_TO_REF"); from != "" && to != "" {
		names, err := tree.Between(ctx, from, to)
		if err != nil {
			return err
		}
		change.Files = append(change.Files, names...)
	}
	if change.Tree, err = tree.Files(ctx); err != nil {
		return err
	}
	absent, err := tree.Sparse(ctx)
	if err != nil || len(absent.Files()) == 0 {
		return err
	}
	o.Overlay = absent
	return absent.Preload(ctx, manifest.MayBe)
}

// say lists on standard error the files that are judged and the skipped ones.
func say(env console.Env, s settings.Settings, c manifest.Selection, files int) {
	if s.Quiet {
		return
	}
	session.PassedOver(env, c.Foreign, nil)
	if len(c.Manifests) == 0 {
		env.Complain(fmt.Errorf("nothing to judge: none of the tree's manifests (%d) is, or names, one of the changed files (%d)", c.Searched, files))
		return
	}
	env.Complain(fmt.Errorf("judging %d of %d manifests, which the change concerns: %s", len(c.Manifests), c.Searched, some(c.Manifests)))
}

// some lists the first of many names, and how many more there are.
func some(names []string) string {
	const most = 10
	list := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}
