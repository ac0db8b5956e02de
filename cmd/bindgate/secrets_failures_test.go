package main

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

// failing returns a vault with one domain to bind with its certificate, and one
// already in effect, whose key DescribeDomain returns.
func failing(t *testing.T) (v *vault, sound source) {
	t.Helper()
	v = newVault(t)
	sound = v.source("api", "api.key", ca.P256, func(_ crypto.Signer, leaf ca.Leaf) string { return string(leaf.Key) })
	sources := []source{sound, {name: "standing", privateKey: "standing.key"}}
	s := groups(2)
	s.Groups[1].Domains = []account.Domain{v.standing()}
	v.serve(s, zone(sources))
	v.give("bindings.yaml", manifest(sources))
	return v, sound
}

// repeated is what a gateway may say that repeats the request it got: the
// platform does when a signature does not match or a parameter is invalid.
func (v *vault) repeated() string {
	v.Helper()
	key, err := os.ReadFile(v.path("api.key"))
	v.check(err)
	query := "AccessKeyId=testid&CertificatePrivateKey=" + url.QueryEscape(string(key)) + "&Signature=abc"
	return "server string to sign is:POST&%2F&" + url.QueryEscape(query) + " " + v.box.Endpoint() + "/?" + query + " " + string(key)
}

// faulty are the ways in which a call goes wrong: every one for the call that
// carries the key, some for the others.
func (v *vault) faulty() map[string]fault.Rule {
	v.Helper()
	said := "/" + url.PathEscape(v.repeated())
	rules := map[string]fault.Rule{
		"throttle": {Kind: fault.Throttle, Count: 3}, "503": {Kind: fault.Status, Value: "503", Count: 3}, "500": {Kind: fault.Status, Value: "500", Count: 1},
		"html": {Kind: fault.HTML, Count: 1}, "reset": {Kind: fault.ResetBeforeCommit, Count: 1}, "resets": {Kind: fault.ResetBeforeCommit},
		"late reset": {Kind: fault.ResetAfterCommit, Count: 1}, "malformed": {Kind: fault.Malformed, Count: 1},
		"truncated": {Kind: fault.Truncated, Count: 1}, "hold": {Kind: fault.HoldAfterCommit, Count: 1},
		"late code": {Kind: fault.CodeAfterCommit, Value: "ServiceUnavailable" + said, Count: 1},
	}
	for _, code := range []string{"NoPermission", "InvalidParameter", "InternalError", "SignatureDoesNotMatch"} {
		rules[code] = fault.Rule{Kind: fault.Code, Value: code + said}
	}
	all := map[string]fault.Rule{}
	for action, names := range map[string][]string{
		"SetDomainCertificate": slices.Collect(maps.Keys(rules)),
		"SetDomain":            {"late reset", "late code", "InvalidParameter", "SignatureDoesNotMatch"},
		"GetCallerIdentity":    {"html", "503", "malformed", "NoPermission", "SignatureDoesNotMatch"},
		"DescribeDomain":       {"html", "malformed", "truncated", "NoPermission", "SignatureDoesNotMatch"},
		"DescribeApiGroup":     {"503", "html", "InvalidParameter", "InternalError", "SignatureDoesNotMatch"},
	} {
		for _, name := range names {
			rule := rules[name]
			rule.Target = action
			all[action+" "+name] = rule
		}
	}
	return all
}

// The secrets of a failed call are not reported, for every kind of failure.
func TestNoSecretLeaksFromFailures(t *testing.T) {
	t.Parallel()
	probe, _ := failing(t)
	in := openWorkshop(t)
	var running sync.WaitGroup
	slots := make(chan struct{}, 12) // most of the time they wait for a time-out
	for what := range probe.faulty() {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			v, sound := failing(t)
			rule := v.faulty()[what]
			v.check(v.box.SetFaults(sandbox.Faults{rule}))
			v.runs = in.of(v)
			common := []string{"--timeout", "5s", "-v", "-f", "json=report.json", "-f", "text"}
			if strings.HasPrefix(rule.Target, "Describe") || rule.Target == "GetCallerIdentity" {
				v.says(what+": plan", []int{0, 2, 3}, append([]string{"plan", "--evidence-out", "evidence.json"}, common...)...)
			}
			v.says(what+": apply", []int{0, 2, 3, 4}, append([]string{"apply", "--read-back", "200ms"}, common...)...)
			v.says(what+": apply --each", []int{0, 2, 3, 4}, append([]string{"apply", "--each", "--read-back", "200ms"}, common...)...)
			if what == "GetCallerIdentity SignatureDoesNotMatch" { // the run ends before it reports
				v.sweep(journalFile)
				return
			}
			v.sweep("report.json", journalFile)
			if rule.Target == "SetDomainCertificate" && !v.box.ReceivedKey(v.digest(sound.key)) {
				t.Errorf("%s: the gateway did not receive the key", what)
			}
		})
	}
	running.Wait()
	in.close(t)
}

// A wrong access key secret is not reported, and neither is the key to be sent.
func TestNoSecretLeaksFromWrongCredentials(t *testing.T) {
	t.Parallel()
	v, _ := failing(t)
	secret := rand.Text()
	v.scanner.hide("the wrong access key secret", []byte(secret))
	v.env = append(v.env, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+secret, "ALIBABA_CLOUD_SECURITY_TOKEN=")
	for _, command := range []string{"lint", "plan", "apply"} {
		if f := v.says(command, []int{2}, command, "-v", "-f", "json", "-f", "text=said.txt"); !strings.Contains(f.err, "SignatureDoesNotMatch") {
			t.Errorf("%s does not name the gateway's code: %s", command, f.err)
		}
	}
	token := rand.Text()
	v.scanner.hide("the security token", []byte(token))
	v.env = append(v.env, "ALIBABA_CLOUD_SECURITY_TOKEN="+token)
	v.says("a security token", []int{2}, "lint", "-v")
	v.env = append(v.env, "DEBUG=credential")
	v.says("the debug mode of the credential chain", []int{2}, "lint", "-v")
	v.sweep(journalFile)
}

// The 2017 contract carries the key inside SetDomain.
func TestNoSecretLeaksFromTheOldContract(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	s := v.source("api", "api.key", ca.RSA2048, func(key crypto.Signer, _ ca.Leaf) string { return pkcs1(key) })
	v.serve(groups(1), zone([]source{s}), func(o *sandbox.Options) { o.Contract2017 = true })
	text := strings.NewReplacer(", bindStageName: RELEASE", "", "    isHttpRedirectToHttps: true\n", "").Replace(manifest([]source{s}))
	v.give("bindings.yaml", text)
	v.faults("SetDomain:truncated:1")
	v.says("apply", clean, "apply", "--contract", "2017", "-v", "-f", "json", "-f", "text=apply.txt")
	if !v.box.ReceivedKey(v.digest(s.key)) {
		t.Error("the gateway did not receive the key")
	}
	v.sweep("apply.txt", journalFile)
}

// The sandbox logs calls without their secrets.
func TestNoSecretLeaksFromTheSandbox(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	s := v.source("api", "api.key", ca.P256, func(_ crypto.Signer, leaf ca.Leaf) string { return string(leaf.Key) })
	v.standing()
	v.give("bindings.yaml", manifest([]source{s, {name: "standing", privateKey: "standing.key"}}))
	v.write("seed.yaml", fmt.Sprintf(`groups:
  - {groupId: %s}
  - {groupId: %s, domains: [{domainName: standing.demo.com, bindStageName: RELEASE, isHttpRedirectToHttps: true,
     certificate: {name: wanted, body: standing.pem, privateKey: standing.key}}]}
zone: |
  api.demo.com. 60 IN CNAME %s
  standing.demo.com. 60 IN CNAME %s
`, group(0), group(1), target(0), target(1)))
	v.given[v.path("env.sh")] = true // it contains the access key secret, and its permissions exclude other users
	f := v.says("the sandbox", clean, "sandbox", "--log", "--seed", "seed.yaml", "--roots", "ca.pem", "--env-file", "env.sh",
		"--", "bindgate", "apply", "-v", "-f", "json=report.json", "-f", "text")
	if strings.Count(f.err, "SetDomain") != len(sequence()) {
		t.Errorf("the sandbox's log does not tell of the calls: %s", f.err)
	}
	env, err := os.ReadFile(v.path("env.sh"))
	v.check(err)
	_, secret, _ := strings.Cut(strings.TrimSpace(string(env)), "ALIBABA_CLOUD_ACCESS_KEY_SECRET=")
	v.scanner.hide("the sandbox's access key secret", []byte(secret))
	v.clean("the sandbox's log", []byte(f.err))
	v.sweep("report.json", "seed.yaml", journalFile)
}
