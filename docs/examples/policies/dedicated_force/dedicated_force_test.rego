package bindgate.force.dedicated_force_test

import rego.v2

import data.bindgate.force.dedicated_force

on(type, complete) := {"evidence": {"group": {"facts": {"instanceType": type}}, "account": {"facts": {"complete": complete}}}}

test_dedicated if {
	dedicated_force.allow with input as on("VPC_DEDICATED", true)
	count(dedicated_force.reasons) == 0 with input as on("VPC_DEDICATED", true)
}

test_others[note] if {
	some note, input_of in {"shared": on("VPC_SHARED", true), "unknown": on(null, true), "incomplete": on("VPC_DEDICATED", false)}
	not dedicated_force.allow with input as input_of
	count(dedicated_force.reasons) == 1 with input as input_of
}
