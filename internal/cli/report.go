package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/report"
)

// lint judges and reports every binding, and ends the run with the code that
// matters most.
func (r *run) lint(ctx context.Context) error {
	rep, err := r.report()
	if err != nil {
		return err
	}
	var code int
	err = r.judge(ctx, judge.Scope{}, func(v judge.Verdict) error {
		if err := r.writeChain(v); err != nil {
			return err
		}
		one := r.entry(v)
		if r.after.Add(one) {
			code = exit.Worst(code, exit.OfDecision(v.Decision.Status, true))
		}
		return rep.Add(one)
	})
	if err != nil {
		return err
	}
	for _, b := range r.engine.Bindings().NotRun {
		code = exit.Worst(code, exit.CannotTell)
		if err := rep.Add(notRun(b)); err != nil {
			return err
		}
	}
	return r.finish(ctx, rep, code)
}

// finish ends the report of a run that made no calls, and the run.
func (r *run) finish(ctx context.Context, rep *report.Several, code int) error {
	rep.Compare(r.after.Compared(ctx.Err() == nil))
	if err := rep.Close(ctx.Err() != nil, "", r.waivers()); err != nil {
		return err
	}
	if ctx.Err() != nil {
		code = exit.Worst(code, exit.Interrupted)
	}
	return exit.Ended(r.credentialCode(code))
}

// credentialCode is the code of a run that cannot tell, unless the gateway did not take
// the credentials: that will not change by trying again.
func (r *run) credentialCode(code int) int {
	err := r.engine.Refused()
	if code != exit.CannotTell || err == nil {
		return code
	}
	r.env.Complain(fmt.Errorf("asking the gateway: %w\nnext: see %s", err, report.GuideCredentials))
	return exit.Usage
}

// saveEvidence begins the file of --evidence-out; nil where there is none.
func (r *run) saveEvidence(facts judge.Run) (*replay.Writer, error) {
	if r.out.evidence == nil {
		return nil, nil
	}
	return replay.NewWriter(r.out.evidence, replay.Header{Run: facts.Run, Offline: facts.Offline,
		Endpoint: facts.Endpoint, RootsDigest: facts.RootsDigest})
}

// writeChain writes the canonical chain of the one binding: leaf first, then its
// issuers, without the root. A file that holds no readable certificate leaves
// nothing to write, and its finding says why.
func (r *run) writeChain(v judge.Verdict) error {
	facts := v.Evidence.Certificate.Facts
	if r.s.WriteChain == "" || len(facts.Chain) == 0 {
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
	if err := confine.WriteNew(r.env.Dir, r.s.WriteChain, text, 0o644); err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	return nil
}

// head is what the report says of the run.
func (r *run) head() (report.Run, error) {
	facts, err := r.engine.Run()
	var off []report.PolicyOff
	for _, p := range facts.PoliciesOff {
		off = append(off, report.PolicyOff{Name: p.Name, Reason: p.Off})
	}
	var classic *report.Classic
	if r.classic || r.engine.Bindings().Moves() {
		classic = report.ClassicAt(facts.Now)
	}
	return report.Run{
		Classic: classic, Command: facts.Command, Now: facts.Now, Offline: facts.Offline, Endpoint: facts.Endpoint, Identity: facts.Identity, Contract: facts.Contract,
		DNSMode: facts.DNSMode, ManifestDigest: r.engine.Bindings().Digest, PolicyDigest: facts.PolicyDigest,
		ConfigDigest: r.s.ConfigDigest, RootsDigest: facts.RootsDigest, PoliciesOff: off,
	}.With(facts.Given), err
}

// entry is a verdict as the report has it.
func (r *run) entry(v judge.Verdict) report.Binding {
	b := v.Binding
	return report.Binding{
		Platform: b.Platform(), DomainName: b.DomainName, GroupID: b.GroupID, GatewayID: b.GatewayID, RegionID: b.RegionID,
		BindStageName: b.BindStageName, CustomDomainType: b.CustomDomainType, Source: b.Source,
		Decision: v.Decision.Status, Reasons: v.Decision.Reasons, Checks: v.Results,
		Evidence: report.ExcerptOf(v.Evidence), Cutover: r.moveOf(v), FullEvidence: &v.Evidence,
	}
}

// report begins the reports.
func (r *run) report() (*report.Several, error) {
	head, err := r.head()
	if err != nil {
		return nil, err
	}
	all := r.reportHead()
	all.Run, all.Catalogue, all.Severities, all.Text = head, r.engine.Catalogue(), r.s.Severities, r.engine.Bindings().Text
	return r.out.reports.Begin(report.Console{Out: r.env.Stdout, Color: r.env.Color(r.s.Color), StepSummary: r.env.Get("GITHUB_STEP_SUMMARY")}, all, r.reportOptions())
}

// waivers are the owner's waivers and what became of them.
func (r *run) waivers() (out []report.Waiver) {
	for _, w := range r.engine.Waivers() {
		out = append(out, report.Waiver{Check: w.Check, Rule: w.Rule, Domain: w.Domain, Owner: w.Owner, Reason: w.Reason, Until: w.Until, Status: w.Status, Soon: w.Soon})
	}
	return out
}

// notRun is a binding that could not be judged, as the report has it. Where its domain is
// not known, the address of its resource is its name.
func notRun(b manifest.NotRun) report.Binding {
	var reasons []string
	for _, reason := range b.Reasons {
		reasons = append(reasons, fmt.Sprintf("%s (%s)", reason, b.Binding.Source.Address))
	}
	return report.Binding{Platform: b.Binding.Platform(), DomainName: cmp.Or(b.Binding.DomainName, b.Binding.Source.Address), Source: b.Binding.Source, Decision: gate.Undetermined, Reasons: reasons}
}

// moveOf returns how far the domain of a map has come; nil for another binding.
func (r *run) moveOf(v judge.Verdict) *cutover.Progress {
	if b := v.Binding; b.CutOver && b.MovesFrom != nil {
		p := cutover.Of(r.engine.Catalogue(), cutover.Subject{Binding: b, Evidence: v.Evidence, Results: v.Results, Calls: len(v.Decision.Plan.Calls),
			PlanErr: v.Decision.PlanErr, Map: b.Source.File, Earlier: r.earlier.Of(b)})
		return &p
	}
	return nil
}
