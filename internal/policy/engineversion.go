package policy

import opa "github.com/open-policy-agent/opa/v1/version"

// EngineVersion returns the version of OPA that evaluates policies.
func EngineVersion() string { return opa.Version }
