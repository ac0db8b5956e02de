package demo

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/bindgate/bindgate/internal/sandbox"
)

// printer tells the story; what the commands themselves print stands between.
// After a line that could not be written it is silent.
type printer struct {
	w     io.Writer
	color bool
	err   error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) paint(text string, attributes ...color.Attribute) string {
	c := color.New(attributes...)
	if c.DisableColor(); p.color {
		c.EnableColor()
	}
	return c.Sprint(text)
}

func (p *printer) opening(box *sandbox.Sandbox, bindings int, name string) {
	p.line("A sandbox stands in for the platform: its gateway listens at")
	p.line("%s, its name server at %s.", box.Endpoint(), box.Resolver())
	p.line("%d bindings, with certificates of a CA minted just now, are judged and then", bindings)
	p.line("made, each only if every check passes.")
	if name != "" {
		p.line("All files are kept in %s.", name)
	}
}

func (p *printer) command(args []string) {
	p.line("\n%s", p.paint("$ bindgate "+strings.Join(args, " "), color.Bold))
}

func (p *printer) exit(code int) {
	meaning := ""
	if code == exitRefused {
		meaning = ": bindings were refused"
	}
	p.line("(exit code %d%s)", code, meaning)
}

// closing prints the table and what does not agree.
func (p *printer) closing(c comparison) {
	p.line("\n%s\n", p.paint("What was expected, what bindgate decided, what the sandbox received:", color.Bold))
	p.table(c)
	p.line("")
	if len(c.differences) == 0 {
		p.line("%s", p.paint("All agree: the sandbox received what was decided and nothing else, and no group", color.FgGreen))
		p.line("%s", p.paint("lost a domain but the one that the force took it from.", color.FgGreen))
		return
	}
	p.line("%s", p.paint(fmt.Sprintf("They do not agree (%d):", len(c.differences)), color.FgRed, color.Bold))
	for _, d := range c.differences {
		if d.place != (place{}) {
			p.line("- %q on group %q", d.domain, d.group)
		}
		p.line("  %s", d.text)
	}
}

// table prints a line for each binding, with columns as wide as they must be.
func (p *printer) table(c comparison) {
	cells := [][3]string{{"domain", "expected", "decided"}}
	for _, r := range c.rows {
		cells = append(cells, [3]string{r.domain, r.words(), r.decided})
	}
	var width [3]int
	for _, line := range cells {
		for i, cell := range line {
			width[i] = max(width[i], len(cell))
		}
	}
	for i, line := range cells {
		mark, received := " ", "received"
		if i > 0 {
			r := c.rows[i-1]
			received = count(r.received)
			mark = p.paint("✓", color.FgGreen)
			if !c.agrees(r.place) {
				mark = p.paint("✗", color.FgRed)
			}
		}
		p.line("%s %-*s  %-*s  %-*s  %s", mark, width[0], line[0], width[1], line[1], width[2], line[2], received)
	}
}

// words are the expectation as the table tells it.
func (e expectation) words() string {
	switch {
	case e.fails != "":
		return e.becomes + ": " + e.fails
	case e.loser != "":
		return e.becomes + ", taken from another group"
	}
	return e.becomes
}

func count(calls int) string {
	switch calls {
	case 0:
		return "nothing"
	case 1:
		return "1 call"
	}
	return fmt.Sprintf("%d calls", calls)
}

// nextSteps prints commands to go on with; name is the folder's.
func (p *printer) nextSteps(name string) {
	if name == "" {
		p.line("\nNothing of it remains. With --dir bindgate-demo the manifest, the seed and the")
		p.line("certificates stay there, and the next steps are printed.")
		return
	}
	file := func(file string) string { return quote(strings.TrimSuffix(name, "/") + "/" + file) }
	inside := "  bindgate sandbox --seed " + file(seedName) + " --roots " + file(rootsName) + " -- "
	p.line("\nNext, with bindgate on your PATH (go install ./cmd/bindgate). Look at the wishes:")
	p.line("  less %s", file(manifestName))
	p.line("Mend one and judge them again, on a fresh sandbox:")
	p.line("%sbindgate lint %s", inside, file(manifestName))
	p.line("Make those that pass, then see the record of every call:")
	p.line("%sbindgate apply --each --journal %s %s", inside, file(journalName), file(manifestName))
	p.line("  bindgate journal show --journal %s", file(journalName))
	p.line("Learn more of a check:")
	p.line("  bindgate checks explain certificate/covers-domain")
}

// quote makes one word of a path for a shell.
func quote(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
