// Package policies holds the policies that ship with bindgate, one folder each:
// the rules, their tests, their data and a README. It only embeds them;
// internal/policy reads and judges by them.
package policies

import "embed"

// FS holds every policy, its tests and its data.
//
//go:embed */*.rego */data.yaml
var FS embed.FS
