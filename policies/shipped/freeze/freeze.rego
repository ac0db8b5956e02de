# METADATA
# title: Nothing is bound in a freeze window
# scope: package
# custom:
#   settings: shipped.freeze
package bindgate.policy.shipped.freeze

import rego.v2

# A window counts as open unless it is proven to be closed: one whose end does not follow
# its begin never ends.
deny contains sprintf("no binding from %s to %s: %s", [window.from, window.to, window.reason]) if {
	some window in settings.dated
	not closed(window)
}

deny contains sprintf("no binding every week from %s to %s (%s): %s", [window.from, window.to, settings.zone, window.reason]) if {
	some window in settings.weekly
	not closed_this_week(window)
}

settings := data.shipped.freeze

now := time.parse_rfc3339_ns(input.run.now)

closed(window) if {
	from := time.parse_rfc3339_ns(window.from)
	to := time.parse_rfc3339_ns(window.to)
	from < to
	outside(from, to)
}

outside(from, _) if now < from

outside(_, to) if now >= to

closed_this_week(window) if {
	outside_week(minute_of(window.from), minute_of(window.to))
}

# A window whose end precedes its begin spans the end of the week.
outside_week(from, to) if {
	from < to
	outside_minutes(from, to)
}

outside_week(from, to) if {
	from > to
	this_minute >= to
	this_minute < from
}

outside_minutes(from, _) if this_minute < from

outside_minutes(_, to) if this_minute >= to

# this_minute counts from Monday 00:00 in the zone, as minute_of does.
this_minute := ((day_number(weekday) * 1440) + (clock[0] * 60)) + clock[1]

weekday := time.weekday([now, settings.zone])

clock := time.clock([now, settings.zone])

minute_of(text) := ((day_number(day) * 1440) + (to_number(hour) * 60)) + to_number(minute) if {
	[day, clock_time] := split(text, " ")
	[hour, minute] := split(clock_time, ":")
}

day_number(day) := number if {
	some number, name in days
	name == day
}

days := ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
