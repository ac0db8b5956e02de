// Package progress shows a progress bar on a terminal.
package progress

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// patience is how long a run may take before it shows its progress.
const patience = time.Second

// Bar shows the progress of a run: after patience, until the run ends. A nil Bar shows
// nothing.
type Bar struct {
	out   io.Writer
	total int
	after *time.Timer

	mu   sync.Mutex
	done int
	bar  *progressbar.ProgressBar // nil until it shows
	over bool
}

// Start starts a bar of total steps on a terminal. The caller ends it.
func Start(out io.Writer, total int) *Bar {
	b := &Bar{out: out, total: total}
	b.after = time.AfterFunc(patience, b.show)
	return b
}

func (b *Bar) show() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	b.bar = progressbar.NewOptions(b.total, progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription("gathering evidence"),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionThrottle(100*time.Millisecond))
	_ = b.bar.Set(b.done) // a terminal that went away is no reason to end
	_ = b.bar.RenderBlank()
}

// Step counts one more binding.
func (b *Bar) Step() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done++; b.bar != nil && !b.over {
		_ = b.bar.Set(b.done)
	}
}

// End removes the bar.
func (b *Bar) End() {
	if b == nil {
		return
	}
	b.after.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over = true; b.bar != nil {
		_ = b.bar.Clear()
	}
}
