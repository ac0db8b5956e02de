package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/ram"
)

// ramPolicies are the policies of docs/ram.md, by the heading above each.
func ramPolicies(t *testing.T) map[string]ram.Policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "ram.md"))
	if err != nil {
		t.Fatal(err)
	}
	policies := map[string]ram.Policy{}
	document := regexp.MustCompile("(?ms)^```json\n(.*?)^```$")
	for section := range strings.SplitSeq(string(text), "\n## ") {
		heading, rest, _ := strings.Cut(section, "\n")
		for _, m := range document.FindAllStringSubmatch(rest, -1) {
			if policies[heading], err = ram.Parse([]byte(m[1])); err != nil {
				t.Fatalf("%s: %v", heading, err)
			}
		}
	}
	return policies
}

// The policies of docs/ram.md are enough for their commands. Without any one of their
// actions the command fails, and names the action.
func TestRAMPolicies(t *testing.T) {
	policies := ramPolicies(t)
	const plain, force = "plain.yaml", "force.yaml"
	commands := map[string][]string{
		"lint":                  {"lint", force},
		"plan":                  {"plan", force},
		"apply without a force": {"apply", plain},
		"apply with a force":    {"apply", force},
		"audit":                 {"audit", "--region", "cn-hangzhou"},
	}
	for heading := range policies {
		if commands[heading] == nil {
			t.Errorf("the policy of %q is not tried", heading)
		}
	}
	for heading, command := range commands {
		t.Run(heading, func(t *testing.T) {
			t.Parallel()
			all := policies[heading]
			if len(all.Statement) != 1 || len(all.Statement[0].Action) == 0 {
				t.Fatalf("got %v, want one statement with actions", all)
			}
			if e := underPolicy(t, all, command); e.code != 0 {
				t.Errorf("with all actions: exit code %d\n%s%s", e.code, e.out, e.err)
			}
			for i, action := range all.Statement[0].Action {
				less := all.Statement[0]
				less.Action = slices.Delete(slices.Clone(less.Action), i, i+1)
				e := underPolicy(t, ram.Policy{Version: "1", Statement: []ram.Statement{less}}, command)
				text := strings.Join(strings.Fields(e.out+e.err), " ")
				if hint := "allow " + action + " on acs:apigateway:cn-hangzhou:"; e.code == 0 || !strings.Contains(text, hint) {
					t.Errorf("without %s: exit code %d, want a failure that says %q\n%s%s", action, e.code, hint, e.out, e.err)
				}
			}
		})
	}
}

// underPolicy runs a command on a new sandbox with the policy.
func underPolicy(t *testing.T, policy ram.Policy, command []string) finish {
	t.Helper()
	w := newWorld(t)
	leaf, err := w.authority.Issue(ca.Options{Names: []string{"*.demo.com"}})
	w.check(err)
	w.write("c.pem", string(leaf.Chain))
	w.write("c.key", string(leaf.Key))
	seed := groups(2)
	seed.Groups[1].Domains = []account.Domain{{DomainName: "www.demo.com", BindStageName: "RELEASE"}}
	zone := map[string]string{"api.demo.com": target(0), "www.demo.com": target(0)}
	if command[0] == "audit" {
		zone["www.demo.com"] = target(1)
	}
	w.serve(seed, zone, func(o *sandbox.Options) { o.Policy = &policy })
	const binding = "  - {domainName: %s, groupId: %s, regionId: cn-hangzhou, bindStageName: RELEASE, certificate: {name: demo_com, body: c.pem, privateKey: c.key}%s}\n"
	plain := "apiVersion: bindgate/v1\nbindings:\n" + fmt.Sprintf(binding, "api.demo.com", group(0), "")
	w.write("plain.yaml", plain)
	w.write("force.yaml", plain+fmt.Sprintf(binding, "www.demo.com", group(0), ", isForce: true, forceFrom: ["+group(1)+"], labels: {owner: web, changeTicket: CHG-1}"))
	return w.run(command...)
}

// A policy that is limited to one group is enough to bind it, and nothing else.
func TestRAMPolicyOfOneGroup(t *testing.T) {
	for n, want := range []int{0, 3} {
		text, err := json.Marshal(map[string]any{"Version": "1", "Statement": []any{map[string]any{
			"Effect": "Allow", "Action": "apigateway:*", "Resource": "acs:apigateway:cn-hangzhou:*:apigroup/" + group(n)}}})
		if err != nil {
			t.Fatal(err)
		}
		policy, err := ram.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if e := underPolicy(t, policy, []string{"apply", "plain.yaml"}); e.code != want {
			t.Errorf("group %d: exit code %d, want %d\n%s%s", n, e.code, want, e.out, e.err)
		}
	}
}
