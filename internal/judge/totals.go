package judge

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform"
	"github.com/bindgate/bindgate/internal/platform/apig"
	"github.com/bindgate/bindgate/internal/platform/classic"
	"github.com/bindgate/bindgate/internal/policy"
)

// Totals sums what the bindings of a run would do, for policies that read input.plan.
// They are made of evidence alone, before any policy is asked, and are the same in any
// order of the bindings.
type Totals struct {
	at      time.Time         // of the run
	unknown evidence.Metadata // why they are not known; no state: they are
	sum     policy.Plan
	names   map[string]bool // that are displaced
	groups  map[string]bool // that lose a name
	own     [][sha256.Size]byte
}

// NewTotals returns the totals of a run, before its first binding.
func NewTotals(at time.Time) *Totals {
	return &Totals{at: at, names: map[string]bool{}, groups: map[string]bool{}}
}

// skippedTotals are those of a run that does not ask the gateway.
func skippedTotals(why string) *Totals {
	return &Totals{unknown: evidence.NotCollected[policy.Plan]("the plan of the run needs group evidence: " + why).Metadata}
}

// Add counts the next binding of the run.
func (t *Totals) Add(s checks.Subject) {
	if m := lacks(s); m.State != "" && (t.unknown.State == "" || t.unknown.State == evidence.StateFailed && m.State == evidence.StateNotCollected) {
		m.At = t.at
		t.unknown = m
	}
	own := ownPlan(s)
	t.own = append(t.own, digestOf(own))
	t.sum.Bindings++
	switch {
	case !own.Planned:
		t.sum.Unplanned++
	case own.Calls.Total == 0:
		t.sum.Unchanged++
	case servesRelease(*own.After):
		t.sum.Release++
	}
	t.sum.Calls.Total += own.Calls.Total
	t.sum.Calls.SetDomain += own.Calls.SetDomain
	t.sum.Calls.SetDomainCertificate += own.Calls.SetDomainCertificate
	t.sum.Calls.UploadUserCertificate += own.Calls.UploadUserCertificate
	t.sum.Calls.CreateDomain += own.Calls.CreateDomain
	t.sum.Calls.UpdateDomain += own.Calls.UpdateDomain
	if own.Forces {
		t.sum.Forces++
	}
	for _, d := range own.Displaces {
		t.names[d.DomainName], t.groups[d.GroupID] = true, true
	}
}

// End closes the totals: every binding was added.
func (t *Totals) End() *Totals {
	t.sum.DisplacedNames, t.sum.DisplacedGroups = slices.Sorted(maps.Keys(t.names)), slices.Sorted(maps.Keys(t.groups))
	t.names, t.groups = nil, nil
	return t
}

// Of returns the totals with what the run would do for the binding with a number. A
// binding that is no longer what was counted fails: the totals would not hold.
func (t *Totals) Of(number int, s checks.Subject) evidence.Observation[policy.Plan] {
	switch {
	case t == nil:
		return evidence.Observation[policy.Plan]{}
	case t.unknown.State != "":
		return evidence.Observation[policy.Plan]{Metadata: t.unknown}
	}
	p := t.sum
	p.Own = ownPlan(s)
	if number >= len(t.own) || digestOf(p.Own) != t.own[number] {
		return evidence.Failed[policy.Plan]("what is to be done for the binding has changed since the plan of the run was made; run again", "", t.at)
	}
	return evidence.Observed(p, "", t.at)
}

// lacks returns why the calls for a binding are not known; no state: they are, or
// there are none for a reason that was observed.
func lacks(s checks.Subject) evidence.Metadata {
	needs := []evidence.Need{evidence.NeedGroup}
	if s.Binding.Platform() == binding.APIG {
		if needs = []evidence.Need{evidence.NeedGateway, evidence.NeedRecords}; s.Binding.Certificate != nil {
			needs = append(needs, evidence.NeedStore, evidence.NeedCertificate)
		}
	} else if g := s.Evidence.Group; g.State != evidence.StateObserved || g.Facts.Found {
		if s.Binding.Certificate != nil {
			needs = append(needs, evidence.NeedCertificate)
			if s.Evidence.Key.State != evidence.StateNotCollected { // the binding names no key
				needs = append(needs, evidence.NeedKey)
			}
		}
		if s.Binding.IsForce {
			needs = append(needs, evidence.NeedAccount)
		}
	}
	why := func(need evidence.Need, reason string) string {
		return fmt.Sprintf("the plan of the run needs %s evidence of %q: %s", need, s.Binding.DomainName, reason)
	}
	var failed evidence.Metadata
	for _, need := range needs {
		switch m := s.Evidence.Of(need); m.State {
		case evidence.StateObserved:
		case evidence.StateNotCollected:
			return evidence.NotCollected[policy.Plan](why(need, m.Reason)).Metadata
		default:
			failed = evidence.Metadata{State: evidence.StateFailed, Reason: why(need, cmp.Or(m.Reason, "it is missing"))}
		}
	}
	account := s.Evidence.Account
	if failed.State == "" && slices.Contains(needs, evidence.NeedAccount) && !account.Facts.Complete {
		failed = evidence.Metadata{State: evidence.StateFailed,
			Reason: why(evidence.NeedAccount, cmp.Or(account.Facts.Problem, "not every group was listed"))}
	}
	return failed
}

// ownPlan returns what the run would do for one binding.
func ownPlan(s checks.Subject) policy.OwnPlan {
	p, err := platform.Calls(s)
	if err != nil {
		return policy.OwnPlan{} // the gate gives no permit without a plan
	}
	if s.Binding.Platform() == binding.APIG {
		return ownPlanOfGateway(p)
	}
	own := policy.OwnPlan{Planned: true, Before: stateBefore(s, p.Before)}
	after := policy.DomainState{CustomDomainType: binding.Internet}
	if own.Before != nil {
		after = *own.Before
	}
	for _, c := range p.Calls {
		own.Calls.Total++
		own.Forces = own.Forces || c.Forces()
		if c.Action == classic.SetDomain {
			own.Calls.SetDomain++
			after.DomainBindingStatus = classic.StatusInEffect
			after.BindStageName = c.Params["BindStageName"]
			after.CustomDomainType = cmp.Or(c.Params["CustomDomainType"], binding.Internet)
			after.IsHTTPRedirectToHTTPS, _ = strconv.ParseBool(c.Params["IsHttpRedirectToHttps"])
		} else {
			own.Calls.SetDomainCertificate++
		}
		if c.Material != nil {
			after.CertificateName, after.CertificateDigest = c.Params["CertificateName"], c.Material.ChainDigest
		}
	}
	own.After = &after
	for _, h := range p.Displaces {
		own.Displaces = append(own.Displaces, policy.DisplacedName{DomainName: strings.ToLower(h.Domain.DomainName), GroupID: h.GroupID})
	}
	slices.SortFunc(own.Displaces, func(a, b policy.DisplacedName) int {
		return cmp.Or(cmp.Compare(a.DomainName, b.DomainName), cmp.Compare(a.GroupID, b.GroupID))
	})
	return own
}

// ownPlanOfGateway is ownPlan for a binding of the cloud-native gateway.
func ownPlanOfGateway(p plan.Plan) policy.OwnPlan {
	own := policy.OwnPlan{Planned: true}
	after := policy.DomainState{}
	if r := p.Record; r != nil {
		after = policy.DomainState{Protocol: r.Protocol, ForceHTTPS: r.ForceHTTPS, MTLSEnabled: r.MTLSEnabled,
			TLSMin: evidence.TLSVersion(r.TLSMin), TLSMax: evidence.TLSVersion(r.TLSMax), CertIdentifier: r.CertIdentifier, CertificateName: r.CertName}
		before := after
		own.Before = &before
	}
	for _, c := range p.Calls {
		own.Calls.Total++
		switch c.Action {
		case apig.UploadUserCertificate:
			own.Calls.UploadUserCertificate++
			after.CertificateName, after.CertificateDigest = c.Params["Name"], c.Material.ChainDigest
			continue
		case apig.CreateDomain:
			own.Calls.CreateDomain++
		case apig.UpdateDomain:
			own.Calls.UpdateDomain++
		}
		after.Protocol, after.TLSMin, after.TLSMax = c.Params["protocol"], c.Params["tlsMin"], c.Params["tlsMax"]
		after.ForceHTTPS, after.MTLSEnabled = c.Params["forceHttps"] == "true", c.Params["mTLSEnabled"] == "true"
		after.CertIdentifier = c.Params["certIdentifier"]
	}
	own.After = &after
	return own
}

func stateBefore(s checks.Subject, d *evidence.Domain) *policy.DomainState {
	if d == nil {
		return nil
	}
	state := &policy.DomainState{DomainBindingStatus: d.DomainBindingStatus, CustomDomainType: cmp.Or(strings.ToUpper(d.CustomDomainType), binding.Internet),
		BindStageName: d.BindStageName, IsHTTPRedirectToHTTPS: d.IsHTTPRedirectToHTTPS, CertificateName: d.CertificateName}
	if served := s.Evidence.Group.Facts.Served; served != nil && served.CertificateName == d.CertificateName {
		state.CertificateDigest = served.ChainDigest
	}
	return state
}

// servesRelease reports whether a domain serves the production stage. The cloud-native
// gateway has no stages, so each of its domains may.
func servesRelease(d policy.DomainState) bool {
	return d.BindStageName == "" || strings.EqualFold(d.BindStageName, "RELEASE")
}

func digestOf(own policy.OwnPlan) [sha256.Size]byte {
	text, _ := json.Marshal(own) // numbers, texts and truth values: it cannot fail
	return sha256.Sum256(text)
}

// planned decides how policies get input.plan: it returns the observation to judge on.
// Where a policy reads the plan, all bindings are observed first, and their evidence is
// kept as compressed JSON, as it would be saved, until they are judged.
func (e *Engine) planned(ctx context.Context, run evidence.Run, look Scope, keep bool) (observe, error) {
	if e.saved == nil && e.o.Skip.Group != "" {
		e.totals = skippedTotals(e.o.Skip.Group)
		return e.observer(run, look)
	}
	if len(e.o.Policies) == 0 && len(e.o.Data) == 0 && !e.o.Plan { // without settings no shipped one reads the plan
		return e.observer(run, look)
	}
	rules, err := e.policies()
	if err != nil {
		return nil, err
	}
	if !rules.ReadsPlan() && !e.o.Plan {
		return e.observer(run, look)
	}
	look.Served = true
	if !keep && e.totals != nil {
		return e.observer(run, look)
	}
	first, err := e.observer(run, look)
	if err != nil {
		return nil, err
	}
	sum, kept := NewTotals(run.Now), &evidenceStore{run: run}
	type seen struct {
		subject checks.Subject
		packed  []byte
		err     error
	}
	err = inOrder(e.numbered(), max(e.o.Concurrency, 1), 1, each(func(number int, b binding.Binding) seen {
		out := seen{subject: subject(b, first(ctx, number, b))}
		if keep && e.saved == nil {
			out.packed, out.err = kept.pack(out.subject.Evidence)
		}
		return out
	}), func(s seen) error {
		sum.Add(s.subject)
		kept.packed = append(kept.packed, s.packed)
		return s.err
	})
	if err != nil {
		return nil, fmt.Errorf("keeping evidence for the second pass: %w", err)
	}
	e.totals = sum.End()
	switch {
	case e.saved != nil:
		return first, nil
	case keep:
		return kept.observe, nil
	}
	return e.observer(run, look)
}

// evidenceStore holds the evidence of a run between two passes.
type evidenceStore struct {
	run    evidence.Run
	packed [][]byte // by number

	writers, readers sync.Pool // of *flate.Writer and of what flate.NewReader returns, whose tables are large
}

// observe returns the evidence of a binding, once.
func (k *evidenceStore) observe(_ context.Context, number int, _ binding.Binding) evidence.Evidence {
	ev, err := k.unpack(k.packed[number])
	if err != nil { // it was packed by this run
		ev = evidence.Evidence{}
		ev.Set(evidence.Metadata{State: evidence.StateFailed, Reason: "reading the evidence that was kept: " + err.Error()}, evidence.Needs()...)
	}
	k.packed[number] = nil
	ev.Run = k.run
	return ev
}

// pack returns evidence as compressed JSON, without the facts of the run.
func (k *evidenceStore) pack(ev evidence.Evidence) ([]byte, error) {
	ev.Run = evidence.Run{}
	var out bytes.Buffer
	w, pooled := k.writers.Get().(*flate.Writer)
	if !pooled {
		w, _ = flate.NewWriter(&out, flate.BestSpeed) // the level is valid
	}
	w.Reset(&out)
	defer k.writers.Put(w)
	if err := json.NewEncoder(w).Encode(ev); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(out.Bytes()), nil // without the room that the buffer has left
}

func (k *evidenceStore) unpack(packed []byte) (ev evidence.Evidence, err error) {
	from := bytes.NewReader(packed)
	r, pooled := k.readers.Get().(io.ReadCloser)
	if !pooled {
		r = flate.NewReader(from)
	}
	if err := r.(flate.Resetter).Reset(from, nil); err != nil { //nolint:forcetypeassert // as flate documents
		return ev, err
	}
	defer k.readers.Put(r)
	err = json.NewDecoder(r).Decode(&ev)
	return ev, err
}
