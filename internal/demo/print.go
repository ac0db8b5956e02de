package demo

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/bindgate/bindgate/internal/sandbox"
)

// printer prints the story; what the commands themselves print comes between.
// After a line that could not be written it prints nothing more.
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

// closing prints the table and every difference. It reports whether there is none.
func (p *printer) closing(rows []row) (agree bool) {
	p.line("\n%s\n", p.paint("What was expected, what bindgate decided, what the sandbox received:", color.Bold))
	columns := [3]int{len("domain"), len("expected"), len("decided")}
	for _, r := range rows {
		columns = [3]int{max(columns[0], len(r.domain)), max(columns[1], len(r.expected)), max(columns[2], len(r.decided))}
	}
	line := func(mark, domain, expected, decided, received string) {
		p.line("%s %-*s  %-*s  %-*s  %s", mark, columns[0], domain, columns[1], expected, columns[2], decided, received)
	}
	line(" ", "domain", "expected", "decided", "received")
	agree = true
	for _, r := range rows {
		mark := p.paint("✓", color.FgGreen)
		if len(r.differences) > 0 {
			mark, agree = p.paint("✗", color.FgRed), false
		}
		line(mark, r.domain, r.expected, r.decided, count(r.received))
	}
	p.line("")
	if agree {
		p.line("%s", p.paint("All agree: the sandbox received what was decided and nothing else, and no group", color.FgGreen))
		p.line("%s", p.paint("lost a domain but the one that the force took it from.", color.FgGreen))
		return true
	}
	p.line("%s", p.paint("They do not agree:", color.FgRed, color.Bold))
	for _, r := range rows {
		for _, text := range r.differences {
			p.line("- %q on group %q: %s", r.domain, r.group, text)
		}
	}
	return false
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
	p.line("\nNext, with bindgate on your PATH (go install ./cmd/bindgate). View the manifest:")
	p.line("  less %s", file(manifestName))
	p.line("Fix one binding and lint again, on a fresh sandbox:")
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
