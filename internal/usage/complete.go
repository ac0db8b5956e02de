package usage

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Values registers the values of a flag for shell completion; the flag must exist.
func Values(c *cobra.Command, flag string, values ...string) {
	// The error says that there is no such flag, which the tests of completion show.
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// ValuesOrFile registers values of a flag that also takes a file.
func ValuesOrFile(c *cobra.Command, flag string, values ...string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveDefault)) // as in Values
}

// ValueList registers the values of a flag that takes a list with commas.
func ValueList(c *cobra.Command, flag string, values ...string) {
	complete := func(_ *cobra.Command, _ []string, begun string) (all []string, _ cobra.ShellCompDirective) {
		before := begun[:strings.LastIndex(begun, ",")+1]
		for _, v := range values {
			if !slices.Contains(strings.Split(before, ","), v) {
				all = append(all, before+v)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	_ = c.RegisterFlagCompletionFunc(flag, complete) // as in Values
}

// Complete prepares a command and all below it for a shell that asks what completes its
// arguments; it has no other effect. The shell shows texts of flags without the marks around
// the names of values.
func Complete(c *cobra.Command) {
	completeRest(c)
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, sub := range c.Commands() {
		Complete(sub)
	}
}

// completeRest registers what completes the flags and arguments that have no values of
// their own: files where a file is wanted, folders where a folder is, else nothing.
func completeRest(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		placeholder, _ := pflag.UnquoteUsage(f)
		_, registered := c.GetFlagCompletionFunc(f.Name)
		switch {
		case registered || f.NoOptDefVal != "" || strings.HasSuffix(placeholder, "FILE") || f.Name == "policy":
		case placeholder == "DIR":
			_ = c.MarkFlagDirname(f.Name) // as in Values
		default:
			_ = c.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions) // as in Values
		}
	})
	_, takes, _ := strings.Cut(c.Use, " ")
	switch {
	case c.ValidArgsFunction != nil || c.ValidArgs != nil || c.HasSubCommands():
	case takes == "[PATH…]" && c.Flags().Lookup("format") != nil: // manifests
		c.ValidArgsFunction = cobra.FixedCompletions([]string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt)
	case strings.Trim(takes, "[]") == "DIR":
		c.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case takes == "" || strings.HasPrefix(takes, "-") && !strings.Contains(takes, "["):
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
}
