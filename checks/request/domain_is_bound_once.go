package request

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// domainIsBoundOnce is request/domain-is-bound-once.
func domainIsBoundOnce() checks.Check {
	return checks.Check{
		ID: "request/domain-is-bound-once", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedSiblings},
		Applies: setsDomain,
		Judge:   judgeBoundOnce,
		Doc: checks.Doc{
			Title: "No two bindings of the run request the same domain",
			Why: "A domain belongs to one group per instance and base path, and must not overlap a bound wildcard. Of two bindings that " +
				"request it, the second fails, or with a force takes the domain away from the first. All cloud-native gateways of an " +
				"account and region share one record for each domain, so the second binding overwrites the settings of the first.",
			Fix:        "Keep one of the two bindings, or put the groups on different base paths.",
			References: []string{pageBindDomain},
			Failing: "evidence:\n  siblings:\n    facts:\n      others:\n" +
				"        - {domainName: api.demo.com, at: 'other.yaml:4:5',\n" +
				"           regionId: cn-hangzhou, customDomainType: INTERNET,\n" +
				"           groupId: 927d50c0f2e54b359919923d908bb015}",
			Passing: "evidence:\n  siblings:\n    facts:\n      others:\n" +
				"        - {domainName: api.demo.com, at: 'other.yaml:4:5',\n" +
				"           regionId: cn-hangzhou, customDomainType: INTERNET,\n" +
				"           groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupKnown: true,\n" +
				"           instanceId: shared-1, basePath: /v2}",
		},
	}
}

func judgeBoundOnce(s checks.Subject) checks.Verdict {
	var findings []checks.Finding
	var undecided *evidence.Sibling
	for _, other := range s.Evidence.Siblings.Facts.Others {
		how := claim(s.Binding, other)
		if how == "" {
			continue
		}
		clash, known := sharesPlace(s, other)
		if !known {
			undecided = &other
		} else if clash {
			findings = append(findings, clashes(other, how))
		}
	}
	switch group := s.Evidence.Group; {
	case len(findings) > 0 || undecided == nil:
		return checks.Judge(findings...)
	case group.State == evidence.StateNotCollected:
		return checks.NotRun(fmt.Sprintf("the binding at %s claims the domain for group %q, and group evidence, "+
			"which decides whether they conflict, was not collected: %s", undecided.At, undecided.GroupID, group.Reason))
	default:
		return checks.Unknown(fmt.Sprintf("the binding at %s claims the domain for group %q, and instance and "+
			"base path of the two groups are not both known", undecided.At, undecided.GroupID))
	}
}

// claim says how the other binding claims the same domain in the same region
// and network, or nothing when it does not.
func claim(b binding.Binding, other evidence.Sibling) string {
	mine, theirs := plain(b.DomainName), plain(other.DomainName)
	switch {
	case b.RegionID != other.RegionID || (b.GatewayID == "") != (other.GatewayID == ""):
		return "" // a group and a gateway serve side by side while a domain moves
	case b.GatewayID == "" && b.CustomDomainType != other.CustomDomainType:
		return ""
	case mine == theirs:
		return "asks for the same domain"
	case covers(mine, theirs) || covers(theirs, mine),
		b.GatewayID != "" && (evidence.Covers(mine, theirs) || evidence.Covers(theirs, mine)): // at any depth
		return fmt.Sprintf("asks for %q, which overlaps with %q,", other.DomainName, b.DomainName)
	}
	return ""
}

func clashes(other evidence.Sibling, how string) checks.Finding {
	f := clash(other, how)
	f.Other = positionOf(other.At)
	return f
}

// positionOf reads file:line:column; zero: the binding came from a flag.
func positionOf(at string) (p binding.Position) {
	file, column, ok := cutLast(at)
	if p.Column, ok = column, ok && column > 0; ok {
		p.File, p.Line, ok = cutLast(file)
	}
	if !ok || p.Line == 0 {
		return binding.Position{}
	}
	return p
}

func cutLast(text string) (before string, number int, ok bool) {
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return "", 0, false
	}
	number, err := strconv.Atoi(text[at+1:])
	return text[:at], number, err == nil
}

func clash(other evidence.Sibling, how string) checks.Finding {
	if other.GatewayID != "" {
		return checks.Fails("/domainName",
			fmt.Sprintf("the binding at %s %s on gateway %q, and all gateways of an account and region share one record of a domain", other.At, how, other.GatewayID),
			"keep one of the two bindings")
	}
	return checks.Fails("/domainName",
		fmt.Sprintf("the binding at %s %s on group %q, same instance and base path", other.At, how, other.GroupID),
		"keep one of the two bindings, or put the groups on different base paths")
}

// sharesPlace reports whether the two groups are one, or share instance and base
// path, and whether that is known at all. Gateways share one list of domains.
func sharesPlace(s checks.Subject, other evidence.Sibling) (shares, known bool) {
	if other.GatewayID != "" {
		return true, true
	}
	if other.GroupID == s.Binding.GroupID {
		return true, true
	}
	group := s.Evidence.Group
	if group.State != evidence.StateObserved || !group.Facts.Found || !other.GroupKnown {
		return false, false
	}
	sameInstance := group.Facts.InstanceID == other.InstanceID || group.Facts.InstanceID == "" || other.InstanceID == ""
	return sameInstance && basePath(group.Facts.BasePath) == basePath(other.BasePath), true
}

// basePath has one spelling for the root, which answers leave empty or write "/".
func basePath(path string) string { return "/" + strings.Trim(path, "/") }
