// Package catalog is the list of all checks. `bindgate checks` and docs/checks
// are generated from it, so that neither can drift from the code.
package catalog

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/apig"
	"github.com/bindgate/bindgate/checks/certificate"
	"github.com/bindgate/bindgate/checks/cutover"
	"github.com/bindgate/bindgate/checks/dns"
	"github.com/bindgate/bindgate/checks/group"
	"github.com/bindgate/bindgate/checks/policy"
	"github.com/bindgate/bindgate/checks/rebind"
	"github.com/bindgate/bindgate/checks/request"
	"github.com/bindgate/bindgate/checks/spelling"
)

// All returns every check, in report order.
func All() []checks.Check {
	return slices.Concat(request.Checks(), certificate.Checks(), dns.Checks(), group.Checks(), apig.Checks(), cutover.Checks(), rebind.Checks(), policy.Checks())
}

// With returns the catalogue followed by the checks of a program that embeds
// the gate. Extra checks can only make the gate stricter: each has a family of
// its own, so that it replaces no check, and proves no requirement of a bind.
// The error names the first check that violates this.
func With(extra ...checks.Check) ([]checks.Check, error) {
	list := All()
	form := regexp.MustCompile(`^[a-z][a-z0-9-]*/[a-z0-9-]+$`)
	for _, c := range extra {
		sameFamily := func(o checks.Check) bool { return o.Family() == c.Family() }
		sameID := func(o checks.Check) bool { return o.ID == c.ID }
		var problem string
		switch {
		case !form.MatchString(c.ID):
			problem = "want an id of the form family/statement"
		case slices.ContainsFunc(All(), sameFamily):
			problem = fmt.Sprintf("the family %q belongs to the catalogue; use another", c.Family())
		case slices.ContainsFunc(list, sameID):
			problem = "two checks have this id"
		case c.Severity != checks.Error && c.Severity != checks.Warning:
			problem = fmt.Sprintf("got severity %q, want error or warning", c.Severity)
		case c.MustPass != nil:
			problem = "only checks of the catalogue prove a requirement; remove MustPass"
		case c.Judge == nil:
			problem = "the check has no Judge function; set Judge"
		}
		if problem != "" {
			return nil, fmt.Errorf("adding the check %q: %s", c.ID, problem)
		}
		list = append(list, c)
	}
	return list, nil
}

// Validate returns an error if severities names a check that is not in the
// list, or lowers a core check. It reads ids in alphabetical order.
func Validate(list []checks.Check, severities checks.Severities) error {
	for _, id := range slices.Sorted(maps.Keys(severities)) {
		i := slices.IndexFunc(list, func(c checks.Check) bool { return c.ID == id })
		if i < 0 {
			hint := "; see `bindgate checks list`"
			if near := Suggest(list, id); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return fmt.Errorf("no check has the id %q%s", id, hint)
		}
		switch severity := severities[id]; {
		case severity != checks.Error && severity != checks.Warning:
			return fmt.Errorf("%q has the severity %q; want error or warning", id, severity)
		case severity != severities.Of(list[i]):
			return fmt.Errorf("%q is a core check and cannot be lowered; remove it from severities", id)
		}
	}
	return nil
}

// Passes splits a list into checks that run before the policies, which read
// their results, and checks that read the policies' verdict.
func Passes(list []checks.Check) (before, after []checks.Check) {
	before = make([]checks.Check, 0, len(list))
	for _, c := range list {
		if c.AfterPolicy {
			after = append(after, c)
		} else {
			before = append(before, c)
		}
	}
	return before, after
}

// Find returns the check of the catalogue with the id.
func Find(id string) (checks.Check, bool) {
	for _, c := range All() {
		if c.ID == id {
			return c, true
		}
	}
	return checks.Check{}, false
}

// Suggest returns the id in the list closest to an unknown one: the nearest in
// spelling, or the same statement in another family; "" if there is none.
func Suggest(list []checks.Check, id string) string {
	statement := id[strings.LastIndex(id, "/")+1:]
	ids := make([]string, len(list))
	for i, c := range list {
		if strings.HasSuffix(c.ID, "/"+statement) {
			return c.ID
		}
		ids[i] = c.ID
	}
	return spelling.Nearest(id, ids, len(id)/3)
}
