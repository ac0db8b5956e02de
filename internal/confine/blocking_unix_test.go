//go:build unix

package confine_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/confine"
)

func TestReadNeverBlocks(t *testing.T) {
	_, root := tree(t)
	if err := syscall.Mkfifo(filepath.Join(root, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(root, "s") // socket paths are short
	listener, err := net.Listen("unix", short)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if err := os.Symlink("fifo", filepath.Join(root, "to-fifo")); err != nil {
		t.Fatal(err)
	}
	files := confine.Anywhere()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for path, kind := range map[string]string{
			"fifo": "a FIFO", "to-fifo": "a FIFO", "s": "a socket", "certs": "a folder", ".": "a folder", os.DevNull: "a device",
		} {
			_, err := files.Read(root, path, 9)
			if _, below := files.Read(root, path+"/below", 9); !errors.Is(below, fs.ErrNotExist) {
				t.Errorf("below %q: got %v, want fs.ErrNotExist", path, below)
			}
			if !errors.Is(err, confine.ErrIrregular) || !strings.Contains(err.Error(), kind) {
				t.Errorf("Read(%q): got %v, want %s refused", path, err, kind)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("reading blocked")
	}
}
