package confine

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrLink refuses an output that a symbolic link of a tree leads elsewhere: a pull
// request may have put it there.
var ErrLink = errors.New("a symbolic link of the tree is on the path")

// Unlinked returns the absolute path that an output path means in the folder from,
// if no symbolic link of a tree is on it. A tree is the folder, the Git working tree
// around it, and any other Git working tree; links elsewhere, such as /tmp or
// /dev/stdout, are the machine's own and are followed. The error wraps ErrLink. What
// does not exist holds no link.
func Unlinked(from, path string) (string, error) {
	folder, err := resolveFolder(from)
	if err != nil {
		return "", fmt.Errorf("opening the folder %q: %w", from, err)
	}
	tree := GitTop(folder)
	if tree == "" {
		tree = folder
	}
	at, rest := folder, names(path)
	if filepath.IsAbs(path) {
		at = top(path)
	}
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		switch {
		case err != nil: // the caller finds out
			return filepath.Join(append([]string{next}, rest...)...), nil
		case info.Mode()&fs.ModeSymlink == 0:
			at = next
			continue
		}
		if rel, err := filepath.Rel(tree, next); err == nil && filepath.IsLocal(rel) || GitTop(at) != "" {
			return "", fmt.Errorf("%w: %q; outputs follow none, name the file that is meant", ErrLink, next)
		}
		if filepath.Dir(next) == "/dev" || filepath.Dir(next) == "/dev/fd" || within("/proc", next) {
			return filepath.Join(append([]string{next}, rest...)...), nil // what it names may have no path
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return "", errors.Join(fmt.Errorf("%w: more than %d symbolic links, or one that cannot be read: %q", ErrIrregular, maxLinks, next), err)
		}
		if filepath.IsAbs(target) {
			at = top(target)
		}
		rest = append(names(target), rest...)
	}
	return at, nil
}

func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// Output is a file that is written whole or not at all: into a new file of the
// same folder, which takes its place at Commit. A device, pipe or socket is written
// as it comes. Exactly one of Commit and Discard ends it; a second call does
// nothing, and nil has nothing to end.
type Output struct {
	path   string // absolute
	stands fs.FileInfo

	file *os.File // nil: ended
	dir  *os.Root // nil: no regular file, written as it comes
	temp string   // name in dir; empty: no regular file
}

// Create opens the output that path means in the folder from, with a mode for a
// file that is not there yet, and changes nothing that stands there. The error
// wraps ErrLink where a link of a tree is on the path.
func Create(from, path string, mode fs.FileMode) (*Output, error) {
	absolute, err := Unlinked(from, path)
	if err != nil {
		return nil, err
	}
	o := &Output{path: absolute}
	o.stands, err = os.Stat(absolute)
	switch {
	case err == nil && o.stands.IsDir():
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("is a directory")}
	case err == nil && (!o.stands.Mode().IsRegular() || within("/dev", absolute) || within("/proc", absolute)):
		o.file, err = os.OpenFile(absolute, os.O_WRONLY|os.O_APPEND, 0)
		return o, err
	case err == nil:
		mode = o.stands.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if o.dir, err = os.OpenRoot(filepath.Dir(absolute)); err != nil {
		return nil, err
	}
	o.temp = "." + filepath.Base(absolute) + "." + rand.Text()[:8] + ".part"
	if o.file, err = o.dir.OpenFile(o.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode); err != nil {
		return nil, errors.Join(err, o.dir.Close())
	}
	return o, nil
}

// Path returns the absolute path of the output.
func (o *Output) Path() string { return o.path }

// Stands returns what stood there before; nil for nothing.
func (o *Output) Stands() fs.FileInfo { return o.stands }

// Write adds to the output.
func (o *Output) Write(p []byte) (int, error) {
	return o.file.Write(p)
}

// Regular reports that the output is a file, and not a device or pipe.
func (o *Output) Regular() bool { return o.temp != "" }

// Ended reports that the output was committed or discarded.
func (o *Output) Ended() bool { return o.file == nil }

// Same reports whether two outputs are one file; devices and pipes never are.
func (o *Output) Same(other *Output) bool {
	return o.Regular() && other.Regular() && (o.path == other.path || o.stands != nil && other.stands != nil && os.SameFile(o.stands, other.stands))
}

// Commit puts what was written in its place.
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

// Discard gives up what was written and leaves what stood there.
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
