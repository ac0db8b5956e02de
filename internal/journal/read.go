package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/bindgate/bindgate/internal/confine"
)

// Errors that a caller tells apart.
var (
	// ErrBroken: a line was changed, taken out, put in or moved.
	ErrBroken = errors.New("the journal's chain is broken")
	// ErrTorn: the last line was never written whole. Nobody acted on it: Append
	// had not returned. The next apply sets it aside and says so in the journal.
	ErrTorn = errors.New("the journal's last line is unfinished")
)

// Summary is what a journal amounts to.
type Summary struct {
	Entries int64
	Head    string  // hash of the last entry
	Torn    int64   // bytes of an unfinished last line
	Pending []Entry // intents whose outcome nobody knows: none was recorded, or "unknown"
}

// Read gives the entries of the journal at path, each verified. With ErrBroken
// or ErrTorn come the entries before the bad line. While an apply runs its last
// line may look unfinished.
func Read(path string) ([]Entry, error) {
	var entries []Entry
	_, err := read(path, func(e Entry) { entries = append(entries, e) })
	return entries, err
}

// Verify follows the whole chain. With a head (from a report; empty: none) it
// also makes sure that the journal still holds that entry: a chain alone does
// not show that its end was cut off.
func Verify(path, head string) (Summary, error) {
	held := head == "" || head == genesis()
	var p pending
	c, err := read(path, func(e Entry) {
		held = held || e.Hash == head
		p.add(e)
	})
	s := Summary{Entries: c.seq, Head: c.head, Torn: c.torn, Pending: p.open}
	if err == nil && !held {
		err = fmt.Errorf("verifying journal %q: %w: it holds no entry with hash %q; its end was cut off, or the file was replaced",
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
	defer func() { _ = f.Close() }() // only read from
	c, err := follow(f, each)
	if err == nil && c.torn > 0 {
		err = fmt.Errorf("%w: %d bytes after entry %d; the next apply sets them aside", ErrTorn, c.torn, c.seq)
	}
	if err != nil {
		return c, fmt.Errorf("reading journal %q: %w", path, err)
	}
	return c, nil
}

// regular refuses what is no file before it is opened: opening a FIFO would
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

// chain is how far a journal was followed.
type chain struct {
	seq  int64  // number of the last entry
	head string // its hash
	end  int64  // where the next line goes
	torn int64  // bytes after end without a line end
}

// entryStart is how every line of a journal begins.
const entryStart = `{"schema":"` + schemaName + `"`

// follow reads and verifies lines, and calls each with every entry. Bytes after
// the last line end are torn, not broken: a line is written in one go with its
// end, and a crash can leave any part of it. A file that never held an entry and
// does not begin like one is no journal, and must not be written over.
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
	return fmt.Errorf("%w at line %d: %w; keep the file as evidence and move it aside: apply then begins a new one, for the gateway's state alone decides what is sent",
		ErrBroken, line, why)
}

// pending follows which intents are open, in order.
type pending struct{ open []Entry }

// add takes an intent in, and an outcome as the end of its permit's intents: a
// permit gives a call only when the one before it is settled.
func (p *pending) add(e Entry) {
	switch {
	case e.Kind == Intent:
		p.open = append(p.open, e)
	case e.Kind == Outcome && e.Status != unknown:
		p.open = slices.DeleteFunc(p.open, func(o Entry) bool { return o.Permit == e.Permit })
	}
}
