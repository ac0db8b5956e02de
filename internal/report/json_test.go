package report

import (
	"bytes"
	"encoding/json"
	"testing"
)

// The document is written in pieces, and must be what the encoder makes of the
// whole, whatever the number of bindings and whatever their text imitates.
func TestJSONIsTheWholeDocument(t *testing.T) {
	for n := range 4 {
		var r Report
		for range n {
			r.Bindings = append(r.Bindings, Binding{DomainName: "\"bindings\": []", Reasons: []string{"a", "<b>"}})
		}
		r.Tool.Name = "\"bindings\": []"
		r = complete(r)
		want, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := writeJSON(&got, r, Options{}); err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want)+"\n" {
			t.Errorf("%d bindings: got\n%s\nwant\n%s", n, got.String(), want)
		}
	}
}
