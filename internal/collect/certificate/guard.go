package certificate

import (
	"path/filepath"
	"strings"
)

// guard returns who else may read the file of a private key, or why that is unknown, and
// whether the file is under version control. A key that is not in a file ("") has neither.
func (c *Collector) guard(path string) (readableBy, unknown string, tracked bool) {
	if path == "" || mountedSecret(path) {
		return "", "", false
	}
	readableBy, err := readers(path)
	if err != nil {
		unknown = err.Error()
	}
	return readableBy, unknown, c.tracked.has(path)
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
