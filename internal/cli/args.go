package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

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
