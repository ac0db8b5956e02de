package bindgate.policy.shipped.freeze_test

import rego.v2

import data.bindgate.policy.shipped.freeze

at(now) := {"run": {"now": now}}

dated(window) := {"enabled": true, "zone": "UTC", "dated": [window], "weekly": []}

weekly(zone, from, to) := {
	"enabled": true, "zone": zone, "dated": [],
	"weekly": [{"from": from, "to": to, "reason": "weekend"}],
}

sale := {"from": "2026-11-27T00:00:00+08:00", "to": "2026-11-28T00:00:00+08:00", "reason": "sale"}

test_a_dated_window_includes_its_first_instant_but_not_its_last[now] if {
	some now, open in {
		"2026-11-26T15:59:59Z": 0,
		"2026-11-26T16:00:00Z": 1,
		"2026-11-27T15:59:59.999Z": 1,
		"2026-11-27T16:00:00Z": 0,
	}
	count(freeze.deny) == open with input as at(now) with data.shipped.freeze as dated(sale)
}

test_names_the_dated_window if {
	freeze.deny == {"no binding from 2026-11-27T00:00:00+08:00 to 2026-11-28T00:00:00+08:00: sale"} with input as at("2026-11-27T00:00:00Z")
		with data.shipped.freeze as dated(sale)
}

test_a_dated_window_without_length_never_ends[note] if {
	some note, window in {
		"reversed": {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z", "reason": "over"},
		"empty": {"from": "2026-01-02T00:00:00Z", "to": "2026-01-02T00:00:00Z", "reason": "over"},
	}
	count(freeze.deny) == 1 with input as at("2026-11-27T00:00:00Z") with data.shipped.freeze as dated(window)
}

# 2026-11-27 is a Friday. The zone is eight hours ahead of UTC.
test_a_weekly_window_is_in_its_zone[now] if {
	some now, open in {
		"2026-11-27T09:59:59Z": 0,
		"2026-11-27T10:00:00Z": 1,
		"2026-11-28T12:00:00Z": 1,
		"2026-11-29T23:59:59Z": 1,
		"2026-11-30T00:00:00Z": 0,
		"2026-12-02T12:00:00Z": 0,
	}
	count(freeze.deny) == open with input as at(now) with data.shipped.freeze as weekly("Asia/Shanghai", "Friday 18:00", "Monday 08:00")
}

test_a_weekly_window_within_a_week[now] if {
	some now, open in {
		"2026-11-24T08:59:00Z": 0,
		"2026-11-24T09:00:00Z": 1,
		"2026-11-24T16:59:59Z": 1,
		"2026-11-24T17:00:00Z": 0,
	}
	count(freeze.deny) == open with input as at(now) with data.shipped.freeze as weekly("UTC", "Tuesday 09:00", "Tuesday 17:00")
}

# Europe/Berlin is two hours ahead of UTC in summer, and one in winter.
test_a_weekly_window_follows_summer_time[now] if {
	some now, open in {
		"2026-07-03T15:59:59Z": 0,
		"2026-07-03T16:00:00Z": 1,
		"2026-11-27T16:00:00Z": 0,
		"2026-11-27T17:00:00Z": 1,
	}
	count(freeze.deny) == open with input as at(now) with data.shipped.freeze as weekly("Europe/Berlin", "Friday 18:00", "Monday 08:00")
}

test_names_the_weekly_window if {
	freeze.deny == {"no binding every week from Friday 18:00 to Monday 08:00 (UTC): weekend"} with input as at("2026-11-28T00:00:00Z")
		with data.shipped.freeze as weekly("UTC", "Friday 18:00", "Monday 08:00")
}

test_a_weekly_window_without_length_never_ends[now] if {
	some now in ["2026-11-24T12:00:00Z", "2026-11-27T18:00:00Z"]
	count(freeze.deny) == 1 with input as at(now) with data.shipped.freeze as weekly("UTC", "Friday 18:00", "Friday 18:00")
}

test_nothing_is_frozen_without_windows if {
	none := {"enabled": true, "zone": "UTC", "dated": [], "weekly": []}
	count(freeze.deny) == 0 with input as at("2026-11-28T00:00:00Z") with data.shipped.freeze as none
}
