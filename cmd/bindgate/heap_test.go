package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func percent() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func TestFirstCollectionEndsTheDelay(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	lateFirstCollection()
	if got := percent(); got != 400 {
		t.Fatalf("at first: got %d %%, want 400", got)
	}
	for end := time.Now().Add(5 * time.Second); percent() != 100; runtime.GC() {
		if time.Now().After(end) {
			t.Fatalf("after collections: got %d %%, want 100", percent())
		}
	}
}

func TestGOGCOfTheUserStays(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	lateFirstCollection()
	if got := percent(); got != 50 {
		t.Errorf("got %d %%, want 50", got)
	}
}
