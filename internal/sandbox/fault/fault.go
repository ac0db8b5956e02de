// Package fault is the grammar of what a sandbox does wrong on purpose.
//
// A specification is a list of rules, separated by commas:
//
//	ACTION[@VALUE]:FAULT[:COUNT]     a fault of the gateway
//	dns/NAME:FAULT[:COUNT]           a fault of the name server
//
// ACTION is an action's name or * for all; VALUE narrows it to calls whose
// DomainName or GroupId it is. NAME is an owner name, or * for all. For each
// call or query the first rule that fits and is not used up applies; COUNT says
// how often a rule applies (default: always), so a pass of count 2 before
// another rule lets two calls through first.
//
//	SetDomain:pass:2,SetDomain:reset-after-commit:1,DescribeApiGroup:latency=200ms,dns/api.demo.com:servfail
//
// Faults of the gateway:
//
//	pass                  nothing
//	latency=DURATION      answer later (Go syntax: 200ms, 2s)
//	throttle              Throttling.User
//	code=CODE[/MESSAGE]   answer this error instead; MESSAGE is percent-encoded
//	status=NNN            answer ServiceUnavailable (InternalError for 500) with this HTTP status, 400 to 599; 413 and 414 as a page of HTML
//	html                  answer a page of HTML with status 200, as a proxy would
//	reset-before-commit   reset the connection; nothing was done
//	hold-before-commit    hold the call open; it is done when released, not if the client goes away
//	code-after-commit=CODE[/MESSAGE]   do it, then answer this error
//	reset-after-commit    do it, then reset the connection
//	hold-after-commit     do it, then hold the call open until released or the client goes away
//	malformed             do it, answer broken JSON
//	truncated             do it, answer half of the body and close
//
// Faults of the name server:
//
//	pass, latency=DURATION
//	servfail · refused · nxdomain      answer that RCODE
//	formerr               answer FORMERR to a query with EDNS
//	bogus                 answer SERVFAIL unless the query has CD=1, as a validating resolver does
//	timeout               answer nothing
//	truncate              answer TC=1 and no records over UDP
package fault

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is what goes wrong.
type Kind string

// Kinds of faults; the package comment says what each does.
const (
	Pass              Kind = "pass"
	Latency           Kind = "latency"
	Throttle          Kind = "throttle"
	Code              Kind = "code"
	Status            Kind = "status"
	HTML              Kind = "html"
	ResetBeforeCommit Kind = "reset-before-commit"
	HoldBeforeCommit  Kind = "hold-before-commit"
	CodeAfterCommit   Kind = "code-after-commit"
	ResetAfterCommit  Kind = "reset-after-commit"
	HoldAfterCommit   Kind = "hold-after-commit"
	Malformed         Kind = "malformed"
	Truncated         Kind = "truncated"
	ServFail          Kind = "servfail"
	Refused           Kind = "refused"
	NXDomain          Kind = "nxdomain"
	FormErr           Kind = "formerr"
	Bogus             Kind = "bogus"
	Timeout           Kind = "timeout"
	Truncate          Kind = "truncate"
)

// dnsPrefix starts the target of a rule for the name server.
const dnsPrefix = "dns/"

// Rule is one fault and where it applies.
type Rule struct {
	Target string // an action, *, dns/NAME or dns/*
	Scope  string // DomainName or GroupId; empty: any
	Kind   Kind
	Value  string // what stands after =
	Count  int    // 0: always
}

// Set is a list of rules in order; nil: nothing goes wrong.
type Set []Rule

// String is the rule in the grammar.
func (r Rule) String() string {
	s := r.Target
	if r.Scope != "" {
		s += "@" + r.Scope
	}
	s += ":" + string(r.Kind)
	if r.Value != "" {
		s += "=" + r.Value
	}
	if r.Count > 0 {
		s += ":" + strconv.Itoa(r.Count)
	}
	return s
}

// Delay is how long a latency rule waits.
func (r Rule) Delay() time.Duration {
	d, err := time.ParseDuration(r.Value)
	if r.Kind != Latency || err != nil {
		return 0
	}
	return d
}

// HTTPStatus is the status that a status rule answers with.
func (r Rule) HTTPStatus() int {
	n, err := strconv.Atoi(r.Value)
	if r.Kind != Status || err != nil {
		return 0
	}
	return n
}

// Refusal is the code and message that a code rule answers with.
func (r Rule) Refusal() (code, message string) {
	code, escaped, given := strings.Cut(r.Value, "/")
	if !given {
		return code, "The sandbox was asked to answer this."
	}
	message, err := url.PathUnescape(escaped)
	if err != nil {
		return code, escaped
	}
	return code, message
}

// Validate says whether every rule is one that the grammar has.
func (s Set) Validate() error {
	for _, r := range s {
		if err := r.validate(); err != nil {
			return fmt.Errorf("fault %q: %w", r, err)
		}
	}
	return nil
}

func (r Rule) validate() error {
	name, isDNS := strings.CutPrefix(r.Target, dnsPrefix)
	known := gatewayKinds
	if isDNS {
		known = dnsKinds
	}
	if name == "" {
		return errors.New("no target: want an action, * or dns/NAME before the colon")
	}
	if isDNS && r.Scope != "" {
		return errors.New("a name server's rule takes no @VALUE: write the name after dns/")
	}
	if r.Count < 0 {
		return fmt.Errorf("got count %d, want 1 or more", r.Count)
	}
	if !slices.Contains(known(), r.Kind) {
		return fmt.Errorf("got fault %q, want one of %s", r.Kind, join(known()))
	}
	return r.validateValue()
}

func (r Rule) validateValue() error {
	switch r.Kind {
	case Latency:
		if d, err := time.ParseDuration(r.Value); err != nil || d < 0 {
			return fmt.Errorf("got duration %q, want something like 200ms", r.Value)
		}
	case Status:
		if n, err := strconv.Atoi(r.Value); err != nil || n < 400 || n > 599 {
			return fmt.Errorf("got status %q, want 400 to 599", r.Value)
		}
	case Code, CodeAfterCommit:
		code, escaped, _ := strings.Cut(r.Value, "/")
		if code == "" {
			return fmt.Errorf("no code: write %s=ServiceUnavailable", r.Kind)
		}
		if _, err := url.PathUnescape(escaped); err != nil {
			return fmt.Errorf("the message %q is not percent-encoded", escaped)
		}
	default:
		if r.Value != "" {
			return fmt.Errorf("%s takes no value, got %q", r.Kind, r.Value)
		}
	}
	return nil
}

func gatewayKinds() []Kind {
	return []Kind{Pass, Latency, Throttle, Code, Status, HTML, ResetBeforeCommit, HoldBeforeCommit,
		CodeAfterCommit, ResetAfterCommit, HoldAfterCommit, Malformed, Truncated}
}

func dnsKinds() []Kind {
	return []Kind{Pass, Latency, ServFail, Refused, NXDomain, FormErr, Bogus, Timeout, Truncate}
}

func join(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// Parse reads a specification in the grammar of the package comment. An empty
// one is the empty set.
func Parse(spec string) (Set, error) {
	if strings.TrimSpace(spec) == "" {
		return nil, nil
	}
	var set Set
	for text := range strings.SplitSeq(spec, ",") {
		rule, err := parseRule(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", text, err)
		}
		set = append(set, rule)
	}
	return set, nil
}

func parseRule(text string) (Rule, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return Rule{}, fmt.Errorf("got %d parts, want TARGET:FAULT or TARGET:FAULT:COUNT", len(parts))
	}
	var r Rule
	var scoped bool
	if r.Target, r.Scope, scoped = strings.Cut(parts[0], "@"); scoped && r.Scope == "" {
		return Rule{}, errors.New("nothing after @: want a domain name or a group id")
	}
	kind, value, _ := strings.Cut(parts[1], "=")
	r.Kind, r.Value = Kind(kind), value
	if len(parts) == 3 {
		n, err := strconv.Atoi(parts[2])
		if err != nil || n < 1 {
			return Rule{}, fmt.Errorf("got count %q, want a whole number, 1 or more", parts[2])
		}
		r.Count = n
	}
	return r, r.validate()
}

// Plan is a set at work: it counts how often each rule has applied. It is safe
// for concurrent use; the zero Plan holds no rule.
type Plan struct {
	mu    sync.Mutex
	rules Set
	used  []int
}

// Replace starts another set, with fresh counts.
func (p *Plan) Replace(s Set) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.used = slices.Clone(s), make([]int, len(s))
}

// Gateway is the rule that applies to a call of the action, whose DomainName
// and GroupId are the scopes; Pass if none does.
func (p *Plan) Gateway(action string, scopes ...string) Rule {
	return p.take(func(r Rule) bool {
		if r.Target != action && r.Target != "*" {
			return false
		}
		return r.Scope == "" || slices.ContainsFunc(scopes, func(s string) bool { return strings.EqualFold(s, r.Scope) })
	})
}

// DNS is the rule that applies to a query for the name; Pass if none does.
func (p *Plan) DNS(name string) Rule {
	name = strings.TrimSuffix(name, ".")
	return p.take(func(r Rule) bool {
		want, isDNS := strings.CutPrefix(r.Target, dnsPrefix)
		return isDNS && (want == "*" || strings.EqualFold(strings.TrimSuffix(want, "."), name))
	})
}

func (p *Plan) take(fits func(Rule) bool) Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range p.rules {
		if (r.Count == 0 || p.used[i] < r.Count) && fits(r) {
			p.used[i]++
			return r
		}
	}
	return Rule{Kind: Pass}
}
