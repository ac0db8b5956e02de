package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/console"
)

// manPages are the pages, by file name.
func manPages(t *testing.T) (dir string, pages map[string]string) {
	t.Helper()
	dir = t.TempDir()
	var out, errs bytes.Buffer
	env := console.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Dir: dir, Now: time.Now,
		LookupEnv: func(name string) (string, bool) { return "1764288000", name == "SOURCE_DATE_EPOCH" }}
	if code := Run(t.Context(), []string{"man", "."}, env); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	pages = map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(file)] = string(text)
	}
	return dir, pages
}

// Each page has its sections, with the exit codes of its command. Those of a command
// that judges bindings have ENVIRONMENT and FILES too.
func TestManPages(t *testing.T) {
	t.Parallel()
	_, pages := manPages(t)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		page := pages[strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"]
		want := []string{`\(?2025\\?-11`, "(?m)^.SH EXIT STATUS\n.TP\n\\\\fB0", "\n.SH OPTIONS\n"}
		if c.HasExample() {
			want = append(want, "\n.SH EXAMPLES\n.EX\n  bindgate ")
		}
		if c.Flags().Lookup("config") != nil && c.Flags().Lookup("format") != nil {
			want = append(want, "\n.SH ENVIRONMENT\n", "\n.SH FILES\n", `\\fB3\\fP`, `\\fB130\\fP`)
		}
		if c.Name() == "apply" {
			want = append(want, `\\fB4\\fP`, `\\fB5\\fP`)
		}
		if c.Name() == "sandbox" {
			want[1] = "(?m)^.SH EXIT STATUS\n.TP\n\\\\fB2"
		}
		for _, pattern := range want {
			if !regexp.MustCompile(pattern).MatchString(page) {
				t.Errorf("%s: no %q in\n%s", c.CommandPath(), pattern, page)
			}
		}
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				walk(sub)
			}
		}
	}
	walk(newRoot(console.Env{}, nil))
}

// mandoc has no warning for any page. CI installs it.
func TestManPagesPassMandoc(t *testing.T) {
	t.Parallel()
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("mandoc is not installed")
	}
	dir, pages := manPages(t)
	for name := range pages {
		if out, err := exec.CommandContext(t.Context(), mandoc, "-T", "lint", "-W", "warning", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// Every variable that the program reads is in a man page.
func TestManPagesNameEveryVariable(t *testing.T) {
	t.Parallel()
	_, pages := manPages(t)
	var all strings.Builder
	for _, page := range pages {
		all.WriteString(strings.ReplaceAll(page, `\fB`, " "))
	}
	// No variables: parts of the names of other tools, and cipher suites.
	parts := strings.Fields("AES_128_CBC_SHA AES_256_CBC_SHA AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256 ACCESS_KEY SECRET_KEY ACCESS_KEY_ID ACCESS_KEY_SECRET SECURITY_TOKEN RAM_ROLE ACCESS_KEY_FILE SECRET_KEY_FILE")
	name := regexp.MustCompile(`"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|HOME|USER|TERM|DEBUG|TMPDIR|PATH)"`)
	found := map[string]bool{}
	for _, folder := range []string{".", "../platform/internal/wire", "../policy/registry", "../journal", "../collect/revocation", "../collect/probe", "../judge", "../sandbox"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") || filepath.Base(file) == "man.go" {
				continue
			}
			for _, m := range name.FindAllStringSubmatch(string(text), -1) {
				found[m[1]] = true
			}
		}
	}
	for _, part := range parts {
		delete(found, part)
	}
	if len(found) < 20 {
		t.Errorf("%d variables: %v", len(found), found)
	}
	for variable := range found {
		if !regexp.MustCompile(`\b` + variable + `\b`).MatchString(all.String()) {
			t.Errorf("no man page has %s", variable)
		}
	}
}
