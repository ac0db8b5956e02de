package demo

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/bindgate/bindgate/internal/sandbox"
)

// printer prints the text around the output of the commands. After a failed
// write it prints nothing more.
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
	p.line("A sandbox simulates the platform: its gateway listens at")
	p.line("%s, its name server at %s.", box.Endpoint(), box.Resolver())
	p.line("%d bindings, with certificates of a new CA, are judged and then", bindings)
	p.line("applied, each only if every check passes.")
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

// closing prints the table and every difference. It reports whether there are
// none.
func (p *printer) closing(rows []row, promise [2]string) (agree bool) {
	p.line("\n%s\n", p.paint("Expectation, decision of bindgate, calls received by the sandbox:", color.Bold))
	columns := [3]int{len("domain"), len("expected"), len("decided")}
	for _, r := range rows {
		columns = [3]int{max(columns[0], len(r.domain)), max(columns[1], len(r.expected)), max(columns[2], len(r.decided))}
	}
	line := func(mark, domain, expected, decided, received string) {
		p.line("%s %-*s  %-*s  %-*s  %s", mark, columns[0], domain, columns[1], expected, columns[2], decided, received)
	}
	line(" ", "domain", "expected", "decided", "calls")
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
		for _, line := range promise {
			p.line("%s", p.paint(line, color.FgGreen))
		}
		return true
	}
	p.line("%s", p.paint("Differences:", color.FgRed, color.Bold))
	for _, r := range rows {
		for _, text := range r.differences {
			p.line("- %q on %q: %s", r.domain, r.target, text)
		}
	}
	return false
}

// without prints what the same requests do without bindgate.
func (p *printer) without(rows []row) {
	p.line("\n%s", p.paint("The same requests by a plain client, without bindgate, on a second sandbox:", color.Bold))
	p.line("(An update replaces the whole record there; the platform's pages do not say.)\n")
	widest := len("domain")
	for _, r := range rows {
		widest = max(widest, len(r.domain))
	}
	p.line("  %-*s  %-8s  %s", widest, "domain", "platform", "clients then")
	for _, r := range rows {
		p.line("  %-*s  %-8s  %s", widest, r.domain, r.decided, r.expected)
	}
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

// nextSteps prints commands to continue with; name is the folder's.
func (p *printer) nextSteps(name string, s scenario) {
	if name == "" {
		p.line("\nAll files were removed. With --dir bindgate-demo the manifest, the seed and the")
		p.line("certificates are kept there, and the next steps are printed.")
		return
	}
	file := func(file string) string { return quote(strings.TrimSuffix(name, "/") + "/" + file) }
	inside := "  bindgate sandbox --seed " + file(seedName) + " --roots " + file(rootsName) + " -- "
	p.line("\nNext, with bindgate on your PATH (go install ./cmd/bindgate). View the manifest:")
	p.line("  less %s", file(manifestName))
	p.line("Fix one binding and lint again, on a fresh sandbox:")
	policy := ""
	if s.more[policyFile] != "" {
		policy = "--policy " + file("policies") + " "
	}
	p.line("%sbindgate lint %s%s", inside, policy, file(manifestName))
	p.line("Apply those that pass, then show the record of every call:")
	p.line("%sbindgate apply --each --journal %s %s%s", inside, file(journalName), policy, file(manifestName))
	p.line("  bindgate journal show --journal %s", file(journalName))
	p.line("Learn more about a check:")
	p.line("  bindgate checks explain %s", s.explain)
}

// quote quotes a path as one shell word.
func quote(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
