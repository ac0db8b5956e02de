package main

// policyCase is a policy that a person wrote to refuse the binding of its manifest,
// with a mistake. Both programs get the same rules: for conftest, "input.binding" is
// replaced by "input.bindings[0]", and the package's name by "main".
type policyCase struct {
	name    string
	binding string // further fields of the binding: one line of YAML
	wrong   string // rules without a package line; or files, each after a line "-- name --"
	meant   string // the same without the mistake, as conftest needs it: it must refuse there
	data    string // data.yaml of both programs
	schema  string // data.jsonschema, which bindgate alone reads
}

// What absent values are for Rego v1: fields that a reader has to give a default.
const (
	stageOrNone  = `object.get(input.binding, "bindStageName", "")`
	ownerOrNone  = `object.get(input.binding, ["labels", "owner"], "")`
	ticketOrNone = `object.get(input.binding, ["labels", "changeTicket"], "")`
	never        = `deny contains "never" if input.binding.domainName == "never.demo.com"` + "\n\n"
	byDomain     = `deny contains "no" if input.binding.domainName == "api.demo.com"`
	byStage      = `deny contains "no" if input.binding.bindStageName == "RELEASE"`
	release      = "bindStageName: RELEASE"
	search       = "labels: {owner: search}"
	windowSchema = `{"type": "object", "properties": {"freeze": {"type": "object", "properties": {"windows": {"type": "array", "items":
  {"type": "object", "properties": {"until": {"type": "string", "format": "date-time"}}, "required": ["until"]}}}}}}`
	frozen = "deny contains \"frozen\" if {\n\tsome w in data.freeze.windows\n\ttime.parse_rfc3339_ns(w.until) > time.now_ns()\n}"
)

func no(condition string) string { return `deny contains "no" if ` + condition }

// policyCases returns the cases in the order of the table. All need the manifest
// alone: conftest has neither evidence nor results of checks.
func policyCases() []policyCase {
	return []policyCase{
		// Absent values.
		{name: "stage absent, not in a set", wrong: no(`not input.binding.bindStageName in {"TEST", "PRE"}`), meant: no("not " + stageOrNone + ` in {"TEST", "PRE"}`)},
		{name: "stage absent, not equal", wrong: no(`input.binding.bindStageName != "PRE"`), meant: no(stageOrNone + ` != "PRE"`)},
		{name: "stage absent, by a variable", wrong: no("{\n\tstage := input.binding.bindStageName\n\tstage != \"PRE\"\n}"), meant: no(stageOrNone + ` != "PRE"`)},
		{name: "stage absent, argument of a function", wrong: no("not tested(input.binding.bindStageName)") + "\n\ntested(\"PRE\") := true",
			meant: no("not tested("+stageOrNone+")") + "\n\ntested(\"PRE\") := true"},
		{name: "stage absent, lower of it", wrong: no(`lower(input.binding.bindStageName) != "pre"`), meant: no("lower(" + stageOrNone + `) != "pre"`)},
		{name: "stage absent, part of a text", wrong: no(`concat("/", [input.binding.regionId, input.binding.bindStageName]) != "cn-hangzhou/PRE"`),
			meant: no(`concat("/", [input.binding.regionId, ` + stageOrNone + `]) != "cn-hangzhou/PRE"`)},
		{name: "redirect absent, not true", wrong: no("input.binding.isHttpRedirectToHttps != true"), meant: no("not input.binding.isHttpRedirectToHttps")},
		{name: "redirect absent, equal to false", wrong: no("input.binding.isHttpRedirectToHttps == false"), meant: no("not input.binding.isHttpRedirectToHttps")},
		{name: "force absent, equal to false", wrong: no("input.binding.isForce == false"), meant: no("not input.binding.isForce")},
		{name: "proof absent, not equal", wrong: no(`input.binding.domainProof != "txt"`), meant: no(`object.get(input.binding, "domainProof", "cname") != "txt"`)},
		{name: "network type absent, not equal", wrong: no(`input.binding.customDomainType != "INTRANET"`), meant: no(`object.get(input.binding, "customDomainType", "INTERNET") != "INTRANET"`)},
		{name: "label absent, not in a set", wrong: no(`not input.binding.labels.owner in {"web", "pay"}`), meant: no("not " + ownerOrNone + ` in {"web", "pay"}`)},
		{name: "label absent, not equal", wrong: no(`input.binding.labels.owner != "web"`), meant: no(ownerOrNone + ` != "web"`)},
		{name: "label absent, equal to an empty text", wrong: no(`input.binding.labels.owner == ""`), meant: no(ownerOrNone + ` == ""`)},
		{name: "label absent, equal to null", wrong: no("input.binding.labels.owner == null"), meant: no(ownerOrNone + ` == ""`)},
		{name: "label absent, does not start with", wrong: no(`not startswith(input.binding.labels.owner, "team-")`), meant: no("not startswith(" + ownerOrNone + `, "team-")`)},
		{name: "label absent, does not match", wrong: no(`not regex.match("^CHG-[0-9]+$", input.binding.labels.changeTicket)`), meant: no(`not regex.match("^CHG-[0-9]+$", ` + ticketOrNone + ")")},
		{name: "label absent, too short", wrong: no("count(input.binding.labels.changeTicket) < 5"), meant: no("count(" + ticketOrNone + ") < 5")},
		{name: "label absent, found by iteration", wrong: no("{\n\tsome name, value in input.binding.labels\n\tname == \"owner\"\n\tvalue != \"web\"\n}"), meant: no(ownerOrNone + ` != "web"`)},
		{name: "label absent, key of data", wrong: no("not data.teams[input.binding.labels.owner]"), meant: no("not data.teams[" + ownerOrNone + "]"), data: "teams: {web: [www.demo.com]}\n",
			schema: `{"type": "object", "properties": {"teams": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}}}`},
		{name: "labels absent, counted", wrong: no("count(input.binding.labels) == 0"), meant: no(`count(object.get(input.binding, "labels", {})) == 0`)},
		{name: "labels absent, equal to an empty object", wrong: no("input.binding.labels == {}"), meant: no(`object.get(input.binding, "labels", {}) == {}`)},
		{name: "certificate absent, equal to null", wrong: no("input.binding.certificate == null"), meant: no("not input.binding.certificate")},
		{name: "certificate absent, equal to an empty object", wrong: no("input.binding.certificate == {}"), meant: no("not input.binding.certificate")},
		{name: "certificate absent, its name is empty", wrong: no(`input.binding.certificate.name == ""`), meant: no(`object.get(input.binding, ["certificate", "name"], "") == ""`)},
		{name: "list absent, equal to null", wrong: no("input.binding.forceFrom == null"), meant: no("not input.binding.forceFrom")},
		{name: "list absent, is empty", wrong: no("count(input.binding.forceFrom) == 0"), meant: no(`count(object.get(input.binding, "forceFrom", [])) == 0`)},
		{name: "number absent, less than", wrong: no("input.binding.clientCertificate.verifyDepth < 2"), meant: no(`object.get(input.binding, ["clientCertificate", "verifyDepth"], 0) < 2`)},
		{name: "number absent, more than from the other side", wrong: no("2 > input.binding.clientCertificate.verifyDepth"), meant: no(`object.get(input.binding, ["clientCertificate", "verifyDepth"], 0) < 2`)},

		// Messages.
		{name: "message with an absent label", wrong: `deny contains sprintf("%v may not bind", [input.binding.labels.owner]) if input.binding.regionId == "cn-hangzhou"`,
			meant: `deny contains sprintf("%v may not bind", [` + ownerOrNone + `]) if input.binding.regionId == "cn-hangzhou"`},
		{name: "message with the element of an empty list", wrong: `deny contains sprintf("%v loses it", [input.binding.forceFrom[0]]) if input.binding.regionId == "cn-hangzhou"`,
			meant: `deny contains sprintf("%v loses it", [object.get(input.binding, "forceFrom", "nobody")]) if input.binding.regionId == "cn-hangzhou"`},
		{name: "message from a map without the key", wrong: "deny contains why[input.binding.regionId] if input.binding.domainName == \"api.demo.com\"\n\nwhy := {\"cn-beijing\": \"closed\"}",
			meant: "deny contains why[input.binding.regionId] if input.binding.domainName == \"api.demo.com\"\n\nwhy := {\"cn-hangzhou\": \"closed\"}"},
		{name: "message with another key", wrong: `deny contains {"message": "no"} if input.binding.domainName == "api.demo.com"`, meant: `deny contains {"msg": "no"} if input.binding.domainName == "api.demo.com"`},

		// Names.
		{name: "field misspelt", wrong: no(`input.binding.domianName == "api.demo.com"`), meant: byDomain},
		{name: "field in other case", wrong: no(`input.binding.groupID == "927d50c0f2e54b359919923d908bb015"`), meant: no(`input.binding.groupId == "927d50c0f2e54b359919923d908bb015"`)},
		{name: "field in other case, equal to false", binding: "isHttpRedirectToHttps: false", wrong: no("input.binding.isHTTPRedirectToHttps == false"), meant: no("input.binding.isHttpRedirectToHttps == false")},
		{name: "field misspelt, by a variable", wrong: no("{\n\tb := input.binding\n\tb.domianName == \"api.demo.com\"\n}"), meant: byDomain},
		{name: "field misspelt, in a function", wrong: no("ours(input.binding)") + "\n\nours(b) if b.domianName == \"api.demo.com\"", meant: byDomain},
		{name: "field misspelt, two functions deep", wrong: no("ours(input.binding)") + "\n\nours(b) if named(b)\n\nnamed(c) if c.domianName == \"api.demo.com\"", meant: byDomain},
		{name: "field misspelt, in object.get", wrong: no(`object.get(input.binding, "domianName", "") == "api.demo.com"`), meant: byDomain},
		{name: "field misspelt, in a path of object.get", binding: search, wrong: no(`object.get(input.binding, ["lables", "owner"], "") == "search"`), meant: no(ownerOrNone + ` == "search"`)},
		{name: "field misspelt, constant key", wrong: no("{\n\tkey := \"domianName\"\n\tinput.binding[key] == \"api.demo.com\"\n}"), meant: byDomain},
		{name: "field misspelt, key from a list", binding: release, wrong: no("{\n\tsome key in [\"stageName\", \"stage\"]\n\tinput.binding[key] == \"RELEASE\"\n}"), meant: byStage},
		{name: "field misspelt, computed key", wrong: no("{\n\tkey := sprintf(\"%sName\", [\"domian\"])\n\tinput.binding[key] == \"api.demo.com\"\n}"), meant: byDomain},
		{name: "field misspelt, by iteration", wrong: no("{\n\tsome key, value in input.binding\n\tkey == \"domianName\"\n\tvalue == \"api.demo.com\"\n}"), meant: byDomain},
		{name: "field misspelt, by walk", wrong: no("{\n\twalk(input.binding, [[\"domianName\"], value])\n\tvalue == \"api.demo.com\"\n}"), meant: byDomain},
		{name: "field misspelt, in object.subset", wrong: no(`object.subset(input.binding, {"domianName": "api.demo.com"})`), meant: no(`object.subset(input.binding, {"domainName": "api.demo.com"})`)},
		{name: "field misspelt, in json.filter", wrong: no(`json.filter(input.binding, ["domianName"]) != {}`), meant: no(`json.filter(input.binding, ["domainName"]) != {}`)},
		{name: "field misspelt, among the keys", binding: release, wrong: no(`"bindStage" in object.keys(input.binding)`), meant: no(`"bindStageName" in object.keys(input.binding)`)},
		{name: "field misspelt, in a text of JSON", binding: release, wrong: no(`contains(json.marshal(input.binding), "\"bindStage\"")`), meant: no(`contains(json.marshal(input.binding), "\"bindStageName\"")`)},
		{name: "label misspelt", binding: search, wrong: no(`input.binding.labels.onwer == "search"`), meant: no(`input.binding.labels.owner == "search"`)},
		{name: "label's name sought among the values", binding: search, wrong: no(`"owner" in input.binding.labels`), meant: no(`"owner" in object.keys(input.binding.labels)`)},
		{name: "built-in misspelt", wrong: no(`startwith(input.binding.domainName, "api.")`), meant: no(`startswith(input.binding.domainName, "api.")`)},

		// Words and kinds.
		{name: "stage misspelt", binding: release, wrong: no(`input.binding.bindStageName == "RELAESE"`), meant: byStage},
		{name: "stage in other case", binding: release, wrong: no(`input.binding.bindStageName == "release"`), meant: byStage},
		{name: "stage misspelt, in a set", binding: release, wrong: no(`input.binding.bindStageName in {"PRE", "RELEAS"}`), meant: byStage},
		{name: "stage misspelt, in a rule", binding: release, wrong: no("input.binding.bindStageName in closed") + "\n\nclosed := {\"REALEASE\"}", meant: byStage},
		{name: "stage in capitals compared with another form", binding: release, wrong: no(`upper(input.binding.bindStageName) == "Release"`), meant: byStage},
		{name: "network type shortened", binding: "customDomainType: INTRANET", wrong: no(`input.binding.customDomainType == "INTRA"`), meant: no(`input.binding.customDomainType == "INTRANET"`)},
		{name: "proof in other case", binding: "domainProof: txt", wrong: no(`input.binding.domainProof == "TXT"`), meant: no(`input.binding.domainProof == "txt"`)},
		{name: "text for a boolean", binding: "isHttpRedirectToHttps: true", wrong: no(`input.binding.isHttpRedirectToHttps == "true"`), meant: no("input.binding.isHttpRedirectToHttps == true")},
		{name: "number for a boolean", binding: "isHttpRedirectToHttps: true", wrong: no("input.binding.isHttpRedirectToHttps == 1"), meant: no("input.binding.isHttpRedirectToHttps == true")},
		{name: "text compared with a count", wrong: no(`count(input.binding.domainName) == "12"`), meant: no("count(input.binding.domainName) == 12")},
		{name: "text ordered against a count", wrong: no(`count(input.binding.domainName) > "5"`), meant: no("count(input.binding.domainName) > 5")},
		{name: "`in` on a text", wrong: no(`"demo" in input.binding.domainName`), meant: no(`contains(input.binding.domainName, "demo")`)},
		{name: "arguments of startswith swapped", wrong: no(`startswith("api.", input.binding.domainName)`), meant: no(`startswith(input.binding.domainName, "api.")`)},
		{name: "arguments of regex.match swapped", wrong: no(`regex.match(input.binding.domainName, "^api")`), meant: no(`regex.match("^api", input.binding.domainName)`)},
		{name: "pattern with an open bracket", wrong: no(`regex.match("^api[.-", input.binding.domainName)`), meant: no(`regex.match("^api[.-]", input.binding.domainName)`)},
		{name: "number for a text argument", wrong: no("startswith(input.binding.domainName, 1)"), meant: no(`startswith(input.binding.domainName, "api")`)},
		{name: "date for a time", wrong: no(`time.parse_rfc3339_ns("2020-01-01") < time.now_ns()`), meant: no(`time.parse_rfc3339_ns("2020-01-01T00:00:00Z") < time.now_ns()`)},
		{name: "time zone misspelt", wrong: no(`time.weekday([time.now_ns(), "Asia/Shangai"]) != ""`), meant: no(`time.weekday([time.now_ns(), "Asia/Shanghai"]) != ""`)},

		// Conditions that never hold, or always.
		{name: "lower of a text, compared with capitals", wrong: no(`lower(input.binding.domainName) == "API.demo.com"`), meant: no(`lower(input.binding.domainName) == "api.demo.com"`)},
		{name: "domain name with capitals", wrong: no(`input.binding.domainName == "API.demo.com"`), meant: byDomain},
		{name: "domain name with a final dot", wrong: no(`endswith(input.binding.domainName, ".demo.com.")`), meant: no(`endswith(input.binding.domainName, ".demo.com")`)},
		{name: "domain name with a scheme", wrong: no(`startswith(input.binding.domainName, "https://api.")`), meant: no(`startswith(input.binding.domainName, "api.")`)},
		{name: "part of a name with the separator", wrong: no(`split(input.binding.domainName, ".")[0] == "api.demo"`), meant: no(`split(input.binding.domainName, ".")[0] == "api"`)},
		{name: "short names of weekdays", wrong: no(`time.weekday(time.now_ns()) in {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}`),
			meant: no(`time.weekday(time.now_ns()) in {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}`)},
		{name: "seconds for a time", wrong: no("time.now_ns() < 4102444800"), meant: no("time.now_ns() < 4102444800 * 1000000000")},
		{name: "seconds for a duration", wrong: no(`time.now_ns() - time.parse_rfc3339_ns("2020-01-01T00:00:00Z") < ((20 * 365) * 24) * 3600`),
			meant: no(`time.now_ns() - time.parse_rfc3339_ns("2020-01-01T00:00:00Z") < (((20 * 365) * 24) * 3600) * 1000000000`)},
		{name: "layout of another language", wrong: no(`startswith(time.format([time.now_ns(), "UTC", "YYYY-MM-DD"]), "2")`), meant: no(`startswith(time.format([time.now_ns(), "UTC", "2006-01-02"]), "2")`)},
		{name: "month after December", wrong: no("time.date(time.now_ns())[1] > 12"), meant: no("time.date(time.now_ns())[1] > 0")},
		{name: "duration in words", wrong: no(`time.parse_duration_ns("1 week") > 5`), meant: no(`time.parse_duration_ns("168h") > 5`)},
		{name: "two values of one field", wrong: no("{\n\tinput.binding.regionId == \"cn-hangzhou\"\n\tinput.binding.regionId == \"cn-shanghai\"\n}"), meant: no(`input.binding.regionId in {"cn-hangzhou", "cn-shanghai"}`)},
		{name: "two ends that exclude each other", wrong: no("{\n\tn := count(input.binding.domainName)\n\tn < 15\n\tn > 20\n}"), meant: no("{\n\tn := count(input.binding.domainName)\n\tn < 15\n}")},
		{name: "`false` left in a rule", wrong: no("{\n\tfalse\n\tinput.binding.domainName == \"api.demo.com\"\n}"), meant: byDomain},
		{name: "negative count", wrong: no("count(input.binding.domainName) < 0"), meant: no("count(input.binding.domainName) > 0")},
		{name: "numbers compared as texts", binding: `labels: {owner: "10"}`, wrong: no("{\n\tinput.binding.labels.owner != null\n\tinput.binding.labels.owner > \"9\"\n}"), meant: no("to_number(input.binding.labels.owner) > 9")},
		{name: "two absent labels, equal", wrong: no("input.binding.labels.owner == input.binding.labels.changeTicket"), meant: no(ownerOrNone + " == " + ticketOrNone)},
		{name: "pattern after the end of the text", wrong: no(`regex.match("$demo.com", input.binding.domainName)`), meant: no(`regex.match("demo.com$", input.binding.domainName)`)},
		{name: "pattern that matches the empty text", wrong: no(`not regex.match("[0-9]*", input.binding.domainName)`), meant: no(`not regex.match("^[0-9]+$", input.binding.domainName)`)},
		{name: "delimiter of another kind of name", wrong: no(`not glob.match("*.com", ["/"], input.binding.domainName)`), meant: no(`not glob.match("*.com", ["."], input.binding.domainName)`)},
		{name: "empty prefix", wrong: no(`not startswith(input.binding.domainName, "")`), meant: no(`not startswith(input.binding.domainName, "www.")`)},
		{name: "empty list", wrong: no("input.binding.regionId in []"), meant: no(`input.binding.regionId in ["cn-hangzhou"]`)},
		{name: "constant in the place of a field", wrong: no(`startswith("input.binding.domainName", "api.")`), meant: no(`startswith(input.binding.domainName, "api.")`)},
		{name: "value that no rule says", wrong: no(`kind == "plian"`) + "\n\nkind := \"wildcard\" if startswith(input.binding.domainName, \"*.\") else := \"plain\"",
			meant: no(`kind == "plain"`) + "\n\nkind := \"wildcard\" if startswith(input.binding.domainName, \"*.\") else := \"plain\""},

		// Rules, packages, files and data.
		{name: "rule of a near name", wrong: `denies contains "no" if input.binding.domainName == "api.demo.com"`, meant: byDomain},
		{name: "rule of a near name in addition to deny", wrong: never + `violations contains "no" if input.binding.domainName == "api.demo.com"`, meant: byDomain},
		{name: "set below deny", wrong: `deny.stage contains "no" if input.binding.domainName == "api.demo.com"`, meant: byDomain},
		{name: "`with` left from a test", wrong: no("closed with input as {}") + "\n\nclosed if input.binding.domainName == \"api.demo.com\"",
			meant: no("closed") + "\n\nclosed if input.binding.domainName == \"api.demo.com\""},
		{name: "`with` on a built-in", wrong: no("closed with startswith as no_match") + "\n\nno_match(_, _) := false\n\nclosed if startswith(input.binding.domainName, \"api.\")",
			meant: no("closed") + "\n\nclosed if startswith(input.binding.domainName, \"api.\")"},
		{name: "package misspelt", wrong: "-- x.rego --\npackage MISSPELT\n\n" + byDomain, meant: byDomain},
		{name: "deny in a library", wrong: "-- l.rego --\npackage LIBRARY\n\n" + byDomain, meant: byDomain},
		{name: "rule of a library misspelt", wrong: "-- x.rego --\npackage POLICY\n\nimport data.LIBRARY\n\ndeny contains m if some m in l.findings\n-- l.rego --\npackage LIBRARY\n\nfindings contains \"a\" if input.binding.domainName == \"a.demo.com\"\n\nfindigns contains \"no\" if input.binding.domainName == \"api.demo.com\"\n", meant: byDomain},
		{name: "library's name misspelt at its use", wrong: "-- x.rego --\npackage POLICY\n\ndeny contains m if some m in data.LIBRARY.finding\n-- l.rego --\npackage LIBRARY\n\nfindings contains \"no\" if input.binding.domainName == \"api.demo.com\"\n", meant: byDomain},
		{name: "key of data misspelt in the data", wrong: frozen, meant: byDomain, data: "freeze: {windows: [{utnil: 2099-01-01T00:00:00Z}]}\n", schema: windowSchema},
		{name: "key of data misspelt in the rule", wrong: "deny contains \"frozen\" if {\n\tsome w in data.freeze.windows\n\ttime.parse_rfc3339_ns(w.untill) > time.now_ns()\n}", meant: frozen, data: "freeze: {windows: [{until: \"2099-01-01T00:00:00Z\"}]}\n", schema: windowSchema},
		{name: "name of data misspelt in the rule", wrong: "deny contains \"frozen\" if {\n\tsome w in data.freeeze.windows\n\ttime.parse_rfc3339_ns(w.until) > time.now_ns()\n}", meant: frozen, data: "freeze: {windows: [{until: \"2099-01-01T00:00:00Z\"}]}\n", schema: windowSchema},
		{name: "time in the data that is none", wrong: frozen, meant: byDomain, data: "freeze: {windows: [{until: \"2099-01-01\"}]}\n", schema: windowSchema},
	}
}
