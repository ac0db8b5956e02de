package bindgate.policy.allowed_issuers_test

import rego.v2

import data.bindgate.policy.allowed_issuers

chain(list) := {"evidence": {"certificate": {"facts": {"chain": list}}}}

leaf(issuer) := {"issuer": issuer, "isCA": false}

ca := {"issuer": "CN=Root", "isCA": true}

issuers := ["CN=Demo Issuing CA,O=Demo"]

test_allowed if {
	count(allowed_issuers.deny) == 0 with input as chain([leaf("CN=Demo Issuing CA,O=Demo"), ca]) with data.allowed_issuers.issuers as issuers
}

test_not_allowed if {
	some issuer in ["CN=Other", "CN=Demo Issuing CA"]
	count(allowed_issuers.deny) == 1 with input as chain([leaf(issuer), ca]) with data.allowed_issuers.issuers as issuers
}

test_no_leaf if {
	some list in [[], [ca]]
	count(allowed_issuers.deny) == 1 with input as chain(list) with data.allowed_issuers.issuers as issuers
}
