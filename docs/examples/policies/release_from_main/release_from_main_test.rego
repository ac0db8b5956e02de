package bindgate.policy.release_from_main_test

import rego.v2

import data.bindgate.policy.release_from_main

bound(stage, repository, ref, event) := {
	"binding": {"bindStageName": stage},
	"ci": {"given": true, "repository": repository, "ref": ref, "event": event},
}

test_main if {
	count(release_from_main.deny) == 0 with input as bound("RELEASE", "demo/gateway", "refs/heads/main", "push")
}

test_other_stages if {
	count(release_from_main.deny) == 0 with input as bound("TEST", "demo/gateway", "refs/heads/x", "push")
}

test_elsewhere[note] if {
	some note, binding in {
		"a branch": bound("RELEASE", "demo/gateway", "refs/heads/x", "push"),
		"a fork": bound("RELEASE", "mallory/gateway", "refs/heads/main", "push"),
		"a pull request": bound("RELEASE", "demo/gateway", "refs/heads/main", "pull_request_target"),
		"all environments": bound("", "demo/gateway", "refs/heads/x", "push"),
		"any environment": bound(null, "demo/gateway", "refs/heads/x", "push"),
	}
	count(release_from_main.deny) == 1 with input as binding
}
