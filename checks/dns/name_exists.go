package dns

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// nameExists is dns/name-exists.
func nameExists() checks.Check {
	return checks.Check{
		ID: "dns/name-exists", Severity: checks.Error,
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedDNS},
		Applies: func(b binding.Binding) (bool, string) {
			if b.Unserved {
				return false, "no gateway serves the domain, so DNS need not have it"
			}
			return provesByCNAME(b)
		},
		Judge: judgeExists,
		Doc: checks.Doc{
			Title: "The domain exists and has a CNAME or address record",
			Why: "Three kinds of names look alike to a browser and have different causes. A name without any record (NXDOMAIN) was never " +
				"published, or was published in another zone. A name with other records only (NODATA) has a record of the wrong type. A " +
				"name that exists only because names below it do (an empty non-terminal) was published at the wrong depth.",
			Fix:        "Publish the CNAME record in the zone that the finding names.",
			References: []string{"RFC 8020 (NXDOMAIN: nothing lies below)", "RFC 2308 §2 (name error and no data)", "RFC 4592 §2.2.2 (empty non-terminals)"},
			Failing:    "evidence: {dns: {facts: {hops: [], end: {name: api.demo.com, event: nxdomain, addresses: null}}}}",
			Passing:    "binding: {domainName: api.demo.com}",
		},
	}
}

func judgeExists(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	if len(d.Hops) > 0 {
		return checks.Pass()
	}
	if why := movesLater(s); why != "" {
		return checks.NotApplicable(why)
	}
	owner := ownerOf(s.Binding, d)
	fix := "publish a CNAME record at " + owner + ". that leads to " + ownName(s) + inZone(d)
	if what := mistyped(s); what != "" {
		return checks.Judge(checks.Fails("/domainName", fmt.Sprintf("%s has no CNAME or address record: %s", owner, what), fix))
	}
	switch d.End.Event {
	case evidence.EventNameError:
		return checks.Judge(checks.Fails("/domainName", absent(s), fix))
	case evidence.EventNoData:
		return checks.Judge(checks.Fails("/domainName", instead(d), fix))
	}
	return checks.Pass()
}

// absent says from where on the name is missing.
func absent(s checks.Subject) string {
	d := s.Evidence.DNS.Facts
	what := d.QueryName + " does not exist (NXDOMAIN)"
	if s.Binding.Wildcard() {
		what = fmt.Sprintf("no wildcard record answers for names below %s (NXDOMAIN)", strings.TrimPrefix(ownerOf(s.Binding, d), "*."))
	}
	if a := d.Context; a != nil && a.Missing != "" && !evidence.SameName(a.Missing, d.QueryName) {
		what += fmt.Sprintf("; already %s is missing", a.Missing)
	}
	return what
}

// instead says what the name has where an alias was looked for.
func instead(d evidence.DNS) string {
	switch a := d.Context; {
	case a == nil:
		return d.QueryName + " exists, but has neither a CNAME nor an address record (NODATA)"
	case len(a.Types) > 0:
		return fmt.Sprintf("%s exists, but has only %s records, neither a CNAME nor an address record", d.QueryName, some(a.Types))
	}
	return d.QueryName + " exists, but has no records of the queried types (NODATA): an empty non-terminal, which exists only because names below it do, or a CNAME record that was published at the wrong depth"
}
