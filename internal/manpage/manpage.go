// Package manpage writes the man pages of bindgate in the macros of man(7).
package manpage

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// entry is a term and what it means.
type entry struct{ term, text string }

// guides says where more is explained.
const guides = "The pages docs/blocked.md and docs/exit-3.md of https://github.com/bindgate/bindgate explain each cause of a blocked deploy, and what heals it."

// Options are what the pages have in common.
type Options struct {
	Version string
	Date    time.Time
}

// Write gives write the file name and the text of one page per command, for c and all
// its subcommands.
func Write(c *cobra.Command, o Options, write func(name string, text []byte) error) error {
	if err := write(name(c)+".1", []byte(page(c, o))); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := Write(sub, o, write); err != nil {
			return err
		}
	}
	return nil
}

// page returns the page of a command. Cobra's generator needs a Markdown
// renderer, whose tables would cost every start of bindgate a fiftieth of its
// time.
func page(c *cobra.Command, o Options) string {
	c.InitDefaultHelpFlag()
	s := subjectOf(c)
	var b strings.Builder
	section := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&b, ".SH %s\n%s\n", title, text)
		}
	}
	fmt.Fprintf(&b, ".TH %s 1 %s %q bindgate\n", strings.ToUpper(name(c)), o.Date.UTC().Format(time.DateOnly), "bindgate "+o.Version)
	section("NAME", roff(name(c))+` \- `+roff(c.Short))
	section("SYNOPSIS", `\fB`+roff(c.UseLine())+`\fP`)
	section("DESCRIPTION", prose(c.Long))
	section("OPTIONS", options(c.LocalFlags()))
	section("EXIT STATUS", entries(s.exitStatus()))
	section("ENVIRONMENT", entries(s.concerning(variables())))
	section("FILES", entries(s.concerning(files())))
	section("EXAMPLES", prose(c.Example))
	var others []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			others = append(others, reference(sub))
		}
	}
	if c.HasParent() {
		others = append(others, reference(c.Parent()))
	}
	section("SEE ALSO", strings.Join(others, ",\n")+"\n.PP\n"+roff(guides))
	return b.String()
}

// prose is text of paragraphs; indented lines are shown as they are.
func prose(text string) string {
	var out []string
	shown, gap := false, false
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		switch {
		case strings.TrimSpace(line) == "":
			gap = len(out) > 0
			continue
		case shown && !indented:
			out, shown = append(out, ".EE"), false
			gap = true
		case gap && shown:
			out = append(out, "")
			gap = false
		}
		if gap {
			out, gap = append(out, ".PP"), false
		}
		if indented && !shown {
			out, shown = append(out, ".EX"), true
		}
		out = append(out, roff(strings.ReplaceAll(line, "\t", "    ")))
	}
	if shown {
		out = append(out, ".EE")
	}
	return strings.Join(out, "\n")
}

// entries is a list of terms.
func entries(list []entry) string {
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprintf(".TP\n\\fB%s\\fP\n%s", roff(e.term), roff(e.text)))
	}
	return strings.Join(out, "\n")
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
		flag := `\fB` + roff("--"+f.Name) + `\fP`
		if f.Shorthand != "" {
			flag = `\fB` + roff("-"+f.Shorthand+", --"+f.Name) + `\fP`
		}
		if value != "" {
			flag += ` \fI` + roff(value) + `\fP`
		}
		fmt.Fprintf(&b, ".TP\n%s\n%s\n", flag, roff(usage))
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
