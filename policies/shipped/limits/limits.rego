# METADATA
# title: One run changes no more than the owner allows
# scope: package
# custom:
#   needs: [plan]
#   settings: shipped.limits
package bindgate.policy.shipped.limits

import rego.v2

deny contains sprintf("the run changes %d bindings, want at most %d", [changes, settings.maxBindings]) if {
	changes > settings.maxBindings
}

deny contains sprintf("the run makes %d forces, want at most %d", [totals.forces, settings.maxForces]) if {
	totals.forces > settings.maxForces
}

deny contains sprintf("the run takes %d names from other groups, want at most %d: %s", [count(displaced), settings.maxDisplacedNames, concat(", ", displaced)]) if {
	count(displaced) > settings.maxDisplacedNames
}

settings := data.shipped.limits

totals := input.plan.facts

changes := totals.bindings - totals.unchanged

displaced := totals.displacedNames
