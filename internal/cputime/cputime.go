//go:build unix

// Package cputime measures the processor time and the memory of a test, which do not
// depend on other load on the machine.
package cputime

import (
	"syscall"
	"testing"
	"time"
)

// Spent returns the processor time that the process has used so far.
func Spent(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
