package demo

import (
	"encoding/json"
	"fmt"
	"os"
)

// report is the part of a bindgate.report/v1 that the demo goes by. It is read
// as any other program would read it.
type report struct {
	Schema   string    `json:"schema"`
	Bindings []decided `json:"bindings"`
}

// decided is one binding of a report.
type decided struct {
	DomainName string    `json:"domainName"`
	GroupID    string    `json:"groupId"`
	Decision   string    `json:"decision"`
	Checks     []result  `json:"checks"`
	Calls      []planned `json:"calls"`
	Outcome    struct {
		Status string `json:"status"`
	} `json:"outcome"`
}

// result is what several checks say alike.
type result struct {
	IDs    []string `json:"ids"`
	Status string   `json:"status"`
}

type planned struct {
	Action   string            `json:"action"`
	Params   map[string]string `json:"params"`
	Material *digests          `json:"material"`
}

type digests struct {
	Chain string `json:"chainDigest"`
	Key   string `json:"publicKeyDigest"`
}

func readReport(path string) (report, error) {
	var r report
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("reading the report: %w", err)
	}
	if want := "bindgate.report/v1"; r.Schema != want {
		return r, fmt.Errorf("reading the report: got schema %q, want %q", r.Schema, want)
	}
	return r, nil
}

func (d decided) place() place { return place{d.DomainName, d.GroupID} }

// became is what the report says of a binding in one word: how its calls ended,
// or the decision that kept them from being made.
func (d decided) became() string {
	if d.Decision == "allowed" {
		return d.Outcome.Status
	}
	return d.Decision
}

func (d decided) failing() []string {
	var ids []string
	for _, c := range d.Checks {
		if c.Status == "fail" {
			ids = append(ids, c.IDs...)
		}
	}
	return ids
}

func (d decided) calls() []call {
	var calls []call
	for _, c := range d.Calls {
		one := call{action: c.Action, params: withoutPlace(c.Params)}
		if c.Material != nil {
			one.pair = pair{c.Material.Chain, c.Material.Key}
		}
		calls = append(calls, one)
	}
	return calls
}
