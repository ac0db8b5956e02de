package policy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// folder writes files into a new folder and gives its path.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	fill(t, dir, files)
	return dir
}

// fill writes files into a folder.
func fill(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Folder is folder for the tests of package policy_test.
func Folder(t testing.TB, files map[string]string) string {
	t.Helper()
	return folder(t, files)
}

// shippedModules returns the sources of the shipped policies, and what they parse to.
func shippedModules(t *testing.T) (sources, map[string]*ast.Module) {
	t.Helper()
	s, err := shippedSources()
	if err != nil {
		t.Fatal(err)
	}
	modules, err := parseAll(s.modules)
	if err != nil {
		t.Fatal(err)
	}
	return s, modules
}

// engine loads one module together with the built-in policies.
func engine(t testing.TB, module string) *Engine {
	t.Helper()
	return engineWith(t, module, "owner", "changeTicket")
}

// engineWith is engine with declared labels.
func engineWith(t testing.TB, module string, labels ...string) *Engine {
	t.Helper()
	e, err := Load(context.Background(), Options{Dirs: []string{folder(t, map[string]string{"x.rego": module})}, Labels: declared(labels...)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// declared are labels of which nothing but the name is declared.
func declared(names ...string) map[string]evidence.Label {
	out := map[string]evidence.Label{}
	for _, name := range names {
		out[name] = evidence.Label{}
	}
	return out
}

// force is a sound binding that takes its domain from one other group, with
// everything that the shipped policy asks for.
func force() Input {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	target := "927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com"
	loser := evidence.BoundGroup{Conflicts: true, Domain: evidence.Domain{DomainName: "www.demo.com"}, GroupRef: evidence.GroupRef{
		GroupID: "523e8dc7bbe04613b5b1d726c2a7889d", GroupName: "legacy", SubDomain: "523e8dc7bbe04613b5b1d726c2a7889d-cn-hangzhou.alicloudapi.com"}}
	run := evidence.Run{Now: now, Command: "lint", Contract: evidence.Contract2026, DNSMode: evidence.DNSResolver, Actor: "ci"}
	return Input{
		Binding: binding.Binding{DomainName: "www.demo.com", GroupID: "927d50c0f2e54b359919923d908bb015", RegionID: "cn-hangzhou",
			CustomDomainType: binding.Internet, IsForce: true, ForceFrom: []string{loser.GroupID}, DomainProof: binding.ProofCNAME,
			Labels: map[string]string{"owner": "web", "changeTicket": "CHG-1042"}, Source: binding.Position{File: "bindings.yaml", Line: 4, Column: 5}},
		Evidence: evidence.Evidence{
			Run: run,
			DNS: evidence.Observed(evidence.DNS{Mode: evidence.DNSResolver, QueryName: "www.demo.com",
				Hops: []evidence.Hop{{Owner: "www.demo.com", Target: target, TTL: 60}},
				End:  evidence.End{Name: target, Event: evidence.EventAddress, Addresses: []string{"192.0.2.10"}}}, "192.0.2.53:53", now),
			Proof:       evidence.NotCollected[evidence.Proof]("the binding proves its domain by cname"),
			Certificate: evidence.NotCollected[evidence.Certificate]("no certificate"),
			Key:         evidence.NotCollected[evidence.Key]("no certificate"),
			Group:       evidence.Observed(evidence.Group{Found: true, GroupID: "927d50c0f2e54b359919923d908bb015", SubDomain: target}, "gateway", now),
			Account:     evidence.Observed(evidence.Account{GroupsRead: 2, Complete: true, BoundGroups: []evidence.BoundGroup{loser}}, "gateway", now),
			Siblings:    evidence.Observed(evidence.Siblings{}, "", now),
		},
		Results: []checks.Result{{ID: "dns/cname-reaches-group", Status: checks.StatusPass, Findings: []checks.Finding{}}},
		Run:     run,
	}
}

// plain is the same without force.
func plain() Input {
	in := force()
	in.Binding.IsForce = false
	return in
}

// wantWords fails unless every word is part of the text.
func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("got %q, want %q in it", text, w)
		}
	}
}
