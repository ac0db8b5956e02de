package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/usage"
)

func newChecks(env console.Env) *cobra.Command {
	var format string
	list := &cobra.Command{
		Use: "list", Short: "List every check", Args: usage.None,
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
			return env.Print(catalog.Explain(found))
		},
	}
}

func unknownCheck(id string) error {
	if near := catalog.Suggest(catalog.All(), id); near != "" {
		return fmt.Errorf("explaining a check: no check has the id %q; did you mean %q?", id, near)
	}
	return fmt.Errorf("explaining a check: no check has the id %q; see `bindgate checks list`", id)
}
