// Package since compares the verdicts of a run with those of an earlier report.
package since

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/strictjson"
)

// MaxSize bounds an earlier report, in bytes.
const MaxSize = 256 << 20

// States of a check of a binding.
const (
	fine    = "pass" // or not applicable, or its findings are waived
	warning = "warning"
	fails   = "fail"
	unknown = "unknown"
	notRun  = "not-run"
	absent  = "absent" // the report has no such check, or no such binding
)

// Comparison compares the bindings of a run with an earlier report.
type Comparison struct {
	earlier map[place]*verdicts
	order   []place
	found   report.Since

	identity *evidence.Identity // of the earlier run
	failed   bool               // that run
}

type place struct{ platform, region, target, domain string }

func (p place) bound() report.Bound {
	if p.platform == binding.APIG {
		return report.Bound{DomainName: p.domain, GatewayID: p.target}
	}
	return report.Bound{DomainName: p.domain, GroupID: p.target}
}

// verdicts are the states of a binding's checks.
type verdicts struct {
	states map[string]string // by check
	seen   bool              // the run has the binding too
}

// First returns the comparison of a run that has no earlier report.
func First() *Comparison { return &Comparison{} }

// document is what is read of a report. Fields of the same version that this program
// does not know are ignored.
type document struct {
	Schema string `json:"schema"`
	Run    *struct {
		Command     string             `json:"command"`
		Now         time.Time          `json:"now"`
		Identity    *evidence.Identity `json:"identity"`
		Interrupted bool               `json:"interrupted"`
		Error       *struct{}          `json:"error"`
		Audited     *report.Audited    `json:"audited"`
	} `json:"run"`
	Bindings []struct {
		DomainName string `json:"domainName"`
		Platform   string `json:"platform"`
		GroupID    string `json:"groupId"`
		GatewayID  string `json:"gatewayId"`
		RegionID   string `json:"regionId"`
		Checks     []struct {
			IDs      []string         `json:"ids"`
			Status   checks.Status    `json:"status"`
			Findings []checks.Finding `json:"findings"`
		} `json:"checks"`
	} `json:"bindings"`
}

// Read reads an earlier report in the json format and refuses one of another command,
// platform or region.
func Read(data []byte, platform, region string) (*Comparison, error) {
	names := strings.Fields("schema run command now identity accountId interrupted error audited groups bindings domainName platform groupId gatewayId regionId checks ids status findings severity waived")
	var syntax *json.SyntaxError
	switch err := strictjson.OneSpelling(data, names, "params"); {
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it is not JSON, or ends too early, want the report of an earlier audit; write it with -f json=FILE")
	case err != nil:
		return nil, err
	}
	var d document
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&d); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("got more than one document, want one report")
	}
	switch {
	case d.Schema != report.SchemaName:
		return nil, fmt.Errorf("got schema %.64q, want %q; write it with -f json=FILE", d.Schema, report.SchemaName)
	case d.Run == nil || d.Run.Now.IsZero():
		return nil, errors.New("it says nothing of its run; write it again with -f json=FILE")
	case d.Run.Command != "audit":
		return nil, fmt.Errorf("got a report of the command %.64q, want one of audit", d.Run.Command)
	case d.Run.Audited != nil && d.Run.Audited.Platform != platform:
		return nil, fmt.Errorf("got a report of the platform %.64q, want %s", d.Run.Audited.Platform, platform)
	case d.Run.Audited != nil && d.Run.Audited.RegionID != region:
		return nil, fmt.Errorf("got a report of the region %.64q, want %s", d.Run.Audited.RegionID, region)
	}
	now := d.Run.Now.UTC()
	c := &Comparison{identity: d.Run.Identity, failed: d.Run.Error != nil, earlier: map[place]*verdicts{}, found: report.Since{Now: &now, Incomplete: d.Run.Interrupted || d.Run.Error != nil}}
	for i, b := range d.Bindings {
		p := place{b.Platform, b.RegionID, cmp.Or(b.GatewayID, b.GroupID), b.DomainName}
		switch {
		case b.DomainName == "" || p.target == "":
			return nil, fmt.Errorf("binding %d has no domainName, or neither groupId nor gatewayId", i+1)
		case b.Platform != platform:
			return nil, fmt.Errorf("got a report of the platform %.64q, want %s", b.Platform, platform)
		case b.RegionID != region:
			return nil, fmt.Errorf("got a report of the region %.64q, want %s", b.RegionID, region)
		}
		v := &verdicts{states: map[string]string{}}
		for _, r := range b.Checks {
			if len(r.IDs) == 0 {
				return nil, fmt.Errorf("binding %d has a result without a check", i+1)
			}
			for _, id := range r.IDs {
				if _, twice := v.states[id]; twice {
					return nil, fmt.Errorf("binding %d has two results of the check %.64q, want one", i+1, id)
				}
				v.states[id] = stateOf(r.Status, r.Findings)
			}
		}
		if c.earlier[p] == nil { // the platform may list a domain twice
			c.order = append(c.order, p)
		}
		c.earlier[p] = v
	}
	return c, nil
}

// SameAccount refuses an earlier report of another account. Where there is no STS, neither
// is known. A report of a run that failed names no binding, and often no account.
func (c *Comparison) SameAccount(now *evidence.Identity) error {
	was, is := account(c.identity), account(now)
	if was == is || c.failed || c.earlier == nil {
		return nil
	}
	return fmt.Errorf("got a report of account %s, want one of %s", was, is)
}

func account(id *evidence.Identity) string {
	if id == nil || id.AccountID == "" {
		return "(not known)"
	}
	return fmt.Sprintf("%.64q", id.AccountID)
}

// stateOf returns the state of a check. A status that is none is unknown.
func stateOf(status checks.Status, findings []checks.Finding) string {
	valid := slices.ContainsFunc(findings, func(f checks.Finding) bool { return f.Waived == nil })
	switch {
	case status == checks.StatusFail:
		return fails
	case status == checks.StatusNotRun:
		return notRun
	case status == checks.StatusNotApplicable, status == checks.StatusPass && !valid:
		return fine
	case status == checks.StatusPass && checks.HasError(findings):
		return fails
	case status == checks.StatusPass:
		return warning
	}
	return unknown
}

// reported says whether a state is one that a reader has to look at.
func reported(state string) bool { return state == warning || state == fails || state == unknown }

// severity orders states: a higher one is worse.
func severity(state string) int {
	return slices.Index([]string{fine, absent, notRun, warning, unknown, fails}, state)
}

// Add compares a binding. It reports whether something of it is new, or worse than it was.
func (c *Comparison) Add(b report.Binding) (worse bool) {
	p := place{b.Platform, b.RegionID, b.Target(), b.DomainName}
	before := c.earlier[p]
	if before == nil {
		c.found.Bound = append(c.found.Bound, p.bound())
		before = &verdicts{}
	}
	before.seen = true
	now := map[string]string{}
	for _, r := range b.Checks {
		now[r.ID] = stateOf(r.Status, r.Findings)
	}
	for id := range before.states {
		if _, ok := now[id]; !ok {
			now[id] = absent
		}
	}
	for id, after := range now {
		was := cmp.Or(before.states[id], absent)
		d := report.Difference{Bound: p.bound(), Check: id, Before: was, After: after}
		switch {
		case was == after, !reported(was) && !reported(after):
			continue
		case !reported(was):
			c.found.New = append(c.found.New, d)
		case after == fine:
			c.found.Fixed = append(c.found.Fixed, d)
		default:
			c.found.Changed = append(c.found.Changed, d)
		}
		worse = worse || severity(after) > severity(was)
	}
	return worse
}

// Result returns the differences, sorted. whole says whether every binding of the run was
// added: else nothing is said of those that are bound no more.
func (c *Comparison) Result(whole bool) *report.Since {
	out := c.found
	for _, p := range c.order {
		if !c.earlier[p].seen && whole {
			out.Gone = append(out.Gone, p.bound())
		}
	}
	for _, list := range [][]report.Difference{out.New, out.Fixed, out.Changed} {
		slices.SortStableFunc(list, func(x, y report.Difference) int {
			return cmp.Or(byPlace(x.Bound, y.Bound), strings.Compare(x.Check, y.Check))
		})
	}
	slices.SortStableFunc(out.Bound, byPlace)
	slices.SortStableFunc(out.Gone, byPlace)
	return &out
}

func byPlace(x, y report.Bound) int {
	return cmp.Or(strings.Compare(x.DomainName, y.DomainName), strings.Compare(x.GroupID, y.GroupID), strings.Compare(x.GatewayID, y.GatewayID))
}

// Moves reads how far domains had come in an earlier json report of cutover.
func Moves(data []byte, now time.Time) (cutover.Earlier, error) {
	var earlier report.Report
	if err := json.Unmarshal(data, &earlier); err != nil || earlier.Schema != report.SchemaName {
		return nil, errors.New("it is no json report of bindgate; write one with -f json=FILE")
	}
	if earlier.Run.Now.After(now) {
		return nil, fmt.Errorf("it is of %s, and it is %s now; name an earlier report", earlier.Run.Now.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	moves := cutover.Earlier{}
	for _, b := range earlier.Bindings {
		if b.Cutover != nil {
			moves.Add(b.DomainName, *b.Cutover)
		}
	}
	if len(moves) == 0 {
		return nil, errors.New("it reports of no domain that moves; name a report of bindgate cutover")
	}
	return moves, nil
}
