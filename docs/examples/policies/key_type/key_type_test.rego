package bindgate.policy.key_type_test

import rego.v2

import data.bindgate.policy.key_type

key(algorithm, bits) := {"evidence": {"certificate": {"facts": {"chain": [{"subject": "CN=x", "isCA": false, "keyAlgorithm": algorithm, "keyBits": bits}]}}}}

test_strong[note] if {
	some note, input_of in {"ecdsa": key("ECDSA", 256), "rsa": key("RSA", 3072), "large rsa": key("RSA", 4096)}
	count(key_type.deny) == 0 with input as input_of
}

test_others[note] if {
	some note, input_of in {"small rsa": key("RSA", 2048), "p-521": key("ECDSA", 521), "ed25519": key("Ed25519", 256)}
	count(key_type.deny) == 1 with input as input_of
}
