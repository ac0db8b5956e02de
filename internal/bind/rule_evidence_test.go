package bind_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/group"
)

// faulty contains the collectors of a case: groups are read from the platform, the
// rest is generated, and each fails as the case says.
type faulty struct {
	c      *ruleCase
	groups *group.Collector
	cancel func()
}

func (f *faulty) of(b binding.Binding) *ruleBinding {
	i := slices.IndexFunc(f.c.bindings, func(r *ruleBinding) bool {
		return r.requested.DomainName == b.DomainName || r.displaced() == b.DomainName // which DNS is asked about too
	})
	return f.c.bindings[i]
}

// trouble is an observation with what goes wrong in it, if anything does.
func trouble[T any](ctx context.Context, kind string, sound func() evidence.Observation[T]) evidence.Observation[T] {
	switch kind {
	case "error":
		return evidence.Failed[T]("scripted", "", time.Time{})
	case "time-out":
		<-ctx.Done()
		return evidence.Failed[T](ctx.Err().Error(), "", time.Time{})
	case "panic":
		panic("scripted")
	case "missing":
		return evidence.Observation[T]{}
	case "left out":
		return evidence.NotCollected[T]("scripted")
	}
	return sound()
}

func saw[T any](facts T) func() evidence.Observation[T] {
	return func() evidence.Observation[T] { return evidence.Observed(facts, "", time.Time{}) }
}

func (f *faulty) Collect(ctx context.Context, b binding.Binding) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof]) {
	if f.c.cancel == cancels[0] {
		f.cancel()
	}
	kind := f.of(b).collector["dns"]
	return trouble(ctx, kind, saw(evidence.DNS{})), trouble(ctx, kind, saw(evidence.Proof{}))
}

func (f *faulty) Group(ctx context.Context, b binding.Binding, served bool) evidence.Observation[evidence.Group] {
	return trouble(ctx, f.of(b).collector["group"], func() evidence.Observation[evidence.Group] { return f.groups.Group(ctx, b, served) })
}

func (f *faulty) Account(ctx context.Context, b binding.Binding, g evidence.Group, chain []string) evidence.Observation[evidence.Account] {
	return trouble(ctx, f.of(b).collector["account"], func() evidence.Observation[evidence.Account] {
		if err := ctx.Err(); err != nil { // even if others have read it already
			return evidence.Failed[evidence.Account](err.Error(), "", time.Time{})
		}
		return f.groups.Account(ctx, b, g, chain)
	})
}

// faultyFiles is the collector of certificates; its method has DNS's name.
type faultyFiles struct{ *faulty }

func (f faultyFiles) Collect(ctx context.Context, b binding.Binding) (evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key]) {
	if b.Certificate == nil {
		return evidence.NotCollected[evidence.Certificate]("none"), evidence.NotCollected[evidence.Key]("none")
	}
	kind, m := f.of(b).collector["certificate"], materialOf(leaves()[0])
	return trouble(ctx, kind, saw(evidence.Certificate{FileDigest: m.FileDigest, ChainDigest: m.ChainDigest})),
		trouble(ctx, kind, saw(evidence.Key{PublicKeyDigest: m.PublicKeyDigest}))
}

// rest fills in the evidence that no collector of these cases gathers: it is
// there, or what the case says.
func (b *ruleBinding) rest(ev *evidence.Evidence) {
	state := evidence.StateObserved
	switch b.collector["rest"] {
	case "":
	case "missing":
		ev.Displaced = evidence.Observation[evidence.Displaced]{} // the collector gathered it
		return
	case "left out":
		state = evidence.StateNotCollected
	default:
		state = evidence.StateFailed
	}
	gathered := []string{"Run", "DNS", "Proof", "Certificate", "Key", "Group", "Account", "Siblings", "Policy"}
	for field, observation := range reflect.ValueOf(ev).Elem().Fields() {
		if !slices.Contains(gathered, field.Name) {
			observation.FieldByName("State").SetString(string(state))
		}
	}
}

// counted is what the policies say of a run: what the script has them say, or that
// too few approvals are left of those that they want, or that there is no plan.
func (b *ruleBinding) counted(say string, run evidence.Run) string {
	switch {
	case say != "allow" || b.wants == 0:
		return say
	case run.Given == nil || run.Given.Plan == "":
		return "not run"
	case len(run.Given.ApprovalsAt(run.Now)) < b.wants:
		return "deny"
	}
	return say
}

// given is what a run of a case is given, which begins now.
func (c *ruleCase) given(now time.Time) *evidence.Given {
	if !c.plan {
		return nil
	}
	g := &evidence.Given{Plan: "sha256:plan", PlanUntil: now.Add(24 * time.Hour)}
	for i, life := range c.lives {
		ends := map[string]time.Duration{"long": 24 * time.Hour, "short": laterBy / 2, "until the call": callsAt}[life]
		g.Approvals = append(g.Approvals, evidence.Approval{By: fmt.Sprint("approver ", i), Kind: evidence.ApprovalSSH, Expires: now.Add(ends)})
	}
	return g
}

// Times of a case, from its begin on: the second judgement, and the calls.
const (
	laterBy = time.Hour
	callsAt = 2 * time.Hour
)

// policies is the verdict that the policies give, once they were asked and say so.
func (b *ruleBinding) policies(say string) evidence.Observation[evidence.Policy] {
	deny, force := evidence.PolicyPackage{Name: "bindgate.policy.names"}, evidence.PolicyPackage{Name: "bindgate.force.rebind", Allow: true}
	packages := []evidence.PolicyPackage{deny, force}
	switch say {
	case "deny":
		packages[0].Denials = []evidence.PolicyMessage{{Text: "scripted"}}
	case "waived", "not waivable": // by the owner, until a date; a rule that is not marked as waivable denies all the same
		packages[0].Denials = []evidence.PolicyMessage{{Text: "scripted", Rule: "names", Waivable: say == "waived",
			Waived: &evidence.Waiver{Owner: "web", Reason: "scripted", Until: time.Now().Add(time.Hour)}}}
	case "no force":
		packages[1].Allow = false
	case "not run":
		packages[0].NotRun, packages[1].NotRun = "scripted", "scripted"
	case "silent":
		packages = nil
	}
	kind := b.collector["policy"]
	if kind == "panic" || kind == "time-out" {
		kind = "error" // the engine reports both so
	}
	return trouble(context.Background(), kind, saw(evidence.Policy{Packages: packages}))
}

// perBinding are the certificate files of a case when the calls are made.
type perBinding struct{ changed []string }

func (m *perBinding) Material(b binding.Binding) (certificate.Material, error) {
	if b.Certificate == nil {
		return certificate.Material{}, errors.New("the binding has no certificate")
	}
	if slices.Contains(m.changed, b.DomainName) {
		return materialOf(leaves()[1]), nil
	}
	return materialOf(leaves()[0]), nil
}
