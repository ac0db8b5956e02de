package sources

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// kind is a file that people give in the place of another, by a key at its top.
type kind struct {
	key, what, next string
}

// What a file of bindgate is.
const (
	Manifest = "a manifest"
	Map      = "a map of a cut-over"

	tfPlanFile = "a Terraform plan"
)

// kinds are in the order in which their keys decide.
func kinds() []kind {
	return []kind{
		{"ROSTemplateFormatVersion", "a template of ROS", "judge it with `bindgate lint --ros FILE`"},
		{"bindings", Manifest, "name it without a flag, such as `bindgate lint FILE`"},
		{"domains", Map, "see `bindgate cutover --map`"},
		{"AWSTemplateFormatVersion", "a template of CloudFormation", "bindgate reads manifests, Terraform plans and templates of ROS"},
		{"planned_values", tfPlanFile, "judge it with `bindgate lint --terraform FILE`"},
		{"format_version", "JSON of Terraform", "judge a plan with `bindgate lint --terraform FILE`"},
		{"terraform_version", "JSON of Terraform", "judge a plan with `bindgate lint --terraform FILE`"},
		{"resource", "a configuration of Terraform", "judge its plan with `bindgate lint --terraform FILE`: " + show},
		{"FormatVersion", "a template of OOS", "bindgate reads manifests, Terraform plans and templates of ROS"},
		{"kind", "an object of Kubernetes", "bindgate reads manifests, Terraform plans and templates of ROS"},
	}
}

// Kind returns what a file is, with the next step; empty where its beginning does not show it.
// It serves messages alone, after the file was refused, and repeats nothing of the file.
func Kind(text []byte) (what, next string) {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return "", ""
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return "Terraform's own plan file", show + ", and judge that with `bindgate lint --terraform plan.json`"
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		var schema string
		has := members(text, &schema)
		switch name, _, _ := strings.Cut(schema, "/"); name {
		case "bindgate.report":
			return "a report of bindgate", "name the manifest that it is about"
		case "bindgate.evidence":
			return "saved evidence", "judge it with --evidence FILE, and name its manifest"
		}
		return first(func(key string) bool { return has[key] })
	case hclBlock.Match(text):
		return first(func(key string) bool { return key == "resource" })
	}
	has := map[string]bool{}
	for _, m := range topKey.FindAllStringSubmatch(string(text), -1) {
		has[m[1]] = true
	}
	return first(func(key string) bool { return has[key] })
}

var (
	hclBlock = lazyregexp.New(`(?m)^(resource|terraform|provider|module|variable) ["{]`)
	topKey   = lazyregexp.New(`(?m)^["']?(\w+)["']?[ \t]*:(?:[ \t\r]|$)`)
)

func first(has func(key string) bool) (what, next string) {
	for _, k := range kinds() {
		if has(k.key) {
			return k.what, k.next
		}
	}
	return "", ""
}

// members returns the keys of a JSON object, as far as it is one, and the text of its
// member schema.
func members(text []byte, schema *string) map[string]bool {
	has := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return has
	}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return has
		}
		has[name] = true
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return has
		}
		if name == "schema" {
			_ = json.Unmarshal(value, schema) // another type names no schema
		}
	}
	return has
}
