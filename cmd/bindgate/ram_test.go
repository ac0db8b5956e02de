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
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
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
	for _, section := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1) {
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
	t.Parallel()
	policies := ramPolicies(t)
	const plain, force = "plain.yaml", "force.yaml"
	commands := map[string][]string{
		"lint":                  {"lint", force},
		"plan":                  {"plan", force},
		"apply without a force": {"apply", plain},
		"apply with a force":    {"apply", force},
		"audit":                 {"audit", "--region", "cn-hangzhou"},

		"lint and plan of gateways": {"plan", "gateway.yaml"},
		"apply of gateways":         {"apply", "gateways.yaml"},
		"audit of gateways":         {"audit", "--region", "cn-hangzhou", "--platform", "apig"},
	}
	// A domain of the account leads to another gateway.
	ends := map[string]int{"audit of gateways": 1}
	// What a run can do without, and says that it lacks it.
	advice := map[string]bool{}
	for _, command := range []string{"plan", "apply"} {
		advice[command+" apig:ListHttpApis"], advice[command+" apig:ListHttpApiRoutes"] = true, true
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
			if e := underPolicy(t, all, command); e.code != ends[heading] {
				t.Errorf("with all actions: exit code %d\n%s%s", e.code, e.out, e.err)
			}
			for i, action := range all.Statement[0].Action {
				less := all.Statement[0]
				less.Action = slices.Delete(slices.Clone(less.Action), i, i+1)
				e := underPolicy(t, ram.Policy{Version: "1", Statement: []ram.Statement{less}}, command)
				text := strings.Join(strings.Fields(e.out+e.err), " ")
				hint := "allow " + action + " on "
				if strings.HasPrefix(action, "apigateway:") {
					hint += "acs:apigateway:cn-hangzhou:"
				}
				if (e.code == 0) != advice[command[0]+" "+action] || !strings.Contains(text, hint) {
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
	zone := map[string]string{"api.demo.com": target(0), "www.demo.com": target(0), "gw.demo.com": "nlb-pay-1.cn-hangzhou.nlb.aliyuncs.com."}
	seed.Certificates = []certstore.Certificate{{ID: 7, Name: "demo_com", Body: string(leaf.Chain), PrivateKey: string(leaf.Key)}}
	published := func(name string) apig.Domain {
		return apig.Domain{Name: name, CertIdentifier: "demo_com", Protocol: "HTTPS", ForceHTTPS: true, TLSMin: "TLS 1.2", PublishedOn: []string{"gw-pay"}}
	}
	seed.APIG = apig.Seed{Gateways: []apig.Gateway{{GatewayID: "gw-pay", Name: "pay"}, {GatewayID: "gw-other", Name: "other"}}, Domains: []apig.Domain{published("gw.demo.com")}}
	other, err := w.authority.Issue(ca.Options{Names: []string{"new.demo.com"}})
	w.check(err)
	w.write("new.pem", string(other.Chain))
	w.write("new.key", string(other.Key))
	zone["new.demo.com"] = zone["gw.demo.com"]
	w.write("gateways.yaml", "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, protocol: HTTPS, forceHttps: true, tlsMax: TLS 1.3}\nbindings:\n"+
		"  - {domainName: gw.demo.com, gatewayId: gw-pay, tlsMin: TLS 1.3, certificate: {name: demo_com, body: c.pem, privateKey: c.key}}\n"+
		"  - {domainName: new.demo.com, gatewayId: gw-pay, tlsMin: TLS 1.2, certificate: {name: new_demo_com, body: new.pem, privateKey: new.key}}\n")
	if command[0] == "audit" {
		seed.APIG.Domains = append(seed.APIG.Domains, published("astray.demo.com"))
		zone["astray.demo.com"] = "nlb-other-1.cn-hangzhou.nlb.aliyuncs.com."
	}
	w.write("gateway.yaml", "apiVersion: bindgate/v1\nbindings:\n  - {domainName: gw.demo.com, gatewayId: gw-pay, regionId: cn-hangzhou, protocol: HTTPS, forceHttps: true, tlsMin: TLS 1.2, certificate: {name: demo_com, body: c.pem, privateKey: c.key}}\n")
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

// A policy that is limited to one group, with the list of all, is enough to bind it,
// and nothing else.
func TestRAMPolicyOfOneGroup(t *testing.T) {
	t.Parallel()
	for n, want := range []int{0, 3} {
		text, err := json.Marshal(map[string]any{"Version": "1", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": "apigateway:*", "Resource": "acs:apigateway:cn-hangzhou:*:apigroup/" + group(n)},
			map[string]any{"Effect": "Allow", "Action": "apigateway:DescribeApiGroups", "Resource": "acs:apigateway:cn-hangzhou:*:apigroup/*"}}})
		if err != nil {
			t.Fatal(err)
		}
		policy, err := ram.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		e := underPolicy(t, policy, []string{"apply", "plain.yaml"})
		if warned := strings.Contains(e.out, "group/all-groups-were-listed"); e.code != want || !warned {
			t.Errorf("group %d: exit code %d, want %d; the other groups are mentioned: %v\n%s%s", n, e.code, want, warned, e.out, e.err)
		}
		if e := underPolicy(t, policy, []string{"apply", "force.yaml"}); e.code != 3 {
			t.Errorf("group %d, force: exit code %d, want 3\n%s%s", n, e.code, e.out, e.err)
		}
	}
}
