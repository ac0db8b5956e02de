package main

import (
	"runtime"
	"runtime/debug"
)

// lateFirstCollection lets the heap grow to 16 MB instead of 4 before it is
// collected for the first time. A run of one binding just passes 4 MB, and ends
// before collecting that would pay: it took a tenth of the time. From the first
// collection on, Go's own pace holds again, as it does when GOGC was set.
func lateFirstCollection() {
	const usual, late = 100, 400 // GOGC; the heap starts at 4 MB × GOGC/100
	if before := debug.SetGCPercent(late); before != usual {
		debug.SetGCPercent(before)
		return
	}
	runtime.AddCleanup(new(*byte), func(percent int) { debug.SetGCPercent(percent) }, usual)
}
