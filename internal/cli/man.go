package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Args:  one("folder"),
		RunE: func(c *cobra.Command, args []string) error {
			dir := absolute(env, args[0])
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			now := env.Now()
			c.Root().DisableAutoGenTag = true // the same program writes the same pages
			if err := doc.GenManTree(c.Root(), &doc.GenManHeader{Section: "1", Source: "bindgate " + version(), Manual: "bindgate", Date: &now}, dir); err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			_, err := fmt.Fprintf(env.Stdout, "wrote the man pages; read one with: man %s/bindgate-lint.1\n", args[0])
			return err
		},
	}
}
