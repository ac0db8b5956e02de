//go:build unix

// Package mkfifo creates FIFOs for tests.
package mkfifo

import "syscall"

// At creates a FIFO that only its owner may open.
func At(path string) error { return syscall.Mkfifo(path, 0o600) }
