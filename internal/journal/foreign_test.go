package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A file of another kind, opened by mistake, is not changed, with a line end or
// without.
func TestForeignFileIsNotChanged(t *testing.T) {
	for _, text := range []string{"not a journal", "a line\nand half of one", `{"schema":"bindgate.report/v1"`} {
		path := filepath.Join(t.TempDir(), "notes.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if j, err := Open(t.Context(), path, 0, time.Now); !errors.Is(err, ErrBroken) {
			t.Errorf("%q: opened with %v, want %v", text, err, ErrBroken)
			if err == nil {
				_ = j.Close()
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}
