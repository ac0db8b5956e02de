package cli

import (
	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/report"
)

// fixed tells the shell which values a flag takes.
func fixed(c *cobra.Command, flag string, values ...string) {
	// The error says that there is no such flag, which the tests of completion show.
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeJudging tells the shell the values of the flags of judging commands.
func completeJudging(c *cobra.Command) {
	fixed(c, "format", report.Formats()...)
	fixed(c, "contract", "2026", "2017")
	fixed(c, "fail-on", "warning", "error")
	fixed(c, "stage", "TEST", "PRE", "RELEASE")
	fixed(c, "type", "INTERNET", "INTRANET")
	fixed(c, "proof", "cname", "txt")
	fixed(c, "redirect", "true", "false")
}
