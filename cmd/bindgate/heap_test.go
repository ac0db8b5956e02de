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
	for range 6000 { // a cleanup runs soon after a collection, in a goroutine of its own
		runtime.GC()
		if percent() == 100 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("after collections: got %d %%, want 100", percent())
}

func TestGOGCOfTheUserStays(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	lateFirstCollection()
	if got := percent(); got != 50 {
		t.Errorf("got %d %%, want 50", got)
	}
}
