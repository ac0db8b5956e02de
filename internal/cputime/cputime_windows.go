package cputime

import (
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// Spent returns the processor time that the process has used so far.
func Spent(t testing.TB) time.Duration {
	t.Helper()
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user); err != nil {
		t.Fatal(err)
	}
	ticks := func(f windows.Filetime) int64 { return int64(f.HighDateTime)<<32 + int64(f.LowDateTime) }
	return time.Duration((ticks(kernel) + ticks(user)) * 100) // a tick is 100 ns
}
