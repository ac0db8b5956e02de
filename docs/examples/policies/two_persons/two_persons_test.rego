package bindgate.policy.two_persons_test

import rego.v2

import data.bindgate.policy.two_persons

by(stage, list) := {"binding": {"bindStageName": stage}, "approvals": list}

alice := {"by": "alice@demo.com", "kind": "ssh"}

bob := {"by": "bob@demo.com", "kind": "ssh"}

test_two if count(two_persons.deny) == 0 with input as by("RELEASE", [alice, bob])

test_other_stages if count(two_persons.deny) == 0 with input as by("TEST", [])

test_too_few[note] if {
	some note, list in {"nobody": [], "one": [alice], "one twice": [alice, alice], "a service": [alice, {"by": "bot", "kind": "jwt"}]}
	count(two_persons.deny) == 1 with input as by("RELEASE", list)
}
