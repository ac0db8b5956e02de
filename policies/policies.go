// Package policies embeds the policies that ship with bindgate, one folder each:
// the rules, their tests, their data and a README. Package internal/policy
// evaluates them.
package policies

import "embed"

// FS contains every policy, its tests and its data.
//
//go:embed */*.rego */data.yaml
var FS embed.FS
