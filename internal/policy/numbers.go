package policy

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// span is what numbers of a type lie between.
type span struct{ low, high float64 }

func (s *span) point() bool { return s != nil && s.low == s.high }

// measure is what a number counts.
type measure string

const (
	noUnit    measure = ""
	instant   measure = "nanoseconds since 1970"
	duration  measure = "nanoseconds"
	converted measure = "another unit than nanoseconds" // an instant or a duration that was divided
)

// Numbers below these are no instants and no durations that a policy means.
const (
	leastInstant  = 1e15 // 1970-01-12
	leastDuration = 1e9  // a second
)

func between(low, high float64) *typ {
	return &typ{kinds: numberKind, span: &span{low, high}}
}

// literalNumber is the type of a literal.
func literalNumber(n ast.Number) *typ {
	v, ok := n.Float64()
	if !ok {
		return scalar(numberKind)
	}
	return between(v, v)
}

func joinSpans(a, b *typ) *span {
	switch {
	case !a.kinds.has(numberKind):
		return b.span
	case !b.kinds.has(numberKind):
		return a.span
	case a.span == nil || b.span == nil:
		return nil
	}
	return &span{min(a.span.low, b.span.low), max(a.span.high, b.span.high)}
}

// numbersOf returns the type of the number, or of the parts of a time, that a built-in
// returns; nil: nothing more is known than its declaration says.
func numbersOf(name string, args []*typ) *typ {
	arg := func(i int) *typ {
		if i < len(args) && args[i] != nil && !args[i].unknown {
			return args[i]
		}
		return scalar(numberKind)
	}
	switch name {
	case ast.Count.Name, ast.Abs.Name, "strings.count":
		return between(0, math.Inf(1))
	case ast.IndexOf.Name:
		return between(-1, math.Inf(1))
	case ast.SemVerCompare.Name:
		return between(-1, 1)
	case ast.NowNanos.Name, ast.ParseNanos.Name, ast.ParseRFC3339Nanos.Name, ast.AddDate.Name:
		return &typ{kinds: numberKind, unit: instant}
	case ast.ParseDurationNanos.Name:
		return &typ{kinds: numberKind, unit: duration}
	case ast.Clock.Name:
		return tupleOf(between(0, 23), between(0, 59), between(0, 59))
	case ast.Date.Name:
		return tupleOf(scalar(numberKind), between(1, 12), between(1, 31))
	case ast.Plus.Name, ast.Minus.Name, ast.Multiply.Name, ast.Divide.Name:
		return arithmetic(name, arg(0), arg(1))
	}
	return nil
}

// arithmetic returns the type of a sum, a difference, a product or a quotient.
func arithmetic(name string, a, b *typ) *typ {
	if !a.kinds.has(numberKind) || !b.kinds.has(numberKind) {
		return nil // of sets
	}
	out := scalar(numberKind)
	if a.span.point() && b.span.point() {
		x, y := a.span.low, b.span.low
		v := map[string]float64{ast.Plus.Name: x + y, ast.Minus.Name: x - y, ast.Multiply.Name: x * y, ast.Divide.Name: x / y}[name]
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out.span = &span{v, v}
		}
	}
	timed := a.unit == instant || a.unit == duration
	switch name {
	case ast.Minus.Name:
		if out.unit = a.unit; a.unit == instant && b.unit == instant {
			out.unit = duration
		}
	case ast.Plus.Name:
		if out.unit = a.unit; a.unit == noUnit || b.unit == instant {
			out.unit = b.unit
		}
	case ast.Divide.Name:
		if timed && b.span.point() && b.span.low >= 1000 {
			out.unit = converted
		}
	}
	return out
}

// tupleOf is a list whose elements are known one by one.
func tupleOf(elements ...*typ) *typ {
	out := &typ{kinds: listKind, tuple: elements}
	for _, t := range elements {
		out.elem = join(out.elem, t)
	}
	return out
}

// units reports numbers that are calculated with, or compared with, nanoseconds, and can
// count no nanoseconds.
func (f *flow) units(x, y *ast.Term, a, b *typ, loc *ast.Location, s *scope) bool {
	for range 2 {
		least := map[measure]float64{instant: leastInstant, duration: leastDuration}[a.unit]
		switch {
		case a.unit == instant && b.unit == converted:
			f.fail(loc, "%s counts %s, and %s counts %s", f.show(x, s), a.unit, f.show(y, s), b.unit)
			return true
		case b.unit == noUnit && b.span.point() && b.span.low != 0 && math.Abs(b.span.low) < least:
			f.fail(loc, "%s counts %s, and %s is too small for that: write time.parse_rfc3339_ns(…), or time.parse_duration_ns(\"24h\") for a duration", f.show(x, s), a.unit, strconv.FormatFloat(b.span.low, 'f', -1, 64))
			return true
		}
		x, y, a, b = y, x, b, a
	}
	return false
}

// added reports that a number is added to an instant, or taken from it, that can be no
// duration.
func (f *flow) added(name string, x []*ast.Term, args []*typ, loc *ast.Location, s *scope) {
	if f.quiet > 0 || len(x) < 2 || name != ast.Plus.Name && name != ast.Minus.Name {
		return
	}
	for i := range 2 {
		a, b := args[i], args[1-i]
		if a != nil && b != nil && a.unit == instant && b.unit == noUnit && b.span.point() && b.span.low != 0 && math.Abs(b.span.low) < leastDuration {
			f.fail(loc, "%s counts %s, and %s that is added is too small for that: write time.parse_duration_ns(\"24h\")", f.show(x[i], s), instant, strconv.FormatFloat(b.span.low, 'f', -1, 64))
		}
	}
}

// timeArgument reports an argument of a function of times that is no nanoseconds since 1970.
func (f *flow) timeArgument(name string, x []*ast.Term, loc *ast.Location, s *scope) {
	if f.quiet > 0 || !slices.Contains([]string{ast.Date.Name, ast.Clock.Name, ast.Weekday.Name, ast.Format.Name, ast.AddDate.Name}, name) {
		return
	}
	at := x[0]
	if list, ok := at.Value.(*ast.Array); ok && list.Len() > 0 {
		at = list.Elem(0)
	}
	t := f.term(at, s)
	if t != nil && (t.unit == converted || t.unit == duration || t.span.point() && math.Abs(t.span.low) < leastInstant && t.span.low != 0) {
		f.fail(loc, "%s wants nanoseconds since 1970, and %s is none: write time.parse_rfc3339_ns(…) or time.now_ns()", name, f.show(at, s))
	}
}

// bounds reports an order that no two numbers of the types have, or all of them.
func (f *flow) bounds(op string, x, y *ast.Term, a, b *typ, loc *ast.Location, s *scope) bool {
	if a.span == nil || b.span == nil || a.span.point() == b.span.point() {
		return false // of two constants, one may be a switch
	}
	if a.span.point() {
		return f.bounds(reversed(op), y, x, b, a, loc, s)
	}
	v := b.span.low
	below, above := a.span.high < v, a.span.low > v // every number is
	if op == ast.LessThanEq.Name || op == ast.GreaterThan.Name {
		below = a.span.high <= v
	} else {
		above = a.span.low >= v
	}
	less := op == ast.LessThan.Name || op == ast.LessThanEq.Name
	says := ""
	switch {
	case less && above, !less && below:
		says = "never"
	case (less && below || !less && above) && math.IsInf(a.span.high, 1): // 0 <= hour is usual
		says = "always"
	default:
		return false
	}
	sign := map[string]string{ast.LessThan.Name: "<", ast.LessThanEq.Name: "<=", ast.GreaterThan.Name: ">", ast.GreaterThanEq.Name: ">="}[op]
	f.fail(loc, "%s is %s, so that %s %s %s %s holds", f.show(x, s), a.span, f.show(x, s), sign, f.show(y, s), says)
	return true
}

// String returns the span in words.
func (s *span) String() string {
	low := strconv.FormatFloat(s.low, 'f', -1, 64)
	if math.IsInf(s.high, 1) {
		return "a number from " + low + " on"
	}
	return "a number from " + low + " to " + strconv.FormatFloat(s.high, 'f', -1, 64)
}

func reversed(op string) string {
	return map[string]string{ast.LessThan.Name: ast.GreaterThan.Name, ast.LessThanEq.Name: ast.GreaterThanEq.Name,
		ast.GreaterThan.Name: ast.LessThan.Name, ast.GreaterThanEq.Name: ast.LessThanEq.Name}[op]
}

var textOfNumber = lazyregexp.New(`^-?[0-9]+(\.[0-9]+)?$`)

// textOrder reports that numbers are compared as texts: 9 comes after 10.
func (f *flow) textOrder(x, y *ast.Term, loc *ast.Location, s *scope) bool {
	for i, side := range []*ast.Term{x, y} {
		if text, ok := side.Value.(ast.String); ok && textOfNumber.MatchString(string(text)) {
			f.fail(loc, "%q is a text, and texts are compared character by character, so that \"9\" comes after \"10\": compare to_number(%s) with %s", string(text), f.show([]*ast.Term{y, x}[i], s), string(text))
			return true
		}
	}
	return false
}

// layouts are the names of layouts that OPA takes in the place of one.
func layouts() []string {
	return []string{"ANSIC", "UnixDate", "RubyDate", "RFC822", "RFC822Z", "RFC850", "RFC1123", "RFC1123Z", "RFC3339", "RFC3339Nano"}
}

// layoutIsOne reports whether a layout has elements of a time, and none of other languages.
func layoutIsOne(layout string) bool {
	if slices.Contains(layouts(), layout) {
		return true
	}
	foreign := slices.ContainsFunc([]string{"YY", "yy", "MM", "DD", "dd", "HH", "hh", "mm", "ss", "%Y", "%m", "%d", "%H"}, func(part string) bool { return strings.Contains(layout, part) })
	first, second := time.Date(2001, 3, 4, 5, 6, 7, 8, time.UTC), time.Date(2019, 11, 22, 23, 44, 55, 6e8, time.FixedZone("X", 3600))
	return !foreign && first.Format(layout) != second.Format(layout)
}

// numbers reports numbers that are never equal.
func (f *flow) numbers(x, y *ast.Term, a, b *typ, loc *ast.Location, s *scope) bool {
	if y == nil || a.kinds != numberKind || b.kinds != numberKind {
		return false
	}
	if f.units(x, y, a, b, loc, s) {
		return true
	}
	if a.span == nil || b.span == nil || a.span.point() && b.span.point() || a.span.high >= b.span.low && b.span.high >= a.span.low {
		return false
	}
	if a.span.point() {
		x, y, a = y, x, b
	}
	f.fail(loc, "%s is %s, and never equal to %s", f.show(x, s), a.span, f.show(y, s))
	return true
}
