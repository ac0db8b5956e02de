package cli

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// patience is how long a run may take before it shows its progress.
const patience = time.Second

// progress shows a progress bar on standard error: on a terminal only, after
// patience, until the run ends. A nil progress shows nothing.
type progress struct {
	env   Env
	total int
	after *time.Timer

	mu   sync.Mutex
	done int
	bar  *progressbar.ProgressBar // nil until it shows
	over bool
}

// progress begins one for a number of bindings; end it.
func (r *run) progress(total int) *progress {
	if r.s.quiet || !r.env.ErrTerminal || r.env.get("TERM") == "dumb" {
		return nil
	}
	p := &progress{env: r.env, total: total}
	p.after = time.AfterFunc(patience, p.show)
	return p
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.bar = progressbar.NewOptions(p.total, progressbar.OptionSetWriter(p.env.Stderr), progressbar.OptionSetDescription("gathering evidence"),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionThrottle(100*time.Millisecond))
	_ = p.bar.Set(p.done) // a terminal that went away is no reason to end
	_ = p.bar.RenderBlank()
}

// step counts one more binding.
func (p *progress) step() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done++; p.bar != nil && !p.over {
		_ = p.bar.Set(p.done)
	}
}

// end wipes the bar away.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.after.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over = true; p.bar != nil {
		_ = p.bar.Clear()
	}
}
