//go:build unix

package console

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// unread reports whether a file is a pipe with content, or a regular file of which nothing
// was read. It reads nothing: the caller may be a loop over that input.
func unread(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	if info.Mode().IsRegular() {
		at, err := f.Seek(0, io.SeekCurrent)
		return err == nil && at == 0 && info.Size() > 0
	}
	if info.Mode()&os.ModeNamedPipe == 0 {
		return false
	}
	waiting := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(waiting, 0)
	return err == nil && n == 1 && waiting[0].Revents&unix.POLLIN != 0
}
