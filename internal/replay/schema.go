package replay

import _ "embed" // the schema file

//go:embed evidence.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of saved evidence.
func Schema() []byte { return []byte(schema) }
