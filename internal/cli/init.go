package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/starter"
	"github.com/bindgate/bindgate/internal/usage"
)

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
		Args: usage.AtMostOne("folder"),
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
				if err := env.Println(line); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&ci, "ci", nil, "`CI` to write for: github, gitlab, or both with a comma (default: what the repository shows, else github)")
	c.Flags().BoolVar(&owner, "owner", false, "write only an example of the gate owner's file, gate.yaml")
	c.Flags().StringVar(&platform, "platform", binding.Classic, "`PLATFORM` of the sample manifest: classic or apig, the cloud-native gateway")
	usage.ValueList(c, "ci", starter.GitHub, starter.GitLab)
	usage.Values(c, "platform", binding.Classic, binding.APIG)
	return c
}
