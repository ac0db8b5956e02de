package bindgate.policy.shipped.limits_test

import rego.v2

import data.bindgate.policy.shipped.limits

settings := {"enabled": true, "maxBindings": 3, "maxForces": 1, "maxDisplacedNames": 2}

run(totals) := {"plan": {"facts": object.union({"bindings": 3, "unchanged": 0, "forces": 1, "displacedNames": ["a.demo.com", "b.demo.com"]}, totals)}}

test_the_limits_themselves_are_allowed if {
	count(limits.deny) == 0 with input as run({}) with data.shipped.limits as settings
}

test_denies_too_many_bindings if {
	limits.deny == {"the run changes 4 bindings, want at most 3"} with input as run({"bindings": 4}) with data.shipped.limits as settings
}

test_bindings_in_effect_do_not_count if {
	count(limits.deny) == 0 with input as run({"bindings": 40, "unchanged": 37}) with data.shipped.limits as settings
}

test_denies_too_many_forces if {
	limits.deny == {"the run makes 2 forces, want at most 1"} with input as run({"forces": 2}) with data.shipped.limits as settings
}

test_denies_too_many_displaced_names if {
	more := run({"displacedNames": ["a.demo.com", "b.demo.com", "c.demo.com"]})
	limits.deny == {"the run takes 3 names from other groups, want at most 2: a.demo.com, b.demo.com, c.demo.com"} with input as more with data.shipped.limits as settings
}

test_a_limit_of_none if {
	none := object.union(settings, {"maxForces": 0})
	limits.deny == {"the run makes 1 forces, want at most 0"} with input as run({}) with data.shipped.limits as none
}
