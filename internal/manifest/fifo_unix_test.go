//go:build unix

package manifest_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bindgate/bindgate/internal/manifest"
)

func TestLoadDoesNotWaitForAFIFO(t *testing.T) {
	dir := folder(t, map[string]string{"a/": ""})
	if err := syscall.Mkfifo(filepath.Join(dir, "a", "bindings.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{"a", "a/bindings.yaml"} {
		_, err := manifest.Load([]string{arg}, manifest.Options{WorkDir: dir})
		if err == nil || !strings.HasPrefix(err.Error(), "a/bindings.yaml: ") || !strings.Contains(err.Error(), "got a FIFO, want a regular file") {
			t.Errorf("%s: got %v", arg, err)
		}
	}
}
