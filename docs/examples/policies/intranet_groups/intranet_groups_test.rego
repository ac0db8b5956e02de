package bindgate.policy.intranet_groups_test

import rego.v2

import data.bindgate.policy.intranet_groups

bound(type, name) := {"binding": {"customDomainType": type}, "evidence": {"group": {"facts": {"groupName": name}}}}

test_named_groups if count(intranet_groups.deny) == 0 with input as bound("INTRANET", "ledger")

test_internet if count(intranet_groups.deny) == 0 with input as bound("INTERNET", "web")

test_other_groups[name] if {
	some name in ["web", "Payments", null]
	count(intranet_groups.deny) == 1 with input as bound("INTRANET", name)
}
