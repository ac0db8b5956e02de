package confine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File is a file that was read.
type File struct {
	Path  string // absolute, without symbolic links
	Bytes []byte
	Mode  fs.FileMode // of the opened file: permissions included
}

// Read returns the bytes of the regular file at path in the folder from, at
// most limit of them. It never waits for a FIFO or a device. The error wraps
// ErrOutside, ErrIrregular (and names the kind), ErrTooLarge or fs.ErrNotExist.
func (f *Files) Read(from, path string, limit int64) (File, error) {
	resolved, root, err := f.locate(from, path)
	if err != nil {
		return File{}, err
	}
	if f.overlay != nil {
		data, held, err := f.overlay.Read(resolved)
		switch {
		case err != nil:
			return File{}, fmt.Errorf("reading %q: %w", path, err)
		case held && int64(len(data)) > limit:
			return File{}, fmt.Errorf("reading %q: %w: more than %d bytes", path, ErrTooLarge, limit)
		case held:
			file := File{Path: resolved, Bytes: data, Mode: 0o600}
			if info, err := os.Lstat(resolved); err == nil && info.Mode().IsRegular() {
				file.Mode = info.Mode()
			}
			return file, nil
		}
	}
	file, err := read(root, resolved, limit)
	if errors.Is(err, syscall.ENOTDIR) {
		err = fmt.Errorf("%w: a name on the way is not a folder", fs.ErrNotExist)
	}
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err // it names a system call, and the file without its folder
	}
	if err != nil {
		return File{}, fmt.Errorf("reading %q: %w", path, err)
	}
	return file, nil
}

// ReadBounded returns the bytes of the regular file at an absolute path, at
// most limit of them, without confinement. Its errors are those of Read.
func ReadBounded(path string, limit int64) ([]byte, error) {
	f, err := Anywhere().Read(filepath.Dir(path), path, limit)
	return f.Bytes, err
}

// read opens the file through its root: os.Root walks from an open folder and
// refuses a link out of it, so a link swapped in after locate cannot lead
// outside. The opened file must be the one that was examined.
func read(root, resolved string, limit int64) (File, error) {
	rel, err := filepath.Rel(root, resolved)
	if err != nil {
		return File{}, err
	}
	dir, err := openFolder(root, filepath.Dir(rel))
	if err != nil {
		return File{}, err
	}
	defer func() { _ = dir.Close() }()
	// Examined before it is opened: opening alone makes some devices act.
	name := filepath.Base(rel)
	named, err := dir.Lstat(name)
	if err != nil {
		return File{}, err
	}
	if !named.Mode().IsRegular() {
		return File{}, fmt.Errorf("%w: got %s, want a regular file", ErrIrregular, Kind(named.Mode()))
	}
	file, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return File{}, err
	}
	defer func() { _ = file.Close() }()
	opened, err := file.Stat()
	if err != nil {
		return File{}, err
	}
	if !opened.Mode().IsRegular() || !os.SameFile(named, opened) {
		return File{}, fmt.Errorf("%w: it was replaced while it was opened; run again", ErrIrregular)
	}
	data := bytes.NewBuffer(make([]byte, 0, min(opened.Size(), limit)+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(file, limit+1)); err != nil {
		return File{}, err
	}
	if int64(data.Len()) > limit {
		return File{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return File{Path: resolved, Bytes: data.Bytes(), Mode: opened.Mode()}, nil
}

// openFolder opens the folder rel of a root, once for all operations on it. The
// dot at the end makes the kernel open the last name as a folder, which never
// waits for a FIFO of that name.
func openFolder(root, rel string) (*os.Root, error) {
	dir, err := os.OpenRoot(root + "/.")
	if err != nil || rel == "." {
		return dir, err
	}
	defer func() { _ = dir.Close() }()
	return dir.OpenRoot(rel + "/.")
}

// Exists reports whether there is anything at a path, a link without a target included.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
