package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/manpage"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/report"
)

// version is the module's version, as the Go tool stamped it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

func newVersion(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			goVersion := ""
			if info != nil {
				goVersion = info.GoVersion
			}
			_, err := fmt.Fprintf(env.Stdout, "bindgate %s %s\n", version(), goVersion)
			return err
		},
	}
}

func newSchema(env Env) *cobra.Command {
	schemas := map[string]func() []byte{
		"manifest": manifest.Schema, "config": config.Schema, "report": report.Schema,
		"evidence": replay.Schema, "policy-input": policy.InputSchema,
	}
	names := slices.Sorted(maps.Keys(schemas))
	return &cobra.Command{
		Use:       "schema " + strings.Join(names, "|"),
		Short:     "Print a JSON Schema",
		Args:      one("name of a schema"),
		ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			schema, ok := schemas[args[0]]
			if !ok {
				return fmt.Errorf("printing a schema: got %q, want one of %s", args[0], strings.Join(names, ", "))
			}
			_, err := env.Stdout.Write(schema())
			return err
		},
	}
}

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

func newChecks(env Env) *cobra.Command {
	c := &cobra.Command{Use: "checks", Short: "Show what is checked and why", Args: subcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var format string
	list := &cobra.Command{
		Use: "list", Short: "List every check", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return catalog.List(env.Stdout, format) },
	}
	list.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: "+strings.Join(catalog.ListFormats(), ", "))
	fixed(list, "format", catalog.ListFormats()...)
	explain := &cobra.Command{
		Use: "explain ID", Short: "Explain one check: why, how to fix, examples", Args: one("id of a check"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, c := range catalog.All() {
				ids = append(ids, c.ID+"\t"+c.Doc.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			found, ok := catalog.Find(args[0])
			if !ok {
				return unknownCheck(args[0])
			}
			_, err := fmt.Fprint(env.Stdout, catalog.Explain(found))
			return err
		},
	}
	c.AddCommand(list, explain)
	return c
}

func unknownCheck(id string) error {
	if near := catalog.Suggest(catalog.All(), id); near != "" {
		return fmt.Errorf("explaining a check: no check has the id %q; did you mean %q?", id, near)
	}
	return fmt.Errorf("explaining a check: no check has the id %q; see `bindgate checks list`", id)
}
