package report

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
)

// complete gives the report that is written: sorted, counted, every list
// present, and no word that the schema does not know. The given one stays as it
// is.
func complete(r Report) Report {
	r.Schema = SchemaName
	r.Run.Now = r.Run.Now.UTC()
	r.Run.Endpoint = publicEndpoint(r.Run.Endpoint)
	bindings := make([]Binding, len(r.Bindings))
	for i, b := range r.Bindings {
		bindings[i] = completeBinding(b)
	}
	slices.SortStableFunc(bindings, func(a, b Binding) int {
		return cmp.Or(byPosition(a.Source, b.Source), strings.Compare(a.DomainName, b.DomainName),
			strings.Compare(a.RegionID, b.RegionID), strings.Compare(a.GroupID, b.GroupID),
			strings.Compare(a.CustomDomainType, b.CustomDomainType))
	})
	r.Bindings = bindings
	r.Summary = Summarize(bindings)
	return r
}

// completeBinding sorts the checks by id, not by the catalogue, so that two
// reports can be compared although a check was moved in between. Calls, reasons
// and restore commands keep their order: it means something.
func completeBinding(b Binding) Binding {
	switch b.Decision {
	case gate.Allowed, gate.Refused, gate.Undetermined, gate.Partial:
	default:
		b.Reasons = append(slices.Clone(b.Reasons), fmt.Sprintf("no decision was made (%q)", string(b.Decision)))
		b.Decision = gate.Undetermined
	}
	b.Reasons = append([]string{}, b.Reasons...)
	b.Checks = append([]checks.Result{}, b.Checks...)
	for i, c := range b.Checks {
		b.Checks[i] = completeCheck(c)
	}
	slices.SortStableFunc(b.Checks, func(x, y checks.Result) int { return strings.Compare(x.ID, y.ID) })
	b.Takes = slices.Clone(b.Takes)
	slices.SortStableFunc(b.Takes, func(x, y evidence.Holder) int {
		return cmp.Or(strings.Compare(x.RegionID, y.RegionID), strings.Compare(x.GroupID, y.GroupID),
			strings.Compare(x.Domain.DomainName, y.Domain.DomainName))
	})
	if b.Outcome != nil {
		o := *b.Outcome
		o.Status = knownOutcome(o.Status)
		b.Outcome = &o
	}
	return b
}

func completeCheck(c checks.Result) checks.Result {
	switch c.Status {
	case checks.StatusFail, checks.StatusNotApplicable, checks.StatusNotRun, checks.StatusPass, checks.StatusUnknown:
	default:
		c.Status, c.Reason = checks.StatusUnknown, fmt.Sprintf("no such status (%q)", string(c.Status))
	}
	c.Findings = append([]checks.Finding{}, c.Findings...)
	for i := range c.Findings {
		if c.Findings[i].Severity != checks.Warning {
			c.Findings[i].Severity = checks.Error
		}
	}
	slices.SortStableFunc(c.Findings, func(x, y checks.Finding) int {
		return cmp.Or(strings.Compare(string(x.Severity), string(y.Severity)), // error before warning
			byPosition(x.Source, y.Source), strings.Compare(x.Message, y.Message), strings.Compare(x.Fix, y.Fix))
	})
	return c
}

func byPosition(a, b binding.Position) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// knownOutcome takes a word that is none as the one that promises nothing.
func knownOutcome(status string) string {
	switch status {
	case bound, unchanged, incomplete, failed, notAttempted:
		return status
	}
	return unknown
}

// publicEndpoint leaves out of an endpoint all that can hold a secret.
func publicEndpoint(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	full := endpoint
	if !strings.Contains(endpoint, "://") {
		full = "//" + endpoint
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" {
		return "(not an address)"
	}
	return strings.TrimPrefix((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), "//")
}
