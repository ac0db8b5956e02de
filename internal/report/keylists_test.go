package report

import (
	"slices"
	"testing"
)

// TestPageNamesKeyLists: a reader of the page sees which lists of weak keys were asked.
func TestPageNamesKeyLists(t *testing.T) {
	lists := []KeyList{{File: "debian", Digest: "sha256:00", Keys: 2}, {File: "ours", Digest: "sha256:11", Keys: 1}}
	want := fact{"weak keys", "debian (2 keys, sha256:00), ours (1 key, sha256:11)"}
	if got := viewOf(Report{Run: Run{KeyLists: lists}}).Facts; !slices.Contains(got, want) {
		t.Errorf("got %v, want %v among them", got, want)
	}
}
