// Package policies embeds the policies that ship with bindgate, one folder each:
// the rules, their tests, their data with its schema, and a README. Package internal/policy
// evaluates them.
package policies

import "embed"

// FS contains every policy, its tests, its data and the schema of that.
//
//go:embed */*.rego */data.yaml */data.jsonschema
var FS embed.FS
