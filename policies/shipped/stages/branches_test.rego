package bindgate.policy.shipped.stages.branches_test

import rego.v2

import data.bindgate.policy.shipped.stages.branches

settings := {"guarded": ["RELEASE", ""], "branches": {
	"enabled": true,
	"repositories": ["demo/gateway"],
	"refs": ["refs/heads/main"],
	"events": ["push"],
	"protected": true,
}}

job(patch) := object.union({"repository": "demo/gateway", "ref": "refs/heads/main", "event": "push", "refProtected": true}, patch)

bound(stage, ci) := {"binding": {"bindStageName": stage}, "ci": ci}

test_a_job_of_main_binds[stage] if {
	some stage in ["RELEASE", "", null, "TEST"]
	count(branches.deny) == 0 with input as bound(stage, job({})) with data.shipped.stages as settings
}

test_other_stages_are_not_guarded if {
	other := job({"repository": "other/fork", "ref": "refs/heads/x", "event": "pull_request", "refProtected": false})
	count(branches.deny) == 0 with input as bound("TEST", other) with data.shipped.stages as settings
}

test_denies_another_job[message] if {
	some message, patch in {
		"the CI job runs for the repository other/gateway, want one of: demo/gateway": {"repository": "other/gateway"},
		"the CI job runs for refs/heads/maintenance, want one of: refs/heads/main": {"ref": "refs/heads/maintenance"},
		"the CI job runs for refs/pull/7/merge, want one of: refs/heads/main": {"ref": "refs/pull/7/merge"},
		"the CI job was started by the event pull_request_target, want one of: push": {"event": "pull_request_target"},
		"the CI job was started by the event null, want one of: push": {"event": null},
		"the CI system does not protect refs/heads/main": {"refProtected": false},
	}
	some stage in ["RELEASE", "", null]
	branches.deny == {message} with input as bound(stage, job(patch)) with data.shipped.stages as settings
}

test_protection_is_not_demanded if {
	lax := json.patch(settings, [{"op": "replace", "path": "/branches/protected", "value": false}])
	count(branches.deny) == 0 with input as bound("RELEASE", job({"refProtected": false})) with data.shipped.stages as lax
}

test_denies_every_job_where_no_repository_is_named if {
	none := json.patch(settings, [{"op": "replace", "path": "/branches/repositories", "value": []}])
	count(branches.deny) == 1 with input as bound("RELEASE", job({})) with data.shipped.stages as none
}
