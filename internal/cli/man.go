package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/manpage"
)

func newMan(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Args:  one("folder"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := manpage.Write(c.Root(), absolute(env, args[0]), version()); err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			_, err := fmt.Fprintf(env.Stdout, "wrote the man pages; read one with: man %s/bindgate-lint.1\n", args[0])
			return err
		},
	}
}
