package lsp

import (
	"context"
	"path/filepath"
	"time"
)

// document is an open document.
type document struct {
	snapshot
	run *run
}

// snapshot is one version of a document.
type snapshot struct {
	uri     string
	path    string // empty: it is not a file yet
	dir     string // the folder whose settings count
	version int
	text    string
}

// run judges one version of a document.
type run struct {
	ctx     context.Context // ends with the version
	cancel  context.CancelFunc
	done    chan struct{} // closed when verdict is there
	verdict *verdict
	sent    bool
}

// closeOne forgets a document, and ends what waits for it. s.mu is held.
func (s *server) closeOne(uri string) {
	if d := s.documents[uri]; d != nil {
		d.run.cancel()
		delete(s.documents, uri)
	}
}

// startAll judges all documents again. s.mu is held.
func (s *server) startAll() {
	for _, d := range s.documents {
		s.start(d, s.o.Pause)
	}
}

// folderOf returns the folder whose settings count for a file: the innermost folder of the
// client that contains it, else its own.
func (s *server) folderOf(path string) string {
	best := ""
	for _, f := range s.folders {
		if rel, err := filepath.Rel(f, path); path != "" && err == nil && filepath.IsLocal(rel) && len(f) > len(best) {
			best = f
		}
	}
	switch {
	case best != "":
		return best
	case path != "":
		return filepath.Dir(path)
	case len(s.folders) > 0:
		return s.folders[0]
	}
	return s.o.Dir
}

// start judges a document after a pause, in place of an older version. s.mu is held.
func (s *server) start(d *document, pause time.Duration) {
	if d.run != nil {
		d.run.cancel()
	}
	d.dir = s.folderOf(d.path)
	r := &run{done: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(s.ctx)
	d.run = r
	of := d.snapshot
	s.spawn(func() {
		defer s.defect(func() {})
		wait := time.NewTimer(pause)
		defer wait.Stop()
		select {
		case <-r.ctx.Done():
			return
		case <-wait.C:
		}
		v := s.inTurn(r.ctx, of)
		if r.ctx.Err() != nil {
			return
		}
		r.verdict = v
		close(r.done)
		s.publish(of.uri)
	})
}

// inTurn judges one version of a document while no other is judged; nil: its time is over.
func (s *server) inTurn(ctx context.Context, of snapshot) *verdict {
	select {
	case <-ctx.Done():
		return nil
	case s.turn <- struct{}{}:
	}
	defer func() { <-s.turn }() // also after a panic, or no document would be judged again
	return s.judge(ctx, of)
}

// publish sends the diagnostics of a document's current version, none for a closed one.
func (s *server) publish(uri string) {
	s.out.Lock()
	defer s.out.Unlock()
	p, send := s.due(uri)
	if send {
		_ = s.conn.Notify(s.ctx, "textDocument/publishDiagnostics", p)
	}
}

// due returns the diagnostics that the client does not have yet.
func (s *server) due(uri string) (p diagnosticsParams, send bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p = diagnosticsParams{URI: uri, Diagnostics: []diagnostic{}}
	d := s.documents[uri]
	if d == nil {
		send = s.shown[uri]
		delete(s.shown, uri)
		return p, send
	}
	select {
	case <-d.run.done:
	default:
		return p, false
	}
	if d.run.sent {
		return p, false
	}
	d.run.sent = true
	version := d.version
	p.Version, p.Diagnostics = &version, d.run.verdict.diagnostics(uri, s.client)
	send = d.run.verdict.kind != foreign || s.shown[uri]
	s.shown[uri] = len(p.Diagnostics) > 0
	return p, send
}
