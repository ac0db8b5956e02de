package policy

import (
	"bytes"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// formatted compares files with what OPA's formatter makes of them.
func formatted(files []source) error {
	var found problems
	for _, f := range files {
		want, err := format.SourceWithOpts(f.name, f.text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			return fmt.Errorf("formatting %s: %w", f.name, fromOPA(err))
		}
		if line := firstDifference(f.text, want); line > 0 {
			found = append(found, problem{f.name, line, 1, "not in OPA's format; run: opa fmt --write " + f.name})
		}
	}
	return found.orNil()
}

// firstDifference is the first line, from 1, in which two texts differ; 0: they
// are the same.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	theirs := bytes.Split(b, []byte("\n"))
	for i, line := range bytes.Split(a, []byte("\n")) {
		if i >= len(theirs) || !bytes.Equal(line, theirs[i]) {
			return i + 1
		}
	}
	return len(theirs)
}
