# METADATA
# title: Certificates are of issuers that are allowed
# scope: package
# custom:
#   needs: [certificate]
package bindgate.policy.allowed_issuers

import rego.v2

deny contains {"msg": sprintf("the issuer %q is not allowed", [leaf.issuer]), "pointer": "/certificate"} if {
	some leaf in leaves
	not leaf.issuer in data.allowed_issuers.issuers
}

deny contains {"msg": "the file has no certificate of a server", "pointer": "/certificate"} if count(leaves) == 0

leaves := [c | some c in input.evidence.certificate.facts.chain; not c.isCA]
