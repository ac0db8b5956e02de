package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
)

func TestAFlagThatIsGivenTwice(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ args, want string }{
		{"lint --offline --roots mozilla --roots system", `"--roots" twice`},
		{"lint --offline --roots=mozilla --roots system", `"--roots" twice`},
		{"apply --config a.yaml --config b.yaml", `"--config" twice`},
		{"lint --offline --offline", `"--offline" twice`},
		{"lint -q --quiet", `"--quiet" twice`},
		{"lint --label owner=a --label owner=b", `"--label owner" twice`},
		{"lint --label owner=a,owner=b", `"--label owner" twice`},
		{"sandbox --gateway 127.0.0.1:1 --gateway 127.0.0.1:2 -- env", `"--gateway" twice`},
		{"sandbox --rate 1 --rate 2 -- env", "the rate of each action is given twice"},
		{"sandbox --rate GetDomain=1 --rate apig/GetDomain=2 -- env", "the rate of apig/GetDomain is given twice"},
		{"sandbox --assume update=keep --assume update=reset -- env", "update is given twice"},
		{"lint --label owner=a --label team=b -f nonsense", "nonsense"},
		{"lint -f text -f nonsense", "nonsense"},
		{"sandbox --rate 1 -- env --rate 2", "--seed is missing"},
		{"lint --no-such --no-such", "unknown flag"},
	} {
		var out, errs bytes.Buffer
		env := console.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Dir: t.TempDir(),
			LookupEnv: func(string) (string, bool) { return "", false }}
		if code := Run(t.Context(), strings.Fields(tc.args), env); code != exit.Usage || !strings.Contains(errs.String(), tc.want) {
			t.Errorf("%s: got %d and %q, want 2 and %q", tc.args, code, errs.String(), tc.want)
		}
	}
}

// A command resolves its settings once, and takes a pattern for the files that match it,
// whether it writes a report or not.
func TestSettingsAreResolvedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := "apiVersion: bindgate/v1\nbindings:\n- {domainName: a.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, regionId: cn-hangzhou, bindStageName: RELEASE}\n"
	if err := os.WriteFile(filepath.Join(dir, "bindings.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	looked := func(args string) (times int) {
		var errs bytes.Buffer
		env := console.Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &errs, Dir: dir, Now: time.Now, LookupEnv: func(name string) (string, bool) {
			if name == "BINDGATE_ENDPOINT" {
				times++
			}
			return "", false
		}}
		if code := Run(t.Context(), strings.Fields(args), env); code != exit.Clean {
			t.Errorf("%s: got %d: %s", args, code, errs.String())
		}
		return times
	}
	want := looked("lint --offline bindings.yaml")
	for _, args := range []string{"lint --offline b*.yaml", "lint --offline --changed bindings.yaml", "lint --offline --changed -f json=report.json other.txt",
		"policy input --offline b*.yaml"} {
		if got := looked(args); got != want || want == 0 {
			t.Errorf("%s: the settings were resolved %d times as often as by lint alone (%d)", args, got, want)
		}
	}
}
