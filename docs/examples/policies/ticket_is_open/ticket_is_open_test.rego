package bindgate.policy.ticket_is_open_test

import rego.v2

import data.bindgate.policy.ticket_is_open

ticket(status, begins, ends, domains) := {"status": status, "begins": begins, "ends": ends, "domains": domains}

tickets := {
	"CHG-1": ticket("open", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", ["a.demo.com", "b.demo.com"]),
	"CHG-2": ticket("closed", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", ["a.demo.com"]),
	"CHG-3": ticket("open", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z", ["a.demo.com"]),
	"CHG-4": ticket("open", "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", ["a.demo.com"]),
}

noon := time.parse_rfc3339_ns("2026-11-28T12:00:00Z")

bound(name, id) := {
	"binding": {"domainName": name, "labels": {"changeTicket": id}},
	"external": {"tickets": {"facts": {"tickets": tickets}}},
}

test_open if {
	every name in ["a.demo.com", "b.demo.com"] {
		count(ticket_is_open.deny) == 0 with input as bound(name, "CHG-1") with time.now_ns as noon
	}
}

test_not_open[note] if {
	some note, id in {"closed": "CHG-2", "later": "CHG-3", "over": "CHG-4", "unknown": "CHG-5", "none": null}
	count(ticket_is_open.deny) == 1 with input as bound("a.demo.com", id) with time.now_ns as noon
}

test_other_domains[name] if {
	some name in ["c.demo.com", "demo.com", "*.demo.com"]
	count(ticket_is_open.deny) == 1 with input as bound(name, "CHG-1") with time.now_ns as noon
}
