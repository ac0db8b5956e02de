package bindgate.policy.shipped.owners_test

import rego.v2

import data.bindgate.policy.shipped.owners

settings := {
	"enabled": true,
	"label": "owner",
	"domains": {
		"web": ["demo.com"],
		"payments": ["pay.demo.com", "Pay.Demo.Org"],
		"shop": ["shop.demo.com"],
		"checkout": ["shop.demo.com"],
	},
}

of(owner, name) := {"binding": {"domainName": name, "labels": {"owner": owner}}}

denies(reasons, words) if {
	count(reasons) == 1
	some reason in reasons
	contains(reason.msg, words)
}

test_a_domain_and_what_is_below_it_belong_to_its_owner[note] if {
	some note, binding in {
		"equal": of("payments", "pay.demo.com"),
		"below": of("payments", "api.pay.demo.com"),
		"wildcard": of("payments", "*.pay.demo.com"),
		"letter case": of("payments", "API.PAY.demo.org"),
		"outer domain": of("web", "www.demo.com"),
		"one of two owners": of("shop", "a.shop.demo.com"),
		"the other of two owners": of("checkout", "a.shop.demo.com"),
	}
	count(owners.deny) == 0 with input as binding with data.shipped.owners as settings
}

test_denies_the_domain_of_another_owner[note] if {
	some note, binding in {
		"outer owner, inner domain": of("web", "api.pay.demo.com"),
		"inner owner, outer domain": of("payments", "demo.com"),
		"a longer name with the same end": of("payments", "xpay.demo.com"),
		"one without an owner": of("web", "demo.net"),
	}
	denies(owners.deny, "does not belong to") with input as binding with data.shipped.owners as settings
}

test_names_the_owners_of_the_domain if {
	denies(owners.deny, "it belongs to checkout, shop") with input as of("web", "shop.demo.com") with data.shipped.owners as settings
	denies(owners.deny, "it has no owner") with input as of("web", "demo.net") with data.shipped.owners as settings
}

test_denies_an_unknown_owner[owner] if {
	some owner in ["Web", "web ", "marketing"]
	denies(owners.deny, "owns no domain; want one of checkout, payments, shop, web") with input as of(owner, "www.demo.com") with data.shipped.owners as settings
}

test_denies_without_owner[note] if {
	some note, labels in {"none": {}, "null": {"owner": null}, "empty": {"owner": ""}, "blank": {"owner": " "}, "another": {"Owner": "web"}}
	binding := {"binding": {"domainName": "www.demo.com", "labels": labels}}
	denies(owners.deny, "the label owner is missing or empty") with input as binding with data.shipped.owners as settings
}

test_denies_a_wildcard_above_the_domain_of_another_owner if {
	reasons := owners.deny with input as of("web", "*.demo.com") with data.shipped.owners as settings
	{reason.msg | some reason in reasons} == {
		"the wildcard also serves pay.demo.com, which belongs to payments and not to web",
		"the wildcard also serves shop.demo.com, which belongs to checkout and not to web",
		"the wildcard also serves shop.demo.com, which belongs to shop and not to web",
	}
}

test_a_wildcard_above_domains_of_its_own_owner if {
	more := json.patch(settings, [{"op": "replace", "path": "/domains", "value": {"web": ["demo.com", "pay.demo.com"], "payments": ["other.com"]}}])
	count(owners.deny) == 0 with input as of("web", "*.demo.com") with data.shipped.owners as more
}

test_denies_everybody_without_domains if {
	none := json.patch(settings, [{"op": "replace", "path": "/domains", "value": {}}])
	denies(owners.deny, "owns no domain") with input as of("web", "www.demo.com") with data.shipped.owners as none
}

test_the_label_has_another_name if {
	team := object.union(settings, {"label": "team/a~b"})
	some reason in owners.deny with input as of("web", "www.demo.com") with data.shipped.owners as team
	reason.pointer == "/labels/team~1a~0b"
}
