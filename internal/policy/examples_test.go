package policy

import (
	"context"
	"os"
	"testing"
)

// The examples load together, as an owner would load them; their tests pass, and each
// rule fires in one and stays silent in another.
func TestExamples(t *testing.T) {
	const root = "../../docs/examples/policies"
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile(root + "/ticket_is_open/tickets.jsonschema")
	if err != nil {
		t.Fatal(err)
	}
	tickets, err := ReadFactsSchema("tickets.jsonschema", schema)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Dirs: []string{root}, Labels: declared("owner", "changeTicket"), External: map[string]FactsSchema{"tickets": tickets}}
	e, err := Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, f := range folders {
		if f.IsDir() {
			asked++
		}
	}
	if asked < 13 || len(e.own.packages) != asked {
		t.Errorf("got %d packages of %d folders, want at least 13, and one of each", len(e.own.packages), asked)
	}
	if err := Check(context.Background(), o); err != nil {
		t.Error(err)
	}
	report, err := Test(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Tests {
		if r.Status != "passed" {
			t.Errorf("%s:%d: %s %s: %s", r.File, r.Line, r.Name, r.Status, r.Message)
		}
	}
}
