package dns

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// isNotDangling is dns/is-not-dangling.
func isNotDangling() checks.Check {
	return checks.Check{
		ID: "dns/is-not-dangling", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge:   judgeDangling,
		Doc: checks.Doc{
			Title: "No CNAME record points to a name that a stranger could register",
			Why: "If a CNAME record points to a name that does not exist, anyone who can create that name takes over yours: after a " +
				"group was deleted, a service cancelled, or a domain registration expired. They then serve your callers under your " +
				"name, and get certificates for it. If the chain passes through the zone of another owner, that owner can change it at " +
				"any time.",
			Fix:        "Remove the CNAME record, or let it name the target directly.",
			References: []string{"OWASP WSTG-CONF-10 (subdomain takeover)", "RFC 8020", "Public Suffix List: https://publicsuffix.org/list/"},
			Failing: "evidence: {dns: {facts: {hops: [{owner: api.demo.com, target: gone.example.net, ttl: 60, server: '192.0.2.53:53'}],\n" +
				"  end: {name: gone.example.net, event: nxdomain, addresses: null}, context: {unregisteredDomain: example.net}}}}",
			Passing: "binding: {domainName: api.demo.com}",
		},
	}
}

func judgeDangling(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	if len(d.Hops) == 0 {
		return checks.NotApplicable("the domain has no CNAME record")
	}
	var findings []checks.Finding
	if d.End.Event == evidence.EventNameError {
		findings = append(findings, dangling(s))
	}
	for _, name := range strangers(s) {
		if d.End.Event == evidence.EventNameError && evidence.SameName(name, d.End.Name) {
			continue // said above
		}
		findings = append(findings, through(s, name))
	}
	return checks.Judge(findings...)
}

// through warns of a target in another owner's zone.
func through(s checks.Subject, name string) checks.Finding {
	d := s.Evidence.DNS.Facts
	fix := "lead directly to " + ownName(s) + ", unless that zone is yours or your CDN's"
	at, known := serviceOf(name)
	switch {
	case known && at.takeable:
		return checks.Warns("/domainName",
			fmt.Sprintf("the CNAME chain leads through %s, at %s, where a name that was given up can become another customer's: that it resolves does not show that it is yours", name, at.name),
			"lead directly to "+ownName(s)+", or make sure that the resource there is yours and stays")
	case known && at.fronts:
		return checks.Warns("/domainName", fmt.Sprintf("the CNAME chain leads through %s, at %s: its settings there decide where callers go", name, at.name),
			"make sure that the resource there is yours, and that its origin is the "+target.Word(s.Binding))
	case known:
		return checks.Warns("/domainName", fmt.Sprintf("the CNAME chain leads through %s, at %s: its settings there decide where callers go", name, at.name), fix)
	}
	return checks.Warns("/domainName",
		fmt.Sprintf("the CNAME chain leads through %s, which is not the zone of %s: whoever holds it decides where callers go", registrable(name), d.QueryName), fix)
}

func isMistyped(s checks.Subject) bool { return mistyped(s) != "" }

// dangling words what is proved (a domain that does not exist can be registered)
// apart from what is suspected.
func dangling(s checks.Subject) checks.Finding {
	d := s.Evidence.DNS.Facts
	fix := "remove the CNAME record, or publish " + ownerOf(s.Binding, d) + ". CNAME with " + ownName(s)
	at, known := serviceOf(d.End.Name)
	if known && at.fronts {
		fix = "remove the CNAME record, or create the resource at " + at.name + " again"
	}
	switch a := d.Context; {
	case known && at.takeable:
		return checks.Fails("/domainName", fmt.Sprintf("%s: it is free at %s, where any customer may be able to create it and so take over %s; a takeover is likely, not proved", draw(d), at.name, d.QueryName), fix)
	case isMistyped(s):
		return checks.Fails("/domainName", draw(d)+": "+mistyped(s), fix)
	case registrable(d.End.Name) == registrable(d.QueryName):
		return checks.Fails("/domainName", fmt.Sprintf("%s: it is a name of your own domain %s, where strangers create none; callers get an error until it exists", draw(d), registrable(d.QueryName)),
			"publish that name, or "+fix)
	case a != nil && a.UnregisteredDomain != "":
		return checks.Fails("/domainName", fmt.Sprintf("%s: the domain %s does not exist (NXDOMAIN); unless it is registered and on hold, anyone who registers it takes over %s", draw(d), a.UnregisteredDomain, d.QueryName), fix)
	case target.OwnAffair(s.Binding, d.End.Name) && s.Binding.GatewayID != "":
		return checks.Fails("/domainName", fmt.Sprintf("%s: no such name of the platform; the gateway or group was probably released, and whether a stranger could get its name is not known", draw(d)), fix)
	case isGatewayName(d.End.Name):
		return checks.Fails("/domainName", fmt.Sprintf("%s: no such group name; the group was probably deleted, and whether a stranger could get its name is not known", draw(d)), fix)
	}
	return checks.Fails("/domainName", fmt.Sprintf("%s: whoever may create that name would take over %s; a takeover is possible, not proved", draw(d), d.QueryName), fix)
}
