# METADATA
# title: Two people approve a plan that binds RELEASE
# scope: package
# custom:
#   needs: [approvals]
package bindgate.policy.two_persons

import rego.v2

deny contains sprintf("%d people approved the plan, want 2", [count(people)]) if {
	input.binding.bindStageName in {"RELEASE", "", null}
	count(people) < 2
}

people contains approval.by if {
	some approval in input.approvals
	approval.kind == "ssh"
}
