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

func TestProse(t *testing.T) {
	const text = "A line\nand another.\n\nA paragraph:\n\n\tan example\n\n  more of it\n\nThe end."
	const want = "A line\nand another.\n.PP\nA paragraph:\n.PP\n.EX\n    an example\n\n  more of it\n.EE\n.PP\nThe end."
	if got := prose(text); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
