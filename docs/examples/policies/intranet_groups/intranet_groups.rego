# METADATA
# title: INTRANET is for named groups
# scope: package
# custom:
#   needs: [group]
package bindgate.policy.intranet_groups

import rego.v2

deny contains {"msg": sprintf("the group %v may not serve INTRANET", [group.groupName]), "pointer": "/customDomainType"} if {
	input.binding.customDomainType == "INTRANET"
	not group.groupName in {"payments", "ledger"}
}

group := input.evidence.group.facts
