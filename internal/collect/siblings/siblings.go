// Package siblings finds, for each binding of a run, the other bindings that
// ask for the same name or for a wildcard that overlaps it.
package siblings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Max bounds how many siblings one binding may have; a hostile manifest with
// thousands of bindings for one name would otherwise cost their square.
const Max = 100

// Fill sets the Siblings observation of every binding's evidence; both slices
// run in parallel. It compares by name alone: whether two bindings clash is for
// a check to say.
func Fill(bindings []binding.Binding, all []evidence.Evidence, at time.Time) {
	byName := make(map[string][]int, len(bindings))
	below := make(map[string][]int) // parent → bindings one label below it
	for i, b := range bindings {
		n := evidence.PlainName(b.DomainName)
		byName[n] = append(byName[n], i)
		if p := parent(n); !strings.HasPrefix(n, "*.") && p != "" {
			below["*."+p] = append(below["*."+p], i)
		}
	}
	for i, b := range bindings {
		n := evidence.PlainName(b.DomainName)
		related := slices.Concat(byName[n], below[n], wildcardOver(byName, n))
		if len(related) > Max {
			all[i].Siblings = evidence.CouldNot[evidence.Siblings](
				fmt.Sprintf("%d bindings of this run overlap this name, more than the %d that are compared", len(related), Max), source, at)
			continue
		}
		var found evidence.Siblings
		for _, j := range related {
			if j != i {
				found.Others = append(found.Others, sibling(bindings[j], all[j]))
			}
		}
		all[i].Siblings = evidence.Saw(found, source, at)
	}
}

const source = "the bindings of this run"

// wildcardOver are the bindings of the wildcard that covers n, if n is not one.
func wildcardOver(byName map[string][]int, n string) []int {
	if strings.HasPrefix(n, "*.") {
		return nil
	}
	return byName["*."+parent(n)]
}

func sibling(b binding.Binding, ev evidence.Evidence) evidence.Sibling {
	s := evidence.Sibling{
		DomainName: b.DomainName, GroupID: b.GroupID, RegionID: b.RegionID, CustomDomainType: b.CustomDomainType,
		At: fmt.Sprintf("%s:%d:%d", b.Source.File, b.Source.Line, b.Source.Column),
	}
	if g := ev.Group; g.State == evidence.Observed && g.Facts.Found {
		s.GroupKnown, s.InstanceID, s.BasePath = true, g.Facts.InstanceID, g.Facts.BasePath
	}
	return s
}

func parent(n string) string {
	_, rest, _ := strings.Cut(n, ".")
	return rest
}
