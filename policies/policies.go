// Package policies embeds the policies that ship with bindgate, one folder each:
// the rules, their tests, their data or its schema, and a README. Package internal/policy
// evaluates them.
package policies

import "embed"

// FS contains every policy, its tests, its data and the schema of that.
//
//go:embed force_rebind/*.rego force_rebind/data.* shipped/*/*.rego shipped/*/data.jsonschema
var FS embed.FS
