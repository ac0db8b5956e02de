# METADATA
# title: An owner binds only names under their own suffixes
# scope: package
package bindgate.policy.suffix_by_owner

import rego.v2

deny contains {"msg": sprintf("%s is under no suffix of %v", [name, owner]), "pointer": "/domainName"} if not allowed

name := input.binding.domainName

owner := input.binding.labels.owner

allowed if {
	some holder, suffixes in data.suffix_by_owner.suffixes
	holder == owner
	some suffix in suffixes
	endswith(name, suffix)
}
