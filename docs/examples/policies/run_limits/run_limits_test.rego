package bindgate.policy.run_limits_test

import rego.v2

import data.bindgate.policy.run_limits

run(forces, names, release) := {"plan": {"facts": {"forces": forces, "displacedNames": names, "release": release}}}

test_within_the_limits if {
	count(run_limits.deny) == 0 with input as run(1, ["a", "b", "c"], 10)
	count(run_limits.warn) == 0 with input as run(1, ["a", "b", "c"], 10)
}

test_too_many_forces if {
	run_limits.deny == {"the run makes 2 forces, want at most 1"} with input as run(2, [], 0)
}

test_too_many_names if {
	run_limits.deny == {"the run displaces 4 names, want at most 3"} with input as run(1, ["a", "b", "c", "d"], 0)
}

test_many_releases if count(run_limits.warn) == 1 with input as run(0, [], 11)
