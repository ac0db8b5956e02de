package confine

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrLink refuses an output behind a symbolic link in a tree: a pull request may have
// added the link.
var ErrLink = errors.New("a symbolic link of the tree is on the path")

// Unlinked returns the absolute path of an output in the folder from, if no symbolic
// link of a tree is on it. A tree is the folder, the Git working tree that contains it,
// and any other Git working tree; links elsewhere, such as /tmp or /dev/stdout, belong
// to the machine and are followed. The error wraps ErrLink. A missing part of the path
// is no link.
func Unlinked(from, path string) (string, error) {
	folder, err := resolveFolder(from)
	if err != nil {
		return "", fmt.Errorf("opening the folder %q: %w", from, err)
	}
	tree := GitTop(folder)
	if tree == "" {
		tree = folder
	}
	return follow(folder, path, nil, func(link string) (stop bool, err error) {
		if within(tree, link) || GitTop(filepath.Dir(link)) != "" {
			return false, fmt.Errorf("%w: %q; outputs follow no link, name the target itself", ErrLink, link)
		}
		return filepath.Dir(link) == "/dev" || filepath.Dir(link) == "/dev/fd" || within("/proc", link), nil // its target may have no path
	})
}

func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// Output is a file that is written completely or not at all: to a new file in the
// same folder, which replaces it at Commit. A device, pipe or socket is written
// directly. Exactly one of Commit and Discard ends it; a second call, or one on nil,
// does nothing.
type Output struct {
	path     string // absolute
	existing fs.FileInfo

	file *os.File // nil: ended
	dir  *os.Root // nil: no regular file, written directly
	temp string   // name in dir; empty: no regular file
}

// Create opens the output at path in the folder from, with a mode for a new file, and
// does not change an existing file. The error wraps ErrLink if a link of a tree is on
// the path.
func Create(from, path string, mode fs.FileMode) (*Output, error) {
	absolute, err := Unlinked(from, path)
	if err != nil {
		return nil, err
	}
	o := &Output{path: absolute}
	o.existing, err = os.Stat(absolute)
	switch {
	case err == nil && o.existing.IsDir():
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("is a directory")}
	case err == nil && (!o.existing.Mode().IsRegular() || within("/dev", absolute) || within("/proc", absolute)):
		o.file, err = os.OpenFile(absolute, os.O_WRONLY|os.O_APPEND, 0)
		return o, err
	case err == nil:
		mode = o.existing.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if o.dir, err = os.OpenRoot(filepath.Dir(absolute)); errors.Is(err, fs.ErrNotExist) {
		folder := filepath.Dir(path)
		return nil, fmt.Errorf("%q: %w: its folder %q; make it with: mkdir -p %s", path, fs.ErrNotExist, folder, folder)
	}
	if err != nil {
		return nil, err
	}
	o.temp = "." + filepath.Base(absolute) + "." + rand.Text()[:8] + ".part"
	if o.file, err = o.dir.OpenFile(o.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode); err != nil {
		return nil, errors.Join(err, o.dir.Close())
	}
	return o, nil
}

// WriteFile writes the output at path in the folder from at once, as Create and Commit do.
func WriteFile(from, path string, data []byte, mode fs.FileMode) error {
	o, err := Create(from, path, mode)
	if err != nil {
		return err
	}
	defer o.Discard()
	if _, err := o.Write(data); err != nil {
		return err
	}
	return o.Commit()
}

// WriteNew writes a new file at path in the folder from. A file that exists with other
// content is not changed, and is an error.
func WriteNew(from, path string, data []byte, mode fs.FileMode) error {
	o, err := Create(from, path, mode)
	if err != nil {
		return err
	}
	defer o.Discard()
	if o.Existing() != nil {
		if held, err := ReadBounded(o.Path(), int64(len(data))); err == nil && bytes.Equal(held, data) {
			return nil
		}
		return fmt.Errorf("%q exists and has other content; name a new file, or remove it first", path)
	}
	if _, err := o.Write(data); err != nil {
		return err
	}
	return o.Commit()
}

// Append adds data to the end of the file at path in the folder from, which it creates
// if it is missing. The error wraps ErrLink if a link of a tree is on the path.
func Append(from, path string, data []byte, mode fs.FileMode) error {
	absolute, err := Unlinked(from, path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(absolute, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Path returns the absolute path of the output.
func (o *Output) Path() string { return o.path }

// Existing returns the file that existed before; nil if there was none.
func (o *Output) Existing() fs.FileInfo { return o.existing }

// Write appends to the output.
func (o *Output) Write(p []byte) (int, error) {
	return o.file.Write(p)
}

// Regular reports whether the output is a file, not a device or pipe.
func (o *Output) Regular() bool { return o.temp != "" }

// Ended reports whether the output was committed or discarded.
func (o *Output) Ended() bool { return o.file == nil }

// Same reports whether two outputs are the same file; devices and pipes never are.
func (o *Output) Same(other *Output) bool {
	return o.Regular() && other.Regular() && (o.path == other.path || o.existing != nil && other.existing != nil && os.SameFile(o.existing, other.existing))
}

// Commit moves the written file into place.
func (o *Output) Commit() error {
	if o == nil || o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	if o.dir == nil {
		return err
	}
	if err == nil {
		err = o.dir.Rename(o.temp, filepath.Base(o.path))
	}
	if err != nil {
		_ = o.dir.Remove(o.temp)
	}
	return errors.Join(err, o.dir.Close())
}

// Discard deletes the written file and keeps the existing one.
func (o *Output) Discard() {
	if o == nil || o.file == nil {
		return
	}
	_ = o.file.Close()
	o.file = nil
	if o.dir != nil {
		_ = o.dir.Remove(o.temp)
		_ = o.dir.Close()
	}
}
