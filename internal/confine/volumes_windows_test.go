package confine_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/confine"
)

// A manifest must not make a job log in to a host: the path is refused as written.
func TestOtherVolumesAreNotTouched(t *testing.T) {
	root := os.Getenv("SYSTEMROOT")
	files, err := confine.New([]string{root})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{`\\203.0.113.9\share\key.pem`, `//203.0.113.9/share/key.pem`, `\\?\UNC\203.0.113.9\share\key.pem`, `\\.\pipe\x`, `Q:\key.pem`} {
		_, err := files.Resolve(root, path)
		if !errors.Is(err, confine.ErrOutside) || !strings.Contains(err.Error(), "on another volume") {
			t.Errorf("%s: got %v, want ErrOutside without a look at it", path, err)
		}
	}
	for _, path := range []string{"NUL", "CON", "win.ini:stream", "system32", `..\x`} {
		if _, err := files.Read(root, path, 1<<20); err == nil {
			t.Errorf("%s was read", path)
		}
	}
	if _, err := files.Read(root, "win.ini", 1<<20); err != nil {
		t.Errorf("a file of the folder: %v", err)
	}
}
