package policy

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// constants reads the patterns, times and zones that a policy writes down.
func (f *flow) constants(name string, x []*ast.Term, loc *ast.Location) {
	if f.quiet > 0 {
		return
	}
	constant := func(i int) (string, bool) {
		if i >= len(x) {
			return "", false
		}
		s, ok := x[i].Value.(ast.String)
		return string(s), ok
	}
	pattern := map[string]int{ast.RegexMatch.Name: 0, ast.RegexSplit.Name: 0, ast.RegexFind.Name: 0,
		ast.RegexFindAllStringSubmatch.Name: 0, ast.RegexReplace.Name: 1}
	if i, ok := pattern[name]; ok {
		if p, ok := constant(i); ok {
			if _, err := regexp.Compile(p); err != nil {
				f.fail(loc, "%q is no pattern: %v", p, err)
			}
		}
	}
	if p, ok := constant(0); ok && name == ast.ParseRFC3339Nanos.Name {
		if _, err := time.Parse(time.RFC3339, p); err != nil {
			f.fail(loc, "%q is no time: want RFC 3339, such as 2026-11-27T00:00:00Z", p)
		}
	}
	if layout, ok := constant(0); ok && name == ast.ParseNanos.Name && !layoutIsOne(layout) {
		f.fail(loc, "%q is no layout of a time: want the time 2006-01-02T15:04:05Z07:00 as it would be written, or one of %s", layout, strings.Join(layouts(), ", "))
	}
	if network, ok := constant(0); ok && slices.Contains([]string{ast.NetCIDRContains.Name, ast.NetCIDRIntersects.Name, ast.NetCIDRExpand.Name}, name) {
		if _, err := netip.ParsePrefix(network); err != nil {
			f.fail(loc, "%q is no network: want an address and the length of its prefix, such as 10.0.0.0/8", network)
		}
	}
	if list, ok := x[0].Value.(*ast.Array); ok && list.Len() > 2 && name == ast.Format.Name {
		if layout, ok := list.Elem(2).Value.(ast.String); ok && !layoutIsOne(string(layout)) {
			f.fail(loc, "%q is no layout of a time: want the time 2006-01-02T15:04:05Z07:00 as it would be written, or one of %s", string(layout), strings.Join(layouts(), ", "))
		}
	}
	if list, ok := x[0].Value.(*ast.Array); ok && list.Len() > 1 && slices.Contains([]string{ast.Date.Name, ast.Clock.Name, ast.Weekday.Name, ast.Format.Name}, name) {
		if zone, ok := list.Elem(1).Value.(ast.String); ok {
			if _, err := time.LoadLocation(string(zone)); err != nil {
				f.fail(loc, "%q is no time zone: want a name of the IANA database, such as Asia/Shanghai", string(zone))
			}
		}
	}
}

// constantCall reports a call of constants that fails, or that as a condition is always
// true or always false.
func (f *flow) constantCall(b *ast.Builtin, x []*ast.Term, args int, loc *ast.Location) {
	function := topdown.GetBuiltin(b.Name)
	if args == 0 || len(x) < args || function == nil || b.IsNondeterministic() || b.Relation || strings.HasPrefix(b.Name, "internal.") || strings.HasPrefix(b.Name, "rego.") {
		return
	}
	for _, t := range x[:args] {
		if !ast.IsConstant(t.Value) {
			return
		}
	}
	defer func() { _ = recover() }() // one that needs more than its operands
	var result *ast.Term
	if err := function(topdown.BuiltinContext{Context: context.Background()}, x[:args], func(t *ast.Term) error { result = t; return nil }); err != nil {
		f.fail(loc, "%s never has a value: %v", b.Name, err)
		return
	}
	if truth, is := valueOf(result).(ast.Boolean); is && len(x) == args {
		f.fail(loc, "%s of constants is always %t, so that the condition says nothing: compare a value of the input", b.Name, bool(truth))
	}
}

func valueOf(t *ast.Term) ast.Value {
	if t == nil {
		return nil
	}
	return t.Value
}

// format compares the verbs of a format with its arguments. What does not fit is printed
// as %!d(MISSING) or %!d(string=…), in a message that somebody has to understand.
func (f *flow) format(x []*ast.Term, loc *ast.Location, s *scope) {
	text, isText := x[0].Value.(ast.String)
	list, isList := x[1].Value.(*ast.Array)
	if f.quiet > 0 || !isText || !isList {
		return
	}
	args := make([]any, list.Len())
	for i := range args {
		args[i] = placeholder(i)
	}
	const mark = "\x00"
	out := fmt.Sprintf(strings.NewReplacer("%%", "", mark, "").Replace(string(text)), args...)
	switch {
	case strings.Contains(out, "(MISSING)"), strings.Contains(out, "(BADINDEX)"):
		f.fail(loc, "the format %q has more verbs than the %d arguments of sprintf: give each verb an argument", string(text), len(args))
		return
	case strings.Contains(out, "%!(EXTRA"):
		f.fail(loc, "the format %q has fewer verbs than the %d arguments of sprintf: give each argument a verb, such as %%v", string(text), len(args))
		return
	case strings.Contains(out, "%!"):
		f.fail(loc, "the format %q has a percent sign without a verb: write %%%% for the sign itself", string(text))
		return
	}
	parts := strings.Split(out, mark)
	for i := 1; i+1 < len(parts); i += 2 {
		index, err := strconv.Atoi(parts[i])
		if err != nil || index >= list.Len() {
			continue
		}
		verb, arg := []rune(parts[i+1])[0], list.Elem(index)
		t := orUnknown(f.term(arg, s))
		switch {
		case !strings.ContainsRune("vsqxXdbcoOUeEfFgG", verb):
			f.fail(loc, "the format %q has the verb %%%c, which sprintf does not print: write %%v", string(text), verb)
		case t.unknown || t.kinds == 0:
		case strings.ContainsRune("dbcoOUeEfFgG", verb) && (!t.kinds.has(numberKind) || t.nullable()):
			f.fail(loc, "the format %q prints %s with %%%c, which is for numbers, and it is %s: write %%v", string(text), f.show(arg, s), verb, t.kinds)
		case strings.ContainsRune("sq", verb) && t.kinds.has(numberKind):
			f.fail(loc, "the format %q prints %s with %%%c, which is for texts, and it is %s: write %%v", string(text), f.show(arg, s), verb, t.kinds)
		}
	}
}

// placeholder is the argument of a format at an index. It prints the index and the verb.
type placeholder int

// Format implements fmt.Formatter.
func (a placeholder) Format(to fmt.State, verb rune) {
	_, _ = fmt.Fprintf(to, "\x00%d\x00%c", int(a), verb)
}

// exchanged finds arguments in each other's place.
func (f *flow) exchanged(name string, x []*ast.Term, args []*typ, loc *ast.Location, s *scope) {
	if f.quiet > 0 || len(x) < 2 || args[0] == nil || args[1] == nil {
		return
	}
	first, second := ast.IsConstant(x[0].Value), ast.IsConstant(x[1].Value)
	switch name {
	case ast.RegexMatch.Name:
		if second && !first && strings.HasPrefix(f.path(x[0], s), "input.") {
			f.fail(loc, "regex.match takes the pattern first: want regex.match(%s, %s)", f.show(x[1], s), f.show(x[0], s))
		}
	case ast.StartsWith.Name, ast.EndsWith.Name:
		if first && !second && strings.HasPrefix(f.path(x[1], s), "input.") {
			f.fail(loc, "%s takes the text first, and then what it begins or ends with: want %s(%s, %s)", name, name, f.show(x[1], s), f.show(x[0], s))
		}
	}
}
