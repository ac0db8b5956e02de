// Package usage is what every command shows of itself: help, completion of a shell, and
// errors about arguments and flags with the next step.
package usage

import (
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Group is a section of a command's help.
type Group struct {
	Title string
	Flags []string
	Needs string // without this flag the command has no such section; empty: none is needed
}

// Install gives a command and all below it their help and errors. A flag that is in none
// of the groups belongs to the command's own, which come first. An error may name a flag of
// any of all the program's commands.
func Install(root *cobra.Command, columns func() int, groups func() []Group, all func() []*cobra.Command) {
	root.SetUsageFunc(func(c *cobra.Command) error {
		width := min(columns(), mostHelp)
		if width <= 0 {
			width = 100
		}
		return show(c, width, groups())
	})
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return flagError(c, err, all) })
	completeShells(root)
	helpOfKnown(root)
}

const mostHelp = 120 // columns; longer lines are hard to read

// show writes how a command is called, with its flags in groups.
func show(c *cobra.Command, width int, groups []Group) error {
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
	for _, g := range groups {
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		set.SortFlags = false
		if g.Needs != "" && c.LocalFlags().Lookup(g.Needs) == nil {
			continue
		}
		for _, name := range g.Flags {
			grouped[name] = true
			if f := c.LocalFlags().Lookup(name); f != nil && c.LocalFlags().Lookup("config") != nil {
				set.AddFlag(shown(f))
			}
		}
		if set.HasAvailableFlags() {
			fmt.Fprintf(&sections, "\n%s:\n%s", g.Title, set.FlagUsagesWrapped(width))
		}
	}
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !grouped[f.Name] || c.LocalFlags().Lookup("config") == nil { // a command that judges nothing has few flags
			own.AddFlag(shown(f))
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

// shown returns a flag as the help shows it: a default of nothing is not one.
func shown(f *pflag.Flag) *pflag.Flag {
	out := *f
	kind := f.Value.Type()
	if kind == "duration" && f.DefValue == "0s" || kind == "stringToString" && f.DefValue == "[]" { // pflag knows the others
		out.DefValue = ""
	}
	if name := valueNames()[f.Value.Type()]; name != "" && !strings.Contains(f.Usage, "`") {
		out.Value = shownValue{f.Value, name}
	}
	return &out
}

// valueNames are what the help calls the value of a flag whose text names none, by its
// type in Go.
func valueNames() map[string]string {
	return map[string]string{"string": "VALUE", "stringArray": "PATH", "duration": "DURATION", "int": "N"}
}

// shownValue is a flag's value under the name that the help has for it.
type shownValue struct {
	pflag.Value
	name string
}

func (v shownValue) Type() string { return v.name }

// Family returns a command that only has others below it.
func Family(use, short string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: Subcommand, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(below...)
	return c
}

// One takes exactly one argument, which an error calls what.
func One(what string) cobra.PositionalArgs { return between(1, 1, "one "+what) }

// AtMostOne takes one argument or none.
func AtMostOne(what string) cobra.PositionalArgs { return between(0, 1, "at most one "+what) }

// Some takes one argument or more.
func Some(what string) cobra.PositionalArgs { return between(1, math.MaxInt, "at least one "+what) }

func between(least, most int, want string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) >= least && len(args) <= most:
			return nil
		case len(args) == 0:
			return fmt.Errorf("reading arguments: got none, want %s; see `%s --help`", want, c.CommandPath())
		}
		return fmt.Errorf("reading arguments: got %d, want %s; see `%s --help`", len(args), want, c.CommandPath())
	}
}

// None takes no argument.
func None(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	for _, flag := range []string{"map", "seed", "journal", "region"} { // what is often given without its flag
		if c.Flags().Lookup(flag) != nil {
			return fmt.Errorf("reading arguments: got %.80q, and %s takes flags only; did you mean --%s %[1]s? See `%[2]s --help`", args[0], c.CommandPath(), flag)
		}
	}
	return fmt.Errorf("reading arguments: got %.80q, and %s takes flags only; see `%s --help`", args[0], c.CommandPath(), c.CommandPath())
}

// Subcommand refuses arguments: an argument here was meant as the name of a
// subcommand.
func Subcommand(c *cobra.Command, args []string) error {
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
			c.Args, c.RunE = Subcommand, func(c *cobra.Command, _ []string) error { return c.Help() }
			for _, shell := range c.Commands() {
				shell.Args = None
			}
		}
	}
}

// helpOfKnown makes the help of a command that does not exist an error, as the command
// itself is.
func helpOfKnown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Use, c.Short, c.Long, c.Run = "help [COMMAND…]", "Show the help of a command", "", nil
			c.RunE = func(c *cobra.Command, args []string) error {
				found, rest, err := c.Root().Find(args)
				if err != nil {
					return err
				}
				if err := Subcommand(found, rest); err != nil {
					return err
				}
				return found.Help()
			}
		}
	}
}
