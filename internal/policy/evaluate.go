package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Evaluate asks every package that the binding concerns. The observation is
// Observed only when each of them gave an answer of the right shape, or was
// left out with the evidence it needs; otherwise it is Failed, says which
// package could not be asked and why, and holds what the others said.
func (e *Engine) Evaluate(ctx context.Context, in Input) evidence.Observation[evidence.Policy] {
	if e.own == nil && !in.Binding.IsForce { // there is nobody to ask
		return evidence.Observed(evidence.Policy{Packages: []evidence.PolicyPackage{}}, e.digest, in.Run.Now)
	}
	d, err := newDocument(in)
	if err != nil {
		return evidence.Failed[evidence.Policy](err.Error(), e.digest, in.Run.Now)
	}
	return e.evaluate(ctx, d)
}

// EvaluateDocument is Evaluate for a document of bindgate.policy-input/v1. The
// error tells that it is none.
func (e *Engine) EvaluateDocument(ctx context.Context, text []byte) (evidence.Observation[evidence.Policy], error) {
	var d document
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return evidence.Observation[evidence.Policy]{}, fmt.Errorf("reading the policy input: %w", err)
	}
	if dec.More() {
		return evidence.Observation[evidence.Policy]{}, errors.New("reading the policy input: got more than one document")
	}
	if d.Schema != inputSchema {
		return evidence.Observation[evidence.Policy]{}, fmt.Errorf("reading the policy input: got schema %q, want %q", d.Schema, inputSchema)
	}
	return e.evaluate(ctx, d), nil
}

func (e *Engine) evaluate(ctx context.Context, d document) (o evidence.Observation[evidence.Policy]) {
	defer func() {
		if r := recover(); r != nil {
			o = evidence.Failed[evidence.Policy](fmt.Sprintf("the policy engine panicked: %v", r), e.digest, d.Run.Now)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	packages, err := e.concerned(d.Binding)
	if err != nil {
		return evidence.Failed[evidence.Policy](err.Error(), e.digest, d.Run.Now)
	}
	a := asking{document: d, declared: declared(packages)}
	said := evidence.Policy{Packages: []evidence.PolicyPackage{}}
	var failures []string
	for _, p := range packages {
		answer, err := a.ask(ctx, p)
		if err != nil {
			failures = append(failures, fmt.Sprintf("%s: %v", p.name, err))
			continue
		}
		said.Packages = append(said.Packages, answer)
	}
	o = evidence.Observed(said, e.digest, d.Run.Now)
	if failures != nil {
		o.State, o.Reason = evidence.StateFailed, strings.Join(failures, "; ")
	}
	return o
}

// concerned are the packages to ask about a binding, by name.
func (e *Engine) concerned(b binding.Binding) ([]askable, error) {
	var out []askable
	if e.own != nil {
		for _, p := range e.own.packages {
			if p.group == "policy" || b.IsForce {
				out = append(out, p)
			}
		}
	}
	if b.IsForce {
		shipped, err := e.shipped()
		if err != nil {
			return nil, fmt.Errorf("loading shipped policies: %w", err)
		}
		out = append(out, shipped.packages...)
	}
	slices.SortFunc(out, func(a, b askable) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// asking is one document on its way through the packages; its value is made
// when the first of them is run.
type asking struct {
	document document
	declared []evidence.Need // what any of the packages reads
	input    ast.Value
}

// ask gives the answer of one package, which may be that it was not run.
func (a *asking) ask(ctx context.Context, p askable) (evidence.PolicyPackage, error) {
	left, err := a.lacks(p)
	if err != nil {
		return evidence.PolicyPackage{}, err
	}
	if left != "" {
		return evidence.PolicyPackage{Name: p.name, NotRun: left}, nil
	}
	if a.input == nil {
		if a.input, err = toRego(a.document, a.declared); err != nil {
			return evidence.PolicyPackage{}, err
		}
	}
	results, err := p.query.Eval(ctx, rego.EvalParsedInput(a.input), rego.EvalTime(a.document.Run.Now))
	switch {
	case topdown.IsCancel(err) || ctx.Err() != nil:
		return evidence.PolicyPackage{}, errors.New("took too long, or was interrupted")
	case err != nil:
		return evidence.PolicyPackage{}, fmt.Errorf("evaluation failed: %s", strings.Join(strings.Fields(err.Error()), " "))
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return evidence.PolicyPackage{}, errors.New("gave no answer")
	}
	rules, ok := results[0].Expressions[0].Value.(ast.Object)
	if !ok {
		return evidence.PolicyPackage{}, errors.New("gave no answer")
	}
	return answerOf(p, rules)
}

// lacks tells what the mode left out of the package's needs, in words, and
// fails when any of its evidence was not collected.
func (a *asking) lacks(p askable) (string, error) {
	var failure error
	for i, need := range slices.Concat(p.needs, p.uses) {
		st := a.document.Evidence.of(need)
		switch {
		case st.State == evidence.StateObserved:
		case st.State == evidence.StateNotCollected && i >= len(p.needs):
		case st.State == evidence.StateNotCollected:
			return fmt.Sprintf("it needs %s evidence, which was left out: %s", need, st.Reason), nil
		case failure != nil:
		case st.State == evidence.StateFailed:
			failure = fmt.Errorf("it needs %s evidence, and collecting that failed: %s", need, st.Reason)
		default:
			failure = fmt.Errorf("it needs %s evidence, which is missing", need)
		}
	}
	return "", failure
}

// declared is the evidence that the packages say they read.
func declared(packages []askable) []evidence.Need {
	var out []evidence.Need
	for _, p := range packages {
		out = append(append(out, p.needs...), p.uses...)
	}
	return out
}

// toRego gives the document without the facts that no package declares, which
// saves the work of turning them into Rego's values: a module that reads them does
// not load.
func toRego(d document, declared []evidence.Need) (ast.Value, error) {
	text, err := json.Marshal(struct {
		document
		Evidence map[evidence.Need]any `json:"evidence"`
	}{d, d.Evidence.only(declared)})
	if err != nil {
		return nil, fmt.Errorf("writing the policy input: %w", err)
	}
	v, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the policy input: %w", err)
	}
	return v, nil
}
