package policy

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(context.Background(), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// allOn turns on every shipped policy.
const allOn = `
shipped:
  freeze: {enabled: true, zone: Asia/Shanghai, weekly: [{from: Friday 18:00, to: Monday 08:00, reason: weekend}]}
  limits: {enabled: true}
  owners: {enabled: true, domains: {web: [demo.com]}}
  stages:
    owners: {enabled: true, allowed: [web]}
    branches: {enabled: true, repositories: [demo/gateway]}
    approvals: {enabled: true}
`

// BenchmarkLoadShipped loads every shipped policy and asks it about a force: what a
// cold start takes in addition.
func BenchmarkLoadShipped(b *testing.B) {
	in, o := force(), Options{Data: settings(b, allOn), Labels: declared("owner", "changeTicket")}
	b.ReportAllocs()
	for b.Loop() {
		e, err := Load(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		e.Evaluate(context.Background(), in)
	}
}

func BenchmarkLoadOwn(b *testing.B) {
	dir := folder(b, map[string]string{"x.rego": fiveRules})
	o := Options{Dirs: []string{dir}, Labels: declared("owner", "changeTicket")}
	for i := range 70 {
		o.Results = append(o.Results, fmt.Sprintf("family/statement-number-%d", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(context.Background(), o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadAndForce(b *testing.B) {
	in := force()
	for b.Loop() {
		e, err := Load(context.Background(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		e.Evaluate(context.Background(), in)
	}
}

// fiveRules are rules such as a team has; each reads the binding alone.
const fiveRules = head + `
binding := input.binding

deny contains "no label names the owner" if binding.labels.owner == null

deny contains "the ticket is missing or malformed" if not ticket_given

ticket_given if {
	binding.labels.changeTicket != null
	regex.match("^CHG-[0-9]+$", binding.labels.changeTicket)
}

deny contains sprintf("%s is not for RELEASE", [binding.domainName]) if binding.bindStageName != "RELEASE"

deny contains sprintf("%s does not redirect to HTTPS", [binding.domainName]) if binding.isHttpRedirectToHttps != true

deny contains sprintf("%s has a certificate of another name", [binding.domainName]) if {
	binding.certificate.given
	not startswith(binding.certificate.name, replace(binding.domainName, ".", "_"))
}
`

// judged is a binding with as many results as the catalogue gives.
func judged(b *testing.B) Input {
	in := withCertificate(b)
	in.Binding.IsForce, in.Binding.Certificate.Name = false, "www_demo_com"
	for i := range 70 {
		in.Results = append(in.Results, checks.Result{ID: fmt.Sprintf("family/statement-number-%d", i), Status: checks.StatusPass, Findings: []checks.Finding{}})
	}
	return in
}

func BenchmarkEvaluate(b *testing.B) {
	e, in := engine(b, fiveRules), judged(b)
	b.ReportAllocs()
	for b.Loop() {
		if o := e.Evaluate(context.Background(), in); o.State != evidence.StateObserved || o.Facts.Packages[0].Denials != nil {
			b.Fatal(o)
		}
	}
}

// BenchmarkInput is the part of BenchmarkEvaluate that makes the input.
func BenchmarkInput(b *testing.B) {
	e, in := engine(b, fiveRules), judged(b)
	b.ReportAllocs()
	for b.Loop() {
		d, err := newDocument(in, partsOf(e.own.packages), nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.own.input(reflect.ValueOf(&d).Elem()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvaluateTwenty asks twenty packages that read the same data.
func BenchmarkEvaluateTwenty(b *testing.B) {
	e, err := Load(context.Background(), Options{Dirs: []string{twenty(b)}, Labels: declared("owner", "changeTicket")})
	if err != nil {
		b.Fatal(err)
	}
	in := judged(b)
	b.ReportAllocs()
	for b.Loop() {
		e.Evaluate(context.Background(), in)
	}
}

// BenchmarkLoadTwenty loads twenty policies and 1 MB of JSON data.
func BenchmarkLoadTwenty(b *testing.B) {
	dir := twenty(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(context.Background(), Options{Dirs: []string{dir}, Labels: declared("owner", "changeTicket")}); err != nil {
			b.Fatal(err)
		}
	}
}

// twenty is a folder of twenty policies and 1 MB of JSON data.
func twenty(b *testing.B) string {
	var data strings.Builder
	for i := 0; data.Len() < 1<<20; i++ {
		fmt.Fprintf(&data, `%s"team%d": {"members": [{"name": "user%d", "level": %d, "active": true}], "domain": "t%d.demo.com", "quota": %d.5}`,
			map[bool]string{true: "", false: ", \n"}[i == 0], i, i, i%90, i, i)
	}
	files := map[string]string{"data.json": `{"teams": {` + data.String() + "}}", schemaName: `{"type": "object", "properties": {"teams": {
		"type": "object", "additionalProperties": {"type": "object", "required": ["members", "domain", "quota"], "properties": {
			"domain": {"type": "string"}, "quota": {"type": "number"}, "members": {"type": "array", "items": {
				"type": "object", "required": ["name", "level", "active"], "properties": {
					"name": {"type": "string"}, "level": {"type": "integer"}, "active": {"type": "boolean"}}}}}}}}}`}
	for i := range 20 {
		files[fmt.Sprintf("p%d.rego", i)] = strings.Replace(fiveRules, "bindgate.policy.x", fmt.Sprintf("bindgate.policy.p%d", i), 1) +
			"\ndeny contains \"no team\" if not data.teams.team7.members[0].active\n"
	}
	return folder(b, files)
}

func BenchmarkEvaluateForce(b *testing.B) {
	e := engine(b, small)
	in := withCertificate(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			e.Evaluate(context.Background(), in)
		}
	})
}
