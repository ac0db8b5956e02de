package bindgate.force.rebind_test

import rego.v2

import data.bindgate.force.rebind

legacy := {
	"groupId": "523e8dc7bbe04613b5b1d726c2a7889d",
	"groupName": "legacy",
	"subDomain": "523e8dc7bbe04613b5b1d726c2a7889d-cn-hangzhou.alicloudapi.com",
	"domain": {"domainName": "www.demo.com"},
	"conflicts": true,
}

valid := {
	"binding": {
		"domainName": "www.demo.com",
		"isForce": true,
		"domainProof": "cname",
		"labels": {"owner": "web", "changeTicket": "CHG-1042"},
	},
	"evidence": {
		"account": {"facts": {"complete": true, "boundGroups": [legacy]}},
		"dns": {"facts": {
			"hops": [{"owner": "www.demo.com", "target": "927d50c0-cn-hangzhou.alicloudapi.com"}],
			"end": {"name": "927d50c0-cn-hangzhou.alicloudapi.com", "event": "address"},
		}},
	},
	"results": {"dns/cname-reaches-group": {"status": "pass"}},
	"run": {"now": "2026-11-21T12:00:00Z"},
}

settings := {
	"protectedGroups": [],
	"protectedDomains": [],
	"requiredLabels": ["owner", "changeTicket"],
	"ticketLabel": "changeTicket",
	"ticketPattern": "[A-Z][A-Z0-9]*-[0-9]+",
	"freezeWindows": [],
}

# changed is the valid input with some values replaced.
changed(patches) := json.patch(valid, patches)

# with_settings is the settings with some of them replaced.
with_settings(patch) := object.union(settings, patch)

messages(reasons) := {reason.msg | some reason in reasons}

refuses(reasons, words) if {
	count(reasons) == 1
	some reason in reasons
	contains(reason.msg, words)
}

test_allows_a_valid_force if {
	rebind.allow with input as valid with data.force_rebind as settings
	count(rebind.reasons) == 0 with input as valid with data.force_rebind as settings
}

test_allows_with_the_shipped_settings if rebind.allow with input as valid

test_allows_without_displaced_groups if {
	rebind.allow with input as changed([{"op": "remove", "path": "/evidence/account/facts/boundGroups"}])
}

test_ignores_a_bound_group_without_conflict if {
	other := object.union(legacy, {"groupName": "", "conflicts": false})
	rebind.allow with input as changed([{"op": "replace", "path": "/evidence/account/facts/boundGroups/0", "value": other}])
}

test_refuses_an_incomplete_account if {
	unread := changed([{"op": "replace", "path": "/evidence/account/facts/complete", "value": false}])
	not rebind.allow with input as unread
	refuses(rebind.reasons, "not all known") with input as unread
}

test_refuses_a_displaced_group_without_name if {
	nameless := changed([{"op": "remove", "path": "/evidence/account/facts/boundGroups/0/groupName"}])
	not rebind.allow with input as nameless
	some reason in rebind.reasons with input as nameless
	contains(reason.msg, "not all known by id and name")
}

test_refuses_a_protected_group[note] if {
	some note, pattern in {"name": "leg*", "case": "LEGACY", "id": "523e8dc7*", "either": "{legacy,core}"}
	protected := with_settings({"protectedGroups": ["other", pattern]})
	not rebind.allow with input as valid with data.force_rebind as protected
	refuses(rebind.reasons, "legacy) would be displaced") with input as valid with data.force_rebind as protected
}

test_refuses_a_protected_group_with_dots_in_its_name if {
	dotted := changed([{"op": "replace", "path": "/evidence/account/facts/boundGroups/0/groupName", "value": "core-v1.2"}])
	protected := with_settings({"protectedGroups": ["core-*"]})
	not rebind.allow with input as dotted with data.force_rebind as protected
	refuses(rebind.reasons, "core-v1.2) would be displaced") with input as dotted with data.force_rebind as protected
}

test_refuses_a_protected_domain[pattern] if {
	some pattern in ["*.Demo.com", "*.com", "*", "www*", "???.demo.com", "www?demo.com"]
	protected := with_settings({"protectedDomains": [pattern]})
	not rebind.allow with input as valid with data.force_rebind as protected
	refuses(rebind.reasons, "www.demo.com is protected") with input as valid with data.force_rebind as protected
}

test_refuses_a_missing_label[name] if {
	some name in ["owner", "changeTicket"]
	missing := changed([{"op": "remove", "path": concat("/", ["/binding/labels", name])}])
	not rebind.allow with input as missing
	refuses(rebind.reasons, sprintf("label %s is missing", [name])) with input as missing
	some reason in rebind.reasons with input as missing
	reason.pointer == concat("/", ["/labels", name])
}

test_refuses_a_blank_label if {
	blank := changed([{"op": "replace", "path": "/binding/labels/owner", "value": " "}])
	refuses(rebind.reasons, "label owner is missing or empty") with input as blank
}

test_refuses_without_any_label if {
	bare := changed([{"op": "remove", "path": "/binding/labels"}])
	count(rebind.reasons) == 2 with input as bare
	not rebind.allow with input as bare
}

test_requires_the_ticket_even_without_required_labels if {
	lax := with_settings({"requiredLabels": []})
	bare := changed([{"op": "remove", "path": "/binding/labels/changeTicket"}])
	refuses(rebind.reasons, "label changeTicket is missing") with input as bare with data.force_rebind as lax
}

test_escapes_the_label_in_the_pointer if {
	slashed := with_settings({"requiredLabels": ["team/a~b"]})
	some reason in rebind.reasons with input as valid with data.force_rebind as slashed
	reason.pointer == "/labels/team~1a~0b"
}

test_refuses_a_partial_match_of_the_ticket[ticket] if {
	some ticket in ["chg-1", "CHG-", "see CHG-1042", "CHG-1042 or so", "CHG-1042\n"]
	other := changed([{"op": "replace", "path": "/binding/labels/changeTicket", "value": ticket}])
	not rebind.allow with input as other
	refuses(rebind.reasons, "is not a ticket") with input as other
}

test_refuses_before_the_resolution_has_moved[status] if {
	some status in ["fail", "unknown", "not-run", "not-applicable"]
	early := changed([{"op": "replace", "path": "/results/dns~1cname-reaches-group/status", "value": status}])
	not rebind.allow with input as early
	refuses(rebind.reasons, "change it first") with input as early
}

test_refuses_without_a_result if {
	refuses(rebind.reasons, "change it first") with input as changed([{"op": "remove", "path": "/results/dns~1cname-reaches-group"}])
}

by_txt(patches) := changed(array.concat(
	[
		{"op": "replace", "path": "/binding/domainProof", "value": "txt"},
		{"op": "replace", "path": "/results/dns~1cname-reaches-group/status", "value": "not-applicable"},
	],
	patches,
))

test_allows_txt_if_the_name_resolves_elsewhere if rebind.allow with input as by_txt([])

test_allows_txt_without_a_cname if {
	rebind.allow with input as by_txt([
		{"op": "replace", "path": "/evidence/dns/facts/hops", "value": []},
		{"op": "replace", "path": "/evidence/dns/facts/end", "value": {"name": "www.demo.com", "event": "address"}},
	])
}

test_refuses_txt_while_the_name_resolves_to_a_displaced_group[note] if {
	old := upper(concat("", [legacy.subDomain, "."]))
	some note, patch in {
		"end": {"op": "replace", "path": "/evidence/dns/facts/end/name", "value": old},
		"hop": {"op": "replace", "path": "/evidence/dns/facts/hops/0/target", "value": old},
		"vpc name": {"op": "add", "path": "/evidence/account/facts/cnameTarget", "value": {"groupId": legacy.groupId}},
		"unknown own name": {"op": "replace", "path": "/evidence/account/facts/boundGroups/0/subDomain", "value": ""},
		"no chain": {"op": "replace", "path": "/evidence/dns/facts/end", "value": {}},
	}
	not rebind.allow with input as by_txt([patch])
	refuses(rebind.reasons, "change it first") with input as by_txt([patch])
}

frozen(window) := with_settings({"freezeWindows": [window]})

test_freeze_window_includes_its_first_instant_but_not_its_last[now] if {
	window := {"from": "2026-11-27T00:00:00+08:00", "to": "2026-11-28T00:00:00+08:00", "reason": "sale"}
	some now, open in {
		"2026-11-26T15:59:59Z": false,
		"2026-11-26T16:00:00Z": true,
		"2026-11-27T15:59:59.999Z": true,
		"2026-11-27T16:00:00Z": false,
	}
	then := changed([{"op": "replace", "path": "/run/now", "value": now}])
	allowed := rebind.allow with input as then with data.force_rebind as frozen(window)
	allowed != open
}

test_names_the_freeze if {
	window := {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z", "reason": "year-end close"}
	refuses(rebind.reasons, "year-end close") with input as valid with data.force_rebind as frozen(window)
}

test_refuses_a_window_that_ends_before_it_begins if {
	window := {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z", "reason": "reversed"}
	not rebind.allow with input as valid with data.force_rebind as frozen(window)
}

test_refuses_settings_of_the_wrong_type[note] if {
	some note, patch in {
		"groups": {"protectedGroups": "legacy"},
		"domains": {"protectedDomains": {}},
		"labels": {"requiredLabels": null},
		"windows": {"freezeWindows": {}},
		"window": {"freezeWindows": [{"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}]},
		"ticket pattern": {"ticketPattern": null},
	}
	not rebind.allow with input as valid with data.force_rebind as with_settings(patch)
	some reason in rebind.reasons with input as valid with data.force_rebind as with_settings(patch)
	contains(reason.msg, "settings of force_rebind")
}

test_refuses_missing_settings[name] if {
	some name, _ in settings
	rest := object.remove(settings, [name])
	not rebind.allow with input as valid with data.force_rebind as rest
}

test_refuses_an_empty_input if {
	not rebind.allow with input as {}
}

# A forced wildcard unbinds the names below it, and a forced name the wildcard above
# it, which serves protected names: each is protected like the requested name.
test_an_affected_name_is_protected[affected] if {
	some affected in ["api.demo.com", "API.Demo.com", "a.api.demo.com"]
	forced := changed([
		{"op": "replace", "path": "/binding/domainName", "value": "x.demo.com"},
		{"op": "replace", "path": "/evidence/account/facts/boundGroups/0/domain/domainName", "value": affected},
	])
	protected := with_settings({"protectedDomains": ["*api.demo.com"]})
	refuses(rebind.reasons, sprintf("the domain %s is protected", [affected])) with input as forced with data.force_rebind as protected
}

test_a_protected_name_under_an_affected_wildcard if {
	forced := changed([{"op": "replace", "path": "/evidence/account/facts/boundGroups/0/domain/domainName", "value": "*.demo.com"}])
	protected := with_settings({"protectedDomains": ["api.demo.com"]})
	refuses(rebind.reasons, "the domain *.demo.com is protected") with input as forced with data.force_rebind as protected
}

test_a_protected_name_elsewhere_is_unaffected if {
	forced := changed([{"op": "replace", "path": "/evidence/account/facts/boundGroups/0/domain/domainName", "value": "*.demo.com"}])
	protected := with_settings({"protectedDomains": ["api.demo.org", "demo.com"]})
	rebind.allow with input as forced with data.force_rebind as protected
}
