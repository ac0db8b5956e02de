package bindgate.policy.caa_exists_test

import rego.v2

import data.bindgate.policy.caa_exists

found(lookups) := {"evidence": {"dns": {"facts": {"context": {"caa": lookups}}}}}

test_a_record_above_the_name if {
	lookups := [{"records": []}, {"records": ["0 iodef \"mailto:pki@demo.com\"", "0 issue \"ca.demo.com\""]}]
	count(caa_exists.deny) == 0 with input as found(lookups)
}

test_none[note] if {
	some note, lookups in {"not asked": [], "none": [{"records": []}], "only a report": [{"records": ["0 iodef \"mailto:issue@demo.com\""]}]}
	count(caa_exists.deny) == 1 with input as found(lookups)
}
