//go:build !windows

package certificate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// readers returns who may read a file in addition to its owner, by its mode; empty for
// nobody. A file of the group root is readable by administrators alone.
func readers(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		if failed := new(fs.PathError); errors.As(err, &failed) {
			err = failed.Err // the caller names the file
		}
		return "", fmt.Errorf("reading its mode: %w", err)
	}
	mode := info.Mode().Perm()
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case mode&0o004 != 0:
		return fmt.Sprintf("everybody (mode %04o)", mode), nil
	case mode&0o040 != 0 && (!ok || stat.Gid != 0):
		return fmt.Sprintf("its group (mode %04o)", mode), nil
	}
	return "", nil
}
