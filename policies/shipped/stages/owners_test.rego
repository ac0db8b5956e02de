package bindgate.policy.shipped.stages.owners_test

import rego.v2

import data.bindgate.policy.shipped.stages.owners

settings := {"guarded": ["RELEASE", ""], "owners": {"enabled": true, "label": "owner", "allowed": ["web", "payments"]}}

bound(stage, labels) := {"binding": {"bindStageName": stage, "labels": labels}}

test_an_allowed_owner_binds[stage] if {
	some stage in ["RELEASE", "", null, "TEST"]
	count(owners.deny) == 0 with input as bound(stage, {"owner": "web"}) with data.shipped.stages as settings
}

test_everybody_binds_other_stages[stage] if {
	some stage in ["TEST", "PRE", "BLUE"]
	count(owners.deny) == 0 with input as bound(stage, {"owner": "guest"}) with data.shipped.stages as settings
}

test_denies_other_owners[note] if {
	some note, labels in {"another": {"owner": "guest"}, "null": {"owner": null}, "none": {}, "another label": {"team": "web"}}
	some stage, name in {"RELEASE": "RELEASE", "": "all environments", null: "all environments"}
	owners.deny == {{
		"msg": sprintf("only web, payments may bind %s", [name]),
		"pointer": "/bindStageName",
	}} with input as bound(stage, labels) with data.shipped.stages as settings
}

test_denies_everybody_where_nobody_is_allowed if {
	no_owners := json.patch(settings, [{"op": "replace", "path": "/owners/allowed", "value": []}])
	owners.deny == {{
		"msg": "no owner may bind RELEASE: the list of allowed owners is empty",
		"pointer": "/bindStageName",
	}} with input as bound("RELEASE", {"owner": "web"}) with data.shipped.stages as no_owners
}

test_another_allowed_owner if {
	count(owners.deny) == 0 with input as bound("RELEASE", {"owner": "payments"}) with data.shipped.stages as settings
}
