package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/progress/progresstest"
	"github.com/bindgate/bindgate/internal/resolve/lab"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// oneGroup is a sandbox with the group of the lab's scenarios and one name that
// leads somewhere else.
func oneGroup(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	const text = `
groups:
  - {groupId: 927d50c0f2e54b359919923d908bb015, groupName: payments, regionId: cn-hangzhou, instanceId: shared-1, basePath: /,
     subDomain: ` + lab.SubDomain + `}
zone: |
  api.demo.com. 60 IN CNAME old.demo.com.
  old.demo.com. 60 IN A 192.0.2.1
`
	seed, err := account.ParseSeed([]byte(text), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.Start(context.Background(), sandbox.Options{Seed: seed, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return box
}

// lintOne lints one binding of that group against the sandbox; the streams go to out.
func lintOne(t *testing.T, box *sandbox.Sandbox, without string, out *progresstest.Screen, domain string, args ...string) int {
	t.Helper()
	given := map[string]string{"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
	for _, pair := range box.Env() {
		if name, value, _ := strings.Cut(pair, "="); name != without {
			given[name] = value
		}
	}
	dir := t.TempDir()
	env := console.Env{Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Now: time.Now, Dir: dir, ResolvConf: resolvConf(t, dir, box.Resolver()),
		LookupEnv: func(name string) (string, bool) { value, ok := given[name]; return value, ok }}
	return Run(t.Context(), append([]string{"lint", "-v", "--domain", domain, "--group", "927d50c0f2e54b359919923d908bb015",
		"--region", "cn-hangzhou", "--stage", "RELEASE"}, args...), env)
}

// A change that arrives during --wait ends it, long before its time is up.
func TestWaitEndsWhenTheChangeArrives(t *testing.T) {
	t.Parallel()
	box := oneGroup(t)
	var out progresstest.Screen
	code := make(chan int)
	go func() { code <- lintOne(t, box, "", &out, "api.demo.com", "--wait", "1h") }() // not ending would end the test
	for !strings.Contains(out.String(), "waiting for DNS") {
		select {
		case got := <-code:
			t.Fatalf("it did not wait: exit code %d: %s", got, out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := box.SetRecords("api.demo.com.", "api.demo.com. 60 IN CNAME "+lab.SubDomain+"."); err != nil {
		t.Error(err)
	}
	got, text := <-code, out.String()
	if got != exit.Clean || !strings.Contains(text, "1 of 1 bindings are not visible everywhere yet; api.demo.com: dns/cname-reaches-group") {
		t.Errorf("exit code %d: %s", got, text)
	}
}

// A record that one authoritative server lacks proves nothing, even if most have it.
func TestProofThatSomeAuthoritiesLack(t *testing.T) {
	t.Parallel()
	plan, err := lab.NewPlan(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, box := lab.Start(t, plan, 0), oneGroup(t)
	for domain, want := range map[string]string{
		"both.mixed.com": "pass dns/ownership-is-proved",
		"api.mixed.com":  "some authoritative servers have the TXT record",
	} {
		var out progresstest.Screen
		code := lintOne(t, box, "BINDGATE_RESOLVER", &out, domain, "--proof", "txt", "--config", closedNetwork(t, l))
		text := strings.Join(strings.Fields(out.String()), " ")
		proved := strings.Contains(text, "pass dns/ownership-is-proved")
		if !strings.Contains(text, want) || proved != (domain == "both.mixed.com") || (code == exit.Clean) != proved {
			t.Errorf("%s: exit code %d, want %q: %s", domain, code, want, text)
		}
	}
}
