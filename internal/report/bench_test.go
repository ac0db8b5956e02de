package report

import (
	"fmt"
	"io"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
)

// offline is one of many bindings as lint --offline judges them: most checks
// pass, the rest lack their evidence, every tenth binding is refused.
func offline(i int, catalogue []checks.Check) Binding {
	b := allowed()
	if i%10 == 9 {
		b = refused()
	}
	b.DomainName, b.Source, b.Calls, b.Checks = fmt.Sprintf("d%d.demo.com", i), at(4*i+3, 5), nil, b.Checks[:0:0]
	b.Evidence = &Excerpt{Path: []string{"CN=" + b.DomainName, "CN=Demo Intermediate CA", "CN=Demo Root CA"}, RootsFrom: "roots.pem"}
	b.FullEvidence = &evidence.Evidence{}
	for _, c := range catalogue {
		r := checks.Result{ID: c.ID, Status: checks.StatusPass, Findings: []checks.Finding{}}
		switch {
		case len(c.Needs) > 0 && c.Needs[0] != evidence.NeedCertificate && c.Needs[0] != evidence.NeedKey:
			r.Status, r.Reason = checks.StatusNotRun, fmt.Sprintf("%s evidence was skipped: --offline", c.Needs[0])
			b.Reasons = append(b.Reasons, c.ID+": "+r.Reason)
		case c.ID == "certificate/covers-domain" && b.Decision == gate.Refused:
			r.Status, r.Findings = checks.StatusFail, []checks.Finding{{Severity: checks.Error, Message: "the certificate names api.demo.com only", Source: at(4*i+6, 13)}}
		}
		b.Checks = append(b.Checks, r)
	}
	if b.Decision == gate.Allowed {
		b.Decision = gate.Partial
	}
	return b
}

// BenchmarkAdd is what one binding costs in each format.
func BenchmarkAdd(b *testing.B) {
	var all []Binding
	catalogue := catalog.All()
	for i := range 1000 {
		all = append(all, offline(i, catalogue))
	}
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) {
			s, err := Open(io.Discard, format, run("lint").Head, Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := s.Add(all[i%len(all)]); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Close(Tail{}); err != nil {
				b.Fatal(err)
			}
		})
	}
}
