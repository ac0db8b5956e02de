//go:build unix

package certificate_test

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

func TestFIFODoesNotBlock(t *testing.T) {
	dir, _, _ := folder(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan *evidence.Problem)
	go func() {
		cert, _ := collector(t, dir, nil).Collect(context.Background(), requested("fifo", nil))
		done <- cert.Facts.Problem
	}()
	select {
	case p := <-done:
		if p == nil || p.Kind != "irregular" || !strings.Contains(p.Message, "is not a regular file: got a FIFO") {
			t.Errorf("got %+v", p)
		}
	case <-time.After(time.Minute):
		t.Fatal("it blocked")
	}
}
