// Package heap sets the pace of the garbage collector, and the size of the heap's pages.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Limits of the garbage collector's pace, as GOGC.
const (
	usualPace = 100
	rarePace  = 400
	room      = 48 << 20 // bytes that may be allocated between two collections of a small heap
)

// users is GOGC of the user. The pace and the pages change here and not in main, because
// the initialisation of the other packages allocates 3 MB: collecting these took a sixth
// of the time of a run of one binding.
var users = prepare() //nolint:gochecknoglobals // never changed; main is too late

func prepare() int {
	_, _ = useHugePages()
	return debug.SetGCPercent(rarePace)
}

// CollectRarely lets a small heap grow by up to four times its size, at most by
// room, before it is collected again: collecting took a tenth of the time of a run
// of one binding, and a fifth of the start with large policy data. From a heap of
// the size of room on, Go's own pace holds. GOGC of the user is kept.
func CollectRarely() { collectRarely(users) }

func collectRarely(users int) {
	if users != usualPace {
		debug.SetGCPercent(users)
		return
	}
	debug.SetGCPercent(rarePace)
	afterCollection(rarePace)
}

// afterCollection sets the pace after each collection from now on.
func afterCollection(pace int) {
	runtime.AddCleanup(new(*byte), func(before int) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		now := paceFor(live[0].Value.Uint64())
		if now != before {
			debug.SetGCPercent(now)
		}
		afterCollection(now)
	}, pace)
}

// paceFor returns GOGC for a heap of which live bytes are in use.
func paceFor(live uint64) int {
	return int(min(max(room*100/max(live, 1), usualPace), rarePace))
}
