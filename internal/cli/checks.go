package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/catalog"
)

func newChecks(env Env) *cobra.Command {
	c := &cobra.Command{Use: "checks", Short: "Show what is checked and why", Args: subcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var format string
	list := &cobra.Command{
		Use: "list", Short: "List every check", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return listChecks(env, format) },
	}
	list.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text, json or markdown")
	fixed(list, "format", "text", "json", "markdown")
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

// listChecks prints the catalogue, one line or one object a check.
func listChecks(env Env, format string) error {
	all := catalog.All()
	switch format {
	case "text":
		w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		for _, c := range all {
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\n", c.ID, weight(c), c.Doc.Title); err != nil {
				return err
			}
		}
		return w.Flush()
	case "markdown":
		var b strings.Builder
		b.WriteString("| id | weight | true when it passes |\n|---|---|---|\n")
		for _, c := range all {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.ID, weight(c), c.Doc.Title)
		}
		_, err := io.WriteString(env.Stdout, b.String())
		return err
	case "json":
		type row struct {
			ID       string          `json:"id"`
			Severity checks.Severity `json:"severity"`
			Core     bool            `json:"core"`
			Needs    []string        `json:"needs"`
			Title    string          `json:"title"`
		}
		rows := make([]row, 0, len(all))
		for _, c := range all {
			needs := []string{}
			for _, n := range c.Needs {
				needs = append(needs, string(n))
			}
			rows = append(rows, row{c.ID, c.Severity, c.Core, slices.Clip(needs), c.Doc.Title})
		}
		enc := json.NewEncoder(env.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	return fmt.Errorf("reading -f: unknown format %q, want text, json or markdown", format)
}

func weight(c checks.Check) string {
	switch {
	case c.Core:
		return "core"
	case c.Severity == checks.Error:
		return "error"
	}
	return "warning"
}
