package journal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

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
