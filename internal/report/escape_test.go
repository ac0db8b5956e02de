package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"api.demo.com":                    "api.demo.com",
		"未备案 é ✓":                         "未备案 é ✓",
		"a\nb\r\tc":                       `a\nb\r\tc`,
		"\x1b[31mred\x1b[0m":              `\x1b[31mred\x1b[0m`,
		"\u009b31m":                       `\u009b31m`,
		"a\x7fb\x00":                      `a\x7fb\x00`,
		"moc.\u202eomed":                  `moc.\u202eomed`,
		"zero\u200bwidth\ufeff":           `zero\u200bwidth\ufeff`,
		"blank\u3164\u115f\ufe0f":         `blank\u3164\u115f\ufe0f`,
		"tag\U000e0041":                   `tag\U000e0041`,
		"line\u2028sep\u00a0":             `line\u2028sep\u00a0`,
		"bad\xff\xfe":                     `bad\xff\xfe`,
		"::error file=x::y":               `\x3a:error file=x::y`,
		"  ::error::":                     `  \x3a:error::`,
		"see 2001:db8::1":                 "see 2001:db8::1",
		"##[error]x ##vso[task]":          `#\x23[error]x #\x23vso[task]`,
		"###":                             `#\x23#`,
		"e\u0301 \u0301x":                 "e\u0301 \\u0301x",
		"\u0301a":                         `\u0301a`,
		"a" + strings.Repeat("\u0301", 6): "a" + strings.Repeat("\u0301", 4) + `\u0301\u0301`,
		"section_start:1:a\r\x1b[0K":      `section_start:1:a\r\x1b[0K`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %s, want %s", in, got, want)
		}
	}
	if got := utf8.RuneCountInString(Escape(strings.Repeat("\x1b", 10*maxText))); got != maxText+1 {
		t.Errorf("a long text has %d characters, want %d", got, maxText+1)
	}
}

// harmlessLine is what every line of a text report must be.
func harmlessLine(t interface{ Fatalf(string, ...any) }, line string) {
	if !utf8.ValidString(line) {
		t.Fatalf("%q is not valid UTF-8", line)
	}
	for _, r := range line {
		if !visible(r) {
			t.Fatalf("%q holds %U", line, r)
		}
	}
	if strings.HasPrefix(strings.TrimLeft(line, " "), "::") || strings.Contains(line, "##") {
		t.Fatalf("%q reads as a command of a CI runner", line)
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "::error::x", "##[group]", "a\x1b[2Jb", "\u202e\u2066", "\xff", " ::", "# ##"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		harmlessLine(t, got)
		if again := Escape(got); again != got {
			t.Fatalf("escaped twice: %q, once: %q", again, got)
		}
		doc, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		safe := escapeJSON(doc)
		harmlessLine(t, string(safe))
		var before, after string
		if json.Unmarshal(doc, &before) != nil || json.Unmarshal(safe, &after) != nil || before != after {
			t.Fatalf("%q reads back as %q", before, after)
		}
	})
}

// hostile draws texts that try to leave their place.
func hostile() *rapid.Generator[string] {
	piece := rapid.OneOf(rapid.SampledFrom([]string{"::error::x", " ", "\n", "\r", "\x1b[2J", "##vso[", "##[", "\u202e", "\u200b", "\xff", "::",
		"\u0085", "未备案", strings.Repeat("x", 100), strings.Repeat("::", 60)}), rapid.String())
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), "") })
}

// hostileBinding has such a text in every place that the outside can fill.
func hostileBinding(t *rapid.T) Binding {
	s := func() string { return hostile().Draw(t, "text") }
	file := at(1, 1)
	file.File = s()
	domain := evidence.Domain{DomainName: s(), BindStageName: s(), CertificateName: s(), DomainBindingStatus: s()}
	stage := s()
	b := Binding{DomainName: s(), GroupID: s(), RegionID: s(), BindStageName: &stage, Source: file, Reasons: []string{s()},
		Decision: rapid.SampledFrom([]gate.Status{gate.Allowed, gate.Refused, gate.Undetermined, gate.Partial}).Draw(t, "decision"),
		Calls: []plan.Call{{Action: s(), RegionID: s(), Params: map[string]string{s(): s()},
			Material: &plan.Material{ChainDigest: s(), BodyParam: s(), KeyParam: s()}}},
		Displaces: []evidence.BoundGroup{{GroupRef: evidence.GroupRef{GroupID: s(), GroupName: s()}, Domain: domain}},
		Evidence:  &Excerpt{Group: s(), Servers: []evidence.ServerAnswer{{Server: s(), Address: s(), RCode: s(), Targets: []string{s()}, Problem: s()}}, Hops: []evidence.Hop{{Owner: s(), Target: s()}}, End: &evidence.End{Name: s(), Event: evidence.Event(s())}, Path: []string{s(), s()}, RootsFrom: s()},
		Outcome:   &Outcome{Status: rapid.SampledFrom([]string{bound, failed, unknown, incomplete}).Draw(t, "outcome"), Code: s(), Message: s(), RequestID: s(), Before: &domain, Restore: []string{s()}},
	}
	for _, status := range []checks.Status{checks.StatusFail, checks.StatusUnknown, checks.StatusNotRun, checks.StatusPass} {
		b.Checks = append(b.Checks, checks.Result{ID: "dns/" + s(), Status: status, Reason: s(), Findings: []checks.Finding{
			{Severity: checks.Error, Message: s(), Fix: s(), Source: file}, {Severity: checks.Warning, Message: s(), Fix: s(), Source: file}}})
	}
	return b
}

func TestHostileTextDrivesNothing(t *testing.T) {
	cputime.SkipUnderRace(t)
	paint := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	command := regexp.MustCompile(`^::(error|warning) file=[^:,]*,line=\d+,col=\d+,title=[^:,]*::.*$`)
	rapid.Check(t, func(t *rapid.T) {
		r := run("plan", hostileBinding(t), hostileBinding(t))
		source := hostile().Draw(t, "source line")
		r.Text = func(string) []byte { return []byte("- domainName: " + source + "\n") }
		o := Options{Color: rapid.Bool().Draw(t, "color"), Verbose: rapid.Bool().Draw(t, "verbose"), Width: rapid.IntRange(0, 120).Draw(t, "width")}
		copied := map[string]bool{} // lines that are never wrapped, words wider than a line aside
		for _, b := range r.Bindings {
			copied["    "+Escape(b.Outcome.Restore[0])] = true
		}
		for _, format := range Formats() {
			var out bytes.Buffer
			if err := r.write(Open(&out, format, r.Head, o)); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if format == "text" {
					if o.Color {
						line = paint.ReplaceAllString(line, "")
					}
					if got, most := columns(line), newPrinter(o).width; got > most && !copied[line] && len(words(line)) > 1 {
						t.Fatalf("%q has %d columns, want at most %d", line, got, most)
					}
				}
				if format == "github" && strings.HasPrefix(line, "::") {
					if !command.MatchString(line) {
						t.Fatalf("%q is not one command with its own properties", line)
					}
					line = line[2:]
				}
				harmlessLine(t, line)
			}
		}
	})
}
