# METADATA
# title: A force needs a dedicated instance, whose groups are all known
# scope: package
# custom:
#   needs: [account, group]
package bindgate.force.dedicated_force

import rego.v2

default allow := false

allow if count(reasons) == 0

reasons contains {"msg": sprintf("the group is on an instance of type %v, where groups of other accounts are unknown", [type]), "pointer": "/isForce"} if {
	type != "VPC_DEDICATED"
}

reasons contains {"msg": "not every group of the account was read", "pointer": "/isForce"} if not input.evidence.account.facts.complete

type := input.evidence.group.facts.instanceType
