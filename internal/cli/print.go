package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

func newVersion(env console.Env) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "version", Short: "Print the version, and what it was built from", Args: cobra.NoArgs,
		Example: `  bindgate version
  bindgate version -f json`,
		RunE: func(*cobra.Command, []string) error { return printVersion(env, format) },
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text or json")
	usage.Values(c, "format", "text", "json")
	return c
}

func printVersion(env console.Env, format string) error {
	b := built.Read()
	var err error
	switch format {
	case "json":
		err = json.NewEncoder(env.Stdout).Encode(b)
	case "text":
		_, err = fmt.Fprintf(env.Stdout, "bindgate %s (%s, OPA %s, %s)\n", b.Version, b.Go, b.OPA, b.Platform)
	default:
		return fmt.Errorf("reading -f: unknown format %q, want text or json", format)
	}
	if err != nil {
		return fmt.Errorf("printing the version: %w", err)
	}
	return nil
}

func newSchema(env console.Env) *cobra.Command {
	schemas := map[string]func() []byte{
		"manifest": manifest.Schema, "cutover-map": manifest.MapSchema, "config": config.Schema,
		"config-owner": config.OwnerSchema, "config-tree": config.TreeSchema, "report": report.Schema,
		"evidence": replay.Schema, "policy-input": policy.InputSchema,
	}
	names := slices.Sorted(maps.Keys(schemas))
	return &cobra.Command{
		Use:   "schema " + strings.Join(names, "|"),
		Short: "Print a JSON Schema",
		Example: `  bindgate schema manifest > bindgate.schema.json
  bindgate schema report`,
		Args:      usage.One("name of a schema"),
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

func newChecks(env console.Env) *cobra.Command {
	var format string
	list := &cobra.Command{
		Use: "list", Short: "List every check", Args: cobra.NoArgs,
		Example: `  bindgate checks list
  bindgate checks list -f json`,
		RunE: func(*cobra.Command, []string) error { return catalog.List(env.Stdout, format) },
	}
	list.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: "+strings.Join(catalog.ListFormats(), ", "))
	usage.Values(list, "format", catalog.ListFormats()...)
	return usage.Family("checks", "Show what is checked and why", list, newExplain(env))
}

// newExplain makes the command that explains a check; it is one of checks, and stands
// alone too.
func newExplain(env console.Env) *cobra.Command {
	return &cobra.Command{
		Use: "explain ID", Short: "Explain one check: why, how to fix, examples",
		Example: `  bindgate explain certificate/covers-domain
  bindgate checks list`,
		Args: usage.One("id of a check"),
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
}

func unknownCheck(id string) error {
	if near := catalog.Suggest(catalog.All(), id); near != "" {
		return fmt.Errorf("explaining a check: no check has the id %q; did you mean %q?", id, near)
	}
	return fmt.Errorf("explaining a check: no check has the id %q; see `bindgate checks list`", id)
}
