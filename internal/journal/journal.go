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

// ErrLocked reports that another apply has locked the journal.
var ErrLocked = errors.New("another apply is running on this journal")

// Journal is an open, locked journal. Its methods are safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	path    string
	f       *os.File
	lock    *flock.Flock
	now     func() time.Time
	at      chain
	pending []Entry
	plans   plans
	aside   string
	failed  error // the first failed write; nothing is written after it
}

// Open opens the journal at path for an apply, and creates it (0600) and its
// folders (0700) if missing. It locks path+".lock", with the links of path
// resolved so that a file has one lock for all its names. If another apply has
// the lock, Open waits at most wait and returns ErrLocked. It verifies the
// whole chain, ErrBroken if it is broken, and moves an unfinished last line to
// another file. It fails if the file cannot be written, before anything is
// sent.
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

// acquire locks a separate file: where locks are mandatory, `journal show`
// could not read a locked journal.
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
		return nil, fmt.Errorf("locking journal %q: %w (lock file %q); wait for it to end, or give it longer with --lock-wait",
			path, ErrLocked, lock.Path())
	}
	return nil, fmt.Errorf("locking journal %q: %w", path, err)
}

// load opens the file and verifies its chain.
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
	j.at, err = follow(f, func(e Entry) {
		p.add(e)
		j.plans.add(e)
	})
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
// it refuses all further entries: the state of the disk is unknown.
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
		return errors.New("the call contains the bytes of certificate or key, want only their digests")
	}
	e = e.clean()
	e.Schema, e.Seq, e.Time, e.Prev = schemaName, j.at.seq+1, j.now().UTC(), j.at.head
	line, hash, err := seal(e)
	if err != nil {
		return err
	}
	// Written at an offset, not in append mode, so that the line overwrites the
	// rest of a failed write or a crash.
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

// Head returns the hash of the last entry; for an empty journal, the previous
// hash of its first entry.
func (j *Journal) Head() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.at.head
}

// Pending returns the intents of earlier runs whose outcome is unknown.
func (j *Journal) Pending() []Entry { return j.pending }

// Applied returns the first intent of an earlier run that applied the saved plan
// with a digest, and whether there is one.
func (j *Journal) Applied(planDigest string) (Entry, bool) {
	e, applied := j.plans.applied[planDigest]
	return e, applied
}

// SetAside returns the file with the unfinished last line that Open moved;
// empty if there was none.
func (j *Journal) SetAside() string { return j.aside }

// Close closes the file and releases the lock.
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

// syncDir makes a new name in a folder durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced on Windows
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// setAside copies an unfinished last line to a file next to the journal, then
// overwrites it with an entry that names the copy. The copy is on disk before
// anything is overwritten, and after a crash the line is still unfinished and
// the next Open repeats the step: no crash loses data.
func (j *Journal) setAside() error {
	aside, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".torn-*") // 0600
	if err != nil {
		return fmt.Errorf("moving an unfinished line to another file: %w", err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(aside, sum), io.NewSectionReader(j.f, j.at.end, j.at.torn))
	if err == nil {
		err = aside.Sync()
	}
	err = errors.Join(err, aside.Close(), syncDir(filepath.Dir(j.path)))
	if err != nil {
		return fmt.Errorf("moving an unfinished line to another file: %w", err)
	}
	e := Entry{Kind: Recovered, Message: fmt.Sprintf("the last line was incomplete: its %d bytes, sha256:%x, are in %s",
		j.at.torn, sum.Sum(nil), filepath.Base(aside.Name()))}
	if err := j.append(e); err != nil {
		return err
	}
	// The unfinished line may be longer than the entry.
	if err := errors.Join(j.f.Truncate(j.at.end), j.f.Sync()); err != nil {
		return err
	}
	j.at.torn, j.aside = 0, aside.Name()
	return nil
}
