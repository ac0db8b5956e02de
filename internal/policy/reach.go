package policy

import (
	"regexp/syntax"
)

// reachOf reports whether a pattern matches some text and whether it matches every text,
// anywhere in it. It follows the pattern's program; an assertion that it cannot decide
// counts as possible for some, and as impossible for every.
func reachOf(pattern string) (some, every bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return true, false
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return true, false
	}
	for _, consumed := range []bool{false, true} {
		some = some || reaches(prog, station{pc: uint32(prog.Start), consumed: consumed}, map[station]bool{}) //nolint:gosec // an index
	}
	return some, empty(prog, uint32(prog.Start), map[uint32]bool{}) //nolint:gosec // an index
}

// station is an instruction, whether text stands before it, and whether the text has to
// end there.
type station struct {
	pc              uint32
	consumed, ended bool
}

// reaches reports whether the end of the program can be reached from a station.
func reaches(prog *syntax.Prog, at station, seen map[station]bool) bool {
	if seen[at] {
		return false
	}
	seen[at] = true
	inst, next := prog.Inst[at.pc], at
	next.pc = inst.Out
	switch inst.Op {
	case syntax.InstMatch:
		return true
	case syntax.InstFail:
		return false
	case syntax.InstAlt, syntax.InstAltMatch:
		other := at
		other.pc = inst.Arg
		return reaches(prog, next, seen) || reaches(prog, other, seen)
	case syntax.InstEmptyWidth:
		switch op := syntax.EmptyOp(inst.Arg); {
		case op&syntax.EmptyBeginText != 0 && at.consumed:
			return false
		case op&syntax.EmptyEndText != 0:
			next.ended = true
		}
		return reaches(prog, next, seen)
	case syntax.InstCapture, syntax.InstNop:
		return reaches(prog, next, seen)
	}
	next.consumed = true // a character
	return !at.ended && reaches(prog, next, seen)
}

// empty reports whether the program matches the empty text at the beginning of any text.
func empty(prog *syntax.Prog, pc uint32, seen map[uint32]bool) bool {
	if seen[pc] {
		return false
	}
	seen[pc] = true
	switch inst := prog.Inst[pc]; inst.Op {
	case syntax.InstMatch:
		return true
	case syntax.InstAlt, syntax.InstAltMatch:
		return empty(prog, inst.Out, seen) || empty(prog, inst.Arg, seen)
	case syntax.InstCapture, syntax.InstNop:
		return empty(prog, inst.Out, seen)
	case syntax.InstEmptyWidth:
		return syntax.EmptyOp(inst.Arg)&^(syntax.EmptyBeginText|syntax.EmptyBeginLine) == 0 && empty(prog, inst.Out, seen)
	}
	return false
}
