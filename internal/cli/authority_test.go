package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/resolve/lab"
)

// closedNetwork writes the owner's file of a network with root servers of its own.
func closedNetwork(t *testing.T, l *lab.Lab) string {
	t.Helper()
	dir := t.TempDir()
	owner := filepath.Join(dir, "owner.yaml")
	for path, text := range map[string]string{
		filepath.Join(dir, "hints"): l.Hints,
		owner:                       fmt.Sprintf("apiVersion: bindgate/v1\nrootHints: hints\ndnsPort: %d\n", l.Port),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return owner
}

// Without --resolver the authorities are asked, from the roots that are named.
func TestAuthorityMode(t *testing.T) {
	plan, err := lab.NewPlan(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, plan, 0)
	owner := closedNetwork(t, l)
	dir := filepath.Dir(owner)
	run := func(domain string) (code int, out string) {
		var stdout, stderr bytes.Buffer
		env := Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Dir: dir,
			LookupEnv: func(string) (string, bool) { return "", false }, ResolvConf: filepath.Join(dir, "none")}
		code = Run(t.Context(), []string{"lint", "-v", "--without", "group,revocation", "--config", owner,
			"--domain", domain, "--group", "927d50c0f2e54b359919923d908bb015", "--region", "cn-hangzhou", "--stage", "RELEASE"}, env)
		return code, strings.Join(strings.Fields(stdout.String()+stderr.String()), " ")
	}
	for domain, want := range map[string]struct {
		code int
		text []string
	}{
		"api.demo.com":          {exitClean, []string{"pass dns/servers-agree", "pass dns/authority-was-asked", "pass dns/dnssec-is-valid", "api.demo.com → (60 s) 927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com → 127.0.53.80"}},
		"api.mixed.com":         {exitRefused, []string{"fail dns/servers-agree", "odd.servers.net 127.0.53.13:", "(300 s) old.demo.com"}},
		"beside.crooked.com":    {exitRefused, []string{"fail dns/cname-stands-alone"}},
		"apexalias.com":         {exitRefused, []string{"is the apex of its zone and an alias at once"}},
		"no.demo.com":           {exitRefused, []string{"fail dns/name-exists"}},
		"self.demo.com":         {exitRefused, []string{"fail dns/chain-is-sound"}},
		"dangling.demo.com":     {exitRefused, []string{"fail dns/is-not-dangling"}},
		"unregistered.demo.com": {exitRefused, []string{"the domain nobody-has-this.net does not exist"}},
		"api.lame.com":          {exitCannotTell, []string{"unknown dns/servers-agree"}},
	} {
		code, out := run(domain)
		if code != want.code {
			t.Errorf("%s: exit code %d, want %d: %s", domain, code, want.code, out)
		}
		for _, text := range want.text {
			if !strings.Contains(out, text) {
				t.Errorf("%s: no %q in: %s", domain, text, out)
			}
		}
	}
}
