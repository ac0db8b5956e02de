package bindgate.policy.certificate_days_test

import rego.v2

import data.bindgate.policy.certificate_days

ends(times) := {
	"run": {"now": "2026-11-01T00:00:00Z"},
	"evidence": {"certificate": {"facts": {"path": {"certificates": [{"subject": "CN=x", "notAfter": end} | some end in times]}}}},
}

test_long if count(certificate_days.deny) == 0 with input as ends(["2026-12-01T00:00:01Z", "2030-01-01T00:00:00Z"])

test_short[end] if {
	some end in ["2026-12-01T00:00:00Z", "2026-11-02T00:00:00Z", "2020-01-01T00:00:00Z"]
	count(certificate_days.deny) == 1 with input as ends([end, "2030-01-01T00:00:00Z"])
}

test_no_path if count(certificate_days.deny) == 1 with input as ends([])
