package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

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
