package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/yamlfmt"
)

func newFmt(env Env) *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [PATH…]",
		Short: "Lay out manifests in one way; keep comments",
		Long: `Rewrite manifests (files, folders, or - from standard input to standard output;
the default is the current folder) in one layout. Comments, the order of keys and
every value stay. Prints the name of each file that it changed.`,
		RunE: func(_ *cobra.Command, args []string) error { return formatAll(env, args, check) },
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; exit 1 if a file is laid out otherwise")
	return c
}

func formatAll(env Env, args []string, check bool) error {
	if len(args) == 1 && args[0] == "-" {
		src, err := readAll(env.Stdin, maxManifest)
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
	passedOver(env, set.Foreign) // a hook passes every file with the name
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
			if err := replace(env, name, out); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(env.Stdout, report.Escape(name)); err != nil {
			return err
		}
	}
	if check && changed > 0 {
		return withCode(exitRefused, errors.New("these files are laid out otherwise; run `bindgate fmt`"))
	}
	return nil
}

// maxManifest bounds what is formatted from standard input, in bytes.
const maxManifest = 4 << 20

// replace rewrites a manifest atomically and follows no link of the tree.
func replace(env Env, name string, data []byte) error {
	file, err := confine.Create(env.Dir, name, 0o666)
	if err != nil {
		return fmt.Errorf("replacing %q: %w", name, err)
	}
	defer file.Discard()
	if _, err := file.Write(data); err != nil {
		return fmt.Errorf("replacing %q: %w", name, err)
	}
	if err := file.Commit(); err != nil {
		return fmt.Errorf("replacing %q: %w", name, err)
	}
	return nil
}
