# METADATA
# title: Keys are ECDSA of 256 bits, or RSA of 3072 and more
# scope: package
# custom:
#   needs: [certificate]
package bindgate.policy.key_type

import rego.v2

deny contains {"msg": sprintf("the key of %s is %s of %d bits, want ECDSA of 256 or RSA of at least 3072", [c.subject, c.keyAlgorithm, c.keyBits]), "pointer": "/certificate"} if {
	some c in input.evidence.certificate.facts.chain
	not c.isCA
	not strong(c.keyAlgorithm, c.keyBits)
}

strong("ECDSA", 256)

strong("RSA", bits) if bits >= 3072
