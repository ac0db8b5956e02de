# METADATA
# title: Guarded stages are bound only from a plan that people approved
# scope: package
# custom:
#   needs: [approvals]
#   settings: shipped.stages.approvals
package bindgate.policy.shipped.stages.approvals

import rego.v2

deny contains {
	"msg": sprintf("the plan has %d approvals (%s), want %d", [count(approvers), concat(", ", approvers), settings.persons]),
	"pointer": "/bindStageName",
} if {
	guarded
	count(approvers) < settings.persons
}

settings := data.shipped.stages.approvals

guarded if input.binding.bindStageName == null

guarded if input.binding.bindStageName in data.shipped.stages.guarded

# approvers are a set: one person approves once, even with several keys.
approvers contains approval.by if {
	some approval in input.approvals
	approval.kind in settings.kinds
}
