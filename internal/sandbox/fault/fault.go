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
//	status=NNN            answer ServiceUnavailable (InternalError for 500) with this HTTP status, 400 to 599
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
