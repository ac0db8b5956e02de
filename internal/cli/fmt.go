package cli

import (
	"bytes"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/strictyaml"
	"github.com/bindgate/bindgate/internal/yamlfmt"
)

func newFmt(env console.Env) *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [PATH…]",
		Short: "Lay out manifests in one way; keep comments",
		Long: `Rewrite manifests (files, folders with all below them, or - from standard input to
standard output; the default is the current folder) in one layout. Comments, the
order of keys and every value stay. Prints the name of each file that it changed.`,
		Example: `  bindgate fmt
  bindgate fmt --check bindings.yaml`,
		RunE: func(_ *cobra.Command, args []string) error { return formatAll(env, args, check) },
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; exit 1 if a file is laid out otherwise")
	return c
}

func formatAll(env console.Env, args []string, check bool) error {
	if len(args) == 1 && args[0] == "-" {
		src, err := env.ReadStdin(strictyaml.MaxBytes)
		if err != nil {
			return err
		}
		out, err := yamlfmt.File("<stdin>.yaml", src)
		if err != nil {
			return err
		}
		return env.Print(string(out))
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	// What is no manifest is not touched: the strict reader says so first.
	set, err := manifest.Load(args, manifest.Options{WorkDir: env.Dir, AllowEnv: []string{"*"}, Skip: true, Ignored: session.Ignored(env), AllowPaths: []string{string(filepath.Separator)}})
	if err != nil {
		return err
	}
	session.PassedOver(env, set.Foreign, nil) // a hook passes every file with the name
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
		if err := env.Replace(name, out, check); err != nil {
			return err
		}
	}
	if check && changed > 0 {
		return exit.With(exit.Refused, errors.New("these files are laid out otherwise; run `bindgate fmt`"))
	}
	return nil
}
