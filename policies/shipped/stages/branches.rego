# METADATA
# title: Guarded stages are bound only by a CI job of the right branch
# scope: package
# custom:
#   needs: [ci]
#   settings: shipped.stages.branches
package bindgate.policy.shipped.stages.branches

import rego.v2

deny contains sprintf("the CI job runs for the repository %s, want one of: %s", [input.ci.repository, concat(", ", settings.repositories)]) if {
	guarded
	not input.ci.repository in settings.repositories
}

deny contains sprintf("the CI job runs for %s, want one of: %s", [input.ci.ref, concat(", ", settings.refs)]) if {
	guarded
	not input.ci.ref in settings.refs
}

deny contains sprintf("the CI job was started by the event %v, want one of: %s", [input.ci.event, concat(", ", settings.events)]) if {
	guarded
	not input.ci.event in settings.events
}

deny contains sprintf("the CI system does not protect %s", [input.ci.ref]) if {
	guarded
	not protected
}

settings := data.shipped.stages.branches

guarded if input.binding.bindStageName == null

guarded if input.binding.bindStageName in data.shipped.stages.guarded

protected if settings.protected == false

protected if input.ci.refProtected
