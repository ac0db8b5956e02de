# METADATA
# title: Guarded stages are bound only by owners that are allowed
# scope: package
# custom:
#   settings: shipped.stages.owners
package bindgate.policy.shipped.stages.owners

import rego.v2

deny contains {
	"msg": sprintf("only %s may bind %s", [concat(", ", settings.allowed), stage]),
	"pointer": "/bindStageName",
} if {
	guarded
	count(settings.allowed) > 0
	not owner_allowed
}

deny contains {
	"msg": sprintf("no owner may bind %s: the list of allowed owners is empty", [stage]),
	"pointer": "/bindStageName",
} if {
	guarded
	count(settings.allowed) == 0
}

settings := data.shipped.stages.owners

guarded if input.binding.bindStageName == null

guarded if input.binding.bindStageName in data.shipped.stages.guarded

owner_allowed if {
	some key, value in input.binding.labels
	key == settings.label
	value in settings.allowed
}

default stage := "all environments"

stage := input.binding.bindStageName if not input.binding.bindStageName in {null, ""}
