// Package manpage writes the man pages of a command line in the macros of man(7).
package manpage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Write gives write the file name and the text of one page per command, for c and all
// its subcommands. version is the program's version.
func Write(c *cobra.Command, version string, write func(name string, text []byte) error) error {
	if err := write(name(c)+".1", []byte(page(c, version))); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := Write(sub, version, write); err != nil {
			return err
		}
	}
	return nil
}

// page returns the page of a command. Cobra's generator needs a Markdown
// renderer, whose tables would cost every start of bindgate a fiftieth of its
// time.
func page(c *cobra.Command, version string) string {
	c.InitDefaultHelpFlag()
	var b strings.Builder
	section := func(title, format string, args ...any) { fmt.Fprintf(&b, ".SH "+title+"\n"+format+"\n", args...) }
	fmt.Fprintf(&b, ".TH %s 1 \"\" %q bindgate\n", strings.ToUpper(name(c)), "bindgate "+version)
	section("NAME", `%s \- %s`, roff(name(c)), roff(c.Short))
	section("SYNOPSIS", `\fB%s\fP`, roff(c.UseLine()))
	if c.Long != "" {
		section("DESCRIPTION", "%s", strings.ReplaceAll(roff(c.Long), "\n\n", "\n.PP\n"))
	}
	section("OPTIONS", "%s", options(c.LocalFlags()))
	var others []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			others = append(others, reference(sub))
		}
	}
	if c.HasParent() {
		others = append(others, reference(c.Parent()))
	}
	section("SEE ALSO", "%s", strings.Join(others, ",\n"))
	return b.String()
}

func options(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		if !slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue) {
			usage += " (default " + f.DefValue + ")"
		}
		flag := "--" + f.Name
		if f.Shorthand != "" {
			flag = "-" + f.Shorthand + ", " + flag
		}
		fmt.Fprintf(&b, ".TP\n\\fB%s\\fP \\fI%s\\fP\n%s\n", roff(flag), roff(value), roff(usage))
	})
	return strings.TrimSuffix(b.String(), "\n")
}

func reference(c *cobra.Command) string { return `\fB` + roff(name(c)) + `\fP(1)` }

func name(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// roff escapes text for troff: backslashes, hyphens that must stay ASCII, and a
// control character at the start of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n.", "\n\\&.", "\n'", "\n\\&'").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
