package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked tells that another apply holds the journal.
var ErrLocked = errors.New("another apply is running on this journal")

// Journal is an open journal, locked against every other. Its methods may be
// called by several goroutines.
type Journal struct {
	mu      sync.Mutex
	path    string
	f       *os.File
	lock    *flock.Flock
	now     func() time.Time
	at      chain
	pending []Entry
	aside   string
	failed  error // the first failed write; nothing is written after it
}

// Open opens the journal at path for an apply, and creates it (0600) and its
// folders (0700) where they are missing. It locks path+".lock", links of path
// followed so that no other name of the file has a lock of its own, for as long as
// wait if another apply holds it and then ErrLocked; follows the whole chain,
// ErrBroken if it does not hold; and sets an unfinished last line aside. A file
// that cannot be written is an error here, before anything is sent.
func Open(ctx context.Context, path string, wait time.Duration, now func() time.Time) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("opening journal %q: %w", path, err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	lock, err := acquire(ctx, path, wait)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, lock: lock, now: now}
	if err := j.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening journal %q: %w", path, err), j.Close())
	}
	return j, nil
}

// acquire takes the lock. It is a file of its own: where locks are mandatory,
// a locked journal could not be read by `journal show`.
func acquire(ctx context.Context, path string, wait time.Duration) (*flock.Flock, error) {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := regular(lock.Path()); err != nil {
		return nil, fmt.Errorf("locking journal %q: %w", path, err)
	}
	ok, err := lock.TryLock()
	if !ok && err == nil && wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		ok, err = lock.TryLockContext(waiting, 50*time.Millisecond)
	}
	switch {
	case ok:
		return lock, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("waiting for the lock of journal %q: %w", path, ctx.Err())
	case err == nil || errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("locking journal %q: %w (it holds %q); wait for it to end, or name another file with --journal",
			path, ErrLocked, lock.Path())
	}
	return nil, fmt.Errorf("locking journal %q: %w", path, err)
}

// load opens the file and follows its chain to where the next line goes.
func (j *Journal) load() error {
	if err := regular(j.path); err != nil {
		return err
	}
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	j.f = f
	var p pending
	j.at, err = follow(f, p.add)
	if err != nil {
		return err
	}
	j.pending = p.open
	if j.at.seq == 0 {
		if err := syncDir(filepath.Dir(j.path)); err != nil {
			return err
		}
	}
	if j.at.torn > 0 {
		return j.setAside()
	}
	return nil
}

// Append writes an entry and returns when it is on disk. After a failed write
// it refuses every further one: what the disk then holds is not known.
func (j *Journal) Append(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.append(e); err != nil {
		return fmt.Errorf("writing to journal %q: %w", j.path, err)
	}
	return nil
}

func (j *Journal) append(e Entry) error {
	switch {
	case j.f == nil:
		return os.ErrClosed
	case j.failed != nil:
		return fmt.Errorf("an earlier write failed: %w", j.failed)
	case holdsSecret(e.Call):
		return errors.New("the call holds the bytes of certificate or key, want their digests only")
	}
	e = e.clean()
	e.Schema, e.Seq, e.Time, e.Prev = schemaName, j.at.seq+1, j.now().UTC(), j.at.head
	line, hash, err := seal(e)
	if err != nil {
		return err
	}
	// In place, not in append mode: so a line goes where the chain ends, over
	// what a failed write or a crash may have left there.
	_, err = j.f.WriteAt(append(line, '\n'), j.at.end)
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		j.failed = err
		return errors.Join(err, j.f.Truncate(j.at.end))
	}
	j.at.seq, j.at.head, j.at.end = e.Seq, hash, j.at.end+int64(len(line))+1
	return nil
}

// Head is the hash of the last entry; of an empty journal, what its first entry
// will name as the one before it.
func (j *Journal) Head() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.at.head
}

// Pending are the intents of earlier runs whose outcome nobody knows.
func (j *Journal) Pending() []Entry { return j.pending }

// SetAside is the file that took an unfinished last line when the journal was
// opened; empty: there was none.
func (j *Journal) SetAside() string { return j.aside }

// Close closes the file and gives the lock back.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	if j.f != nil {
		err = j.f.Close()
		j.f = nil
	}
	return errors.Join(err, j.lock.Close())
}

// syncDir makes a new name in a folder survive a crash.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// setAside copies an unfinished last line to a file beside the journal, then
// writes an entry that names the copy over it. The copy is on disk before
// anything is overwritten, and the entry becomes whole or the line is still
// unfinished and the next Open does it again: nothing is lost at any crash.
func (j *Journal) setAside() error {
	aside, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".torn-*") // 0600
	if err != nil {
		return fmt.Errorf("setting an unfinished line aside: %w", err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(aside, sum), io.NewSectionReader(j.f, j.at.end, j.at.torn))
	if err == nil {
		err = aside.Sync()
	}
	err = errors.Join(err, aside.Close(), syncDir(filepath.Dir(j.path)))
	if err != nil {
		return fmt.Errorf("setting an unfinished line aside: %w", err)
	}
	e := Entry{Kind: Recovered, Message: fmt.Sprintf("the last line was never written whole: its %d bytes, sha256:%x, are in %s",
		j.at.torn, sum.Sum(nil), filepath.Base(aside.Name()))}
	if err := j.append(e); err != nil {
		return err
	}
	// The unfinished line may have been longer than the entry.
	if err := errors.Join(j.f.Truncate(j.at.end), j.f.Sync()); err != nil {
		return err
	}
	j.at.torn, j.aside = 0, aside.Name()
	return nil
}
