// Package external reads facts that the gate's owner lets a run be given: a JSON
// document with the time of which the facts are, held to the owner's JSON Schema and
// to a maximal age.
package external

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Size limits in bytes.
const (
	MaxSize       = 8 << 20 // of a file of facts
	MaxSchemaSize = 1 << 20
)

// skew is how far the clock of whoever wrote the facts may be ahead.
const skew = time.Minute

// Schema is the owner's schema.
type Schema interface {
	// Check returns where a document {"asOf": TIME, "facts": …} departs from the
	// schema, has a key twice or another field; name is its file.
	Check(name string, text []byte) error
}

// Read reads a file of facts, {"asOf": TIME, "facts": …}, at a time; name is the file
// for messages.
func Read(name string, text []byte, schema Schema, maxAge time.Duration, now time.Time) (evidence.External, error) {
	if err := schema.Check(name, text); err != nil {
		return evidence.External{}, err
	}
	var document struct {
		AsOf  string          `json:"asOf"`
		Facts json.RawMessage `json:"facts"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return evidence.External{}, fmt.Errorf("%s: %w", name, err)
	}
	asOf, err := time.Parse(time.RFC3339, document.AsOf)
	if err != nil {
		return evidence.External{}, fmt.Errorf("%s: asOf is %.40q, want a time like 2026-11-21T12:00:00Z", name, document.AsOf)
	}
	sum := sha256.Sum256(text)
	out := evidence.External{AsOf: asOf.UTC(), Until: asOf.Add(maxAge).UTC(), Digest: "sha256:" + hex.EncodeToString(sum[:])}
	switch {
	case asOf.After(now.Add(skew)):
		return evidence.External{}, fmt.Errorf("%s: its asOf is %s, which is in the future", name, document.AsOf)
	case !now.Before(out.Until):
		return evidence.External{}, fmt.Errorf("%s: its facts are of %s and may be used until %s, by the owner's maxAge of %s; get them again", name, document.AsOf, out.Until.Format(time.RFC3339), maxAge)
	}
	compact := bytes.Buffer{}
	if err := json.Compact(&compact, document.Facts); err != nil {
		return evidence.External{}, fmt.Errorf("%s: %w", name, err)
	}
	out.Facts = compact.Bytes()
	return out, nil
}
