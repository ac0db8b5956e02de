# METADATA
# title: RELEASE is bound from the main branch only
# scope: package
# custom:
#   needs: [ci]
package bindgate.policy.release_from_main

import rego.v2

deny contains sprintf("RELEASE is bound from main of demo/gateway only, and this is %s of %s", [input.ci.ref, input.ci.repository]) if {
	input.binding.bindStageName in {"RELEASE", "", null}
	not from_main
}

from_main if {
	input.ci.repository == "demo/gateway"
	input.ci.ref == "refs/heads/main"
	input.ci.event == "push"
}
