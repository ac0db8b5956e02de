package bindgate.policy.suffix_by_owner_test

import rego.v2

import data.bindgate.policy.suffix_by_owner

suffixes := {"web": [".web.demo.com"], "payments": [".pay.demo.com"]}

bound(name, owner) := {"binding": {"domainName": name, "labels": {"owner": owner}}}

test_own_suffix if {
	count(suffix_by_owner.deny) == 0 with input as bound("a.web.demo.com", "web") with data.suffix_by_owner.suffixes as suffixes
}

test_other_names[note] if {
	some note, binding in {
		"another owner": bound("a.pay.demo.com", "web"),
		"unknown owner": bound("a.web.demo.com", "guest"),
		"no owner": bound("a.web.demo.com", null),
		"only the same end": bound("aweb.demo.com", "web"),
	}
	count(suffix_by_owner.deny) == 1 with input as binding with data.suffix_by_owner.suffixes as suffixes
}
