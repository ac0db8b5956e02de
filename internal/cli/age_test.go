package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/progress/progresstest"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// hourglass is a clock that jumps once the sandbox has logged a first write.
type hourglass struct {
	mu     sync.Mutex
	jump   time.Duration
	offset time.Duration
}

func (h *hourglass) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.offset)
}

func (h *hourglass) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if bytes.Contains(line, []byte("SetDomain")) {
		h.offset = h.jump
	}
	return len(line), nil
}

// A freeze that begins after a force was judged and before it is sent keeps it
// from being sent, whether or not the evidence is collected again.
func TestAJudgementAges(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"evidence is judged again": time.Minute, "evidence is collected again": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			const ids = "927d50c0f2e54b359919923d908bb015"
			seed, err := account.ParseSeed([]byte(`
groups:
  - {groupId: `+ids+`, groupName: new}
  - groupId: 523e8dc7bbe04613b5b1d726c2a7889d
    groupName: legacy
    domains: [{domainName: forced.demo.com, bindStageName: RELEASE}]
zone: |
  api.demo.com. 60 IN CNAME `+ids+`-cn-hangzhou.alicloudapi.com.
  forced.demo.com. 60 IN CNAME `+ids+`-cn-hangzhou.alicloudapi.com.
`), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			clock := &hourglass{jump: jump}
			box, err := sandbox.Start(context.Background(), sandbox.Options{Seed: seed, Now: time.Now, AccessLog: clock})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = box.Close() })
			dir := t.TempDir()
			begins := time.Now().Add(30 * time.Second).UTC().Format(time.RFC3339)
			ends := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
			for file, text := range map[string]string{
				"data.yaml": "force_rebind:\n  freezeWindows: [{from: " + begins + ", to: " + ends + ", reason: sale}]\n",
				"bindings.yaml": `apiVersion: bindgate/v1
defaults: {regionId: cn-hangzhou}
bindings:
  - {domainName: api.demo.com, groupId: ` + ids + `, bindStageName: RELEASE}
  - {domainName: forced.demo.com, groupId: ` + ids + `, bindStageName: RELEASE, isForce: true,
     forceFrom: [523e8dc7bbe04613b5b1d726c2a7889d], labels: {owner: web, changeTicket: CHG-1}}
`,
			} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			environ := append(box.Env(), "ALIBABA_CLOUD_ECS_METADATA_DISABLED=true", "XDG_STATE_HOME="+dir)
			var out progresstest.Screen
			env := console.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: clock.Now, Dir: dir, LookupEnv: console.Lookup(environ), Environ: environ}
			code := Run(t.Context(), []string{"apply", "-f", "json", "--data", "data.yaml", "bindings.yaml"}, env)
			text := out.String()
			if code != exit.Failed || !strings.Contains(text, `was judged again just before its calls, and is now refused`) || !strings.Contains(text, "sale") {
				t.Errorf("exit code %d, want %d and a refusal by the freeze: %s", code, exit.Failed, text)
			}
			journal, err := os.ReadFile(filepath.Join(dir, "bindgate", "journal.jsonl"))
			if err != nil || bytes.Contains(journal, []byte("IsForce")) || !bytes.Contains(journal, []byte("api.demo.com")) {
				t.Errorf("the journal (%v) holds the force, or lacks the binding before it", err)
			}
		})
	}
}

// A long run collects old evidence again for many bindings at a time: it lists the
// account's groups again once for each age of evidence, not once for each binding.
func TestOldEvidenceIsCollectedAgainTogether(t *testing.T) {
	t.Parallel()
	const ids = "927d50c0f2e54b359919923d908bb015"
	var zone, bindings strings.Builder
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		zone.WriteString("  " + name + ".demo.com. 60 IN CNAME " + ids + "-cn-hangzhou.alicloudapi.com.\n")
		bindings.WriteString("  - {domainName: " + name + ".demo.com, groupId: " + ids + ", bindStageName: RELEASE}\n")
	}
	dir := t.TempDir()
	seed, err := account.ParseSeed([]byte("groups:\n  - {groupId: "+ids+", groupName: new}\nzone: |\n"+zone.String()), dir)
	if err != nil {
		t.Fatal(err)
	}
	log := &callCount{hourglass: hourglass{jump: 10 * time.Minute}}
	box, err := sandbox.Start(context.Background(), sandbox.Options{Seed: seed, Now: time.Now, AccessLog: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	manifest := "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou}\nbindings:\n" + bindings.String()
	if err := os.WriteFile(filepath.Join(dir, "bindings.yaml"), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := append(box.Env(), "ALIBABA_CLOUD_ECS_METADATA_DISABLED=true", "XDG_STATE_HOME="+dir)
	var out progresstest.Screen
	env := console.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: log.Now, Dir: dir, LookupEnv: console.Lookup(environ), Environ: environ}
	if code := Run(t.Context(), []string{"apply", "bindings.yaml"}, env); code != exit.Clean {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	if log.lists != 2 {
		t.Errorf("the groups were listed %d times for five bindings of which four had old evidence, want 2", log.lists)
	}
}

// callCount is an hourglass that counts the listings of groups.
type callCount struct {
	hourglass
	lists int
}

func (c *callCount) Write(line []byte) (int, error) {
	c.mu.Lock()
	if bytes.Contains(line, []byte("DescribeApiGroups")) {
		c.lists++
	}
	c.mu.Unlock()
	return c.hourglass.Write(line)
}
