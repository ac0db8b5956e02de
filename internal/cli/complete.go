package cli

import "github.com/spf13/cobra"

// fixed registers the values of a flag for shell completion; the flag must exist.
func fixed(c *cobra.Command, flag string, values ...string) {
	// The error says that there is no such flag, which the tests of completion show.
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeShells adds cobra's command that prints the scripts of completion. A shell
// that it does not know is an error, not a page of help that ends in a script's file.
func completeShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = subcommand, func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
}
