package session

import (
	"io"
	"testing"

	"github.com/bindgate/bindgate/internal/console"
)

func TestProgressIsForATerminalOnly(t *testing.T) {
	for _, c := range []struct{ terminal, quiet, want bool }{{false, false, false}, {true, true, false}, {true, false, true}} {
		r := &Run{Env: console.Env{Stderr: io.Discard, ErrTerminal: c.terminal, LookupEnv: func(string) (string, bool) { return "", false }}}
		r.Settings.Quiet = c.quiet
		bar := r.progress(4)
		if (bar != nil) != c.want {
			t.Errorf("%+v: got %v", c, bar)
		}
		bar.Step() // nil shows nothing
		bar.End()
	}
}
