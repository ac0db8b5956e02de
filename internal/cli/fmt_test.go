package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Standard input may be as large as a file, and no larger.
func TestFmtOfALargeManifest(t *testing.T) {
	t.Parallel()
	text := "apiVersion: bindgate/v1\nbindings:\n  - domainName: a.demo.com\n    labels: {note: " + strings.Repeat("a", strictyaml.MaxTree) + "}\n"
	for _, tc := range []struct {
		in   io.Reader
		code int
		want string
	}{
		{strings.NewReader(text), exit.Clean, ""},
		{zeros{}, exit.Usage, "reading standard input: it is too large, more than 64 MiB; split it"},
	} {
		var out, errs bytes.Buffer
		env := console.Env{Stdin: tc.in, Stdout: &out, Stderr: &errs, Dir: t.TempDir(), LookupEnv: console.Lookup(nil)}
		code := Run(t.Context(), []string{"fmt", "-"}, env)
		if code != tc.code || !strings.Contains(errs.String(), tc.want) || code == exit.Clean && out.String() != text {
			t.Errorf("got %d, %d bytes and %.200q, want %d and %q", code, out.Len(), errs.String(), tc.code, tc.want)
		}
	}
}
