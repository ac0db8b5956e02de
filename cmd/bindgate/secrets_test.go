package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// echo is a policy that says all of its input: what it is given is seen in the
// report, in pieces that a message can hold.
const echo = `# METADATA
# custom:
#   uses: [dns, proof, certificate, key, group, account, siblings]
package bindgate.policy.echo

import rego.v2

deny contains "all are denied" if {
	some name, value in input.binding.labels
	name == "deny"
	value == "true"
}

warn contains message if {
	text := json.marshal(whole)
	some i in numbers.range(0, floor((count(text) - 1) / 1900))
	piece := substring(text, i * 1900, 1900)
	message := sprintf("%02d %s", [i, piece])
}

whole := {
	"schema": input.schema, "binding": input.binding, "run": input.run, "results": input.results,
	"evidence": {
		"dns": input.evidence.dns, "proof": input.evidence.proof, "certificate": input.evidence.certificate,
		"key": input.evidence.key, "group": input.evidence.group, "account": input.evidence.account, "siblings": input.evidence.siblings,
	},
}
`

// input puts the pieces of a binding's policy input together again.
func (v *vault) input(out, domain string) string {
	v.Helper()
	var r report.Report
	v.check(json.Unmarshal([]byte(out), &r))
	var pieces []string
	for _, b := range r.Bindings {
		for _, c := range b.Results {
			for _, f := range c.Findings {
				if text, ok := strings.CutPrefix(f.Message, "bindgate.policy.echo: "); ok && b.DomainName == domain {
					pieces = append(pieces, text)
				}
			}
		}
	}
	slices.Sort(pieces)
	text := ""
	for _, p := range pieces {
		text += p[len("00 "):]
	}
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		v.Fatalf("the policy input of %s did not come whole: %d pieces", domain, len(pieces))
	}
	return text
}

var clean, refused = []int{0}, []int{1}

// No command reports a part of a key, in any supported format,
// and the gateway receives each key.
func TestNoSecretLeaksFromSoundKeys(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	sources := v.soundSources()
	s := groups(len(sources) + 1)
	s.Groups[len(sources)].Domains = []account.Domain{v.standing()}
	v.serve(s, zone(append(sources, source{name: "standing"})))
	v.give("bindings.yaml", manifest(append(sources, source{name: "standing", privateKey: "standing.key"})))
	v.give("echo/echo.rego", echo)
	alone, in := v.runs, openWorkshop(t)

	v.says("lint", clean, "lint", "-v", "-f", "text", "-f", "json=lint.json", "-f", "jsonl=lint.jsonl", "--evidence-out", "evidence.json")
	v.runs = in.of(v)
	v.says("lint offline", clean, "lint", "-v", "--offline", "-f", "jsonl")
	out := v.says("lint of saved evidence", clean, "lint", "--evidence", "evidence.json", "--policy", "echo", "-f", "json").out
	for _, s := range sources {
		input := v.input(out, s.domain())
		if !strings.Contains(input, v.digest(s.key)) {
			t.Errorf("the policy input of %s does not name its key", s.name)
		}
		v.write("input.json", input)
		v.says("policy eval", clean, "policy", "eval", "--input", "input.json", "echo")
	}
	v.says("plan", clean, "plan", "-v", "-f", "json", "-f", "text=plan.txt", "--policy", "echo")
	v.says("plan to a file", clean, "plan", "-o", "plan.json")
	v.runs = alone
	v.says("apply", clean, "apply", "-v", "-f", "json=apply.json", "-f", "jsonl=apply.jsonl", "-f", "text", "--plan", "plan.json")
	for _, s := range sources {
		if !v.box.ReceivedKey(v.digest(s.key)) {
			t.Errorf("the gateway did not receive the key of %s", s.name)
		}
	}
	if !strings.Contains(fmt.Sprint(v.box.Calls()), "DescribeDomain") {
		t.Error("DescribeDomain, which answers with a private key, was not called")
	}
	v.runs = in.of(v)
	again := v.says("apply of bindings in effect", clean, "apply", "--each", "-q", "-f", "json", "--policy", "echo")
	if got := strings.Count(again.out, `"status":"unchanged"`); got != len(sources)+1 {
		t.Errorf("%d bindings are unchanged, want %d", got, len(sources)+1)
	}
	for _, args := range [][]string{{"journal", "show"}, {"journal", "show", "-f", "jsonl"}, {"journal", "verify"}, {"checks", "list"},
		{"checks", "explain", "certificate/key-is-readable"}, {"policy", "check", "echo"}} {
		v.says(strings.Join(args, " "), clean, args...)
	}
	in.close(t)
	v.sweep("lint.json", "lint.jsonl", "evidence.json", "plan.json", "plan.txt", "apply.json", "apply.jsonl", "input.json", journalFile)
}

// standing is a domain that serves a certificate already; the gateway gives its
// key to whoever asks with DescribeDomain.
func (v *vault) standing() account.Domain {
	v.Helper()
	leaf, _ := v.issue(0, "standing.demo.com")
	v.give("standing.pem", string(leaf.Chain))
	v.give("standing.key", string(leaf.Key))
	return account.Domain{DomainName: "standing.demo.com", BindStageName: "RELEASE", IsHTTPRedirectToHTTPS: true,
		Certificate: &account.Certificate{Name: "wanted", Body: string(leaf.Chain), PrivateKey: string(leaf.Key)}}
}
