package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/catalog"
)

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
