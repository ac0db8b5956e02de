package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manpage"
	"github.com/bindgate/bindgate/internal/usage"
)

func newMan(env console.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Example: `  bindgate man man1
  bindgate man /usr/local/share/man/man1`,
		Args: usage.One("folder"),
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := confine.Unlinked(env.Dir, args[0])
			if err == nil {
				err = os.MkdirAll(dir, 0o755)
			}
			if err == nil {
				o := manpage.Options{Version: built.Version(), Date: pageDate(env)}
				err = manpage.Write(c.Root(), o, func(name string, text []byte) error {
					return confine.WriteFile(env.Dir, filepath.Join(dir, name), text, 0o644)
				})
			}
			if err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			return env.Print(fmt.Sprintf("wrote the man pages; read one with: man %s/bindgate-lint.1\n", args[0]))
		},
	}
}

// pageDate is the date of the pages: SOURCE_DATE_EPOCH, which packagers set, else that of
// the commit, else today.
func pageDate(env console.Env) time.Time {
	if seconds, err := strconv.ParseInt(env.Get("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(seconds, 0)
	}
	if at := built.Read().At; !at.IsZero() {
		return at
	}
	return env.Now()
}
