package cli

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/internal/console"
)

// completions are the words that __complete offers after the arguments in a folder, and its
// directive.
func completions(t *testing.T, dir string, args ...string) (words []string, directive string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := console.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Dir: dir, LookupEnv: func(string) (string, bool) { return "", false }}
	if code := Run(t.Context(), append([]string{"__complete"}, args...), env); code != 0 {
		t.Fatalf("completing %q: exit code %d: %s", args, code, errs.String())
	}
	if strings.Contains(out.String(), "`") {
		t.Errorf("completing %q has back-ticks: %s", args, out.String())
	}
	for line := range strings.Lines(out.String()) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(word, ":") {
			return words, word
		}
		words = append(words, word)
	}
	t.Fatalf("completing %q: no directive: %s", args, out.String())
	return nil, ""
}

// enumeration are the values that the text of a flag lists, as in "stage: TEST, PRE or
// RELEASE" or in "`group,dns`"; nil if it lists none.
func enumeration(f *pflag.Flag) []string {
	placeholder, text := pflag.UnquoteUsage(f)
	if strings.Contains(placeholder, ",") && !strings.ContainsAny(placeholder, "[:") {
		return strings.Split(placeholder, ",")
	}
	at := strings.LastIndex(text, ": ")
	if at < 0 {
		return nil
	}
	list, _, _ := strings.Cut(regexp.MustCompile(` ?\([^)]*\)`).ReplaceAllString(text[at+2:], ""), ";")
	list, _, _ = strings.Cut(list, ", or a")
	values := strings.Split(strings.ReplaceAll(list, " or ", ", "), ", ")
	word := regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	if len(values) < 2 || slices.ContainsFunc(values, func(v string) bool { return !word.MatchString(v) }) {
		return nil
	}
	return values
}

// Each flag whose text lists its values completes with them; a flag of a file or folder
// completes with those; any other with nothing.
func TestEveryFlagCompletes(t *testing.T) {
	t.Parallel()
	lists, dir := 0, t.TempDir()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			if f.NoOptDefVal != "" { // a switch
				return
			}
			words, directive := completions(t, dir, append(slices.Clone(path), "--"+f.Name, "")...)
			placeholder, _ := pflag.UnquoteUsage(f)
			if want := enumeration(f); want != nil {
				lists++
				for _, v := range want {
					if !slices.Contains(words, v) {
						t.Errorf("%s --%s: got %q, want %q among them", c.CommandPath(), f.Name, words, v)
					}
				}
				return
			}
			file := strings.HasSuffix(placeholder, "FILE") || f.Name == "policy"
			switch {
			case placeholder == "DIR" && directive != ":16":
				t.Errorf("%s --%s: got the directive %s, want folders", c.CommandPath(), f.Name, directive)
			case file && directive != ":0":
				t.Errorf("%s --%s: got the directive %s, want files", c.CommandPath(), f.Name, directive)
			case placeholder != "DIR" && !file && directive != ":4" && directive != ":6":
				t.Errorf("%s --%s: got the directive %s, want no files", c.CommandPath(), f.Name, directive)
			}
		})
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && sub.Name() != "completion" {
				walk(sub)
			}
		}
	}
	walk(newRoot(console.Env{LookupEnv: func(string) (string, bool) { return "", false }}, nil))
	if lists < 30 {
		t.Errorf("%d flags list their values", lists)
	}
}

// Values that no text lists.
func TestCompletesValues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tc := range []struct {
		args string
		want string
	}{
		{"lint --stage ?", "RELEASE"},
		{"lint --fail-on ?", "error"},
		{"lint --client-certificate ?", "none"},
		{"lint --without group,?", "group,revocation"},
		{"init --ci git?", "gitlab"},
		{"sandbox --assume renewal?", "renewal=keep"},
		{"sandbox --rate ?", "documented"},
		{"checks explain dns/serv?", "dns/servers-agree"},
		{"schema ev?", "evidence"},
		{"lint ?", "yaml"},
		{"completion ?", "zsh"},
		{"policy ?", "why"},
	} {
		args := strings.Fields(strings.TrimSuffix(tc.args, "?"))
		if strings.HasSuffix(tc.args, " ?") {
			args = append(args, "")
		}
		if words, _ := completions(t, dir, args...); !slices.Contains(words, tc.want) {
			t.Errorf("%s: got %q, want %q among them", tc.args, words, tc.want)
		}
	}
	if words, _ := completions(t, dir, "lint", "--without", "group,"); slices.Contains(words, "group,group") {
		t.Errorf("a value is offered twice: %q", words)
	}
}
