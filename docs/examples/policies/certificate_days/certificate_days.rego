# METADATA
# title: A certificate is valid for more than 30 days
# scope: package
# custom:
#   needs: [certificate]
package bindgate.policy.certificate_days

import rego.v2

deny contains {
	"msg": sprintf("the certificate %s ends at %s, want more than 30 days from now", [certificate.subject, certificate.notAfter]),
	"pointer": "/certificate",
} if {
	some certificate in input.evidence.certificate.facts.path.certificates
	time.parse_rfc3339_ns(certificate.notAfter) - now <= ((30 * 24) * 3600) * 1000000000
}

deny contains {"msg": "the certificate has no path to a trusted root", "pointer": "/certificate"} if {
	count(input.evidence.certificate.facts.path.certificates) == 0
}

now := time.parse_rfc3339_ns(input.run.now)
