package heap

import (
	"os"
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

// collectUntil collects garbage until the pace is want: a cleanup runs in another
// goroutine, soon after a collection.
func collectUntil(t *testing.T, want uint64) {
	t.Helper()
	for range 6000 {
		if runtime.GC(); percent() == want {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("after collections: got %d %%, want %d", percent(), want)
}

func TestPaceFollowsTheHeap(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(usualPace))
	collectRarely(usualPace)
	if got := percent(); got != rarePace {
		t.Fatalf("at first: got %d %%, want %d", got, rarePace)
	}
	large := make([]byte, 2*room)
	collectUntil(t, usualPace)
	runtime.KeepAlive(large)
	collectUntil(t, rarePace)
}

func TestPaceFor(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 12 << 20: 400, 16 << 20: 300, 24 << 20: 200, 48 << 20: 100, 1 << 40: 100} {
		if got := paceFor(live); got != want {
			t.Errorf("%d bytes: got %d, want %d", live, got, want)
		}
	}
}

func TestGOGCOfTheUserStays(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(rarePace))
	collectRarely(50)
	if got := percent(); got != 50 {
		t.Errorf("got %d %%, want 50", got)
	}
}

// The pace is set while packages are initialised, before any test or main.
func TestThePaceIsRareFromTheStart(t *testing.T) {
	if os.Getenv("GOGC") != "" {
		t.Skip("GOGC is set")
	}
	if users != usualPace || atStart != rarePace {
		t.Errorf("got %d %% and then %d, want %d and then %d", users, atStart, usualPace, rarePace)
	}
}

var atStart = percent()
