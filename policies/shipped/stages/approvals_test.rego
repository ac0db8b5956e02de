package bindgate.policy.shipped.stages.approvals_test

import rego.v2

import data.bindgate.policy.shipped.stages.approvals

settings := {"guarded": ["RELEASE", ""], "approvals": {"enabled": true, "persons": 2, "kinds": ["ssh"]}}

changed(patch) := json.patch(settings, [{"op": "replace", "path": "/approvals", "value": object.union(settings.approvals, patch)}])

alice := {"by": "alice@demo.com", "kind": "ssh"}

bob := {"by": "bob@demo.com", "kind": "ssh"}

service := {"by": "release-bot", "kind": "jwt"}

bound(stage, list) := {"binding": {"bindStageName": stage}, "approvals": list}

test_two_people_approve[stage] if {
	some stage in ["RELEASE", "", null]
	count(approvals.deny) == 0 with input as bound(stage, [alice, bob]) with data.shipped.stages as settings
}

test_other_stages_need_no_approval if {
	count(approvals.deny) == 0 with input as bound("TEST", []) with data.shipped.stages as settings
}

test_denies_too_few[message] if {
	some message, list in {
		"the plan has 0 approvals (), want 2": [],
		"the plan has 1 approvals (alice@demo.com), want 2": [alice],
		"the plan has 1 approvals (bob@demo.com), want 2": [bob, bob, service],
	}
	some stage in ["RELEASE", "", null]
	approvals.deny == {{"msg": message, "pointer": "/bindStageName"}} with input as bound(stage, list) with data.shipped.stages as settings
}

test_a_service_counts_where_its_kind_does if {
	count(approvals.deny) == 0 with input as bound("RELEASE", [alice, service]) with data.shipped.stages as changed({"kinds": ["ssh", "jwt"]})
}
