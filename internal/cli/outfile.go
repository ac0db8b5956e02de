package cli

import (
	"errors"
	"io/fs"
	"os"
)

// outFile is a file that a run writes at its end. It is opened before anything is
// judged, so that a path that cannot be written is known before any call; what
// stood there stays until there is something to put in its place.
type outFile struct {
	file  *os.File // not embedded: whatever it could do beside Write would leave the old content
	fresh bool     // not there before, and nothing written yet
	whole bool     // holds nothing but what was written here
}

// openOutFile opens path for writing; mode is for a file that is not there yet.
func openOutFile(path string, mode fs.FileMode) (*outFile, error) {
	_, err := os.Lstat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, mode)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &outFile{file: f, fresh: fresh, whole: fresh || !info.Mode().IsRegular()}, nil
}

// Write writes in place of what the file held.
func (o *outFile) Write(p []byte) (int, error) {
	if !o.whole {
		if err := o.file.Truncate(0); err != nil {
			return 0, err
		}
	}
	o.fresh, o.whole = false, true
	return o.file.Write(p)
}

// Close closes the file, and takes it away when the run made it for nothing. A
// second call does nothing; nil has nothing to close.
func (o *outFile) Close() error {
	if o == nil || o.file == nil {
		return nil
	}
	err := o.file.Close()
	if o.fresh {
		err = errors.Join(err, os.Remove(o.file.Name()))
	}
	o.file = nil
	return err
}
