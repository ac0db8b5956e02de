package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// hook is a webhook of a script and what it received.
type hook struct {
	mu     sync.Mutex
	bodies []string
}

// webhook slack|refuse|redirect [FILE…]: a service whose address, with a token, is in
// $BINDGATE_NOTIFY_URL and takes the place of WEBHOOK in the files.
func startWebhook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: webhook slack|refuse|redirect [FILE…]")
	}
	h := &hook{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.bodies = append(h.bodies, string(body))
		h.mu.Unlock()
		switch args[0] {
		case "refuse":
			http.Error(w, r.URL.String(), http.StatusForbidden)
		case "redirect":
			http.Redirect(w, r, "/elsewhere"+r.URL.Path, http.StatusTemporaryRedirect)
		default:
			_, _ = io.WriteString(w, "ok")
		}
	}))
	ts.Defer(s.Close)
	run := ts.Value(sandboxKey{}).(*running)
	run.hook = h
	address := s.URL + "/T0ken?key=T0ken"
	ts.Setenv("BINDGATE_NOTIFY_URL", address)
	if !strings.Contains(strings.Join(run.own, " "), "BINDGATE_NOTIFY_URL") {
		run.own = append(run.own, "BINDGATE_NOTIFY_URL")
	}
	for _, name := range args[1:] {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(strings.ReplaceAll(ts.ReadFile(name), "WEBHOOK", address)), 0o600))
	}
}

// received COUNT [PATTERN]: so many messages arrived at the last webhook, and the last of
// them matches.
func received(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: received COUNT [PATTERN]")
	}
	h := ts.Value(sandboxKey{}).(*running).hook
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.bodies) != want {
		ts.Fatalf("%d messages arrived, want %d: %q", len(h.bodies), want, h.bodies)
	}
	if len(args) == 2 && !regexp.MustCompile(args[1]).MatchString(h.bodies[want-1]) {
		ts.Fatalf("got %s", h.bodies[want-1])
	}
}
