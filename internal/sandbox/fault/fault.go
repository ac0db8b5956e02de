// Package fault is the grammar of the faults that a sandbox injects.
//
// A specification is a list of rules, separated by commas:
//
//	ACTION[@VALUE]:FAULT[:COUNT]     a fault of the gateway
//	dns/NAME:FAULT[:COUNT]           a fault of the name server
//
// ACTION is the name of an action, or * for all, PRODUCT/ACTION of one product
// (classic, sts, apig, cas) or PRODUCT/* for all of it; VALUE restricts the rule to
// calls that name this domain, group, gateway, API or certificate. NAME is an owner
// name, or * for all.
// The first matching rule that is not used up applies to a call or query; COUNT
// is how often a rule applies (default: always). A pass with count 2 before
// another rule lets the first two calls through.
//
//	SetDomain:pass:2,SetDomain:reset-after-commit:1,DescribeApiGroup:latency=200ms,dns/api.demo.com:servfail
//
// Faults of the gateway:
//
//	pass                  no fault
//	latency=DURATION      respond later (Go syntax: 200ms, 2s)
//	throttle              Throttling.User
//	code=CODE[/MESSAGE]   return this error instead; MESSAGE is percent-encoded
//	status=NNN            return ServiceUnavailable (InternalError for 500) with this HTTP status, 400 to 599; 413 and 414 as an HTML page
//	html                  return an HTML page with status 200, like a proxy
//	reset-before-commit   reset the connection without executing the call
//	hold-before-commit    hold the call open; execute it when released, not if the client disconnects
//	code-after-commit=CODE[/MESSAGE]   execute the call, then return this error
//	reset-after-commit    execute the call, then reset the connection
//	hold-after-commit     execute the call, then hold it open until released or the client disconnects
//	malformed             execute the call, return malformed JSON
//	truncated             execute the call, send half of the body and close
//
// Faults of the name server:
//
//	pass, latency=DURATION
//	servfail · refused · nxdomain      respond with that RCODE
//	formerr               respond with FORMERR to a query with EDNS
//	bogus                 respond with SERVFAIL unless the query has CD=1, like a validating resolver
//	timeout               do not respond
//	truncate              respond over UDP with TC=1 and no records
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

// Kind is the kind of a fault.
type Kind string

// Kinds of faults, as described in the package comment.
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

// dnsPrefix is the target prefix of rules for the name server.
const dnsPrefix = "dns/"

// Rule is one fault and its target.
type Rule struct {
	Target string // an action, *, dns/NAME or dns/*
	Scope  string // DomainName or GroupId; empty: any
	Kind   Kind
	Value  string // the part after =
	Count  int    // 0: always
}

// Set is an ordered list of rules; nil: no faults.
type Set []Rule

// String returns the rule in the grammar.
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

// Delay returns the duration of a latency rule.
func (r Rule) Delay() time.Duration {
	d, err := time.ParseDuration(r.Value)
	if r.Kind != Latency || err != nil {
		return 0
	}
	return d
}

// HTTPStatus returns the status of a status rule.
func (r Rule) HTTPStatus() int {
	n, err := strconv.Atoi(r.Value)
	if r.Kind != Status || err != nil {
		return 0
	}
	return n
}

// Refusal returns code and message of a code rule.
func (r Rule) Refusal() (code, message string) {
	code, escaped, given := strings.Cut(r.Value, "/")
	if !given {
		return code, "This error was requested from the sandbox."
	}
	message, err := url.PathUnescape(escaped)
	if err != nil {
		return code, escaped
	}
	return code, message
}

// Validate checks every rule against the grammar.
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
		return errors.New("a rule for the name server has no @VALUE: write the name after dns/")
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
			return fmt.Errorf("got value %[2]q, but %[1]s has none", r.Kind, r.Value)
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

// Parse parses a specification in the grammar of the package comment. An empty
// one gives the empty set.
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

// Plan applies a set and counts how often each rule has applied. It is safe for
// concurrent use; the zero Plan has no rules.
type Plan struct {
	mu    sync.Mutex
	rules Set
	used  []int
}

// Replace activates another set, with fresh counts.
func (p *Plan) Replace(s Set) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.used = slices.Clone(s), make([]int, len(s))
}

// Gateway returns the rule for a call of a product's action; scopes are the names
// and ids in it. Pass if none applies.
func (p *Plan) Gateway(product, action string, scopes ...string) Rule {
	return p.take(func(r Rule) bool {
		if !slices.Contains([]string{"*", action, product + "/*", product + "/" + action}, r.Target) {
			return false
		}
		return r.Scope == "" || slices.ContainsFunc(scopes, func(s string) bool { return strings.EqualFold(s, r.Scope) })
	})
}

// DNS returns the rule for a query for the name; Pass if none applies.
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
