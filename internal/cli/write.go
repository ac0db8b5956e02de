package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/starter"
	"github.com/bindgate/bindgate/internal/usage"
	"github.com/bindgate/bindgate/internal/yamlfmt"
)

func newFmt(env console.Env) *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [PATH…]",
		Short: "Lay out manifests in one way; keep comments",
		Long: `Rewrite manifests (files, folders, or - from standard input to standard output;
the default is the current folder) in one layout. Comments, the order of keys and
every value stay. Prints the name of each file that it changed.`,
		Example: `  bindgate fmt
  bindgate fmt --check bindings.yaml`,
		RunE: func(_ *cobra.Command, args []string) error { return formatAll(env, args, check) },
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; exit 1 if a file is laid out otherwise")
	return c
}

func formatAll(env console.Env, args []string, check bool) error {
	if len(args) == 1 && args[0] == "-" {
		src, err := env.ReadStdin(maxManifest)
		if err != nil {
			return err
		}
		out, err := yamlfmt.File("<stdin>.yaml", src)
		if err == nil {
			_, err = env.Stdout.Write(out)
		}
		return err
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	// What is no manifest is not touched: the strict reader says so first.
	set, err := manifest.Load(args, manifest.Options{WorkDir: env.Dir, AllowEnv: []string{"*"}, Skip: true, AllowPaths: []string{string(filepath.Separator)}})
	if err != nil {
		return err
	}
	session.PassedOver(env, set.Foreign) // a hook passes every file with the name
	changed := 0
	for _, name := range set.Paths {
		src := set.Text(name)
		out, err := yamlfmt.File(name, src)
		if err != nil {
			return err
		}
		if bytes.Equal(src, out) {
			continue
		}
		changed++
		if !check {
			if err := confine.WriteFile(env.Dir, name, out, 0o666); err != nil {
				return fmt.Errorf("replacing %q: %w", name, err)
			}
		}
		if _, err := fmt.Fprintln(env.Stdout, report.Escape(name)); err != nil {
			return err
		}
	}
	if check && changed > 0 {
		return exit.With(exit.Refused, errors.New("these files are laid out otherwise; run `bindgate fmt`"))
	}
	return nil
}

// maxManifest bounds what is formatted from standard input, in bytes.
const maxManifest = 4 << 20

func newInit(env console.Env) *cobra.Command {
	var ci []string
	var platform string
	var owner bool
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write configuration, a sample manifest, hooks and CI files; overwrite nothing",
		Long: `Write into a repository (default: the current folder) what it needs to begin: the
tree's configuration, a sample manifest with its schema, the pre-commit hooks and
a CI job, each pinned to this version. The sample is for API groups, or with
--platform apig for cloud-native gateways. A file that exists stays as it is. With
--owner it writes the file of the gate's owner instead, which belongs elsewhere.`,
		Example: `  bindgate init
  bindgate init --platform apig
  bindgate init --ci gitlab infra`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := usage.OneOf("platform", platform, binding.Classic, binding.APIG); err != nil {
				return err
			}
			dir := env.Dir
			if len(args) == 1 {
				dir = env.Absolute(args[0])
			}
			var done []string
			var err error
			switch {
			case owner && len(ci) > 0:
				return errors.New("reading flags: got --owner and --ci, want one: the owner's file belongs outside the repository that CI judges")
			case owner:
				done, err = starter.WriteOwner(dir, config.OwnerSchema())
			default:
				done, err = starter.Write(dir, built.Version(), platform, ci, manifest.Schema(), config.TreeSchema())
			}
			if err != nil {
				return fmt.Errorf("writing the first files: %w", err)
			}
			for _, line := range done {
				if _, err := fmt.Fprintln(env.Stdout, report.Escape(line)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&ci, "ci", nil, "CI to write for: `github,gitlab` (default: what the repository shows, else github)")
	c.Flags().BoolVar(&owner, "owner", false, "write only an example of the gate owner's file, gate.yaml")
	c.Flags().StringVar(&platform, "platform", binding.Classic, "`PLATFORM` of the sample manifest: classic or apig, the cloud-native gateway")
	usage.ValueList(c, "ci", starter.GitHub, starter.GitLab)
	usage.Values(c, "platform", binding.Classic, binding.APIG)
	return c
}
