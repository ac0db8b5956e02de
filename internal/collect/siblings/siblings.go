// Package siblings finds, for each binding of a run, the other bindings for the
// same name or for an overlapping wildcard, and names that the same group gets.
package siblings

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Max limits the siblings of one binding; a hostile manifest with thousands of
// bindings for one name would otherwise cost their square.
const Max = 100

// Index finds the bindings of a run by name. It keeps a few words per binding,
// not the binding.
type Index struct {
	entries []entry
	byName  map[string][]int32 // plain name → numbers of its bindings
	below   map[string][]int32 // wildcard → numbers of the bindings that it covers
	deep    map[string][]int32 // wildcard → numbers of the gateways' bindings that it covers at a greater depth
	onGroup map[place][]string // the first names of a group, each once
}

type entry struct {
	domain, group, gateway, region, network, file string
	line, column                                  int32
}

// place is a group and a network type, for which it has a quota of domains.
type place struct{ group, gateway, region, network string }

// at is where the binding is written: its line, or its address in a file without lines.
func (e entry) at() string {
	if e.line == 0 {
		return e.file
	}
	return fmt.Sprintf("%s:%d:%d", e.file, e.line, e.column)
}

func (e entry) place() place { return place{e.group, e.gateway, e.region, e.network} }

// NewIndex indexes all bindings of a run, in order.
func NewIndex(bindings iter.Seq[binding.Binding]) *Index {
	x := &Index{byName: map[string][]int32{}, below: map[string][]int32{}, deep: map[string][]int32{}, onGroup: map[place][]string{}}
	shared := map[string]string{} // groups, regions and files repeat
	once := func(s string) string {
		if known, ok := shared[s]; ok {
			return known
		}
		shared[s] = strings.Clone(s)
		return shared[s]
	}
	for b := range bindings {
		number := int32(len(x.entries))
		domain, file := strings.Clone(b.DomainName), b.Source.File
		if b.Source.Line == 0 && b.Source.Address != "" {
			file += ": " + b.Source.Address
		}
		x.entries = append(x.entries, entry{domain, once(b.GroupID), once(b.GatewayID), once(b.RegionID), once(b.CustomDomainType),
			once(file), int32(b.Source.Line), int32(b.Source.Column)})
		n := evidence.PlainName(domain)
		x.byName[n] = append(x.byName[n], number)
		at := x.entries[number].place()
		if names := x.onGroup[at]; len(names) <= evidence.MaxSameGroup && !slices.Contains(names, n) {
			x.onGroup[at] = append(names, n)
		}
	}
	for name, numbers := range x.byName {
		wildcard := "*." + evidence.Parent(name)
		if _, asked := x.byName[wildcard]; asked && !strings.HasPrefix(name, "*.") {
			x.below[wildcard] = append(x.below[wildcard], numbers...)
		}
		for wildcard := range x.deeper(name) {
			x.deep[wildcard] = append(x.deep[wildcard], x.ofGateways(numbers)...)
		}
	}
	for _, numbers := range x.deep {
		slices.Sort(numbers)
	}
	for _, numbers := range x.below {
		slices.Sort(numbers)
	}
	return x
}

const source = "the bindings of this run"

// Of returns the siblings of the binding with a number, from 0. It compares
// names only: a check decides whether two bindings conflict. group reads a
// group; ok is false if the group is unknown.
func (x *Index) Of(number int, group func(region, id string) (evidence.Group, bool), at time.Time) evidence.Observation[evidence.Siblings] {
	n := evidence.PlainName(x.entries[number].domain)
	related := slices.Concat(x.byName[n], x.below[n])
	if !strings.HasPrefix(n, "*.") {
		related = append(related, x.byName["*."+evidence.Parent(n)]...)
	}
	if x.entries[number].gateway != "" {
		related = append(related, x.deep[n]...)
		for wildcard := range x.deeper(n) {
			related = append(related, x.ofGateways(x.byName[wildcard])...)
		}
	}
	if len(related) > Max {
		return evidence.Failed[evidence.Siblings](
			fmt.Sprintf("%d bindings of this run overlap this name, more than the limit of %d", len(related), Max), source, at)
	}
	var found evidence.Siblings
	for _, name := range x.onGroup[x.entries[number].place()] {
		if name != n && len(found.SameGroup) < evidence.MaxSameGroup {
			found.SameGroup = append(found.SameGroup, name)
		}
	}
	for _, other := range related {
		if int(other) == number {
			continue
		}
		e := x.entries[other]
		s := evidence.Sibling{DomainName: e.domain, GroupID: e.group, GatewayID: e.gateway, RegionID: e.region, CustomDomainType: e.network,
			At: e.at()}
		if e.gateway == "" {
			if g, ok := group(e.region, e.group); ok {
				s.GroupKnown, s.InstanceID, s.BasePath = true, g.InstanceID, g.BasePath
			}
		}
		found.Others = append(found.Others, s)
	}
	return evidence.Observed(found, source, at)
}

// deeper returns the wildcards of the run that cover a name more than one label below
// their parent, or another wildcard: those of a gateway take names at any depth.
func (x *Index) deeper(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		above := evidence.Parent(name)
		for strings.Contains(above, ".") {
			above = evidence.Parent(above)
			wildcard := "*." + above
			if _, asked := x.byName[wildcard]; asked && !yield(wildcard) {
				return
			}
		}
	}
}

// ofGateways returns the numbers of bindings that name a gateway.
func (x *Index) ofGateways(numbers []int32) (out []int32) {
	for _, n := range numbers {
		if x.entries[n].gateway != "" {
			out = append(out, n)
		}
	}
	return out
}
