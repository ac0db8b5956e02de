package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/internal/console"
)

// flagGroup is a section of a command's help.
type flagGroup struct {
	title string
	flags []string
}

// flagGroups are the sections of the help, in their order. A flag that is in none
// belongs to the command's own flags, which come first.
func flagGroups() []flagGroup {
	return []flagGroup{
		{"One binding without a manifest", bindingFlags()},
		{"Bindings of another tool", []string{"terraform"}},
		{"Reports", strings.Fields("format color quiet verbose sarif-category")},
		{"Policies and severities", strings.Fields("config policy data fail-on actor ci-token external")},
		{"Repeated runs", strings.Fields("since only-new metrics notify")},
		{"Applying", strings.Fields("plan approval each journal read-back max-age lock-wait")},
		{"Certificates", strings.Fields("roots certificate-profile crl weak-keys min-remaining")},
		{"DNS and gateway", strings.Fields("resolver wait endpoint contract timeout concurrency probe")},
		{"Evidence and time", strings.Fields("offline without now evidence evidence-out")},
		{"What a manifest may read", strings.Fields("allow-path allow-env")},
	}
}

// helpWidth is the width of the help: that of the terminal, at most mostHelp.
func helpWidth(env console.Env) int {
	if n := env.Columns(); n > 0 {
		return min(n, mostHelp)
	}
	return 100
}

const mostHelp = 120 // columns; longer lines are hard to read

// plainTexts removes the marks around the names of values from the texts of all flags.
func plainTexts(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, sub := range c.Commands() {
		plainTexts(sub)
	}
}

// usage writes how a command is called, with its flags in groups.
func usage(c *cobra.Command, width int) error {
	var b strings.Builder
	if c.Runnable() {
		fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		if !c.HasParent() {
			b.Reset()
			b.WriteString("Usage:\n")
		}
		fmt.Fprintf(&b, "  %s COMMAND\n\nCommands:\n", c.CommandPath())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&b, "  %-*s %s\n", c.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	grouped := map[string]bool{}
	var sections strings.Builder
	for _, g := range flagGroups() {
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		set.SortFlags = false
		for _, name := range g.flags {
			grouped[name] = true
			if f := c.LocalFlags().Lookup(name); f != nil && c.LocalFlags().Lookup("config") != nil {
				set.AddFlag(f)
			}
		}
		if set.HasAvailableFlags() {
			fmt.Fprintf(&sections, "\n%s:\n%s", g.title, set.FlagUsagesWrapped(width))
		}
	}
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !grouped[f.Name] || c.LocalFlags().Lookup("config") == nil { // a command that judges nothing has few flags
			own.AddFlag(f)
		}
	})
	if own.HasAvailableFlags() {
		fmt.Fprintf(&b, "\nFlags:\n%s", own.FlagUsagesWrapped(width))
	}
	b.WriteString(sections.String())
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nUse \"%s COMMAND --help\" to read more of a command.\n", c.CommandPath())
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}

// one takes exactly one argument; what is it to be named by in an error.
func one(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("reading arguments: got %d, want one %s; see `%s --help`", len(args), what, c.CommandPath())
		}
		return nil
	}
}

// subcommand refuses arguments: an argument here was meant as the name of a
// subcommand.
func subcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := fmt.Sprintf("see `%s --help`", c.CommandPath())
	c.SuggestionsMinimumDistance = min(2, len(args[0])/2) // in edits; two of three letters are another word
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		next = fmt.Sprintf("did you mean %q?", near[0])
	}
	return fmt.Errorf("reading arguments: %q has no command %q; %s", c.CommandPath(), args[0], next)
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
