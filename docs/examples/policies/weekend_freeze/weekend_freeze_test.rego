package bindgate.policy.weekend_freeze_test

import rego.v2

import data.bindgate.policy.weekend_freeze

at(now) := {"run": {"now": now}}

test_weekdays[now] if {
	some now in ["2026-11-27T15:59:59Z", "2026-11-29T16:00:00Z"]
	count(weekend_freeze.deny) == 0 with input as at(now)
}

test_weekends[now] if {
	some now in ["2026-11-27T16:00:00Z", "2026-11-29T15:59:59Z"]
	count(weekend_freeze.deny) == 1 with input as at(now)
}
