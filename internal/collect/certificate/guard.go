package certificate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// guard returns who else may read the file of a private key, and whether it is
// under version control. A key that is not in a file ("") has neither.
func (c *Collector) guard(path string) (readableBy string, tracked bool) {
	if path == "" || mountedSecret(path) {
		return "", false
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	mode := info.Mode().Perm()
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case mode&0o004 != 0:
		readableBy = fmt.Sprintf("everybody (mode %04o)", mode)
	case mode&0o040 != 0 && (!ok || stat.Gid != 0):
		readableBy = fmt.Sprintf("its group (mode %04o)", mode)
	}
	return readableBy, c.tracked.has(path)
}

// mountedSecret reports locations of mounted secrets, whose modes are
// meaningless: Docker's, and Kubernetes' dated folders (..2026_11_21_…).
func mountedSecret(path string) bool {
	if strings.HasPrefix(path, "/run/secrets/") || strings.HasPrefix(path, "/var/run/secrets/") {
		return true
	}
	for element := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if len(element) > 2 && strings.HasPrefix(element, "..") && element[2] >= '0' && element[2] <= '9' {
			return true
		}
	}
	return false
}
