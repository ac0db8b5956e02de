package policy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Limits for the messages of one rule.
const (
	maxMessages    = 100
	maxMessageText = 2000 // characters
)

// Evaluate asks every package that the binding concerns. The observation is
// Observed only when each of them gave an answer of the right shape, or was
// skipped with the evidence it needs; otherwise it is Failed, says which
// package could not be asked and why, and holds the answers of the others.
func (e *Engine) Evaluate(ctx context.Context, in Input) (o evidence.Observation[evidence.Policy]) {
	defer e.failOnPanic(in.Run.Now, &o)
	run := e.begin(ctx)
	o = e.evaluate(ctx, run, in.Binding.IsForce, in.Run.Now, func(want parts) error { return run.document.fill(&in, want, e.labels) })
	e.end(run)
	return o
}

// begin returns an evaluation whose time runs from now on. The caller fills in the
// document.
func (e *Engine) begin(ctx context.Context) *evaluation {
	run, _ := e.evaluations.Get().(*evaluation)
	if run == nil {
		run = &evaluation{prints: e.prints, cache: newRuleCache()}
	}
	run.timer = time.AfterFunc(e.timeout, run.limit.Cancel)
	run.limit.run, run.from = ctx, nil
	return run
}

// end keeps an evaluation for another document, unless its time is over.
func (e *Engine) end(run *evaluation) {
	if run.timer.Stop() {
		e.evaluations.Put(run)
	}
}

// EvaluateDocument is Evaluate for a document of bindgate.policy-input/v1. It
// fails if the text is not such a document.
func (e *Engine) EvaluateDocument(ctx context.Context, text []byte) (o evidence.Observation[evidence.Policy], err error) {
	d, err := e.readDocument(text)
	if err != nil {
		return o, fmt.Errorf("reading the policy input: %w", err)
	}
	defer e.failOnPanic(d.Run.Now, &o)
	run := e.begin(ctx)
	run.document = d
	o = e.evaluate(ctx, run, d.Binding.IsForce, d.Run.Now, func(parts) error { return nil })
	e.end(run)
	return o, nil
}

// complete adds what every input has: names in lower case, the declared labels, the
// registrable domain, and a result of each check.
func (e *Engine) complete(d *document) {
	d.Binding.foldNames()
	if d.Binding.Labels == nil {
		d.Binding.Labels = map[string]*string{}
	}
	for _, name := range e.labels {
		if _, ok := d.Binding.Labels[name]; !ok {
			d.Binding.Labels[name] = nil
		}
	}
	if d.Binding.RegistrableDomain == nil {
		d.Binding.RegistrableDomain = registrableOf(d.Binding.DomainName)
	}
	if d.Results == nil {
		d.Results = map[string]result{}
	}
	for _, id := range e.results {
		if _, ok := d.Results[id]; !ok {
			d.Results[id] = result{Status: checks.StatusUnknown, Reason: "the document has no result of this check"}
		}
	}
}

// withoutAbsent removes from a document what only says that something is absent, as
// a policy reads it: null, an object that is not given, and given itself.
func withoutAbsent(text []byte) ([]byte, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("got more than one document")
	}
	v, _ = present(v)
	return json.Marshal(v)
}

func present(v any) (any, bool) {
	switch v := v.(type) {
	case nil:
		return nil, false
	case map[string]any:
		if given, ok := v[givenField].(bool); ok {
			if !given {
				return nil, false
			}
			delete(v, givenField)
		}
		for name, below := range v {
			var there bool
			if v[name], there = present(below); !there {
				delete(v, name)
			}
		}
	case []any:
		for i := range v {
			v[i], _ = present(v[i])
		}
	}
	return v, true
}

func (e *Engine) failed(err error, now time.Time) evidence.Observation[evidence.Policy] {
	return evidence.Failed[evidence.Policy](err.Error(), e.digest, now)
}

// failOnPanic is deferred: a panic of the policy engine fails the observation.
func (e *Engine) failOnPanic(now time.Time, o *evidence.Observation[evidence.Policy]) {
	if r := recover(); r != nil {
		*o = e.failed(fmt.Errorf("the policy engine panicked: %v", r), now)
	}
}

// evaluate asks all packages that the binding concerns. fill fills in the document, with
// the parts that are wanted.
func (e *Engine) evaluate(ctx context.Context, run *evaluation, isForce bool, now time.Time, fill func(parts) error) evidence.Observation[evidence.Policy] {
	asked := e.roster.Load().asked(isForce)
	said := evidence.Policy{Packages: make([]evidence.PolicyPackage, 0, len(asked.packages))}
	if len(asked.packages) == 0 {
		return evidence.Observed(said, e.digest, now)
	}
	if err := fill(asked.parts); err != nil {
		return e.failed(err, now)
	}
	if later := run.uncompiled(asked.packages); later != nil {
		if err := e.compile(later); err != nil {
			return e.failed(err, now)
		}
		asked = e.roster.Load().asked(isForce)
		if err := fill(asked.parts); err != nil {
			return e.failed(err, now)
		}
	}
	var failures []string
	for _, p := range asked.packages {
		answer, err := run.ask(ctx, p)
		if err != nil {
			failures = append(failures, fmt.Sprintf("%s: %v", p.name, err))
			continue
		}
		said.Packages = append(said.Packages, answer)
	}
	o := evidence.Observed(said, e.digest, now)
	if failures != nil {
		o.State, o.Reason = evidence.StateFailed, strings.Join(failures, "; ")
	}
	return o
}

// roster holds all packages, the user's own first, and which of them to ask.
type roster struct {
	all           []*askable
	plain, forced asked
}

// asked holds the packages to ask about a binding, by name, and the parts of a document
// that they use.
type asked struct {
	packages []*askable
	parts    parts
}

func newRoster(all []*askable) *roster {
	forced := slices.SortedFunc(slices.Values(all), func(a, b *askable) int { return strings.Compare(a.name, b.name) })
	plain := slices.DeleteFunc(slices.Clone(forced), func(p *askable) bool { return p.group == "force" })
	return &roster{all, asked{plain, partsOf(plain)}, asked{forced, partsOf(forced)}}
}

// asked returns what to ask about a binding.
func (r *roster) asked(isForce bool) asked {
	if isForce {
		return r.forced
	}
	return r.plain
}

// partsOf returns the parts of a document that the packages use.
func partsOf(packages []*askable) parts {
	var want parts
	for _, p := range packages {
		want.certificate = want.certificate || slices.Contains(p.needs, evidence.NeedCertificate) || slices.Contains(p.uses, evidence.NeedCertificate)
		if p.unit == nil {
			continue
		}
		want.results = want.results || p.unit.reads.at("results") != nil
		want.registrable = want.registrable || p.unit.reads.at("binding", "registrableDomain") != nil
		want.caa = want.caa || p.unit.reads.at("evidence", "dns", "facts", "caaSet") != nil
		want.labels = want.labels || p.unit.reads.at("binding", "labels") != nil
		want.certificate = want.certificate || p.unit.reads.at("evidence", "certificate") != nil
	}
	return want
}

// evaluation asks packages about one document. It is used again for another one, whose
// terms share nothing with it but strings.
type evaluation struct {
	document document
	limit    limit
	timer    *time.Timer // ends the evaluation
	prints   io.Writer
	from     *unit // what input was made for; nil: it is not made yet
	input    *ast.Term
	query    topdown.Query
	cache    *ruleCache // of the package that is asked
}

// limit is the topdown.Cancel of a document's evaluations: it ends them once their
// time is over or the run is interrupted.
type limit struct {
	run  context.Context
	over atomic.Bool
}

// Cancel ends the evaluations.
func (l *limit) Cancel() { l.over.Store(true) }

// Cancelled reports whether the evaluations have to end.
func (l *limit) Cancelled() bool { return l.over.Load() || l.run.Err() != nil }

// ask returns the answer of one package, which is compiled unless it is not asked.
func (e *evaluation) ask(ctx context.Context, p *askable) (evidence.PolicyPackage, error) {
	answer, given, err := e.unasked(p)
	if given || err != nil {
		return answer, err
	}
	if e.from != p.unit {
		if e.input, err = p.unit.input(reflect.ValueOf(&e.document).Elem()); err != nil {
			return evidence.PolicyPackage{}, fmt.Errorf("writing the policy input: %w", err)
		}
		e.from = p.unit
	}
	values, err := e.run(ctx, p)
	switch {
	case e.limit.Cancelled():
		return evidence.PolicyPackage{}, errors.New("took too long, or was interrupted")
	case err != nil:
		return evidence.PolicyPackage{}, fmt.Errorf("evaluation failed: %s", strings.Join(strings.Fields(err.Error()), " "))
	}
	return answerOf(p, values)
}

// unasked returns the answer of a package that is not asked: it is off, the binding
// excludes evidence that it needs, or the mode skipped some.
func (e *evaluation) unasked(p *askable) (answer evidence.PolicyPackage, given bool, err error) {
	if p.off != "" {
		return evidence.PolicyPackage{Name: p.name, Off: p.off}, true, nil
	}
	for _, need := range p.needs {
		if excludes(e.document.Binding.Binding, need) {
			return evidence.PolicyPackage{Name: p.name, NotApplicable: fmt.Sprintf("it is about the %s of a binding, and this is one %s", need, excludedBy(need))}, true, nil
		}
	}
	skipped, awaits, err := e.lacks(p)
	if skipped != "" && err == nil {
		return evidence.PolicyPackage{Name: p.name, NotRun: skipped, Awaits: awaits}, true, nil
	}
	return evidence.PolicyPackage{}, false, err
}

// uncompiled returns the packages that are to be asked and are not compiled.
func (e *evaluation) uncompiled(packages []*askable) []*askable {
	var out []*askable
	for _, p := range packages {
		if p.unit != nil {
			continue
		}
		if _, given, err := e.unasked(p); !given && err == nil {
			out = append(out, p)
		}
	}
	return out
}

// value is the value of a rule that is defined.
type value struct {
	rule string
	ast.Value
}

// values holds the rules of a package that are defined.
type values []value

// of returns the value of a rule, unless it is undefined.
func (v values) of(rule string) (ast.Value, bool) {
	for _, one := range v {
		if one.rule == rule {
			return one.Value, true
		}
	}
	return nil, false
}

// run evaluates the questions of one package.
func (e *evaluation) run(ctx context.Context, p *askable) (values, error) {
	txn, err := p.unit.store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	defer p.unit.store.Abort(ctx, txn)
	e.cache.reset() // rules that two questions reach are evaluated once
	out := make(values, 0, len(p.questions))
	for _, asked := range p.questions {
		e.query = *asked.query
		e.query.WithTransaction(txn).WithInput(e.input).WithTime(e.document.Run.Now).WithCancel(&e.limit).WithVirtualCache(e.cache)
		if e.prints != nil {
			e.query.WithPrintHook(topdown.NewPrintHook(e.prints))
		}
		err := e.query.Iter(ctx, func(r topdown.QueryResult) error {
			answer := r[answerVar]
			if _, twice := out.of(asked.rule); twice || answer == nil {
				return fmt.Errorf("asking for %s: got no answer or two, want one", asked.rule)
			}
			out = append(out, value{asked.rule, answer.Value})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lacks returns which evidence of the package's needs was skipped, and fails if
// any of its evidence was not collected. awaits names it if it is nothing but
// approvals, which a plan can be saved without.
func (e *evaluation) lacks(p *askable) (reason string, awaits evidence.Need, err error) {
	var failure error
	check := func(need evidence.Need, required bool) string {
		if foreign(e.document.Binding.Binding, need) {
			return ""
		}
		st := e.document.of(need)
		switch {
		case st.State == evidence.StateObserved || st.State == evidence.StateNotCollected && !required:
		case st.State == evidence.StateNotCollected:
			return fmt.Sprintf("it needs %s evidence, which was skipped: %s", need, st.Reason)
		case failure != nil:
		case st.State == evidence.StateFailed:
			failure = fmt.Errorf("it needs %s evidence, and collecting that failed: %s", need, st.Reason)
		default:
			failure = fmt.Errorf("it needs %s evidence, which is missing", need)
		}
		return ""
	}
	for _, need := range p.needs {
		skipped := check(need, true)
		switch {
		case skipped == "":
		case need != needApprovals:
			return skipped, "", nil
		case e.document.Binding.Called: // and nothing counts them later
			return "", "", errors.New("it counts approvals of a saved plan, which only apply does, and another tool makes the calls of this binding")
		default:
			reason, awaits = skipped, needApprovals
		}
	}
	for _, need := range p.uses {
		if !excludes(e.document.Binding.Binding, need) {
			check(need, false)
		}
	}
	return reason, awaits, failure
}

// answerOf reads what a package said.
func answerOf(p *askable, rules values) (evidence.PolicyPackage, error) {
	out := evidence.PolicyPackage{Name: p.name}
	var err error
	if p.group == "force" {
		if out.Allow, err = allowed(rules); err != nil {
			return out, err
		}
		out.Reasons, _, err = said(rules, "reasons")
		if err == nil && out.Allow && len(out.Reasons) > 0 {
			err = fmt.Errorf("it allows, and gives reasons against: %s", out.Reasons[0].Text)
		}
		return out, err
	}
	var defined bool
	if out.Denials, defined, err = said(rules, "deny"); err != nil {
		return out, err
	}
	if !defined {
		return out, errors.New("deny is undefined: want a set, empty when nothing is denied; write `deny contains … if …`")
	}
	if out.Warnings, _, err = said(rules, "warn"); err != nil {
		return out, err
	}
	for _, list := range [][]evidence.PolicyMessage{out.Denials, out.Warnings} {
		for i, m := range list {
			waivable, known := p.rules[m.Rule]
			if m.Rule != "" && !known {
				return out, fmt.Errorf("a message names the rule %q, which no METADATA has as custom.id", m.Rule)
			}
			list[i].Waivable = waivable
		}
	}
	return out, nil
}

// allowed: true allows, false and undefined do not, anything else is an error.
func allowed(rules values) (bool, error) {
	v, defined := rules.of("allow")
	if !defined {
		return false, nil
	}
	b, ok := v.(ast.Boolean)
	if !ok {
		return false, fmt.Errorf("allow is %s, want true or false", describe(v))
	}
	return bool(b), nil
}

// said are the messages of a rule, sorted.
func said(rules values, rule string) (messages []evidence.PolicyMessage, defined bool, err error) {
	v, defined := rules.of(rule)
	if !defined {
		return nil, false, nil
	}
	set, ok := v.(ast.Set)
	if !ok {
		return nil, true, fmt.Errorf("%s is %s, want a set: write `%s contains … if …`", rule, describe(v), rule)
	}
	if set.Len() == 0 {
		return nil, true, nil
	}
	err = set.Iter(func(t *ast.Term) error {
		m, err := messageOf(t.Value)
		if err != nil {
			return fmt.Errorf("%s holds %w", rule, err)
		}
		messages = append(messages, m)
		return nil
	})
	if err != nil {
		return nil, true, err
	}
	slices.SortFunc(messages, func(a, b evidence.PolicyMessage) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Rule, b.Rule))
	})
	if more := len(messages) - maxMessages; more > 0 {
		messages = append(messages[:maxMessages:maxMessages], evidence.PolicyMessage{Text: fmt.Sprintf("and %d more", more)})
	}
	return messages, true, nil
}

// messageOf takes a string, or an object {msg, pointer} of strings.
func messageOf(v ast.Value) (evidence.PolicyMessage, error) {
	var m evidence.PolicyMessage
	switch v := v.(type) {
	case ast.String:
		m.Text = string(v)
	case ast.Object:
		err := v.Iter(func(key, value *ast.Term) error {
			s, ok := value.Value.(ast.String)
			name := text(key.Value)
			switch {
			case name == "msg" && ok:
				m.Text = string(s)
			case name == "pointer" && ok:
				m.Pointer = string(s)
			case name == "rule" && ok: // nameMessage adds it
				m.Rule = string(s)
			case name == "msg" || name == "pointer":
				return fmt.Errorf("an object whose %s is %s, want a string", name, describe(value.Value))
			default:
				return fmt.Errorf("an object with the key %q, want msg and pointer only", name)
			}
			return nil
		})
		if err != nil {
			return m, err
		}
	default:
		return m, fmt.Errorf("%s, want a string or an object {msg, pointer}", describe(v))
	}
	if m.Text == "" {
		return m, errors.New("a message without text")
	}
	if runes := []rune(m.Text); len(runes) > maxMessageText {
		m.Text = string(runes[:maxMessageText]) + "…"
	}
	return m, nil
}

// describe names the type of a value; its text may be anything.
func describe(v ast.Value) string { return "of type " + ast.ValueName(v) }
