package console

import (
	"strings"
	"testing"
)

func TestColor(t *testing.T) {
	for _, c := range []struct {
		when, environ string
		terminal      bool
		want          bool
	}{
		{"auto", "", true, true}, {"auto", "", false, false}, {"auto", "TERM=dumb", true, false}, {"auto", "CLICOLOR=0", true, false},
		{"auto", "NO_COLOR=1", true, false}, {"auto", "FORCE_COLOR=1", false, true}, {"auto", "CLICOLOR_FORCE=1", false, true},
		{"auto", "FORCE_COLOR=0", false, false}, {"auto", "CLICOLOR_FORCE=0", false, false}, {"auto", "FORCE_COLOR=1 NO_COLOR=1", true, false},
		{"always", "NO_COLOR=1", false, true}, {"never", "FORCE_COLOR=1", true, false}, {"", "", true, true},
	} {
		e := Env{Terminal: c.terminal, LookupEnv: Lookup(strings.Fields(c.environ))}
		if got := e.Color(c.when); got != c.want {
			t.Errorf("--color %s, %s, terminal %t: got %t", c.when, c.environ, c.terminal, got)
		}
	}
}

func TestColumns(t *testing.T) {
	for environ, want := range map[string]int{"": 90, "COLUMNS=120": 120, "COLUMNS=x": 90, "COLUMNS=7": 90, "COLUMNS=-1": 90, "COLUMNS=99999999": 90} {
		if got := (Env{Width: 90, LookupEnv: Lookup([]string{environ})}).Columns(); got != want {
			t.Errorf("%s: got %d, want %d", environ, got, want)
		}
	}
}
