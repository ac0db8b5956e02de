# METADATA
# title: CAA records name the authority that may issue
# scope: package
# custom:
#   needs: [dns]
package bindgate.policy.caa_exists

import rego.v2

deny contains {"msg": "no CAA record names an authority that may issue for the domain", "pointer": "/domainName"} if not issue_named

issue_named if {
	some lookup in input.evidence.dns.facts.context.caa
	some record in lookup.records
	regex.match(`(^|\s)issue(wild)?\s`, record)
}
