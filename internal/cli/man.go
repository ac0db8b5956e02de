package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newMan(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Args:  one("folder"),
		RunE: func(c *cobra.Command, args []string) error {
			dir := absolute(env, args[0])
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			if err := writeManPages(c.Root(), dir); err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			_, err := fmt.Fprintf(env.Stdout, "wrote the man pages; read one with: man %s/bindgate-lint.1\n", args[0])
			return err
		},
	}
}

// writeManPages writes the page of a command, and those of the commands below it.
func writeManPages(c *cobra.Command, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, manName(c)+".1"), []byte(manPage(c)), 0o644); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := writeManPages(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

// manPage is the page of a command in the macros of man(7). Cobra's own
// generator renders Markdown, and its tables would cost every start of bindgate
// a fiftieth of its time.
func manPage(c *cobra.Command) string {
	c.InitDefaultHelpFlag()
	var b strings.Builder
	section := func(title, format string, args ...any) { fmt.Fprintf(&b, ".SH "+title+"\n"+format+"\n", args...) }
	fmt.Fprintf(&b, ".TH %s 1 \"\" %q bindgate\n", strings.ToUpper(manName(c)), "bindgate "+version())
	section("NAME", `%s \- %s`, roff(manName(c)), roff(c.Short))
	section("SYNOPSIS", `\fB%s\fP`, roff(c.UseLine()))
	if c.Long != "" {
		section("DESCRIPTION", "%s", strings.ReplaceAll(roff(c.Long), "\n\n", "\n.PP\n"))
	}
	section("OPTIONS", "%s", manOptions(c.LocalFlags()))
	var others []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			others = append(others, manReference(sub))
		}
	}
	if c.HasParent() {
		others = append(others, manReference(c.Parent()))
	}
	section("SEE ALSO", "%s", strings.Join(others, ",\n"))
	return b.String()
}

func manOptions(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		if !slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue) {
			usage += " (default " + f.DefValue + ")"
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(&b, ".TP\n\\fB%s\\fP \\fI%s\\fP\n%s\n", roff(name), roff(value), roff(usage))
	})
	return strings.TrimSuffix(b.String(), "\n")
}

func manReference(c *cobra.Command) string { return `\fB` + roff(manName(c)) + `\fP(1)` }

func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// roff escapes what troff would read as its own: backslashes, hyphens that are
// to stay ASCII, and a control character where a line begins.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n.", "\n\\&.", "\n'", "\n\\&'").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
