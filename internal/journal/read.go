package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/bindgate/bindgate/internal/confine"
)

// Errors of a damaged journal.
var (
	// ErrBroken: a line was changed, removed, inserted or moved.
	ErrBroken = errors.New("the journal's chain is broken")
	// ErrTorn: the last line is incomplete. Append had not returned, so no call
	// followed it. The next apply moves it to another file and records that in
	// the journal.
	ErrTorn = errors.New("the journal's last line is unfinished")
)

// Summary describes a journal.
type Summary struct {
	Entries int64
	Head    string  // hash of the last entry
	Torn    int64   // bytes of an unfinished last line
	Pending []Entry // intents without outcome, or with the outcome "unknown"
}

// Read returns the entries of the journal at path, each verified. With
// ErrBroken or ErrTorn it returns the entries before the bad line. While an
// apply runs, its last line may look unfinished.
func Read(path string) ([]Entry, error) {
	var entries []Entry
	_, err := read(path, func(e Entry) { entries = append(entries, e) })
	return entries, err
}

// Verify verifies the whole chain. If head (from a report) is not empty, it
// also checks that the journal contains that entry: a chain alone does not show
// that its end was cut off.
func Verify(path, head string) (Summary, error) {
	held := head == "" || head == genesis()
	var p pending
	c, err := read(path, func(e Entry) {
		held = held || e.Hash == head
		p.add(e)
	})
	s := Summary{Entries: c.seq, Head: c.head, Torn: c.torn, Pending: p.open}
	if err == nil && !held {
		err = fmt.Errorf("verifying journal %q: %w: no entry has the hash %q; its end was cut off, or the file was replaced",
			path, ErrBroken, head)
	}
	return s, err
}

func read(path string, each func(Entry)) (chain, error) {
	if err := regular(path); err != nil {
		return chain{}, fmt.Errorf("reading journal: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return chain{}, fmt.Errorf("reading journal: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	c, err := follow(f, each)
	if err == nil && c.torn > 0 {
		err = fmt.Errorf("%w: %d bytes after entry %d; the next apply moves them to another file", ErrTorn, c.torn, c.seq)
	}
	if err != nil {
		return c, fmt.Errorf("reading journal %q: %w", path, err)
	}
	return c, nil
}

// regular refuses irregular files before they are opened: opening a FIFO would
// wait for a writer.
func regular(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is %s, want a regular file; name another with --journal", path, confine.Kind(info.Mode()))
	}
	return nil
}

// chain is the verified part of a journal.
type chain struct {
	seq  int64  // number of the last entry
	head string // its hash
	end  int64  // offset of the next line
	torn int64  // bytes after end, without a line end
}

// entryStart is the start of every line of a journal.
const entryStart = `{"schema":"` + schemaName + `"`

// follow reads and verifies lines, and calls each for every entry. Bytes after
// the last line end are torn, not broken: a line is written in one call with
// its line end, and a crash can leave any part of it. A file without any entry
// that does not begin like one is not a journal, and must not be overwritten.
func follow(r io.Reader, each func(Entry)) (chain, error) {
	c := chain{head: genesis()}
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			if n := min(len(line), len(entryStart)); c.seq == 0 && string(line[:n]) != entryStart[:n] {
				return c, broken(1, errors.New("it does not begin like an entry"))
			}
			c.torn = int64(len(line))
			return c, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return c, broken(c.seq+1, fmt.Errorf("it has more than %d bytes", maxLine))
		case err != nil:
			return c, err
		}
		e, err := unseal(line[:len(line)-1], c.seq+1, c.head)
		if err != nil {
			return c, broken(c.seq+1, err)
		}
		c.seq, c.head, c.end = e.Seq, e.Hash, c.end+int64(len(line))
		each(e)
	}
}

func broken(line int64, why error) error {
	return fmt.Errorf("%w at line %d: %w; keep the file as evidence and move it elsewhere: apply then begins a new journal; only the gateway's state decides what is sent",
		ErrBroken, line, why)
}

// plans tracks which saved plans were applied: a call was about to be made in a run
// of the plan.
type plans struct {
	run     string           // digest of the plan of the last run
	applied map[string]Entry // the first intent, by digest
}

func (p *plans) add(e Entry) {
	switch {
	case e.Kind == Run:
		p.run = e.PlanDigest
	case e.Kind == Intent && p.run != "":
		if p.applied == nil {
			p.applied = map[string]Entry{}
		}
		if _, known := p.applied[p.run]; !known {
			p.applied[p.run] = e
		}
	}
}

// pending tracks the open intents, in order.
type pending struct{ open []Entry }

// add adds an intent; an outcome closes all intents of its permit, because a
// permit allows a call only after the previous one has an outcome.
func (p *pending) add(e Entry) {
	switch {
	case e.Kind == Intent:
		p.open = append(p.open, e)
	case e.Kind == Outcome && e.Status != unknown:
		p.open = slices.DeleteFunc(p.open, func(o Entry) bool { return o.Permit == e.Permit })
	}
}

// DefaultPath returns the path of the journal in the state folder of the user (XDG Base
// Directory Specification).
func DefaultPath(lookupEnv func(string) (string, bool)) (string, error) {
	for _, folder := range []struct{ name, below string }{{"XDG_STATE_HOME", ""}, {"HOME", ".local/state"}} {
		if dir, _ := lookupEnv(folder.name); filepath.IsAbs(dir) {
			return filepath.Join(dir, filepath.FromSlash(folder.below), "bindgate", "journal.jsonl"), nil
		}
	}
	return "", errors.New("finding the journal: neither XDG_STATE_HOME nor HOME is set; use --journal FILE")
}

// String returns the entry as one line of text. Its fields come from outside: escape it
// for a terminal.
func (e Entry) String() string {
	line := fmt.Sprintf("%4d %s %-9s", e.Seq, e.Time.Format("2006-01-02T15:04:05Z"), e.Kind)
	if e.Call != nil {
		line += fmt.Sprintf(" %s %s on %s", e.Call.Action, e.DomainName, e.GroupID+e.GatewayID)
	}
	attempts := ""
	if e.Attempts > 1 {
		attempts = fmt.Sprintf("after %d attempts", e.Attempts)
	}
	for _, part := range []string{e.Status, attempts, e.Code, e.RequestID, e.Message} {
		if part != "" {
			line += " " + part
		}
	}
	return line
}
