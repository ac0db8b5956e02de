package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/report"
)

// Lint judges and reports every binding, and ends the run with the code that matters most.
func (r *Run) Lint(ctx context.Context, partialIsClean bool) error {
	// Only with the first verdict: the reports wait for the policies, and the first bindings are collected while those compile.
	begin := sync.OnceValues(r.Report)
	code := exit.Clean
	if err := r.Judge(ctx, judge.Scope{}, func(v judge.Verdict) error {
		rep, err := begin()
		if err != nil {
			return err
		}
		if err := r.writeChain(v); err != nil {
			return err
		}
		one := r.Entry(v)
		if r.FollowUp.Add(one) {
			code = exit.Worst(code, exit.OfDecision(v.Decision.Status, partialIsClean))
		}
		return rep.Add(one)
	}); err != nil {
		return err
	}
	rep, err := begin()
	if err != nil {
		return err
	}
	notRun, err := r.AddNotRun(rep)
	if err != nil {
		return err
	}
	return r.Finish(ctx, rep, exit.Worst(code, notRun))
}

// AddNotRun reports the bindings of another tool's file that cannot be judged, and returns
// their code; 0: there is none.
func (r *Run) AddNotRun(rep *report.Several) (code int, err error) {
	for _, b := range r.Engine.Bindings().NotRun {
		one := notRun(b)
		code = exit.Worst(code, exit.OfDecision(one.Decision, false))
		if err := rep.Add(one); err != nil {
			return code, err
		}
	}
	return code, nil
}

// Finish ends the report of a run that made no calls, and the run.
func (r *Run) Finish(ctx context.Context, rep *report.Several, code int) error {
	rep.Compare(r.FollowUp.Compared(ctx.Err() == nil))
	if err := rep.Close(ctx.Err() != nil, "", r.Waivers()); err != nil {
		return err
	}
	if ctx.Err() != nil {
		code = exit.Worst(code, exit.Interrupted)
	}
	return r.Ended(rep, r.CredentialCode(code))
}

// Ended returns the error of a run whose reports are written, with its code. Where all of
// them are in files, a run that is not clean says so on standard error.
func (r *Run) Ended(rep *report.Several, code int) error {
	if line := rep.InFiles(); line != "" && code != exit.Clean && !r.Settings.Quiet {
		r.Env.Complain(errors.New(line))
	}
	return exit.Ended(code)
}

// CredentialCode is the code of a run that cannot tell, unless the gateway did not take the
// credentials. It says so, and where a list is too long to be read, which trying again does
// not change.
func (r *Run) CredentialCode(code int) int {
	err := r.Engine.Refused()
	if code != exit.CannotTell || err == nil {
		return code
	}
	if errors.Is(err, api.ErrTooLong) {
		r.Env.Complain(fmt.Errorf("asking the gateway: %w\nnext: see %s", err, report.GuideTooLong))
		return code
	}
	r.Env.Complain(fmt.Errorf("asking the gateway: %w\nnext: see %s", err, report.GuideCredentials))
	return exit.Usage
}

// writeChain writes the canonical chain of the one binding: leaf first, then its
// issuers, without the root. A file that holds no readable certificate leaves
// nothing to write, and its finding says why.
func (r *Run) writeChain(v judge.Verdict) error {
	facts := v.Evidence.Certificate.Facts
	if r.Settings.WriteChain == "" || len(facts.Chain) == 0 {
		return nil
	}
	ders := make([][]byte, 0, len(facts.Chain))
	for _, c := range facts.Chain {
		ders = append(ders, c.DER)
	}
	text, err := pki.InOrder(ders, facts.Path.DER)
	if err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	if err := confine.WriteNew(r.Env.Dir, r.Settings.WriteChain, text, 0o644); err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	return nil
}

// head is what the report says of the run.
func (r *Run) head() (report.Run, error) {
	facts, err := r.Engine.Run()
	var off []report.PolicyOff
	for _, p := range facts.PoliciesOff {
		off = append(off, report.PolicyOff{Name: p.Name, Reason: p.Off})
	}
	var classic *report.Classic
	if r.Classic || r.Engine.Bindings().Moves() {
		classic = report.ClassicAt(facts.Now)
	}
	return report.Run{
		Classic: classic, Audited: r.audited(facts.Command), Command: facts.Command, Now: facts.Now, Offline: facts.Offline, Endpoint: facts.Endpoint, Identity: facts.Identity, Contract: facts.Contract,
		DNSMode: facts.DNSMode, ManifestDigest: r.Engine.Bindings().Digest, PolicyDigest: facts.PolicyDigest,
		ConfigDigest: r.Settings.ConfigDigest, RootsDigest: facts.RootsDigest, PoliciesOff: off,
	}.With(facts.Given), err
}

// audited is what an audit listed; nil for another command.
func (r *Run) audited(command string) *report.Audited {
	if r.Held == nil || command != "audit" {
		return nil
	}
	return &report.Audited{Platform: r.Held.Platform, RegionID: r.Held.Region, Groups: r.Held.Groups}
}

// Entry is a verdict as the report has it.
func (r *Run) Entry(v judge.Verdict) report.Binding {
	b := v.Binding
	return report.Binding{
		Platform: b.Platform(), DomainName: b.DomainName, GroupID: b.GroupID, GatewayID: b.GatewayID, RegionID: b.RegionID,
		BindStageName: b.BindStageName, CustomDomainType: b.CustomDomainType, Source: b.Source,
		Decision: v.Decision.Status, Reasons: v.Decision.Reasons, Checks: v.Results,
		Evidence: report.ExcerptOf(v.Evidence), Cutover: r.MoveOf(v), FullEvidence: &v.Evidence,
	}
}

// Report begins the reports.
func (r *Run) Report() (*report.Several, error) {
	head, err := r.head()
	if err != nil {
		return nil, err
	}
	all := r.reportHead()
	all.Run, all.Catalogue, all.Severities, all.Text = head, r.Engine.Catalogue(), r.Settings.Severities, r.Engine.Bindings().Text
	return r.Out.Reports.Begin(report.Console{Out: r.Env.Stdout, Color: r.Env.Color(r.Settings.Color), StepSummary: r.Env.Get("GITHUB_STEP_SUMMARY")}, all, r.reportOptions())
}

// Waivers are the owner's waivers and what became of them.
func (r *Run) Waivers() (out []report.Waiver) {
	for _, w := range r.Engine.Waivers() {
		out = append(out, report.Waiver{Check: w.Check, Rule: w.Rule, Domain: w.Domain, Owner: w.Owner, Reason: w.Reason, Until: w.Until, Status: w.Status, Soon: w.Soon})
	}
	return out
}

// notRun is a binding that could not be judged, as the report has it. Where its domain is
// not known, the address of its resource is its name.
func notRun(b manifest.NotRun) report.Binding {
	var reasons []string
	for _, reason := range b.Reasons {
		if b.Binding.Source.Line == 0 { // else the reason names its place
			reason = fmt.Sprintf("%s (%s)", reason, b.Binding.Source.Address)
		}
		reasons = append(reasons, reason)
	}
	decision := gate.Undetermined
	if b.Refused {
		decision = gate.Refused
	}
	return report.Binding{Platform: cmp.Or(b.Platform, b.Binding.Platform()), DomainName: cmp.Or(b.Binding.DomainName, b.Binding.Source.Address), Source: b.Binding.Source, Decision: decision, Reasons: reasons}
}

// MoveOf returns how far the domain of a map has come; nil for another binding.
func (r *Run) MoveOf(v judge.Verdict) *cutover.Progress {
	if b := v.Binding; b.CutOver && b.MovesFrom != nil {
		p := cutover.Of(r.Engine.Catalogue(), cutover.Subject{Binding: b, Evidence: v.Evidence, Results: v.Results, Calls: len(v.Decision.Plan.Calls),
			PlanErr: v.Decision.PlanErr, Map: b.Source.File, Earlier: r.Earlier.Of(b)})
		return &p
	}
	return nil
}
