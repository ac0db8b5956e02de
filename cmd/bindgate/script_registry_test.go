package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bindgate/bindgate/internal/policy/registry/registrytest"
)

// registry FILE…: a registry of policies at $REGISTRY, whose address takes the place
// of REGISTRY in the files. "registry stop" ends it: it keeps its port, which the system
// might give to another test, and closes every connection without an answer.
func startRegistry(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) == 1 && args[0] == "stop" && run.registry == nil {
		ts.Fatalf("usage: registry FILE… | registry stop")
	}
	if len(args) == 1 && args[0] == "stop" {
		run.stopped.Store(true)
		return
	}
	run.registry = httptest.NewServer(&registrytest.Registry{Before: func(http.ResponseWriter, *http.Request) bool {
		if run.stopped.Load() {
			panic(http.ErrAbortHandler)
		}
		return false
	}})
	ts.Defer(run.registry.Close)
	host := strings.TrimPrefix(run.registry.URL, "http://")
	ts.Setenv("REGISTRY", host)
	for _, name := range args {
		text := strings.ReplaceAll(ts.ReadFile(name), "REGISTRY", host)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}
