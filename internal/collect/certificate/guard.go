package certificate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/bindgate/bindgate/checks/binding"
)

// guard says who else may read the file of a private key, and whether it is
// under version control. A key in a variable, and one whose file cannot be
// looked at, have neither; the latter is said elsewhere.
func (c *Collector) guard(b binding.Binding) (readableBy string, tracked bool) {
	path := b.Certificate.Body // of a PKCS#12 file that holds the key
	if ref := b.Certificate.PrivateKey; ref != nil {
		path = ref.File
	}
	if path == "" {
		return "", false
	}
	file, problem, err := c.read(b, path)
	if problem != nil || err != nil {
		return "", false
	}
	info, err := os.Stat(file.Path)
	if err != nil || mountedSecret(file.Path) {
		return "", false
	}
	mode := info.Mode().Perm()
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case mode&0o004 != 0:
		readableBy = fmt.Sprintf("everybody (mode %04o)", mode)
	case mode&0o040 != 0 && (!ok || stat.Gid != 0):
		readableBy = fmt.Sprintf("its group (mode %04o)", mode)
	}
	return readableBy, c.tracked.has(file.Path)
}

// mountedSecret tells the places in which orchestrators put secrets, with modes
// that say nothing: Docker's, and Kubernetes' dated folders (..2026_11_21_…).
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
