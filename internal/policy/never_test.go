package policy

import (
	"context"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/evidence"
)

// neverHead is the METADATA of the cases, which may read labels, a certificate, the plan
// and the claims of a CI job.
const neverHead = "# METADATA\n# custom:\n#   uses: [USES]\npackage bindgate.policy.x\n\n"

// loadNever loads a module whose labels are declared, one of them with a pattern.
// loadNever loads a module of the folder dir, in place of the one before.
func loadNever(t *testing.T, dir, module string) error {
	t.Helper()
	var uses []string
	for name, part := range map[string]string{"certificate": "evidence.certificate", "plan": "input.plan", "ci": "input.ci", "group": "evidence.group"} {
		if strings.Contains(module, part) {
			uses = append(uses, name)
		}
	}
	head := "package bindgate.policy.x\n\n"
	if uses != nil {
		head = strings.Replace(neverHead, "USES", strings.Join(uses, ", "), 1)
	}
	labels := declared("owner", "approver", "tier")
	labels["changeTicket"] = evidence.Label{Pattern: "CHG-[0-9]+"}
	fill(t, dir, map[string]string{"x.rego": head + module})
	_, err := Load(context.Background(), Options{Dirs: []string{dir}, Labels: labels})
	return err
}

// A condition that no input meets makes its rule silent, and one that every input meets
// says nothing: the policy does not load, and the error has the place and what was meant.
func TestConditionsThatNeverOrAlwaysHold(t *testing.T) {
	dir := t.TempDir()
	for module, want := range map[string]string{
		// Letters.
		`deny contains "x" if lower(input.binding.labels.owner) == "PAY"`:                                                                       "may be null",
		`deny contains "x" if lower(input.binding.domainName) == "API.demo.com"`:                                                                `x.rego:3:22: `,
		"deny contains \"x\" if {\n\tinput.binding.labels.owner != null\n\tlower(input.binding.labels.owner) == \"PAY\"\n}":                     `x.rego:5:2: the value is in lower case, and never "PAY"; did you mean "pay"?`,
		"deny contains \"x\" if {\n\to := input.binding.labels.owner\n\to != null\n\tname := upper(o)\n\tname in {\"PAY\", \"web\"}\n}":         `name is in upper case, and never "web"; did you mean "WEB"?`,
		"deny contains \"x\" if {\n\to := input.binding.labels.owner\n\to != null\n\tnot upper(o) != \"Pay\"\n}":                                `never "Pay"; did you mean "PAY"?`,
		"deny contains \"x\" if {\n\to := input.binding.labels.owner\n\to != null\n\tstartswith(lower(o), \"Pay-\")\n}":                         `never begins with "Pay-"; did you mean "pay-"?`,
		"deny contains \"x\" if {\n\to := input.binding.labels.owner\n\to != null\n\tregex.match(\"^PAY-[a-z]+$\", lower(o))\n}":                `never contains "PAY-", which the pattern begins with`,
		"deny contains \"x\" if {\n\to := input.binding.labels.owner\n\to != null\n\tis(lower(o))\n}\n\nis(o) if o == \"Pay\"":                  `o is in lower case, and never "Pay"`,
		`deny contains "x" if input.binding.domainName == "PAY.demo.com"`:                                                                       `input.binding.domainName is a host name in lower case, without scheme, port and final dot, and never "PAY.demo.com"; did you mean "pay.demo.com"?`,
		`deny contains "x" if input.binding.domainName in {"pay.demo.com."}`:                                                                    `did you mean "pay.demo.com"?`,
		`deny contains "x" if endswith(input.binding.domainName, ".pay.demo.com.")`:                                                             `did you mean ".pay.demo.com"?`,
		`deny contains "x" if endswith(input.binding.domainName, ".Pay.demo.com")`:                                                              `never ends with ".Pay.demo.com"; did you mean ".pay.demo.com"?`,
		`deny contains "x" if startswith(input.binding.domainName, "https://pay")`:                                                              `never begins with "https://pay"`,
		`deny contains "x" if contains(input.binding.domainName, "/admin")`:                                                                     `never contains "/admin"`,
		`deny contains "x" if glob.match("*.Pay.demo.com", ["."], input.binding.domainName)`:                                                    `never contains ".Pay.demo.com" of the glob`,
		`deny contains "x" if input.binding.regionId == "CN-SHANGHAI"`:                                                                          `did you mean "cn-shanghai"?`,
		`deny contains "x" if input.evidence.certificate.facts.chainDigest == "AB:CD"`:                                                          `is sha256: and 64 hexadecimal digits in lower case, and never "AB:CD"`,
		`deny contains "x" if crypto.sha256(input.binding.domainName) == "E3B0"`:                                                                `is 64 hexadecimal digits in lower case, and never "E3B0"`,
		`deny contains "x" if split(input.binding.domainName, ".")[0] == "a.b"`:                                                                 `is a part between ".", and never "a.b"`,
		`deny contains "x" if trim_space(input.run.actor) == "bot "`:                                                                            `did you mean "bot"?`,
		`deny contains "x" if input.binding.labels.changeTicket == "CHG1042"`:                                                                   `input.binding.labels.changeTicket matches the pattern CHG-[0-9]+, and never "CHG1042"`,
		`deny contains "x" if input.run.command == "bind"`:                                                                                      `input.run.command is never "bind"; want one of "lint", "plan", "apply"`,
		`deny contains "x" if startswith(input.binding.customDomainType, "INTER_")`:                                                             `never begins with "INTER_"; it is one of "INTERNET", "INTRANET"`,
		`deny contains "x" if regex.match("^inter", input.binding.customDomainType)`:                                                            `matches none of the values of input.binding.customDomainType`,
		"deny contains \"x\" if kind == \"wildcrad\"\n\nkind := \"wildcard\" if startswith(input.binding.domainName, \"*.\") else := \"plain\"": `3:22: kind is never "wildcrad": its rules say "wildcard", "plain"`,

		// Times.
		`deny contains "x" if time.weekday(time.now_ns()) in {"Sat", "Sun"}`:                                                                                      `never "Sat"; want one of "Monday"`,
		"day := time.weekday([time.now_ns(), \"Asia/Shanghai\"])\n\ndeny contains \"x\" if day == \"friday\"":                                                     `never "friday"; did you mean "Friday"?`,
		`deny contains "x" if time.weekday(time.now_ns() / 1000000000) == "Friday"`:                                                                               "time.weekday wants nanoseconds since 1970",
		`deny contains "x" if time.clock(1700000000)[0] > 22`:                                                                                                     "wants nanoseconds since 1970",
		`deny contains "x" if time.parse_ns("YYYY-MM-DD", input.run.actor) < time.now_ns()`:                                                                       `"YYYY-MM-DD" is no layout of a time`,
		`deny contains "x" if time.parse_ns("2006-MM-02", input.run.actor) < time.now_ns()`:                                                                       `"2006-MM-02" is no layout of a time`,
		`deny contains "x" if time.format([time.now_ns(), "UTC", "%Y-%m-%d"]) == "2026-12-24"`:                                                                    `"%Y-%m-%d" is no layout of a time`,
		`deny contains "x" if time.format([time.now_ns(), "Asia/Shangai", "2006"]) == "2026"`:                                                                     `is no time zone`,
		`deny contains "x" if time.parse_duration_ns("1 day") < 5`:                                                                                                "time.parse_duration_ns never has a value",
		"deny contains \"x\" if {\n\tsome c in input.evidence.certificate.facts.chain\n\ttime.parse_rfc3339_ns(c.notAfter) - time.now_ns() < (30 * 24) * 3600\n}": "x.rego:8:2: the value counts nanoseconds, and 2592000 is too small",
		"deny contains \"x\" if {\n\tsome c in input.evidence.certificate.facts.chain\n\ttime.parse_rfc3339_ns(c.notAfter) < time.now_ns() + 86400\n}":            "86400 that is added is too small",
		`deny contains "x" if time.now_ns() > 1767225600`:                                                                                                         "counts nanoseconds since 1970, and 1767225600 is too small",
		"deny contains \"x\" if {\n\t[hour, _, _] := time.clock([time.now_ns(), \"UTC\"])\n\thour > 23\n}":                                                        "hour is a number from 0 to 23, so that hour > 23 never holds",
		"deny contains \"x\" if {\n\t[hour, _] := time.clock([time.now_ns(), \"UTC\"])\n\thour > 22\n}":                                                           "have a list of 2 elements, want a list of 3 elements",
		"deny contains \"x\" if {\n\t[hour, _, _] := time.clock([time.now_ns(), \"UTC\"])\n\thour >= 22\n\thour < 6\n}":                                           "x.rego:6:2: this never holds: line 5 says something else of hour",
		"deny contains \"x\" if {\n\tdate := time.date([time.now_ns(), \"UTC\"])\n\tdate[1] == 13\n}":                                                             "is a number from 1 to 12, and never equal to 13",
		"deny contains \"x\" if first(time.date(time.now_ns()))\n\nfirst(d) if d[3] == 1":                                                                         "d has 3 elements, and none at 3",

		// Two values of one field.
		"deny contains \"x\" if {\n\tinput.binding.regionId == \"cn-hangzhou\"\n\tinput.binding.regionId == \"cn-shanghai\"\n}":                                                                "x.rego:5:2: this never holds: line 4 says something else of input.binding.regionId",
		"deny contains \"x\" if {\n\tr := input.binding.regionId\n\tr == \"cn-hangzhou\"\n\tinput.binding.regionId == \"cn-shanghai\"\n}":                                                      "x.rego:6:2: this never holds",
		"deny contains \"x\" if {\n\tinput.binding.bindStageName in {\"TEST\", \"PRE\"}\n\tinput.binding.bindStageName == \"RELEASE\"\n}":                                                      "this never holds",
		"deny contains \"x\" if {\n\tinput.binding.bindStageName in {\"TEST\", \"PRE\"}\n\tinput.binding.bindStageName != \"TEST\"\n\tnot input.binding.bindStageName in {\"PRE\"}\n}":         "x.rego:6:2: this never holds",
		"deny contains \"x\" if {\n\tinput.binding.bindStageName == null\n\tinput.binding.bindStageName == \"RELEASE\"\n}":                                                                     "this never holds",
		"deny contains \"x\" if {\n\tinput.binding.isForce\n\tnot input.binding.isForce\n}":                                                                                                    "this never holds",
		"deny contains \"x\" if {\n\tinput.binding.domainName == \"pay.demo.com\"\n\tstartswith(input.binding.domainName, \"*.\")\n}":                                                          "this never holds",
		"deny contains \"x\" if {\n\tstartswith(input.binding.domainName, \"pay.\")\n\tstartswith(input.binding.domainName, \"web.\")\n}":                                                      "this never holds",
		"deny contains \"x\" if {\n\tendswith(input.binding.domainName, \".pay.com\")\n\tinput.binding.domainName in {\"a.com\", \"b.com\"}\n}":                                                "this never holds",
		"deny contains \"x\" if {\n\tcount(input.binding.forceFrom) > 2\n\tn := count(input.binding.forceFrom)\n\tn > 5\n\tn < 3\n}":                                                           "x.rego:7:2: this never holds",
		"deny contains \"x\" if {\n\tsome g in input.binding.forceFrom\n\tg == \"a\"\n\tg == \"b\"\n}":                                                                                         "this never holds",
		"deny contains \"x\" if {\n\tinput.binding.regionId == \"cn-hangzhou\"\n\tevery g in input.binding.forceFrom {\n\t\tg != \"a\"\n\t\tinput.binding.regionId == \"cn-shanghai\"\n\t}\n}": "x.rego:7:3: this never holds",
		`deny contains "x" if input.binding.regionId == "cn-hangzhou" and input.binding.regionId == "cn-shanghai"`:                                                                             "this never holds",
		"deny contains \"x\" if not ok\n\nok if input.binding.regionId != \"cn-hangzhou\" or input.binding.regionId != \"cn-shanghai\"":                                                        "one of the two always holds",
		"deny contains \"x\" if not ok\n\nok if not input.binding.bindStageName in {\"PRE\"} or input.binding.bindStageName != \"TEST\"":                                                       "one of the two always holds",

		// Constants.
		"deny contains \"x\" if {\n\tfalse\n\tinput.binding.isForce\n}":          "x.rego:4:2: false never holds",
		"deny contains \"x\" if not true":                                        "not true never holds",
		`deny contains "x" if startswith("pay.demo.com", "pay")`:                 "startswith of constants is always true",
		`deny contains "x" if startswith(input.binding.domainName, "")`:          `every text begins with ""`,
		`deny contains "x" if not contains(input.binding.domainName, "")`:        `every text contains ""`,
		`deny contains "x" if to_number("12a") == 12`:                            "to_number never has a value",
		`deny contains "x" if net.cidr_contains("10.0.0.0/33", input.run.actor)`: `"10.0.0.0/33" is no network`,
		`deny contains "x" if units.parse_bytes("10 pounds") < 5`:                "units.parse_bytes never has a value",

		// Numbers.
		`deny contains "x" if count(input.binding.forceFrom) < 0`:                                               "is a number from 0 on, so that",
		`deny contains "x" if count(input.binding.forceFrom) == -1`:                                             "is a number from 0 on, and never equal to -1",
		`deny contains "x" if not count(input.binding.forceFrom) >= 0`:                                          ">= 0 always holds",
		`deny contains "x" if 0 > count(input.binding.forceFrom)`:                                               "< 0 never holds",
		`deny contains "x" if indexof(input.binding.domainName, "pay") < -1`:                                    "is a number from -1 on",
		"deny contains \"x\" if {\n\tinput.binding.labels.tier != null\n\tinput.binding.labels.tier > \"3\"\n}": "\"3\" is a text, and texts are compared character by character",
		`deny contains "x" if format_int(count(input.binding.forceFrom), 10) > "9"`:                             "compare to_number(",

		// Null is equal to null.
		`deny contains "x" if input.binding.labels.owner == input.binding.labels.approver`:                               "x.rego:3:22: input.binding.labels.owner and input.binding.labels.approver may both be null, and null is equal to null: make sure with `input.binding.labels.owner != null`",
		`deny contains "x" if input.binding.labels.owner != input.binding.labels.approver`:                               "may both be null",
		"deny contains \"x\" if {\n\ta := input.binding.labels.owner\n\tb := input.binding.labels.approver\n\ta != b\n}": "a and b may both be null",
		"deny contains \"x\" if same(input.binding.labels.owner, input.binding.labels.approver)\n\nsame(a, b) if a == b": "a and b may both be null",
		`deny contains "x" if input.binding.labels.owner != input.ci.actor`:                                              "may both be null",

		// Patterns and globs.
		`deny contains "x" if regex.match("pay$^", input.binding.domainName)`:                `"pay$^" matches no text`,
		`deny contains "x" if regex.match("a^pay", input.binding.domainName)`:                "matches no text",
		`deny contains "x" if regex.match("$pay", input.binding.domainName)`:                 "matches no text",
		`deny contains "x" if not regex.match("[0-9]*", input.binding.domainName)`:           `"[0-9]*" matches every text`,
		`deny contains "x" if not regex.match("", input.binding.domainName)`:                 "matches every text",
		`deny contains "x" if not regex.match("^(pay|)", input.binding.domainName)`:          "matches every text",
		`deny contains "x" if not glob.match("*.demo.com", ["/"], input.binding.domainName)`: "none of the delimiters [\"/\"] is in the glob \"*.demo.com\"",
		`deny contains "x" if not glob.match("[a", ["."], input.binding.domainName)`:         "is no glob",
		`deny contains "x" if input.binding.regionId in []`:                                  "nothing is in an empty",
		`deny contains "x" if not input.binding.regionId in set()`:                           "nothing is in an empty",
	} {
		t.Run("", func(t *testing.T) {
			err := loadNever(t, dir, module)
			if err == nil {
				t.Fatalf("it loads:\n%s", module)
			}
			if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.rego:") {
				t.Errorf("%s\n got %v\nwant %s", module, err, want)
			}
		})
	}
}

// What is sensible loads.
func TestConditionsThatMayHold(t *testing.T) {
	dir := t.TempDir()
	for _, module := range []string{
		"deny contains \"x\" if {\n\to := input.binding.labels.owner\n\to != null\n\tlower(o) in {\"pay\", \"web-1\", \"\"}\n}",
		"deny contains \"x\" if {\n\to := input.binding.labels.owner\n\to != null\n\tstartswith(upper(o), \"PAY-\")\n\tregex.match(\"^PAY-\", upper(o))\n\tregex.match(\"(?i)^pay-\", upper(o))\n}",
		`deny contains "x" if input.binding.domainName in {"pay.demo.com", "*.demo.com", ""}`,
		`deny contains "x" if glob.match("*.demo.com", ["."], input.binding.domainName)`,
		`deny contains "x" if glob.match("*.demo.com", [], input.binding.domainName)`,
		`deny contains "x" if glob.match("**.demo.com", null, input.binding.domainName)`,
		`deny contains "x" if glob.match("team-*", ["/"], input.run.actor)`,
		`deny contains "x" if glob.match("{pay,web}.demo.com", ["."], input.binding.domainName)`,
		`deny contains "x" if input.binding.labels.changeTicket in {null, "", "CHG-1"}`,
		"deny contains \"x\" if rank(input.binding.domainName) == 2\n\nrank(d) := 1 if d == \"a.com\"\n\nrank(d) := 2 if d == \"b.com\"",
		"deny contains \"x\" if rank(\"b\") == 2\n\nrank(d) := 1 if d == \"a\"\n\nrank(d) := 2 if d == \"b\"",
		"deny contains \"x\" if big(3)\n\nbig(n) if n > count(input.binding.forceFrom)\n\nbig(n) if n > 5",
		"deny contains \"x\" if {\n\tmode == \"deny\"\n\tinput.binding.isForce\n}\n\nmode := \"warn\"",
		"deny contains \"x\" if {\n\tlimit > 5\n\tinput.binding.isForce\n}\n\nlimit := 3",
		"deny contains \"x\" if {\n\tcount(input.binding.forceFrom) > limit\n\tcount(input.binding.forceFrom) >= 1\n\tcount(input.binding.forceFrom) != 7\n}\n\nlimit := 0",
		"deny contains \"x\" if {\n\t[hour, minute, _] := time.clock([time.now_ns(), \"Asia/Shanghai\"])\n\thour >= 0\n\thour < 6\n\tminute >= 30\n}",
		"deny contains \"x\" if {\n\t[hour, _, _] := time.clock([time.now_ns(), \"Asia/Shanghai\"])\n\tnight(hour)\n}\n\nnight(h) if h >= 22\n\nnight(h) if h < 6",
		"deny contains \"x\" if {\n\t[year, month, day] := time.date([time.now_ns(), \"UTC\"])\n\tyear == 2026\n\tmonth == 12\n\tday in {24, 25, 31}\n}",
		`deny contains "x" if time.weekday([time.now_ns(), "Asia/Shanghai"]) in {"Saturday", "Sunday"}`,
		`deny contains "x" if time.format([time.now_ns(), "UTC", "2006-01-02"]) in {"2026-12-24"}`,
		`deny contains "x" if time.format([time.now_ns(), "UTC", "RFC3339"]) != "2026-12-24T00:00:00Z"`,
		`deny contains "x" if time.parse_ns("02 Jan 2006 15:04 MST", input.run.actor) < time.now_ns()`,
		"deny contains \"x\" if {\n\tsome c in input.evidence.certificate.facts.chain\n\ttime.parse_rfc3339_ns(c.notAfter) - time.now_ns() < 30 * 24 * 3600 * 1000000000\n}",
		"deny contains \"x\" if {\n\tsome c in input.evidence.certificate.facts.chain\n\ttime.parse_rfc3339_ns(c.notAfter) - time.now_ns() < time.parse_duration_ns(\"720h\")\n}",
		"deny contains \"x\" if {\n\tsome c in input.evidence.certificate.facts.chain\n\tdays := (time.parse_rfc3339_ns(c.notAfter) - time.now_ns()) / (24 * 3600 * 1000000000)\n\tdays < 30\n}",
		"deny contains \"x\" if {\n\tsome c in input.evidence.certificate.facts.chain\n\ttime.parse_rfc3339_ns(c.notAfter) - time.now_ns() <= 0\n}",
		"deny contains \"x\" if {\n\tsome c in input.evidence.certificate.facts.chain\n\tdays := (time.parse_rfc3339_ns(c.notAfter) - time.now_ns()) / 1000000000 / 86400\n\tdays < 30\n}",
		"deny contains \"x\" if {\n\tnow := time.now_ns()\n\tnow >= time.parse_rfc3339_ns(\"2026-12-24T00:00:00Z\")\n\tnow < time.parse_rfc3339_ns(\"2027-01-02T00:00:00Z\")\n}",
		"deny contains \"x\" if {\n\tinput.binding.bindStageName in {\"TEST\", \"PRE\"}\n\tinput.binding.bindStageName != \"TEST\"\n}",
		"deny contains \"x\" if {\n\tinput.binding.regionId == \"cn-hangzhou\"\n\tnot input.binding.regionId == \"cn-shanghai\"\n}",
		"deny contains \"x\" if input.binding.regionId == \"cn-hangzhou\"\n\ndeny contains \"x\" if input.binding.regionId == \"cn-shanghai\"",
		"deny contains \"x\" if {\n\tsome g in input.binding.forceFrom\n\tg == \"a\"\n\tsome h in input.binding.forceFrom\n\th == \"b\"\n}",
		"deny contains \"x\" if {\n\tinput.binding.forceFrom[_] == \"a\"\n\tinput.binding.forceFrom[_] == \"b\"\n}",
		"deny contains \"x\" if {\n\tnames := {d | some d in input.plan.facts.displacedNames; d == \"a.com\"}\n\tothers := {d | some d in input.plan.facts.displacedNames; d == \"b.com\"}\n\tcount(names) > count(others)\n}",
		"deny contains \"x\" if {\n\tstartswith(input.binding.domainName, \"a.\")\n\tstartswith(input.binding.domainName, \"a.b.\")\n\tendswith(input.binding.domainName, \".com\")\n}",
		"deny contains \"x\" if input.binding.regionId == \"cn-hangzhou\" or input.binding.regionId == \"cn-shanghai\"",
		"deny contains \"x\" if input.binding.regionId != \"cn-hangzhou\" and input.binding.regionId != \"cn-shanghai\"",
		"deny contains \"x\" if input.binding.regionId != \"cn-hangzhou\" or input.binding.bindStageName != \"PRE\"",
		"deny contains \"x\" if {\n\tinput.binding.labels.owner != null\n\tinput.binding.labels.owner == input.binding.labels.approver\n}",
		"deny contains \"x\" if input.binding.labels.approver == null\n\ndeny contains \"y\" if {\n\tinput.binding.labels.approver != null\n\tinput.binding.labels.owner != input.binding.labels.approver\n}",
		"deny contains \"x\" if input.plan.facts.own.before.bindStageName != input.plan.facts.own.after.bindStageName",
		`deny contains "x" if regex.match("^[a-z0-9-]+[.]demo[.]com$", input.binding.domainName)`,
		`deny contains "x" if regex.match("(^|[.])demo[.]com$", input.binding.domainName)`,
		`deny contains "x" if regex.match("^$", input.run.actor)`,
		"deny contains \"x\" if kind == \"plain\"\n\nkind := \"wildcard\" if startswith(input.binding.domainName, \"*.\") else := \"plain\"",
		"deny contains \"x\" if input.run.command == \"apply\"",
		"deny contains \"x\" if {\n\tinput.binding.labels.tier != null\n\tto_number(input.binding.labels.tier) > 3\n}",
		"deny contains \"x\" if {\n\tinput.binding.labels.tier != null\n\tinput.binding.labels.tier < \"gold\"\n}",
		"deny contains \"x\" if input.evidence.certificate.facts.chainDigest == \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
		"deny contains \"x\" if not split(input.binding.domainName, \".\")[0] in {\"api\", \"www\", \"*\"}",
		"deny contains \"x\" if round(count(input.binding.forceFrom) / 2) == 0",
		"deny contains \"x\" if count(input.binding.forceFrom) - 3 > 0",
		"deny contains \"x\" if substring(input.binding.domainName, 0, 2) == \"*.\"",
	} {
		t.Run("", func(t *testing.T) {
			if err := loadNever(t, dir, module); err != nil {
				t.Errorf("%s\n%v", module, err)
			}
		})
	}
}
