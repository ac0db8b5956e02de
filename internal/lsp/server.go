// Package lsp is a language server for the files of bindgate: it judges manifests
// offline as they are edited, explains findings and fields, and offers the changes that
// checks know exactly. It writes no file, makes no request to a network, and sends no part
// of a key to its client.
package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
)

// Options configures a server.
type Options struct {
	In      io.Reader
	Out     io.Writer
	Log     io.Writer // for defects of the server; never texts of documents
	Version string
	Dir     string        // working directory, absolute; folders of the client replace it
	Owner   string        // path of the owner's file, absolute; may be empty
	Pause   time.Duration // without a change, after which a document is judged

	// Settings returns what bindings in a folder are judged by. It must ask neither DNS
	// nor the gateway.
	Settings func(dir string) (judge.Options, manifest.Options, error)
}

// Serve serves one client until it ends the session, its input ends or the context does.
// It reports whether the client ended the session in order: shutdown, then exit.
func Serve(ctx context.Context, o Options) (orderly bool) {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{o: o, ctx: ctx, exit: make(chan struct{}), turn: make(chan struct{}, 1),
		documents: map[string]*document{}, shown: map[string]bool{}, waiting: map[jsonrpc2.ID]context.CancelFunc{}}
	ready := make(chan struct{})
	s.conn = jsonrpc2.NewConn(ctx, newStream(o.In, o.Out), handler{s, ready}, jsonrpc2.SetLogger(silent{}))
	close(ready)
	select {
	case <-s.exit:
	case <-s.conn.DisconnectNotify():
	}
	cancel()
	_ = s.conn.Close()
	s.mu.Lock()
	orderly = s.state == shutDown
	s.state = ended
	s.mu.Unlock()
	s.work.Wait()
	return orderly
}

// silent is the log of the connection: its messages could quote documents.
type silent struct{}

func (silent) Printf(string, ...any) {}

// state is where a session is.
type state int

const (
	started state = iota
	initialized
	shutDown
	ended
)

type server struct {
	o    Options
	ctx  context.Context // of the session
	conn *jsonrpc2.Conn
	exit chan struct{}
	once sync.Once     // of exit
	turn chan struct{} // one document is judged at a time
	work sync.WaitGroup
	out  sync.Mutex // diagnostics are sent in order

	mu        sync.Mutex
	state     state
	client    capabilities
	folders   []string
	documents map[string]*document
	shown     map[string]bool // documents with diagnostics at the client
	waiting   map[jsonrpc2.ID]context.CancelFunc
}

// spawn runs f beside the connection. s.mu is held.
func (s *server) spawn(f func()) {
	if s.state != ended {
		s.work.Go(f)
	}
}

// handler calls the server in the order of the messages.
type handler struct {
	*server
	ready <-chan struct{} // closed when the server has its connection
}

// Handle answers a request, or takes a notification.
func (h handler) Handle(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) {
	<-h.ready
	if r.Notif {
		h.notified(r)
		return
	}
	h.requested(r)
}

func (s *server) requested(r *jsonrpc2.Request) {
	s.mu.Lock()
	now := s.state
	s.mu.Unlock()
	switch {
	case r.Method == "initialize" && now == started:
		s.initialize(r)
	case now == started:
		s.refuse(r, codeNotInitialized, "the session is not initialized")
	case now != initialized, r.Method == "initialize":
		s.refuse(r, jsonrpc2.CodeInvalidRequest, "the session takes no such request now")
	case r.Method == "shutdown":
		s.mu.Lock()
		s.state = shutDown
		for uri := range s.documents {
			s.closeOne(uri)
		}
		s.mu.Unlock()
		_ = s.conn.Reply(s.ctx, r.ID, nil)
	case r.Method == "textDocument/hover":
		ask(s, r, func(p hoverParams) string { return p.Document.URI }, func(p hoverParams, _ snapshot, v *verdict, c capabilities) any {
			if h := v.hover(p.Position, slices.Contains(c.TextDocument.Hover.Formats, "markdown")); h != nil {
				return h
			}
			return nil
		})
	case r.Method == "textDocument/codeAction":
		ask(s, r, func(p actionParams) string { return p.Document.URI }, func(p actionParams, d snapshot, v *verdict, c capabilities) any {
			wanted := len(p.Context.Only) == 0 || slices.Contains(p.Context.Only, quickFix)
			if !wanted || c.TextDocument.Action.Literal == nil {
				return []action{}
			}
			return v.actions(d, p.Range, c)
		})
	default:
		s.refuse(r, jsonrpc2.CodeMethodNotFound, "the server has no such method")
	}
}

func (s *server) refuse(r *jsonrpc2.Request, code int64, message string) {
	_ = s.conn.ReplyWithError(s.ctx, r.ID, &jsonrpc2.Error{Code: code, Message: message})
}

func (s *server) initialize(r *jsonrpc2.Request) {
	p, ok := params[initializeParams](r)
	if !ok {
		s.refuse(r, jsonrpc2.CodeInvalidParams, "the parameters have another form")
		return
	}
	s.mu.Lock()
	s.state, s.client = initialized, p.Capabilities
	for _, f := range append(p.Folders, folder{p.RootURI}) {
		s.addFolder(f.URI)
	}
	s.mu.Unlock()
	_ = s.conn.Reply(s.ctx, r.ID, serverCapabilities(s.o.Version))
}

func (s *server) addFolder(uri string) {
	if path := pathOf(uri); path != "" && !slices.Contains(s.folders, path) {
		s.folders = append(s.folders, path)
	}
}

// params reads the parameters of a message.
func params[T any](r *jsonrpc2.Request) (p T, ok bool) {
	return p, r.Params == nil || json.Unmarshal(*r.Params, &p) == nil
}

// ask answers a request about a document once its current version is judged, without
// keeping other messages waiting.
func ask[T any](s *server, r *jsonrpc2.Request, uri func(T) string, answer func(T, snapshot, *verdict, capabilities) any) {
	p, ok := params[T](r)
	if !ok {
		s.refuse(r, jsonrpc2.CodeInvalidParams, "the parameters have another form")
		return
	}
	s.mu.Lock()
	d, open := s.documents[uri(p)]
	var run *run
	var of snapshot
	if open {
		run, of = d.run, d.snapshot
	}
	client := s.client
	ctx, cancel := context.WithCancel(s.ctx)
	s.waiting[r.ID] = cancel
	defer s.mu.Unlock()
	s.spawn(func() {
		defer s.answered(r.ID, cancel)
		defer s.defect(func() {
			s.refuse(r, jsonrpc2.CodeInternalError, "answering failed; this is a defect of bindgate, please report it")
		})
		if !open {
			_ = s.conn.Reply(s.ctx, r.ID, nil)
			return
		}
		select {
		case <-ctx.Done():
			s.refuse(r, codeCancelled, "the request was cancelled")
		case <-run.done:
			_ = s.conn.Reply(s.ctx, r.ID, answer(p, of, run.verdict, client))
		case <-run.ctx.Done():
			s.refuse(r, codeContentModified, "the document was changed")
		}
	})
}

func (s *server) answered(id jsonrpc2.ID, cancel context.CancelFunc) {
	s.mu.Lock()
	delete(s.waiting, id)
	s.mu.Unlock()
	cancel()
}

// defect logs a panic of the calling goroutine, and calls then.
func (s *server) defect(then func()) {
	if r := recover(); r != nil {
		defer then()
		s.logPanic("answering an editor", r)
	}
}

// logPanic logs a panic without its value, which may quote a document.
func (s *server) logPanic(act string, value any) {
	_, _ = fmt.Fprintf(s.o.Log, "bindgate: %s panicked; this is a defect of bindgate, please report it: %T\n%s", act, value, debug.Stack())
}

func (s *server) notified(r *jsonrpc2.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == "exit" {
		s.once.Do(func() { close(s.exit) })
		return
	}
	if s.state != initialized {
		return
	}
	switch r.Method {
	case "initialized":
		if s.client.Workspace.Watched.Dynamic {
			s.spawn(func() { _ = s.conn.Call(s.ctx, "client/registerCapability", watched(), nil) })
		}
	case "textDocument/didOpen":
		if p, ok := params[openParams](r); ok {
			path := pathOf(p.Document.URI)
			if path == "" && !strings.HasPrefix(p.Document.URI, "untitled:") {
				return
			}
			s.closeOne(p.Document.URI)
			d := &document{snapshot: snapshot{uri: p.Document.URI, path: path, version: p.Document.Version, text: p.Document.Text}}
			s.documents[d.uri] = d
			s.start(d, 0)
		}
	case "textDocument/didChange":
		if p, ok := params[changeParams](r); ok && s.documents[p.Document.URI] != nil {
			d := s.documents[p.Document.URI]
			for _, c := range p.Changes {
				d.text = apply(d.text, c)
			}
			if p.Document.Version != nil {
				d.version = *p.Document.Version
			}
			s.start(d, s.o.Pause)
		}
	case "textDocument/didSave", "workspace/didChangeWatchedFiles":
		s.startAll()
	case "textDocument/didClose":
		if p, ok := params[documentParams](r); ok {
			s.closeOne(p.Document.URI)
			s.spawn(func() { s.publish(p.Document.URI) })
		}
	case "workspace/didChangeWorkspaceFolders":
		if p, ok := params[foldersParams](r); ok {
			for _, f := range p.Event.Removed {
				s.folders = slices.DeleteFunc(s.folders, func(path string) bool { return path == pathOf(f.URI) })
			}
			for _, f := range p.Event.Added {
				s.addFolder(f.URI)
			}
			s.startAll()
		}
	case "$/cancelRequest":
		type cancelled struct {
			ID jsonrpc2.ID `json:"id"`
		}
		if p, ok := params[cancelled](r); ok && s.waiting[p.ID] != nil {
			s.waiting[p.ID]()
		}
	}
}
