package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/manpage"
)

func newMan(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Args:  one("folder"),
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := confine.Unlinked(env.Dir, args[0])
			if err == nil {
				err = os.MkdirAll(dir, 0o755)
			}
			if err == nil {
				err = manpage.Write(c.Root(), version(), func(name string, text []byte) error {
					return confine.WriteFile(env.Dir, filepath.Join(dir, name), text, 0o644)
				})
			}
			if err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			_, err = fmt.Fprintf(env.Stdout, "wrote the man pages; read one with: man %s/bindgate-lint.1\n", args[0])
			return err
		},
	}
}
