package report

import _ "embed" // the schema file

//go:embed report.schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of the json format. A line of the
// jsonl format holds parts of it: see writeJSONL.
func Schema() []byte { return []byte(schema) }
