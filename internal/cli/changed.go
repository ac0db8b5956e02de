package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/manifest"
)

// lintChanged judges what a change of files can have touched; it is what the
// pre-commit hook runs. No manifest touched is a clean run.
func lintChanged(ctx context.Context, env Env, c *cobra.Command, f flags, files []string) error {
	if f.wish.named(c) {
		return errors.New("reading arguments: --changed takes files, not flags that name a binding")
	}
	s, err := settle(env, c, f)
	if err != nil {
		return err
	}
	manifests, err := manifest.Changed(files, manifest.Options{WorkDir: env.Dir, Root: s.configDir, AllowPaths: s.allowPath, AllowEnv: s.allowEnv})
	if err != nil || len(manifests) == 0 {
		return err
	}
	return lint(ctx, env, c, f, manifests)
}
