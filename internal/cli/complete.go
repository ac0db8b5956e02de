package cli

import "github.com/spf13/cobra"

// fixed tells the shell which values a flag takes; call it after the flag is there.
func fixed(c *cobra.Command, flag string, values ...string) {
	// The error says that there is no such flag, which the tests of completion show.
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}
