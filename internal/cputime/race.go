package cputime

import "testing"

// SkipUnderRace skips a test under the race detector, which makes it ten times slower: one of
// code without goroutines, or of its processor time. `go test` without -race runs it.
func SkipUnderRace(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("nothing here runs at the same time; go test runs it without the race detector")
	}
}
