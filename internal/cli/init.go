package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/starter"
)

func newInit(env Env) *cobra.Command {
	var ci []string
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write configuration, a sample manifest, hooks and CI files; overwrite nothing",
		Long: `Write into a repository (default: the current folder) what it needs to begin: the
tree's configuration, a sample manifest with its schema, the pre-commit hooks and
a CI job, each pinned to this version. A file that exists stays as it is.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := env.Dir
			if len(args) == 1 {
				dir = absolute(env, args[0])
			}
			done, err := starter.Write(dir, version(), ci, manifest.Schema(), config.Schema())
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
	fixed(c, "ci", starter.GitHub, starter.GitLab)
	return c
}
