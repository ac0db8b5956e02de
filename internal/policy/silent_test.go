package policy

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/evidence"
)

// bare is a binding that names as little as a manifest can: no stage, no redirect, no
// certificate and no labels.
func bare() Input {
	in := plain()
	in.Binding.Labels, in.Binding.ForceFrom = nil, nil
	return in
}

// Each of these policies is one that a person wrote to refuse the bare binding, and
// that another engine would pass over in silence. It refuses, or it does not load: then
// the error has the place, and says what was meant.
func TestPoliciesMeanWhatTheySay(t *testing.T) {
	all := t.TempDir() // one for each case takes a tenth of the test's time
	const needsCertificate = "# METADATA\n# custom:\n#   needs: [certificate]\n"
	for name, c := range map[string]struct {
		module string // of bindgate.policy.x, without the package line; or files by name, each after a line "-- name --"
		want   string // words of the error, or "denies: words"
	}{
		// Absent values.
		"not in a set, absent":               {`deny contains "x" if not input.binding.bindStageName in {"PRE"}`, "denies: x"},
		"not equal, absent":                  {`deny contains "x" if input.binding.bindStageName != "RELEASE"`, "denies: x"},
		"not equal, negated":                 {`deny contains "x" if not input.binding.bindStageName == "RELEASE"`, "denies: x"},
		"not true, absent":                   {`deny contains "x" if input.binding.isHttpRedirectToHttps != true`, "denies: x"},
		"not x == true, absent":              {`deny contains "x" if not input.binding.isHttpRedirectToHttps == true`, "denies: x"},
		"equal to false, absent":             {`deny contains "x" if input.binding.isHttpRedirectToHttps == false`, "x.rego:3:22: input.binding.isHttpRedirectToHttps may be null, which is neither true nor false"},
		"false first":                        {`deny contains "x" if false == input.binding.isHttpRedirectToHttps`, "may be null, which is neither true nor false"},
		"false by a variable":                {"deny contains \"x\" if {\n\toff := false\n\tinput.binding.isHttpRedirectToHttps == off\n}", "x.rego:5:2: input.binding.isHttpRedirectToHttps may be null"},
		"a condition that may be null":       {`deny contains "x" if not input.binding.isHttpRedirectToHttps`, "which as a condition counts as true: write input.binding.isHttpRedirectToHttps == true"},
		"a label as a condition":             {`deny contains "x" if not input.binding.labels.owner`, "x.rego:3:26: input.binding.labels.owner is null where it is absent, which as a condition counts as true"},
		"a name of it as a condition":        {"owner := input.binding.labels.owner\n\ndeny contains \"x\" if not owner", "is null where it is absent"},
		"an object as a condition":           {`deny contains "x" if not input.binding.certificate`, "input.binding.certificate is always an object: whether it is there says input.binding.certificate.given"},
		"a name of an object as a condition": {"c := input.binding.certificate\n\ndeny contains \"x\" if not c", "is always an object"},
		"an object is null":                  {`deny contains "x" if input.binding.certificate == null`, "input.binding.certificate is never null: whether it is there says input.binding.certificate.given"},
		"an object is empty":                 {`deny contains "x" if input.binding.certificate == {}`, "never equal to an object without fields"},
		"an object of one field":             {`deny contains "x" if input.binding.certificate != {"name": "a"}`, "never equal to an object with the fields name"},
		"a list is null":                     {`deny contains "x" if input.binding.forceFrom == null`, "input.binding.forceFrom is never null: an absent one is empty"},
		"a list as a condition":              {`deny contains "x" if not input.binding.forceFrom`, "input.binding.forceFrom is always there"},
		"an empty text":                      {`deny contains "x" if input.binding.labels.owner == ""`, "input.binding.labels.owner is null where it is absent, not \"\""},
		"an empty text, in":                  {`deny contains "x" if input.binding.labels.owner in {null, ""}`, "denies: x"},
		"the usual guard":                    {`deny contains "x" if object.get(input.binding.labels, "owner", "") == ""`, "object.get never returns its default here"},
		"the whole guard":                    {`deny contains "x" if object.get(input.binding, ["labels", "owner"], "") == ""`, "write input.binding.labels.owner"},
		"given":                              {`deny contains "x" if not input.binding.certificate.given`, "denies: x"},
		"null":                               {`deny contains "x" if input.binding.labels.owner == null`, "denies: x"},
		"a built-in on a label":              {`deny contains "x" if not startswith(input.binding.labels.owner, "t-")`, "input.binding.labels.owner may be null, which startswith does not take"},
		"a pattern on a label":               {`deny contains "x" if not regex.match("^CHG", input.binding.labels.changeTicket)`, "may be null, which regex.match does not take"},
		"a guarded pattern":                  {"deny contains \"x\" if not given\n\ngiven if {\n\tinput.binding.labels.changeTicket != null\n\tregex.match(\"^CHG\", input.binding.labels.changeTicket)\n}", "denies: x"},
		"an alternative":                     {`deny contains "x" if input.binding.labels.owner == null or startswith(input.binding.labels.owner, "t-")`, "denies: x"},
		"the count of a name":                {`deny contains "x" if count(input.binding.certificate.name) < 4`, "input.binding.certificate.name may be null, which count does not take"},
		"concat":                             {`deny contains "x" if concat("-", [input.binding.regionId, input.binding.bindStageName]) != "a-b"`, "[input.binding.regionId, input.binding.bindStageName] may hold null, and concat of null is an error"},
		"lower by a variable":                {"deny contains \"x\" if {\n\tname := input.binding.certificate.name\n\tnot lower(name) == \"a\"\n}", "name may be null, which lower does not take"},
		"order of what may be null":          {`deny contains "x" if input.binding.clientCertificate.verifyDepth < 2`, "input.binding.clientCertificate.verifyDepth may be null, and null comes before every other value"},
		"order the other way":                {`deny contains "x" if 2 > input.binding.clientCertificate.verifyDepth`, "may be null"},
		"arithmetic on what may be null":     {`deny contains "x" if input.binding.clientCertificate.verifyDepth + 1 == 2`, "may be null, which plus does not take"},

		"to_number of a label":   {`deny contains "x" if to_number(input.binding.labels.owner) > 5`, "input.binding.labels.owner may be null"},
		"the count of labels":    {`deny contains "x" if count(input.binding.labels) == 0`, "input.binding.labels has fixed fields, which are always there"},
		"no labels":              {`deny contains "x" if input.binding.labels == {}`, "never equal to an object without fields"},
		"a label by iteration":   {"deny contains \"x\" if not has_owner\n\nhas_owner if {\n\tsome name, _ in input.binding.labels\n\tname == \"owner\"\n}", "is null where it is absent"},
		"a name in labels":       {`deny contains "x" if not "owner" in input.binding.labels`, "x.rego:3:22: input.binding.labels has fixed fields, and `in` looks for a value among them, not for a name"},
		"a name in the binding":  {"deny contains \"x\" if {\n\tname := \"certificate\"\n\tnot name in input.binding\n}", "x.rego:5:2: input.binding has fixed fields"},
		"a rule that none asks":  {"deny contains \"y\" if count(input.binding.forceFrom) > 99\n\nviolations contains \"x\"", "bindgate asks for deny and warn, and"},
		"data that none defines": {"deny contains \"x\" if {\n\tsome w in data.freeze.windows\n\tw == \"a\"\n}", "x.rego:4:12: data.freeze.windows is read, and no policy"},
		"the names of labels":    {`deny contains "x" if not "owner" in object.keys(input.binding.labels)`, "object.keys reads input.binding.labels as a whole"},

		// Null and what is always there as conditions.
		"a rule of a label":                         {"deny contains \"x\" if not ok\n\nok if input.binding.labels.changeTicket", "x.rego:5:7: input.binding.labels.changeTicket may be null, which counts as true: write input.binding.labels.changeTicket != null"},
		"a rule of a name of it":                    {"deny contains \"x\" if not ok\n\nok if {\n\tt := input.binding.labels.changeTicket\n\tt\n}", "t may be null, which counts as true: write t != null"},
		"a function of it":                          {"deny contains \"x\" if not has(input.binding.labels.changeTicket)\n\nhas(l) if l", "l may be null, which counts as true: write l != null"},
		"a function of it, not empty":               {"deny contains \"x\" if not has(input.binding.labels.changeTicket)\n\nhas(l) if {\n\tl\n\tl != \"\"\n}", "l may be null"},
		"a function with its value":                 {"deny contains \"x\" if not t(input.binding)\n\nt(b) := b.labels.changeTicket", "t(input.binding) is null where it is absent"},
		"a function with its value, as a statement": {"deny contains \"x\" if not ok\n\nok if t(input.binding)\n\nt(b) := b.labels.changeTicket", "t(input.binding) may be null, which counts as true"},
		"a rule with its value":                     {"deny contains \"x\" if not ok\n\nok if t\n\nt := input.binding.labels.changeTicket", "may be null, which counts as true"},
		"a function with another null":              {"deny contains \"x\" if not t(input.binding.domainName)\n\nt(d) := input.binding.labels.changeTicket if d != \"\" else := \"no\"", "is null where it is absent"},
		"every label":                               {"deny contains \"x\" if not ok\n\nok if every l in input.binding.labels { l }", "l may be null, which counts as true"},
		"every label of a list":                     {"deny contains \"x\" if not ok\n\nok if {\n\tb := input.binding\n\tevery l in [b.labels.owner, b.labels.changeTicket] { l }\n}", "l may be null, which counts as true"},
		"some label":                                {"deny contains \"x\" if not ok\n\nok if {\n\tsome l in input.binding.labels\n\tl\n}", "l may be null, which counts as true"},
		"some label in a comprehension":             {`deny contains "x" if count({l | some l in input.binding.labels; l}) == 0`, "l may be null, which counts as true"},
		"a comprehension of a label":                {`deny contains "x" if count([1 | input.binding.labels.changeTicket]) == 0`, "input.binding.labels.changeTicket may be null, which counts as true"},
		"an element of a list of labels":            {`deny contains "x" if not [input.binding.labels.changeTicket][0]`, "is null where it is absent"},
		"a field of an object of the policy":        {`deny contains "x" if not ({"a": input.binding.labels.changeTicket}.a)`, "is null where it is absent"},
		"a field of such an object, as a statement": {"deny contains \"x\" if not ok\n\nok if {\"a\": input.binding.labels.changeTicket}.a", "may be null, which counts as true"},
		"object.get of an object of the policy":     {`deny contains "x" if not object.get({"a": input.binding.labels.changeTicket}, "a", false)`, "which as a condition counts as true"},
		"object.get of one, as a statement":         {"deny contains \"x\" if not ok\n\nok if object.get({\"a\": input.binding.labels.changeTicket}, \"a\", false)", "which as a condition counts as true"},
		"an object that is put together":            {"deny contains \"x\" if not ok\n\nok if object.union({\"a\": input.binding.labels.changeTicket}, {}).a", "is not known, and null counts as true"},
		"the union of sets":                         {"deny contains \"x\" if not ok\n\nok if {\n\tsome l in union({{input.binding.labels.changeTicket}})\n\tl\n}", "the type of l is not known, and null counts as true"},
		"the least label":                           {`deny contains "x" if not min([input.binding.labels.changeTicket])`, "is null where it is absent"},
		"a label in an else":                        {"deny contains \"x\" if not ok\n\nok if input.binding.domainName == \"a\" else if input.binding.labels.changeTicket", "input.binding.labels.changeTicket may be null, which counts as true"},
		"a label or another":                        {"deny contains \"x\" if not ok\n\nok if input.binding.domainName == \"a\" or input.binding.labels.changeTicket != null and input.binding.labels.owner", "input.binding.labels.owner may be null, which counts as true"},
		"a label below a not of a not":              {"deny contains \"x\" if not ok\n\nok if not no\n\nno if not input.binding.labels.changeTicket", "is null where it is absent"},
		"a truth value as a statement":              {"deny contains \"x\" if not ok\n\nok if input.binding.isHttpRedirectToHttps", "write input.binding.isHttpRedirectToHttps == true"},
		"null itself":                               {"deny contains \"x\" if not ok\n\nok if null", "null may be null, which counts as true"},
		"a label that is sure":                      {"deny contains \"x\" if not ok\n\nok if {\n\tinput.binding.labels.changeTicket != null\n\tinput.binding.labels.changeTicket\n}", "denies: x"},
		"a count is never false":                    {`deny contains "x" if not count(input.binding.forceFrom)`, "count(input.binding.forceFrom) is always there, and counts as true"},
		"a count as a statement":                    {"deny contains \"x\" if not ok\n\nok if count(input.binding.forceFrom)", "count(input.binding.forceFrom) is always there, and counts as true"},
		"a list by its name":                        {"deny contains \"x\" if not ok\n\nok if {\n\tx := [g | some g in input.binding.forceFrom]\n\tx\n}", "x is always there, and counts as true"},
		"a list of the input":                       {"deny contains \"x\" if not ok\n\nok if input.binding.forceFrom", "input.binding.forceFrom is always there"},
		"a set of the policy":                       {"deny contains \"x\" if not bad\n\nbad contains g if some g in input.binding.forceFrom", "is always there, and counts as true"},
		"a set of the policy by its value":          {"deny contains \"x\" if not bad\n\nbad := {g | some g in input.binding.forceFrom}", "is always there, and counts as true"},
		"a number of the policy":                    {"deny contains \"x\" if not n\n\nn := count(input.binding.forceFrom)", "is always there, and counts as true"},
		"a text in an else":                         {"deny contains \"x\" if not has\n\nhas := \"yes\" if input.binding.bindStageName == \"PRE\" else := \"no\"", "is always there, and counts as true"},
		"a text in an else of a function":           {"deny contains \"x\" if not has(input.binding)\n\nhas(b) := \"yes\" if b.bindStageName == \"PRE\" else := \"no\"", "has(input.binding) is always there, and counts as true"},
		"a text by default":                         {"deny contains \"x\" if not has\n\ndefault has := \"no\"\n\nhas := \"yes\" if input.binding.bindStageName == \"PRE\"", "is always there, and counts as true"},
		"true by default":                           {"deny contains \"x\" if not ok\n\ndefault ok := true\n\nok if input.binding.bindStageName == \"PRE\"", "is always there, and counts as true"},
		"a text that may be undefined":              {"deny contains \"x\" if not has\n\nhas := \"yes\" if input.binding.bindStageName == \"PRE\"", "denies: x"},
		"a text of an element":                      {"deny contains \"x\" if not has\n\nhas := input.binding.forceFrom[0]", "denies: x"},
		"a function of an element":                  {"deny contains \"x\" if not first(input.binding)\n\nfirst(b) := b.forceFrom[0]", "denies: x"},
		"the greatest of none":                      {`deny contains "x" if not max(input.binding.forceFrom)`, "denies: x"},
		"an element":                                {`deny contains "x" if not input.binding.forceFrom[0]`, "denies: x"},
		"a truth of the CI job":                     {"# METADATA\n# custom:\n#   uses: [ci]\npackage bindgate.policy.x\n\ndeny contains \"x\" if not ok\n\nok if input.ci.refProtected", "write input.ci.refProtected == true"},
		"a count that is compared, in a rule":       {"deny contains \"x\" if not ok\n\nok if count({g | some g in input.binding.forceFrom}) == 2", "denies: x"},
		"a value that is compared, in a rule":       {"deny contains \"x\" if not ok\n\nok if f(input.binding.labels.owner) == \"yes\"\n\nf(o) := \"yes\" if o != null else := \"no\"", "denies: x"},
		"a comparison as the value of a rule":       {"deny contains \"x\" if not ok\n\nok := input.binding.labels.changeTicket != null", "denies: x"},
		"an `in` as the value of a rule":            {"deny contains \"x\" if not ok\n\nok := input.binding.bindStageName in {\"PRE\"}", "denies: x"},
		"a switch of the policy":                    {"deny contains \"x\" if {\n\ton\n\tinput.binding.labels.owner == null\n}\n\non := true", "denies: x"},
		"a value or a comparison":                   {"deny contains \"x\" if not ok\n\nok if input.binding.isForce or input.binding.labels.owner != null", "denies: x"},
		"a text by its name":                        {"deny contains \"x\" if not ok\n\nok if {\n\tx := input.binding.domainName\n\tx\n}", "x is always there"},
		"a name of a label that is sure":            {"deny contains \"x\" if not ok\n\nok if {\n\tx := input.binding.labels.owner\n\tx != null\n\tx\n}", "denies: x"},
		"a stage of a table":                        {"deny contains \"x\" if not ok\n\nok if days[input.binding.bindStageName] > 3\n\ndays := {\"Release\": 3, \"PRE\": 1}", "is never \"Release\"; did you mean \"RELEASE\"?"},
		"a stage of a table, by a name":             {"deny contains \"x\" if not ok\n\nok if {\n\tstage := input.binding.bindStageName\n\t{\"CANARY\": 3, \"PRE\": 1}[stage] > 0\n}", "denies: x"},
		"force by a label":                          {"-- x.rego --\npackage bindgate.force.x\n\nallow if input.binding.labels.changeTicket\n", "x.rego:3:10: input.binding.labels.changeTicket may be null, which counts as true"},
		"force by a count":                          {"-- x.rego --\npackage bindgate.force.x\n\nallow if count(input.binding.forceFrom)\n", "count(input.binding.forceFrom) is always there"},
		"force by a list":                           {"-- x.rego --\npackage bindgate.force.x\n\nallow if {\n\tx := [1 | input.binding.isForce]\n\tx\n}\n", "x is always there"},
		"force by else":                             {"-- x.rego --\npackage bindgate.force.x\n\nallow := false if {\n\tinput.binding.domainName == \"a\"\n} else := false if {\n\tinput.binding.domainName == \"b\"\n} else := true\n", "x.rego:3:1: allow is true behind its last else"},
		"force by default":                          {"-- x.rego --\npackage bindgate.force.x\n\ndefault allow := true\n\nallow := false if input.binding.domainName == \"a\"\n", "x.rego:3:1: allow is true by default"},

		// Words, numbers, truth values.
		"a pattern in the place of a text": {`deny contains "x" if not regex.match(input.binding.domainName, "^demo")`, "regex.match takes the pattern first"},
		"a text in the place of its start": {`deny contains "x" if startswith("www", input.binding.domainName)`, "startswith takes the text first"},
		"the order of times as texts":      {`deny contains "x" if input.run.now > "2026-01-01"`, "input.run.now is a time, and texts of times are not in the order of time"},
		"a misspelt stage":                 {`deny contains "x" if input.binding.bindStageName != "RELAESE"`, `input.binding.bindStageName is never "RELAESE"; did you mean "RELEASE"?`},
		"a stage of another case":          {`deny contains "x" if not input.binding.bindStageName == "release"`, `did you mean "RELEASE"?`},
		"a misspelt stage in a set":        {`deny contains "x" if not input.binding.bindStageName in {"TEST", "PER"}`, `is never "PER"; did you mean "PRE"?`},
		"a misspelt stage in a rule":       {"stages := {\"TSET\"}\n\ndeny contains \"x\" if not input.binding.bindStageName in stages", `is never "TSET"; did you mean "TEST"?`},
		"a misspelt stage in a list":       {"deny contains \"x\" if {\n\tsome stage in [\"TEST\", \"RELEAS\"]\n\tinput.binding.bindStageName != stage\n}", `is never "RELEAS"`},
		"a misspelt stage in an every":     {`deny contains "x" if every stage in ["TSET"] { input.binding.bindStageName != stage }`, `did you mean "TEST"?`},
		"a misspelt stage by a function":   {"deny contains \"x\" if not is_stage(\"RELAESE\")\n\nis_stage(s) if input.binding.bindStageName == s", `did you mean "RELEASE"?`},
		"a misspelt stage as an argument":  {"deny contains \"x\" if not ours(input.binding.bindStageName)\n\nours(\"RELAESE\") := true", `is never "RELAESE"`},
		"a misspelt stage in a comparison": {`deny contains "x" if {"RELAESE"} != {input.binding.bindStageName}`, `did you mean "RELEASE"?`},
		"a stage of one's own":             {`deny contains "x" if input.binding.bindStageName != "CANARY"`, "denies: x"},
		"a network type":                   {`deny contains "x" if input.binding.customDomainType != "INTRA"`, `is never "INTRA"; want one of "INTERNET", "INTRANET"`},
		"lower of a word":                  {`deny contains "x" if lower(input.binding.customDomainType) != "intrnet"`, `never "intrnet"; did you mean`},
		"a proof":                          {`deny contains "x" if input.binding.domainProof == "CNAME"`, `did you mean "cname"?`},
		"a state":                          {`deny contains "x" if input.evidence.proof.state != "collected"`, `is never "collected"; want one of`},
		"a text for a truth value":         {`deny contains "x" if input.binding.isForce != "true"`, "input.binding.isForce is a boolean, and \"true\" is a text: they are never equal"},
		"a number for a truth value":       {`deny contains "x" if input.binding.isForce == 0`, "they are never equal"},
		"a text for a number":              {`deny contains "x" if input.binding.source.line != "4"`, "input.binding.source.line is a number"},
		"a text before a number":           {`deny contains "x" if input.run.now > 5`, "input.run.now is a text, and 5 is a number"},
		"a time before a time":             {`deny contains "x" if input.run.now < time.now_ns()`, "want two of one kind, such as time.parse_rfc3339_ns(input.run.now)"},
		"a number before a text, by name":  {"deny contains \"x\" if {\n\tnow := time.now_ns()\n\tnow < input.run.now\n}", "want two of one kind"},
		"literals of two kinds":            {`deny contains "x" if "1" == 1`, "have a text, want a number"},
		"in a text":                        {`deny contains "x" if not "demo" in input.binding.domainName`, "input.binding.domainName is a text, and `in` looks into a list"},
		"a text of a list":                 {`deny contains "x" if not "a" == input.binding.forceFrom`, "they are never equal"},
		"a misspelt status":                {`deny contains "x" if input.results["group/exists"].status != "passed"`, `is never "passed"; want one of "pass", "fail"`},

		// Names.
		"a misspelt field":                     {`deny contains "x" if input.binding.domainNme == "a"`, `input.binding has no field "domainNme"; did you mean "domainName"?`},
		"by a variable":                        {"deny contains \"x\" if {\n\tb := input.binding\n\tb.domainNme == \"a\"\n}", `did you mean "domainName"?`},
		"by a rule":                            {"b := input.binding\n\ndeny contains \"x\" if b.domainNme == \"a\"", `did you mean "domainName"?`},
		"by a function":                        {"deny contains \"x\" if bad(input.binding)\n\nbad(b) if b.domainNme == \"a\"", `x.rego:5:13: b has no field "domainNme"`},
		"by two functions":                     {"deny contains \"x\" if bad(input.binding)\n\nbad(b) if worse(b)\n\nworse(c) if c.domainNme == \"a\"", `c has no field "domainNme"`},
		"by an element":                        {"# METADATA\n# custom:\n#   uses: [account]\npackage bindgate.policy.x\n\ndeny contains \"x\" if {\n\tsome h in input.evidence.account.facts.boundGroups\n\th.groupid == \"a\"\n}", `h has no field "groupid"`},
		"by an element of a comprehension":     {"# METADATA\n# custom:\n#   uses: [account]\npackage bindgate.policy.x\n\ndeny contains \"x\" if \"a\" in {h.groupid | some h in input.evidence.account.facts.boundGroups}", `h has no field "groupid"`},
		"by a concatenation":                   {"# METADATA\n# custom:\n#   uses: [account]\npackage bindgate.policy.x\n\ndeny contains \"x\" if {\n\tsome h in array.concat(input.evidence.account.facts.boundGroups, [])\n\th.groupid == \"a\"\n}", `h has no field "groupid"`},
		"by a constant key":                    {"deny contains \"x\" if {\n\tkey := \"domainNme\"\n\tinput.binding[key] == \"a\"\n}", `did you mean "domainName"?`},
		"by keys of a list":                    {"deny contains \"x\" if {\n\tsome key in [\"groupId\", \"groupid\"]\n\tinput.binding[key] == \"a\"\n}", `input.binding has no field "groupid"`},
		"by a computed key":                    {"deny contains \"x\" if {\n\tkey := concat(\"\", [\"domain\", \"Nme\"])\n\tinput.binding[key] == \"a\"\n}", "key is computed"},
		"by iteration":                         {"deny contains \"x\" if {\n\tsome key, value in input.binding\n\tkey == \"domainNme\"\n\tvalue == \"a\"\n}", `is never "domainNme"; did you mean "domainName"?`},
		"by iteration and a computed name":     {"deny contains \"x\" if {\n\tsome key, value in input.binding\n\tkey == concat(\"\", [\"domain\", \"Nme\"])\n\tvalue == \"a\"\n}", "compared with a computed one"},
		"by keys":                              {`deny contains "x" if "domainNme" in object.keys(input.binding)`, "object.keys reads input.binding as a whole"},
		"by object.get":                        {`deny contains "x" if object.get(input.binding, "domainNme", "a") == "b"`, `input.binding has no field "domainNme"; did you mean`},
		"by object.get below":                  {`deny contains "x" if object.get(input.binding, ["certificate", "nme"], "a") == "b"`, `input.binding.certificate has no field "nme"`},
		"by walk":                              {"deny contains \"x\" if {\n\twalk(input.binding, [[\"domainNme\"], value])\n\tvalue == \"a\"\n}", "walk reads input.binding as a whole"},
		"by object.subset":                     {`deny contains "x" if object.subset(input.binding, {"domainNme": "a"})`, "object.subset reads input.binding as a whole"},
		"by json.filter":                       {`deny contains "x" if json.filter(input.binding, ["domainNme"]) != {}`, "json.filter reads input.binding as a whole"},
		"by a pattern":                         {`deny contains "x" if {"domainNme": "a"} == input.binding`, "never equal to an object with the fields domainNme"},
		"by json.marshal":                      {`deny contains "x" if contains(json.marshal(input.binding), "\"domainNme\"")`, "json.marshal reads input.binding as a whole"},
		"input by itself":                      {`deny contains "x" if object.get(input, ["binding", "domainNme"], "") == "a"`, "input is read as a whole"},
		"a field of a text":                    {`deny contains "x" if input.binding.domainName.owner == "a"`, "input.binding.domainName is a text, which has no fields"},
		"a field of a list":                    {`deny contains "x" if input.binding.forceFrom.groupId == "a"`, "input.binding.forceFrom is a list"},
		"a misspelt check":                     {`deny contains "x" if input.results["group/exist"].status != "pass"`, `input.results has no field "group/exist"; did you mean "group/exists"?`},
		"a misspelt check by a variable":       {"deny contains \"x\" if {\n\tid := \"group/exist\"\n\tinput.results[id].status != \"pass\"\n}", `did you mean "group/exists"?`},
		"a misspelt check in a set":            {"must := {\"group/exist\"}\n\ndeny contains \"x\" if {\n\tsome id in must\n\tinput.results[id].status != \"pass\"\n}", `did you mean "group/exists"?`},
		"a misspelt check by sprintf":          {"deny contains \"x\" if {\n\tid := sprintf(\"group/%s\", [\"exist\"])\n\tinput.results[id].status != \"pass\"\n}", "id is computed"},
		"a label that is not declared":         {`deny contains "x" if input.binding.labels.onwer == null`, `input.binding.labels has no field "onwer"; did you mean "owner"?`},
		"a label that nobody declared":         {`deny contains "x" if input.binding.labels.team == null`, "declare it in the owner's file: `labels: {team: {}}`"},
		"a label by a computed key":            {"deny contains \"x\" if {\n\tname := sprintf(\"%s\", [\"owner\"])\n\tinput.binding.labels[name] == null\n}", "name is computed"},
		"a pointer that leads nowhere":         {`deny contains {"msg": "x", "pointer": "/domainNme"}`, `the pointer "/domainNme" leads nowhere: the binding has no "domainNme" there; did you mean "domainName"?`},
		"a pointer that leads nowhere, deeper": {`deny contains {"msg": "x", "pointer": "/certificate/nme"}`, `the binding has no "nme" there`},
		"a pointer without its slash":          {`deny contains {"msg": "x", "pointer": "domainName"}`, "want one such as /domainName"},
		"a pointer by a variable":              {"deny contains {\"msg\": \"x\", \"pointer\": where} if where := \"/lables/owner\"", `the binding has no "lables" there`},
		"a key of a message":                   {`deny contains {"message": "x"}`, `a message of deny has the key "message"`},
		"a misspelt built-in":                  {`deny contains "x" if startwith(input.binding.domainName, "a")`, `did you mean "startswith"?`},

		// Messages.
		"a message of an element":         {`deny contains sprintf("%s denies", [input.binding.forceFrom[0]])`, "denies: its message is undefined"},
		"a message by a variable":         {"deny contains message if {\n\tinput.binding.domainName != \"\"\n\tmessage := sprintf(\"%s denies\", [input.binding.forceFrom[0]])\n}", "denies: the rule at "},
		"a message of a rule":             {"deny contains message if input.binding.domainName != \"\"\n\nmessage := input.binding.forceFrom[0]", "denies: its message is undefined"},
		"an object with such a message":   {"deny contains {\"msg\": message} if {\n\tinput.binding.domainName != \"\"\n\tmessage := concat(\" \", [\"a\", input.binding.forceFrom[0]])\n}", "denies: its message is undefined"},
		"a message of a map":              {"deny contains names[input.binding.groupId] if input.binding.domainName != \"\"\n\nnames := {\"a\": \"b\"}", "denies: its message is undefined"},
		"a message that may be null":      {`deny contains input.binding.labels.owner if input.binding.domainName != ""`, "a message of deny may be null"},
		"a pointer that may be null":      {`deny contains {"msg": "x", "pointer": input.binding.labels.owner}`, "pointer of a message of deny may be null"},
		"a message with null in it":       {`deny contains sprintf("%v must not bind", [input.binding.labels.owner])`, "denies: null must not bind"},
		"a template":                      {`deny contains $"{input.binding.domainName} must not bind"`, "denies: www.demo.com must not bind"},
		"a message that is a number":      {`deny contains 1`, "a message of deny may be a number"},
		"a message that is a truth value": {`deny contains input.binding.isForce`, "a message of deny may be a boolean"},

		// Rules and packages.
		"deny below":                 {`deny.a.b contains "x"`, "deny.a.b is not asked for: bindgate asks for deny alone"},
		"deny of another habit":      {`deny["x"] if input.binding.domainName != ""`, "is not a set of messages: write `deny contains … if …`"},
		"deny of a key":              {`deny[k] contains "x" if k := "a"`, "is not asked for"},
		"warn below":                 {"deny contains \"y\" if count(input.binding.forceFrom) > 99\n\nwarn.a contains \"x\"", "warn.a is not asked for"},
		"a rule of a near name":      {"deny contains \"y\" if count(input.binding.forceFrom) > 99\n\ndenies contains \"x\"", `nothing asks for the rule denies`},
		"with":                       {"deny contains \"x\" if bad with input.binding.domainName as \"a\"\n\nbad if input.binding.domainName == \"a\"", "`with` replaces input.binding.domainName"},
		"with in a negation":         {"deny contains \"x\" if not good with input.binding.domainName as \"a\"\n\ngood if input.binding.domainName == \"a\"", "`with` replaces"},
		"with of a function":         {"deny contains \"x\" if bad with startswith as never\n\nnever(_, _) := false\n\nbad if startswith(input.binding.domainName, \"www\")", "`with` replaces startswith"},
		"with of data":               {"deny contains \"x\" if data.bindgate.policy.x.bad with data.bindgate.policy.x.list as []\n\nlist := [1]\n\nbad if count(list) == 1", "`with` replaces data.bindgate.policy.x.list"},
		"a package as a whole":       {"deny contains \"x\" if count(data.bindgate.policy.x) == 0", "x.rego:"},
		"a rule by a computed name":  {"deny contains \"x\" if {\n\tname := \"a\"\n\tdata.bindgate.policy[name].bad\n}", "names rules by a computed key"},
		"deny in a test":             {"-- x.rego --\npackage bindgate.policy.x\n\ndeny contains \"y\" if count(input.binding.forceFrom) > 99\n-- more_test.rego --\npackage bindgate.policy.x\n\ndeny contains \"x\"\n", "more_test.rego:3:1: deny is in a file named *_test.rego"},
		"warn in a test":             {"-- x.rego --\npackage bindgate.policy.x\n\ndeny contains \"y\" if count(input.binding.forceFrom) > 99\n-- w_test.rego --\npackage bindgate.policy.w_test\n\nwarn contains \"x\"\n", "w_test.rego:3:1: warn is in"},
		"a test that does not parse": {"-- x.rego --\npackage bindgate.policy.x\n\ndeny contains \"y\" if count(input.binding.forceFrom) > 99\n-- x_test.rego --\npackage bindgate.policy.x_test\n\ntest_a if {\n", "x_test.rego:"},
		"deny in a library":          {"-- x.rego --\npackage bindgate.policy.x\n\ndeny contains \"y\" if count(input.binding.forceFrom) > 99\n-- l.rego --\npackage bindgate.lib.l\n\ndeny contains \"x\"\n", "l.rego:3:1: deny in package bindgate.lib.l is never asked"},
		"a library alone":            {"-- l.rego --\npackage bindgate.lib.l\n\nlist := [1]\n", "denies nothing: it holds no package bindgate.policy.<name>"},
		"a misspelt rule of a library": {"-- x.rego --\npackage bindgate.policy.x\n\nimport data.bindgate.lib.l\n\ndeny contains m if some m in l.denials\n-- l.rego --\npackage bindgate.lib.l\n\ndenials contains \"y\" if count(input.binding.forceFrom) > 99\n\ndenails contains \"x\"\n",
			`l.rego:5:1: nothing uses the rule denails; did you mean "denials"?`},
		"a rule of a library that adds nothing": {"-- x.rego --\npackage bindgate.policy.x\n\nimport data.bindgate.lib.l\n\ndeny contains m if some m in l.denials\n-- l.rego --\npackage bindgate.lib.l\n\ndenials contains \"y\" if count(input.binding.forceFrom) > 99\n\nviolations contains \"x\"\n",
			"l.rego:5:1: nothing uses the rule violations"},

		// Evidence.
		"needs that is not read":            {"# METADATA\n# custom:\n#   needs: [proof]\npackage bindgate.policy.x\n\ndeny contains \"x\" if input.binding.domainName != \"\"", "needs proof evidence and reads none of it"},
		"uses that is not read":             {"# METADATA\n# custom:\n#   uses: [group]\npackage bindgate.policy.x\n\ndeny contains \"x\" if input.binding.domainName == \"a\"", "remove group from its METADATA"},
		"needs that another rule reads":     {needsCertificate + "package bindgate.policy.x\n\ndeny contains \"x\" if input.binding.domainName != \"\"\n\ndeny contains \"y\" if count(input.evidence.certificate.facts.chain) == 0", "x.rego:6:1: package bindgate.policy.x needs certificate evidence, and this rule reads none of it"},
		"a fact that the mode leaves out":   {"# METADATA\n# custom:\n#   uses: [proof]\npackage bindgate.policy.x\n\ndeny contains \"x\" if not input.evidence.proof.facts.owner == \"a\"", "denies: x"},
		"a truth that may be absent":        {"# METADATA\n# custom:\n#   uses: [group]\npackage bindgate.policy.x\n\ndeny contains \"x\" if not input.evidence.group.facts.found", "input.evidence.group.facts.found may be null"},
		"a certificate that ends as text":   {needsCertificate + "package bindgate.policy.x\n\ndeny contains \"x\" if input.evidence.certificate.facts.chain[0].notAfter < time.now_ns()", "want two of one kind"},
		"a number that is compared as text": {needsCertificate + "package bindgate.policy.x\n\ndeny contains \"x\" if input.evidence.certificate.facts.chain[0].keyBits < \"2048\"", "a number comes before every text; want two of one kind"},

		// Built-ins.
		"http.send":              {`deny contains "x" if http.send({"url": "http://a"}).status_code == 200`, "http.send is left out, for a verdict depends on input and data alone: it asks the network"},
		"a schema":               {`deny contains "x" if not json.match_schema(input.binding.labels, {"type": "object"})[0]`, "json.match_schema is left out"},
		"a signature by a clock": {`deny contains "x" if not io.jwt.decode_verify("a.b.c", {"secret": "s"})[0]`, "io.jwt.decode_verify is left out, for a verdict depends on input and data alone: it depends on the clock"},
		"chance":                 {`deny contains "x" if rand.intn("a", 2) == 0`, "it depends on chance"},
		"an argument of a kind":  {`deny contains "x" if startswith(input.binding.domainName, 1)`, "have: (any, number); want: (search: "},
		"a pattern that is none": {`deny contains "x" if not regex.match("CHG-[0-9+", input.binding.domainName)`, `"CHG-[0-9+" is no pattern`},
		"a time that is none":    {`deny contains "x" if time.parse_rfc3339_ns("2026-11-27") < time.now_ns()`, `"2026-11-27" is no time: want RFC 3339`},
		"a zone that is none":    {`deny contains "x" if time.weekday([time.now_ns(), "Asia/Shangai"]) == "Friday"`, `"Asia/Shangai" is no time zone`},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"x.rego": c.module}
			if strings.HasPrefix(c.module, "-- ") {
				files = map[string]string{}
				for _, part := range strings.Split(c.module, "-- ")[1:] {
					file, text, _ := strings.Cut(part, " --\n")
					files[file] = text
				}
			} else if !strings.Contains(c.module, "package ") {
				files["x.rego"] = "package bindgate.policy.x\n\n" + c.module
			}
			dir, err := os.MkdirTemp(all, "")
			if err != nil {
				t.Fatal(err)
			}
			fill(t, dir, files)
			e, err := Load(context.Background(), Options{Dirs: []string{dir}, Labels: declared("owner", "changeTicket"),
				Results: []string{"dns/cname-reaches-group", "group/exists"}})
			words, denies := strings.CutPrefix(c.want, "denies: ")
			if err != nil {
				if denies {
					t.Fatalf("it does not load: %v", err)
				}
				wantWords(t, err.Error(), words, dir)
				return
			}
			o := e.Evaluate(context.Background(), bare())
			if !denies {
				t.Fatalf("it loads, and says %+v", o)
			}
			if o.State != evidence.StateObserved || len(o.Facts.Packages) != 1 || len(o.Facts.Packages[0].Denials) == 0 {
				t.Fatalf("got %+v", o)
			}
			wantWords(t, flat(o.Facts.Packages[0].Denials), words)
		})
	}
}
