package manpage

import "testing"

func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		"one-way":              `one\-way`,
		`a\nb`:                 `a\enb`,
		".bindgate.yaml, e.g.": `\&.bindgate.yaml, e.g.`,
		"the\n'quoted'\n.dot":  "the\n\\&'quoted'\n\\&.dot",
	} {
		if got := roff(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
