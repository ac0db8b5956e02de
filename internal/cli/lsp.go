package cli

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/lsp"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/usage"
)

// typingPause is the time without a change after which a document is judged.
const typingPause = 200 * time.Millisecond

func newLSP(env console.Env) *cobra.Command {
	f := settings.Flags{Offline: true, As: "lint"}
	c := &cobra.Command{
		Use:   "lsp",
		Short: "Judge manifests while an editor changes them (language server)",
		Long: `Serve the Language Server Protocol on standard input and output: what "bindgate
lint --offline" finds, as you type, in manifests, maps of a cut-over and both
configurations; explanations, and the fixes that are known exactly. It asks neither
DNS nor the gateway and writes no file. docs/lsp.md configures editors.`,
		Example: `  bindgate lsp
  bindgate lsp --config owner.yaml`,
		Args: usage.None,
		RunE: func(c *cobra.Command, _ []string) error {
			f.From(env.Dir)
			orderly := lsp.Serve(c.Context(), lsp.Options{In: env.Stdin, Out: env.Stdout, Log: env.Stderr, Version: built.Version(),
				Dir: env.Dir, Owner: f.Config, Pause: typingPause,
				Settings: func(dir string) (judge.Options, manifest.Options, error) { return session.InFolder(env, f, dir) }})
			if !orderly {
				return exit.With(exit.Refused, errors.New("the editor ended the session without shutdown")) // the code of the protocol
			}
			return nil
		},
	}
	f.AddFiles(c)
	c.Flags().Bool("stdio", true, "serve standard input and output, as ever; for editors that say so")
	return c
}
