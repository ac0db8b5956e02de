package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each start pays for what packages prepare before main: a regular expression with
// counted repetitions once allocated 1.6 MB there.
func TestPackagesPrepareLittle(t *testing.T) {
	const most = 128 << 10 // bytes of one package
	c := exec.CommandContext(t.Context(), "bindgate", "version")
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	c.Stderr = &trace
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, trace.String())
	}
	seen := false
	for line := range strings.Lines(trace.String()) {
		rest, ours := strings.CutPrefix(line, "init github.com/bindgate/bindgate/")
		if !ours {
			continue
		}
		var name, at, took, bytes string
		var n int
		if _, err := fmt.Sscanf(strings.ReplaceAll(rest, ",", ""), "%s @%s ms %s ms clock %d %s", &name, &at, &took, &n, &bytes); err != nil {
			t.Fatalf("reading %q: %v", line, err)
		}
		seen = seen || filepath.Base(name) == "pki"
		if n > most {
			t.Errorf("%s allocates %d bytes before main, want at most %d", name, n, most)
		}
	}
	if !seen {
		t.Errorf("the trace lacks internal/pki:\n%s", trace.String())
	}
}
