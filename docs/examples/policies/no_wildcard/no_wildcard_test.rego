package bindgate.policy.no_wildcard_test

import rego.v2

import data.bindgate.policy.no_wildcard

bound(name, names) := {"binding": {"domainName": name}, "evidence": {"certificate": {"facts": {"chain": [{"dnsNames": names}]}}}}

test_a_name if {
	count(no_wildcard.deny) == 0 with input as bound("www.demo.com", ["www.demo.com"])
	count(no_wildcard.warn) == 0 with input as bound("www.demo.com", ["www.demo.com"])
}

test_a_wildcard if count(no_wildcard.deny) == 1 with input as bound("*.demo.com", [])

test_a_certificate_of_a_wildcard if count(no_wildcard.warn) == 1 with input as bound("www.demo.com", ["demo.com", "*.demo.com"])
