package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Each start pays for what packages prepare before main: a regular expression with
// counted repetitions once allocated 1.6 MB there, a library of JSON Schema 1.7 MB.
func TestPackagesPrepareLittle(t *testing.T) {
	const (
		most   = 128 << 10 // bytes of one package
		theirs = 400 << 10 // of another module's
	)
	known := map[string]int{
		"github.com/weppos/publicsuffix-go/publicsuffix": 1 << 20, // zlint's list of public suffixes
		"github.com/santhosh-tekuri/jsonschema/v6":       2 << 20, // of these tests, not of the program: depguard keeps it out
	}
	c := exec.CommandContext(t.Context(), "bindgate", "version")
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	c.Stderr = &trace
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, trace.String())
	}
	took := map[string]int{}
	for line := range strings.Lines(trace.String()) {
		if !strings.HasPrefix(line, "init ") {
			continue
		}
		var name, at, clock string
		var n int
		if _, err := fmt.Sscanf(strings.TrimPrefix(line, "init "), "%s @%s ms, %s ms clock, %d bytes", &name, &at, &clock, &n); err != nil {
			t.Fatalf("reading %q: %v", line, err)
		}
		took[name] = n
		limit := theirs
		if strings.HasPrefix(name, "github.com/bindgate/bindgate/") {
			limit = most
		} else if known[name] != 0 {
			limit = known[name]
		}
		if n > limit {
			t.Errorf("%s allocates %d bytes before main, want at most %d", name, n, limit)
		}
	}
	if took["github.com/bindgate/bindgate/internal/pki"] == 0 {
		t.Errorf("the trace lacks internal/pki:\n%s", trace.String())
	}
	for name := range known {
		if took[name] <= theirs {
			t.Errorf("%s allocates %d bytes before main, which is no exception any more", name, took[name])
		}
	}
}
