package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// folder is where the demo keeps its files.
type folder struct {
	path      string
	temporary bool
}

// openFolder makes the folder, or takes it if it is empty; without a path it
// makes a temporary one in temp.
func openFolder(path, temp string) (folder, error) {
	if path == "" {
		path, err := os.MkdirTemp(temp, "bindgate-demo-")
		if err != nil {
			return folder{}, fmt.Errorf("making a temporary folder: %w", err)
		}
		return folder{path, true}, nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return folder{}, fmt.Errorf("making the folder: %w", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return folder{}, fmt.Errorf("reading the folder: %w", err)
	}
	if len(entries) > 0 {
		return folder{}, fmt.Errorf("got folder %q, which is not empty, want one that is empty or does not exist", path)
	}
	return folder{path: path}, nil
}

// close removes a temporary folder.
func (f folder) close() error {
	if !f.temporary {
		return nil
	}
	if err := os.RemoveAll(f.path); err != nil {
		return fmt.Errorf("removing the temporary folder: %w", err)
	}
	return nil
}

func (f folder) join(name string) string { return filepath.Join(f.path, filepath.FromSlash(name)) }

func (f folder) write(name, data string) error { return f.create(name, data, 0o644) }

// writeSecret writes what nobody but the owner may read.
func (f folder) writeSecret(name, data string) error { return f.create(name, data, 0o600) }

// create never writes over a file that came into the folder meanwhile.
func (f folder) create(name, data string, mode fs.FileMode) error {
	path := f.join(name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode); err == nil {
			_, err = file.WriteString(data)
			err = errors.Join(err, file.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
