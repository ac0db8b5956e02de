# A policy of this demo: no domain lets clients with TLS 1.0 or 1.1 in.
package bindgate.policy.tls_floor

import rego.v2

deny contains msg if {
	input.binding.tlsMin in {"TLS 1.0", "TLS 1.1"}
	msg := sprintf("%s: tlsMin is %s, want TLS 1.2 or TLS 1.3", [input.binding.domainName, input.binding.tlsMin])
}
