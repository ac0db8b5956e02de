package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cli"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/demo"
)

// demoEnvironment is the Env of a command line, with foreign credentials
// and a proxy that the demo must not use.
func demoEnvironment(t *testing.T, out *bytes.Buffer) console.Env {
	t.Helper()
	vars := map[string]string{
		"HOME": t.TempDir(), "TMPDIR": t.TempDir(), "ALIBABA_CLOUD_ACCESS_KEY_ID": "mine", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "mine",
		"ALIBABA_CLOUD_SECURITY_TOKEN": "mine", "BINDGATE_ENDPOINT": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1",
	}
	return console.Env{
		Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Now: time.Now, Dir: t.TempDir(),
		LookupEnv: func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	shows(t, []string{"demo"}, []string{
		"error[dns/cname-reaches-group] elsewhere.demo.com:", `"legacy"`, "bindings.yaml:", "you mean RELEASE?", "14 bindings: 8 allowed, 6 refused",
		"✓ api.demo.com         bound                               bound      3 calls",
		"✓ moved.demo.com       bound, displacing another group     bound      2 calls",
		"✓ unchanged.demo.com   unchanged                           unchanged  nothing",
		"✓ renewed.demo.com     bound                               bound      1 call",
		"✓ wrong-key.demo.com   refused: certificate/key-matches    refused    nothing",
		"✓ no-ticket.demo.com   refused: rebind/force-is-allowed    refused    nothing",
		"All agree",
	})
}

func TestDemoOfGateway(t *testing.T) {
	t.Parallel()
	shows(t, []string{"demo", "--platform", "apig"}, []string{
		"16 bindings: 4 allowed, 12 refused",
		"  mtls.demo.com     accepted  clients without a certificate are let in\n",
		"  other.demo.com    accepted  clients of other.demo.com get www.demo.com\n",
		"  keyless.demo.com  accepted  every handshake fails\n",
		"  gone.demo.com     accepted  callers go to 203.0.113.5 of a released gateway\n",
		"✓ api.demo.com      bound                                     bound      2 calls\n",
		"✓ mtls.demo.com     bound                                     bound      2 calls\n",
		"✓ kept.demo.com     unchanged                                 unchanged  nothing\n",
		"✓ lost.demo.com     refused: apig/update-keeps-settings       refused    nothing\n",
		"✓ other.demo.com    refused: apig/certificate-id-is-the-file  refused    nothing\n",
		"✓ twice.demo.com    refused: apig/name-is-held-once           refused    nothing\n",
		"All agree",
	})
}

func TestDemoCutover(t *testing.T) {
	t.Parallel()
	shows(t, []string{"demo", "cutover"}, []string{
		"error[cutover/mutual-tls-is-carried] partner.demo.com",
		"✓ partner.demo.com  1 not prepared\n", "✓ older.demo.com    2 prepared\n", "✓ slow.demo.com     3 serves\n", "✓ ready.demo.com    4 DNS may move\n",
		"✓ moving.demo.com   5 moving\n", "✓ moved.demo.com    6 moved\n", "✓ kept.demo.com     7 old binding may go\n", "✓ done.demo.com     8 done\n",
		"✓ plain client, certificate alone   clients without a certificate are let in\n",
		"✓ bindgate, with the CA in the map  clients without a certificate are refused\n",
		"All agree",
	})
}

// Another write, another state and another exit code are detected.
func TestDemoCutoverDetects(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := cutoverOptions(t, &out, func(dir string, args []string, run func(...string) int) int {
		switch {
		case slices.Contains(args, "--apply") && slices.Contains(args, "map.yaml"): // as if the refusal had been passed over
			return run("cutover", "--map", "partner.yaml", "--config", "owner.yaml", "--apply", "--journal", "other.jsonl", "-f", "json=other.json")
		case slices.Contains(args, "2.json") && slices.Contains(args, "text"):
			code := run(args...)
			path := filepath.Join(dir, "report.json")
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(read(t, path), `"state":4`, `"state":7`)), 0o600); err != nil {
				t.Fatal(err)
			}
			return code
		}
		return run(args...)
	})
	agree, err := demo.RunCutover(t.Context(), o)
	if err != nil || agree {
		t.Errorf("got %t, %v, want no agreement", agree, err)
	}
	for _, want := range []string{"ended with 0, want 1", `made the calls ["UploadUserCertificate" "CreateDomain"], want []`, "✗ ready.demo.com", `ready.demo.com: got state 7`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}

// cutoverOptions run the demo with every command replaced by instead.
func cutoverOptions(t *testing.T, out *bytes.Buffer, instead func(dir string, args []string, run func(...string) int) int) demo.Options {
	o := demoOptions(t, out, func(string, func(...string) int) {})
	plain := o.Bindgate
	o.Bindgate = func(ctx context.Context, dir string, environ []string, args ...string) int {
		return instead(dir, args, func(args ...string) int { return plain(ctx, dir, environ, args...) })
	}
	return o
}

func shows(t *testing.T, args, wanted []string) {
	t.Helper()
	var out bytes.Buffer
	env := demoEnvironment(t, &out)
	if code := cli.Run(t.Context(), args, env); code != 0 {
		t.Fatalf("got exit code %d:\n%s", code, &out)
	}
	text := out.String()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) > 81 && !regexp.MustCompile(`^ *(\$|#|aliyun) ?`).MatchString(line) { // commands are whole
			t.Errorf("a line is wider than 80 columns: %q", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	for _, dir := range []string{env.Get("TMPDIR"), env.Dir, env.Get("HOME")} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("in %s remains %v, %v", dir, left, err)
		}
	}
}

func TestDemoKeepsItsFolder(t *testing.T) {
	t.Parallel()
	for platform, lint := range map[string]string{"classic": "lint", "apig": "lint --policy kept/policies"} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			keepsItsFolder(t, platform, lint)
		})
	}
}

func keepsItsFolder(t *testing.T, platform, lint string) {
	var out bytes.Buffer
	env := demoEnvironment(t, &out)
	if code := cli.Run(t.Context(), []string{"demo", "--platform", platform, "--dir", "kept"}, env); code != 0 {
		t.Fatalf("got exit code %d:\n%s", code, &out)
	}
	dir := filepath.Join(env.Dir, "kept")
	keys, err := filepath.Glob(filepath.Join(dir, "certs", "*.key"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("got keys %q, %v", keys, err)
	}
	output := out.String() + read(t, filepath.Join(dir, "report.json")) + read(t, filepath.Join(dir, "journal.jsonl"))
	for _, path := range keys {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v", path, info.Mode(), err)
		}
		for line := range strings.Lines(read(t, path)) {
			if line = strings.TrimSpace(line); strings.Contains(output, line) {
				t.Errorf("a line of %s was printed", path)
			}
		}
	}
	for _, want := range []string{"--seed kept/seed.yaml --roots kept/ca.pem -- bindgate " + lint + " kept/bindings.yaml", "less kept/bindings.yaml"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	out.Reset()
	if code := cli.Run(t.Context(), []string{"demo", "--dir", "kept"}, env); code != 2 || !strings.Contains(out.String(), "not empty") {
		t.Errorf("a second time: got exit code %d:\n%s", code, &out)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// demoOptions run the demo; after runs further commands at the end.
func demoOptions(t *testing.T, out *bytes.Buffer, after func(dir string, run func(args ...string) int)) demo.Options {
	env := demoEnvironment(t, out)
	return demo.Options{Platform: binding.Classic, Temp: env.Get("TMPDIR"), Out: out, Now: time.Now, Bindgate: func(ctx context.Context, dir string, environ []string, args ...string) int {
		inner := env
		inner.Dir, inner.ResolvConf = dir, filepath.Join(dir, demo.ResolvConf)
		inner.LookupEnv = func(name string) (string, bool) {
			for _, pair := range environ {
				if k, v, _ := strings.Cut(pair, "="); k == name {
					return v, true
				}
			}
			return "", false
		}
		run := func(args ...string) int { return cli.Run(ctx, args, inner) }
		code := run(args...)
		if args[0] == "apply" {
			after(dir, run)
		}
		return code
	}}
}

func TestDemoDetectsUnreportedWrite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := demoOptions(t, &out, func(_ string, run func(...string) int) {
		if code := run("apply", "--domain", "typo.demo.com", "--group", "5b1f0d6c9a7e4c33b0d2a8e4f6c71922",
			"--region", "cn-hangzhou", "--stage", "RELEASE", "--journal", "other.jsonl"); code != 0 {
			t.Fatalf("the extra binding ended with %d:\n%s", code, &out)
		}
	})
	disagrees(t, o, &out, "✗ typo.demo.com", "received: got [SetDomain BindStageName=\"RELEASE\"], want the decided calls: []")
}

func TestDemoDetectsFalseReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := demoOptions(t, &out, func(dir string, _ func(...string) int) {
		path := filepath.Join(dir, "report.json")
		lie := strings.ReplaceAll(read(t, path), `"RELEASE"`, `"TEST"`)
		if err := os.WriteFile(path, []byte(lie), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	disagrees(t, o, &out, "✗ api.demo.com", `want the decided calls: [SetDomain BindStageName="TEST"`)
}

func disagrees(t *testing.T, o demo.Options, out *bytes.Buffer, want ...string) {
	t.Helper()
	agree, err := demo.Run(t.Context(), o)
	if err != nil || agree {
		t.Errorf("got %t, %v, want no agreement", agree, err)
	}
	for _, w := range want {
		if !strings.Contains(out.String(), w) {
			t.Errorf("%q is missing in\n%s", w, out)
		}
	}
}

func TestDemoStops(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := demoOptions(t, &out, func(string, func(...string) int) { cancel() })
	if agree, err := demo.Run(ctx, interrupted); agree || err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("interrupted: got %t, %v", agree, err)
	}
	unreported := demoOptions(t, &out, func(dir string, _ func(...string) int) { _ = os.Remove(filepath.Join(dir, "report.json")) })
	if agree, err := demo.Run(t.Context(), unreported); agree || err == nil || !strings.Contains(err.Error(), "exit code 1") {
		t.Errorf("without a report: got %t, %v", agree, err)
	}
	for _, dir := range []string{interrupted.Temp, unreported.Temp} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("remains %v, %v", left, err)
		}
	}
}

func TestDemoDetectsLostSettings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := demoOptions(t, &out, func(dir string, run func(...string) int) {
		path := filepath.Join(dir, "open.yaml")
		text := "apiVersion: bindgate/v1\nbindings:\n  - {domainName: lost.demo.com, gatewayId: gw-pay, regionId: cn-hangzhou, protocol: HTTPS,\n" +
			"     certificate: {name: mine, body: certs/lost.demo.com.pem, privateKey: certs/lost.demo.com.key}, clientCertificate: none}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := run("apply", "--journal", "other.jsonl", "open.yaml"); code != 0 {
			t.Fatalf("the extra binding ended with %d:\n%s", code, &out)
		}
	})
	o.Platform = binding.APIG
	disagrees(t, o, &out, "✗ lost.demo.com", "state: the record of the domain changed", "received: got [UpdateDomain")
}

func TestDemoOfAnotherPlatform(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := cli.Run(t.Context(), []string{"demo", "--platform", "mse"}, demoEnvironment(t, &out)); code != 2 || !strings.Contains(out.String(), `got "mse", want classic or apig`) {
		t.Errorf("got exit code %d:\n%s", code, &out)
	}
}
