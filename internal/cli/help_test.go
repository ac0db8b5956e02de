package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
)

// Every command that judges has its flags in groups, each flag once, and shows two
// examples; a group names no flag that is gone.
func TestHelpGroupsFlags(t *testing.T) {
	t.Parallel()
	exist := map[string]bool{}
	for _, c := range newRoot(console.Env{LookupEnv: console.Lookup(nil)}, nil).Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { exist[f.Name] = true })
		if c.Flags().Lookup("config") == nil {
			continue
		}
		var out bytes.Buffer
		c.SetOut(&out)
		if err := c.Usage(); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			line := regexp.MustCompile(`(?m)^ +(-\w, )?--` + f.Name + `\b[^-]`)
			if n := len(line.FindAllString(text, -1)); n != 1 {
				t.Errorf("%s: --%s is %d times in the help", c.Name(), f.Name, n)
			}
		})
		own, _, _ := strings.Cut(text, "Reports:")
		_, own, _ = strings.Cut(own, "\nFlags:\n")
		own, _, _ = strings.Cut(own, "\n\n")
		if n := strings.Count(own, "\n"); n > 9 {
			t.Errorf("%s: %d flags are in no group", c.Name(), n)
		}
		if strings.Count(c.Example, "bindgate "+c.Name()) < 2 {
			t.Errorf("%s: want two examples or more, got %q", c.Name(), c.Example)
		}
	}
	for _, g := range settings.Groups() {
		for _, name := range g.Flags {
			if !exist[name] {
				t.Errorf("the group %q names --%s, which no command has", g.Title, name)
			}
		}
	}
}

// The help of every command fits its width, at most 120 columns, and shows two examples.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, width := range []string{"", "80", "120", "400"} {
		root := newRoot(console.Env{LookupEnv: console.Lookup([]string{"COLUMNS=" + width})}, nil)
		root.InitDefaultHelpCmd()
		flags := 100
		if n, err := strconv.Atoi(width); err == nil {
			flags = min(n, 120)
		}
		var walk func(*cobra.Command)
		walk = func(c *cobra.Command) {
			var out bytes.Buffer
			c.SetOut(&out)
			if err := c.Help(); err != nil {
				t.Fatal(err)
			}
			if c.Name() == "completion" || c.Name() == "help" { // cobra's own texts
				return
			}
			for line := range strings.Lines(out.String()) {
				most := 120
				if strings.HasPrefix(line, "  ") && strings.Contains(line, " --") && !strings.Contains(line, "bindgate ") || strings.HasPrefix(line, "        ") {
					most = flags
				}
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > most {
					t.Errorf("%s at %d columns: a line has %d: %s", c.CommandPath(), most, n, line)
				}
			}
			if c.HasAvailableSubCommands() {
				for _, sub := range c.Commands() {
					walk(sub)
				}
				return
			}
			if n := strings.Count(c.Example, "bindgate "); n < 2 {
				t.Errorf("%s has %d examples, want 2 or more", c.CommandPath(), n)
			}
		}
		walk(root)
	}
}

// A flag whose default is nothing shows none, and a default is shown once.
func TestHelpShowsDefaultsOnce(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, c := range newRoot(console.Env{LookupEnv: console.Lookup(nil)}, nil).Commands() {
		var out bytes.Buffer
		c.SetOut(&out)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(out.String()), " ")
		seen += strings.Count(text, "(default")
		if kind := regexp.MustCompile(`--[a-z-]+ (string|stringArray|duration|int)\b`).FindString(text); kind != "" {
			t.Errorf("%s: the help has a type of Go: %s", c.Name(), kind)
		}
		for _, bad := range []string{") (default", "(default 0s)", "(default [])", "(default )"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: the help has %q", c.Name(), bad)
			}
		}
	}
	if seen < 10 {
		t.Errorf("got %d defaults in all, want those of the flags", seen)
	}
}

// Each example of the help parses: its command and its flags exist.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " > ")
			line, _, _ = strings.Cut(line, " -- ")
			args := strings.Fields(line)
			if len(args) == 0 || args[0] != "bindgate" {
				t.Errorf("%s: the example %q is no command of bindgate", c.CommandPath(), line)
				continue
			}
			root := newRoot(console.Env{LookupEnv: console.Lookup(nil)}, nil)
			found, rest, err := root.Find(args[1:])
			if err == nil {
				err = found.ParseFlags(rest)
			}
			if err == nil {
				err = found.ValidateArgs(found.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: the example %q: %v", c.CommandPath(), line, err)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(console.Env{LookupEnv: console.Lookup(nil)}, nil))
}

// The texts that a shell completes with hold no marks of the help.
func TestCompletionTexts(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"lint", "--"}, {"apply", "--"}, {"policy", "eval", "--"}, {"sandbox", "--"}, {"lint", "--f"}, {""}} {
		var out, errs bytes.Buffer
		Run(t.Context(), append([]string{"__complete"}, args...), console.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, LookupEnv: console.Lookup(nil)})
		if strings.Contains(out.String(), "`") || strings.Count(out.String(), "\n") < 3 {
			t.Errorf("completing %q: %s%s", args, out.String(), errs.String())
		}
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// What cannot be printed is an error, of help and of scripts too.
func TestStandardOutputIsFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := "apiVersion: bindgate/v1\nbindings:\n- {domainName: a.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, regionId: cn-hangzhou, bindStageName: RELEASE}\n"
	if err := os.WriteFile(filepath.Join(dir, "bindings.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"lint --offline", "", "--help", "lint --help", "help lint", "policy", "policy test --help", "--version", "version", "schema report",
		"completion bash", "completion", "man -", "checks list", "explain request/stage-is-valid", "__complete li", "fmt -"} {
		var errs bytes.Buffer
		env := console.Env{Stdin: strings.NewReader(text), Stdout: fullDisk{}, Stderr: &errs, Dir: dir, Now: time.Now, LookupEnv: console.Lookup(nil)}
		if code := Run(t.Context(), strings.Fields(args), env); code != exit.Usage || !strings.Contains(errs.String(), "no space left on device") {
			t.Errorf("%q: got %d and %q, want 2 and the error", args, code, errs.String())
		}
	}
}
