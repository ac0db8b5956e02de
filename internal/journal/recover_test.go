package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// torn returns a journal of two entries whose second has only its first n
// bytes.
func torn(t *testing.T, n int) (path, fragment string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal")
	j := opened(t, path)
	long := outcome("p", "failed")
	long.Message = strings.Repeat("m", 900) // longer than the entry that replaces it
	appended(t, j, intent("p"), long)
	j.Close()
	lines := linesOf(t, path)
	fragment = lines[1][:n]
	if err := os.WriteFile(path, []byte(lines[0]+fragment), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, fragment
}

func TestUnfinishedLineIsMoved(t *testing.T) {
	for _, n := range []int{1, 2, 50, 300, 1000} {
		path, fragment := torn(t, n)
		if s, err := Verify(path, ""); !errors.Is(err, ErrTorn) || s.Torn != int64(n) || s.Entries != 1 {
			t.Errorf("%d bytes: %+v, %v, want %v", n, s, err, ErrTorn)
		}
		j := opened(t, path)
		kept, err := os.ReadFile(j.SetAside())
		if err != nil || string(kept) != fragment {
			t.Errorf("%d bytes: %q was kept, %v, want %q", n, kept, err, fragment)
		}
		if len(j.Pending()) != 1 {
			t.Errorf("%d bytes: the intent whose outcome was torn is not pending", n)
		}
		appended(t, j, Entry{Kind: End})
		entries, err := Read(path)
		if err != nil || len(entries) != 3 || entries[1].Kind != Recovered {
			t.Fatalf("%d bytes: %+v, %v, want intent, recovered, end", n, entries, err)
		}
		if !strings.Contains(entries[1].Message, filepath.Base(j.SetAside())) {
			t.Errorf("the entry %q does not name the file", entries[1].Message)
		}
	}
}

// A line without its line end was not appended, even if the rest is complete.
func TestLineWithoutItsEndIsUnfinished(t *testing.T) {
	path, _ := torn(t, 0)
	line := strings.TrimSuffix(linesOf(t, path)[0], "\n")
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	j := opened(t, path)
	if kept, err := os.ReadFile(j.SetAside()); err != nil || string(kept) != line {
		t.Errorf("%q was kept, %v", kept, err)
	}
}

// A crash during recovery leaves part of the new entry over part of the old
// line, or the whole entry followed by the old line's rest.
func TestRecoveryCanBeRepeated(t *testing.T) {
	path, fragment := torn(t, 350)
	j := opened(t, path)
	appended(t, j, Entry{Kind: End})
	j.Close()
	lines := linesOf(t, path)
	for _, crashed := range []string{
		lines[0] + lines[1][:40] + fragment[40:],
		lines[0] + lines[1] + "the rest of a longer line",
	} {
		if err := os.WriteFile(path, []byte(crashed), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(t.Context(), path, 0, clock)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(path, j.Head()); err != nil || j.SetAside() == "" {
			t.Errorf("after %q: %v", crashed, err)
		}
	}
}

func TestBrokenJournalIsNotOpened(t *testing.T) {
	path, _ := torn(t, 0)
	j := opened(t, path)
	appended(t, j, intent("q"))
	j.Close()
	lines := linesOf(t, path)
	changed := strings.Replace(lines[0], "api.demo.com", "api.demo.net", 1) + lines[1]
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the lock is released
		_, err := Open(t.Context(), path, 0, clock)
		if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "line 1") {
			t.Fatalf("got %v, want %v at line 1", err, ErrBroken)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != changed {
		t.Error("opening a broken journal changed it")
	}
}
