# METADATA
# title: One run makes one force and displaces three names at most
# scope: package
# custom:
#   needs: [plan]
package bindgate.policy.run_limits

import rego.v2

deny contains sprintf("the run makes %d forces, want at most 1", [input.plan.facts.forces]) if input.plan.facts.forces > 1

deny contains sprintf("the run displaces %d names, want at most 3", [count(input.plan.facts.displacedNames)]) if {
	count(input.plan.facts.displacedNames) > 3
}

warn contains sprintf("the run binds RELEASE %d times", [input.plan.facts.release]) if input.plan.facts.release > 10
