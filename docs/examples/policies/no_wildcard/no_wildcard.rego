# METADATA
# title: Wildcards are not bound, nor served with certificates of wildcards
# scope: package
# custom:
#   uses: [certificate]
package bindgate.policy.no_wildcard

import rego.v2

deny contains {"msg": "wildcards are not bound: bind each name", "pointer": "/domainName"} if startswith(input.binding.domainName, "*.")

warn contains {"msg": sprintf("the certificate is valid for %s", [name]), "pointer": "/certificate"} if {
	some c in input.evidence.certificate.facts.chain
	some name in c.dnsNames
	startswith(name, "*.")
}
