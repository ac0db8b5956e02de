package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/internal/mkfifo"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/classic"
)

func clock() time.Time { return time.Date(2026, 11, 20, 8, 30, 0, 123, time.FixedZone("", 3600)) }

// opened opens the journal at path and closes it when the test ends.
func opened(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := Open(t.Context(), path, 0, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func appended(t *testing.T, j *Journal, entries ...Entry) {
	t.Helper()
	for _, e := range entries {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

func intent(permit string) Entry {
	return Entry{Kind: Intent, Permit: permit, DomainName: "api.demo.com", GroupID: "g", RegionID: "cn-hangzhou",
		Call: &plan.Call{Action: classic.SetDomain, RegionID: "cn-hangzhou", Params: map[string]string{"BindStageName": ""},
			Material: &plan.Material{ChainDigest: "sha256:aa", BodyParam: "CertificateBody", KeyParam: "PrivateKey"}}}
}

func outcome(permit, status string) Entry {
	return Entry{Kind: Outcome, Permit: permit, Status: status, RequestID: "R"}
}

// A plan counts as applied as soon as any run was about to make a call of it.
func TestApplied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := opened(t, path)
	appended(t, j, Entry{Kind: Run, PlanDigest: "sha256:refused", Approvals: []string{"alice\x1b"}}, Entry{Kind: End},
		Entry{Kind: Run, PlanDigest: "sha256:sent"}, intent("p1"), outcome("p1", "failed"), intent("p2"), Entry{Kind: End},
		Entry{Kind: Run}, intent("p3"))
	j.Close()
	j = opened(t, path)
	for digest, want := range map[string]int64{"sha256:sent": 4, "sha256:refused": 0, "": 0} {
		if e, applied := j.Applied(digest); applied != (want > 0) || e.Seq != want {
			t.Errorf("plan %q: got %t by entry %d, want entry %d", digest, applied, e.Seq, want)
		}
	}
}

func TestAppendReadVerify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "bindgate", "journal")
	j := opened(t, path)
	if j.Head() != genesis() {
		t.Errorf("the head of an empty journal is %s, want %s", j.Head(), genesis())
	}
	appended(t, j, Entry{Kind: Run, PolicyDigest: "sha256:01", Actor: "ci"}, intent("p1"), outcome("p1", "done"), intent("p2"))
	first := j.Head()
	j.Close()

	j = opened(t, path)
	appended(t, j, Entry{Kind: End})
	entries, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 5 || entries[0].Prev != genesis() || entries[4].Prev != first || entries[4].Hash != j.Head() {
		t.Errorf("the entries are no chain: %+v", entries)
	}
	if !entries[0].Time.Equal(clock()) || entries[0].Time.Location() != time.UTC {
		t.Errorf("the time is %v, want %v", entries[0].Time, clock().UTC())
	}
	if diff := cmp.Diff(intent("p1").Call, entries[1].Call); diff != "" {
		t.Error(diff)
	}
	for _, head := range []string{"", genesis(), first, j.Head()} {
		s, err := Verify(path, head)
		if err != nil || s.Entries != 5 || s.Head != j.Head() || len(s.Pending) != 1 || s.Pending[0].Permit != "p2" {
			t.Errorf("Verify with head %q: %+v, %v", head, s, err)
		}
	}
	if p := j.Pending(); len(p) != 1 || p[0].Permit != "p2" {
		t.Errorf("pending are %+v, want the intent of p2", p)
	}
}

func TestCutEndNeedsTheHead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := opened(t, path)
	appended(t, j, intent("p"), outcome("p", "done"))
	lines := linesOf(t, path)
	if err := os.WriteFile(path, []byte(lines[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(path, ""); err != nil {
		t.Errorf("without a head: %v", err)
	}
	if _, err := Verify(path, j.Head()); !errors.Is(err, ErrBroken) {
		t.Errorf("with the head: %v, want %v", err, ErrBroken)
	}
}

func TestPendingUntilTheOutcomeIsKnown(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []Entry
		want    int
	}{
		{"settled", []Entry{intent("a"), outcome("a", "done")}, 0},
		{"failed", []Entry{intent("a"), outcome("a", "failed")}, 0},
		{"crashed", []Entry{intent("a"), outcome("a", "done"), intent("a")}, 1},
		{"unknown", []Entry{intent("a"), outcome("a", "unknown")}, 1},
		{"unknown, then seen in effect", []Entry{intent("a"), outcome("a", "unknown"), outcome("a", "done")}, 0},
		{"unknown, then repeated", []Entry{intent("a"), outcome("a", "unknown"), intent("a"), outcome("a", "done")}, 0},
		{"another's outcome", []Entry{intent("a"), outcome("b", "done")}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal")
			appended(t, opened(t, path), c.entries...)
			s, err := Verify(path, "")
			if err != nil || len(s.Pending) != c.want {
				t.Errorf("%d pending, %v, want %d", len(s.Pending), err, c.want)
			}
		})
	}
}

func TestLinkSharesTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	link := filepath.Join(t.TempDir(), "link")
	first := opened(t, path)
	appended(t, first, intent("a"), outcome("a", "done"))
	if err := errors.Join(first.Close(), os.Symlink(path, link)); err != nil {
		t.Fatal(err)
	}
	held := opened(t, link)
	if _, err := Open(t.Context(), path, 0, clock); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
	appended(t, held, intent("b"))
	if s, err := Verify(path, ""); err != nil || s.Entries != 3 {
		t.Errorf("got %+v, %v, want 3 entries", s, err)
	}
}

func TestOneApplyAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	first := opened(t, path)
	for _, wait := range []time.Duration{0, 60 * time.Millisecond} {
		_, err := Open(t.Context(), path, wait, clock)
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path+".lock") {
			t.Errorf("got %v, want %v with the file's name", err, ErrLocked)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, path, time.Minute, clock); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	done := make(chan error)
	go func() {
		second, err := Open(context.Background(), path, time.Minute, clock)
		if err == nil {
			err = second.Close()
		}
		done <- err
	}()
	first.Close()
	if err := <-done; err != nil {
		t.Errorf("the one that waited: %v", err)
	}
}

func TestOnlyOwnerCanRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	path := filepath.Join(dir, "journal")
	appended(t, opened(t, path), intent("p"))
	for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600, path + ".lock": 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func TestIrregularFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	fifo, lockFIFO := filepath.Join(dir, "fifo"), filepath.Join(dir, "j.lock")
	for _, name := range []string{fifo, lockFIFO} {
		if err := mkfifo.At(name); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "folder", fifo: "FIFO", filepath.Join(dir, "j"): "FIFO", filepath.Join(file, "below"): "not a directory",
	} {
		if _, err := Open(t.Context(), path, 0, clock); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("opening %s: got %v, want an error with %q", path, err, want)
		}
	}
	for _, path := range []string{dir, fifo, filepath.Join(dir, "missing")} {
		if _, err := Read(path); err == nil {
			t.Errorf("reading %s: got no error", path)
		}
	}
}

func TestNothingIsWrittenAfterAFailedWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := opened(t, path)
	appended(t, j, intent("p"))
	good := j.f
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	j.f = readOnly
	if err := j.Append(outcome("p", "done")); err == nil {
		t.Fatal("writing to a read-only file gave no error")
	}
	readOnly.Close()
	j.f = good
	if err := j.Append(outcome("p", "done")); err == nil || !strings.Contains(err.Error(), "an earlier write failed") {
		t.Errorf("got %v, want the earlier failure", err)
	}
	j.Close()
	if err := j.Append(intent("p")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want %v", err, os.ErrClosed)
	}
	if s, err := Verify(path, ""); err != nil || s.Entries != 1 {
		t.Errorf("%+v, %v, want the first entry alone", s, err)
	}
}

func TestEntriesAreBoundedWithoutSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := opened(t, path)
	appended(t, j, Entry{Kind: Outcome, Code: "C\x1b[2J\u202e", Message: "a\nb\xff" + strings.Repeat("é", maxMessage), Actor: strings.Repeat("x", 9999)})
	entries, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	e := entries[0]
	if e.Code != "C\ufffd[2J\ufffd" || !strings.HasPrefix(e.Message, "a b\ufffdéé") || len(e.Message) > maxMessage ||
		len(e.Actor) > maxText || !utf8.ValidString(e.Message) || !strings.HasSuffix(e.Message, "…") {
		t.Errorf("the entry has code %+q and message %+q", e.Code, e.Message)
	}
	leak := intent("p")
	leak.Call.Params["PrivateKey"] = "the key"
	if err := j.Append(leak); err == nil || strings.Contains(err.Error(), "the key") {
		t.Errorf("got %v, want a refusal that does not repeat the key", err)
	}
	big := intent("p")
	big.Call.Params["DomainName"] = strings.Repeat("x", maxLine)
	if err := j.Append(big); err == nil || !strings.Contains(err.Error(), "want fewer than") {
		t.Errorf("got %v, want a refusal of the size", err)
	}
	appended(t, j, intent("p")) // a refused entry has no effect
}

func linesOf(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
}

func TestDefaultPath(t *testing.T) {
	for _, tc := range []struct{ state, home, want string }{
		{"/state", "/home/u", "/state/bindgate/journal.jsonl"},
		{"relative", "/home/u", "/home/u/.local/state/bindgate/journal.jsonl"},
		{"", "/home/u", "/home/u/.local/state/bindgate/journal.jsonl"},
		{"", "", ""},
	} {
		env := map[string]string{"XDG_STATE_HOME": tc.state, "HOME": tc.home}
		got, err := DefaultPath(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%+v: got %q, %v", tc, got, err)
		}
	}
}

func TestEntryAsText(t *testing.T) {
	e := Entry{Seq: 7, Time: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC), Kind: Outcome, DomainName: "api.demo.com", GroupID: "g",
		Call: &plan.Call{Action: classic.SetDomain}, Status: "bound", Attempts: 2, RequestID: "R"}
	if got, want := e.String(), "   7 2026-11-20T08:30:00Z outcome   SetDomain api.demo.com on g bound after 2 attempts R"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
