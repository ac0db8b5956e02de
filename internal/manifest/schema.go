package manifest

import _ "embed" // the schema is a file, so that editors can check it too

//go:embed schema.json
var schema string

// Schema is the published JSON Schema (draft 2020-12) of a manifest's document.
// It holds the shape only: that a key occurs once, that a path stays under the
// root and that a variable may be read is for Load to say.
func Schema() []byte { return []byte(schema) }
