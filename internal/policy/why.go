package policy

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Explanation reports for each rule of a package whether it holds for a binding.
type Explanation struct {
	Package string
	Skipped string // why the package has no answer, or was not asked; empty: it has one
	Rules   []RuleExplanation
	Answer  evidence.PolicyPackage // what the package says; a caller may mark what is waived of it
}

// RuleExplanation reports of one rule of deny, warn, allow or reasons whether it holds,
// or where it stops.
type RuleExplanation struct {
	Rule  string // its name
	Place string // file:line
	Holds bool
	Says  []string // its messages
	Stop  *Stop    // nil if it holds
}

// Stop is the expression at which a rule stops.
type Stop struct {
	Place   string // file:line
	Text    string // the expression, or its first line
	Missing bool   // a value is absent; otherwise the expression is false
	Values  []string
	Again   int   // how many more values stop at the same expression
	Below   *Stop // where the rule stops that this expression asks for
}

// Why explains every package for a binding.
func (e *Engine) Why(ctx context.Context, in Input) ([]Explanation, error) {
	d, err := newDocument(in, allParts(), e.labels)
	if err != nil {
		return nil, fmt.Errorf("explaining the policies: %w", err)
	}
	all := e.roster.Load().all
	if err := e.compile(all); err != nil {
		return nil, err
	}
	all = e.roster.Load().all
	var out []Explanation
	for _, p := range all {
		x := Explanation{Package: p.name}
		if p.group == "force" && !d.Binding.IsForce {
			x.Skipped = "not asked: the binding has no isForce"
			out = append(out, x)
			continue
		}
		run := evaluation{document: d, limit: limit{run: ctx}, prints: e.prints, cache: newRuleCache()}
		stop := time.AfterFunc(e.timeout, run.limit.Cancel)
		answer, err := run.ask(ctx, p)
		switch {
		case err != nil:
			x.Skipped = err.Error()
		case answer.Off != "":
			x.Skipped = "off: " + answer.Off
		case answer.NotRun != "":
			x.Skipped = "not run: " + answer.NotRun
		case answer.NotApplicable != "":
			x.Skipped = "not applicable: " + answer.NotApplicable
		default:
			x.Answer = answer
			x.Rules, err = run.explain(ctx, p)
		}
		stop.Stop()
		if err != nil && x.Skipped == "" {
			return out, fmt.Errorf("explaining %s: %w", p.name, err)
		}
		out = append(out, x)
	}
	return out, nil
}

// explain evaluates the questions of a package again, with a tracer.
func (e *evaluation) explain(ctx context.Context, p *askable) ([]RuleExplanation, error) {
	all, err := encoderOf(reflect.TypeFor[document](), &reads{all: true}) // a stop may show more than the package reads
	if err != nil {
		return nil, err
	}
	input, err := all(reflect.ValueOf(&e.document).Elem())
	if err != nil {
		return nil, err
	}
	txn, err := p.unit.store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	defer p.unit.store.Abort(ctx, txn)
	var out []RuleExplanation
	for _, asked := range p.questions {
		t := &tracer{unit: p.unit, ctx: ctx, txn: txn, input: input, now: e.document.Run.Now, cancel: &e.limit, frames: map[uint64]*frame{}}
		query := *asked.query
		query.WithTransaction(txn).WithInput(input).WithTime(e.document.Run.Now).WithCancel(&e.limit).
			WithIndexing(false).WithEarlyExit(false).WithQueryTracer(t)
		if err := query.Iter(ctx, func(topdown.QueryResult) error { return nil }); err != nil {
			return nil, err
		}
		for _, r := range p.unit.compiler.GetRulesExact(p.path.Append(ast.StringTerm(asked.rule))) {
			for ; r != nil; r = r.Else {
				if !r.Default {
					out = append(out, t.explain(asked.rule, r))
				}
			}
		}
	}
	return out, nil
}

// frame is one evaluation of a rule, or of a body inside it.
type frame struct {
	rule    *ast.Rule // nil: of a body
	parent  uint64
	under   *ast.Expr // the parent's expression at the time
	current *ast.Expr
	held    bool
	says    []string
	failed  *ast.Expr // the farthest expression that failed
	stop    *Stop
	body    ast.Body
}

// tracer follows how far each rule gets.
type tracer struct {
	unit   *unit
	ctx    context.Context //nolint:containedctx // a tracer lives for one query
	txn    storage.Transaction
	input  *ast.Term
	now    time.Time
	cancel topdown.Cancel
	frames map[uint64]*frame // by query
	order  []*frame
}

// Enabled, Config and TraceEvent implement topdown.QueryTracer.
func (*tracer) Enabled() bool               { return true }
func (*tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent records one step.
func (t *tracer) TraceEvent(event topdown.Event) {
	f := t.frames[event.QueryID]
	if f == nil {
		f = &frame{parent: event.ParentID}
		if up := t.frames[event.ParentID]; up != nil {
			f.under = up.current
		}
		t.frames[event.QueryID] = f
		t.order = append(t.order, f)
	}
	switch node := event.Node.(type) {
	case *ast.Rule:
		f.rule, f.body = node, node.Body
		if event.Op == topdown.ExitOp {
			f.held = true
			if node.Head.Key != nil {
				f.says = append(f.says, messageIn(event.Plug(node.Head.Key).Value))
			}
		}
	case ast.Body:
		f.body, f.held = node, f.held || event.Op == topdown.ExitOp
	case *ast.Expr:
		switch {
		case event.Op == topdown.EvalOp:
			f.current = node
		case event.Op != topdown.FailOp || f.body == nil: // without a body it goes through the values of every
		case f.failed == nil || node.Index > f.failed.Index:
			f.failed, f.stop = node, t.stop(event, node, f)
		case node.Index == f.failed.Index:
			f.stop.Again++
		}
	}
}

// messageIn returns the message of a rule's value.
func messageIn(v ast.Value) string {
	m, err := messageOf(v)
	if err != nil {
		return text(v)
	}
	return m.Text
}

// explain reports how far a rule got.
func (t *tracer) explain(name string, r *ast.Rule) RuleExplanation {
	out := RuleExplanation{Rule: name, Place: place(r.Location)}
	for _, f := range t.order {
		if f.rule != r {
			continue
		}
		if f.held {
			out.Holds, out.Stop, out.Says = true, nil, append(out.Says, f.says...)
		} else if !out.Holds {
			out.Stop = f.stop
		}
	}
	return out
}

func place(loc *ast.Location) string { return fmt.Sprintf("%s:%d", loc.File, loc.Row) }

// stop describes why an expression of a frame failed.
func (t *tracer) stop(event topdown.Event, failed *ast.Expr, f *frame) *Stop {
	s := &Stop{Place: place(failed.Location), Text: sourceOf(failed)}
	show := showing{tracer: t, event: event, stop: s, seen: map[string]bool{}, negated: failed.IsNegated()}
	for _, e := range t.written(failed, f.body) {
		show.expr(e)
	}
	s.Missing = show.missing && !failed.IsNegated() && !hasNull(failed)
	if !failed.IsNegated() {
		s.Below = t.below(failed, event.QueryID)
	}
	return s
}

// below returns where the rule stopped that an expression asked for.
func (t *tracer) below(failed *ast.Expr, query uint64) *Stop {
	for i := len(t.order) - 1; i >= 0; i-- {
		if f := t.order[i]; !f.held && f.stop != nil && f.failed != failed && t.isUnder(f, failed, query) {
			return f.stop
		}
	}
	var found *Stop
	ast.WalkRefs(failed, func(ref ast.Ref) bool { // a rule that was evaluated before
		for i := len(t.order) - 1; i >= 0 && found == nil; i-- {
			f := t.order[i]
			if f.rule != nil && !f.held && f.stop != nil && len(f.rule.Head.Args) == 0 && ref.HasPrefix(f.rule.Ref().GroundPrefix()) {
				found = f.stop
			}
		}
		return found != nil
	})
	return found
}

// isUnder reports whether a frame was evaluated for an expression of a query.
func (t *tracer) isUnder(f *frame, of *ast.Expr, query uint64) bool {
	for ; f != nil; f = t.frames[f.parent] {
		if f.parent == query {
			return f.under == of
		}
		if f == t.frames[f.parent] {
			return false
		}
	}
	return false
}

// sourceOf returns the first line of an expression as it was written.
func sourceOf(e *ast.Expr) string {
	line, _, more := strings.Cut(string(e.Location.Text), "\n")
	line = strings.Join(strings.Fields(line), " ")
	if more {
		line += " …"
	}
	return shorten(line)
}

// shorten bounds what is shown of a line or a value.
func shorten(s string) string {
	const most = 120 // characters
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
