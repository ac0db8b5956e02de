// Package confine reads the files that a manifest names, and only files under
// an allowed root. The author of a pull request may write the manifest: it must
// not make a job read or print other files of the machine. Symbolic links are
// resolved before the path is checked. A file that blocks or acts when opened
// (FIFO, socket, device) is refused.
package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Errors of a refused path. A missing file is fs.ErrNotExist.
var (
	ErrOutside   = errors.New("path leaves the allowed folders")
	ErrIrregular = errors.New("not a regular file")
	ErrTooLarge  = errors.New("file is too large")
)

// Files reads files under its roots. It is safe for concurrent use.
type Files struct {
	roots    []string // absolute, without symbolic links
	volumes  []string // of the roots; none: any. Opening \\HOST\… makes Windows log in to that host
	anywhere bool
	overlay  Overlay // nil: only the disk

	mu      sync.Mutex
	folders map[string]string // folder as given → resolved; thousands of paths share one
}

// Overlay provides files that replace those on disk.
type Overlay interface {
	// Read returns a file by its absolute path without symbolic links. If held is
	// false, the file on disk is used; held with an error is a file that the one on
	// disk must not replace.
	Read(path string) (data []byte, held bool, err error)
}

// Over sets an overlay that Read tries first. It must be called before the first Read.
func (f *Files) Over(o Overlay) { f.overlay = o }

// New returns Files confined to the roots, which must be existing folders. It
// resolves their symbolic links once.
func New(roots []string) (*Files, error) {
	f := &Files{folders: map[string]string{}}
	for _, root := range roots {
		resolved, err := resolveFolder(root)
		if err != nil {
			return nil, fmt.Errorf("opening the allowed folder %q: %w", root, err)
		}
		f.roots, f.volumes = append(f.roots, resolved), append(f.volumes, filepath.VolumeName(resolved))
	}
	if len(f.roots) == 0 {
		return nil, fmt.Errorf("%w: no folder is allowed", ErrOutside)
	}
	return f, nil
}

// Anywhere returns Files without confinement. It is for paths that the user
// typed on the command line, never for a path that a file names. Irregular
// files are still refused.
func Anywhere() *Files {
	return &Files{anywhere: true, folders: map[string]string{}}
}

// Resolve returns the absolute path of path in the folder from, with symbolic
// links resolved. The file need not exist, so that a caller can check
// confinement early. The error wraps ErrOutside if the path, or a link on its
// way, leaves every root.
func (f *Files) Resolve(from, path string) (string, error) {
	resolved, _, err := f.locate(from, path)
	return resolved, err
}

// locate is Resolve, and returns the root that contains the result, too.
func (f *Files) locate(from, path string) (resolved, root string, err error) {
	folder := ""
	if !filepath.IsAbs(path) {
		if folder, err = f.folder(from); err != nil {
			return "", "", fmt.Errorf("opening the folder %q: %w", from, err)
		}
	}
	if resolved, err = follow(folder, path, f.volumes, nil); err != nil {
		return "", "", fmt.Errorf("resolving %q: %w", path, err)
	}
	if f.anywhere {
		return resolved, filepath.Dir(resolved), nil
	}
	for _, root := range f.roots {
		if rel, err := filepath.Rel(root, resolved); err == nil && filepath.IsLocal(rel) {
			return resolved, root, nil
		}
	}
	named := path
	if !filepath.IsAbs(named) {
		named = filepath.Join(folder, path)
	}
	for _, root := range f.roots {
		if rel, err := filepath.Rel(root, filepath.Clean(named)); err == nil && filepath.IsLocal(rel) {
			return "", "", fmt.Errorf("%w: %q is not under %s: it is a link into %s; move the file there, or allow that folder, too, with --allow-path DIR (certbot's live/ leads to archive/)",
				ErrOutside, path, strings.Join(f.roots, " or "), filepath.Dir(resolved))
		}
	}
	return "", "", fmt.Errorf("%w: %q is not under %s; move the file there, or allow its folder with --allow-path DIR",
		ErrOutside, path, strings.Join(f.roots, " or "))
}

func (f *Files) folder(from string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if resolved, ok := f.folders[from]; ok {
		return resolved, nil
	}
	resolved, err := resolveFolder(from)
	if err == nil {
		f.folders[from] = resolved
	}
	return resolved, err
}

func resolveFolder(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	resolved, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%w: got %s, want a folder", ErrIrregular, Kind(info.Mode()))
	}
	return resolved, nil
}

// Absolute joins path to dir, if path is relative and dir is absolute.
func Absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// GitTop returns the nearest folder at or above dir that contains .git (a
// folder, or the file of a worktree or submodule), with symbolic links
// resolved; empty if there is none.
func GitTop(dir string) string {
	dir, err := resolveFolder(dir)
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// Kind describes a file mode for messages.
func Kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a regular file"
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "a special file"
}

// maxLinks is the limit of Linux (path_resolution(7)).
const maxLinks = 40

// follow resolves path inside folder (which contains no links; empty if path is
// absolute) one name at a time, as the kernel does: "link/.." is the parent of
// the link's target. filepath.EvalSymlinks fails on a missing file, and so on a
// dangling link that leaves the root. From the first missing name on, the rest
// is taken as written. A path or link to a volume that is not among volumes, if there are
// any, wraps ErrOutside, and its volume is not touched. link, if not nil, is called with each link on the way: an
// error ends the walk, and stop returns the path from there on as written.
func follow(folder, path string, volumes []string, link func(path string) (stop bool, err error)) (string, error) {
	at, rest := folder, names(path)
	if filepath.IsAbs(path) {
		if at = top(path); foreign(volumes, path) {
			return "", fmt.Errorf("%w: it is on another volume", ErrOutside)
		}
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
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
			if slices.Contains(rest, "..") { // ".." of a missing folder cannot be confined
				return "", fmt.Errorf("%w: %q", fs.ErrNotExist, name)
			}
			return filepath.Join(next, filepath.Join(rest...)), nil
		case err != nil:
			return "", err
		case info.Mode()&fs.ModeSymlink == 0:
			at = next
			continue
		}
		if link != nil {
			if stop, err := link(next); err != nil || stop {
				return filepath.Join(next, filepath.Join(rest...)), err
			}
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("%w: more than %d symbolic links", ErrIrregular, maxLinks)
		}
		target, err := os.Readlink(next)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			if at = top(target); foreign(volumes, target) {
				return "", fmt.Errorf("%w: %q is a link to another volume", ErrOutside, name)
			}
		}
		rest = append(names(target), rest...)
	}
	return at, nil
}

// names splits a path without cleaning it: "a/link/../b" keeps its "..".
func names(path string) []string {
	path = strings.TrimPrefix(path, filepath.VolumeName(path))
	return slices.DeleteFunc(strings.Split(filepath.ToSlash(path), "/"), func(name string) bool {
		return name == "" || name == "."
	})
}

// foreign reports whether the path is on none of the volumes, which Windows compares
// without case; elsewhere there is one.
func foreign(volumes []string, path string) bool {
	return len(volumes) > 0 && !slices.ContainsFunc(volumes, func(v string) bool { return strings.EqualFold(v, filepath.VolumeName(path)) })
}

func top(path string) string {
	return filepath.VolumeName(path) + string(filepath.Separator)
}

// RepositoryPath returns a function that converts a path relative to the folder dir
// into a path relative to the Git working tree of dir, as repository tools expect;
// without a working tree, relative to dir. A file elsewhere keeps its path. The
// function is not safe for concurrent use.
func RepositoryPath(dir string) func(name string) string {
	top := GitTop(dir)
	if top == "" {
		top, _ = resolveFolder(dir)
	}
	known := map[string]string{}
	return func(name string) string {
		if path, ok := known[name]; ok {
			return path
		}
		path := filepath.ToSlash(filepath.Clean(name))
		folder, err := resolveFolder(filepath.Dir(Absolute(dir, name)))
		if rel, err2 := filepath.Rel(top, filepath.Join(folder, filepath.Base(name))); err == nil && err2 == nil && filepath.IsLocal(rel) {
			path = filepath.ToSlash(rel)
		}
		known[name] = path
		return path
	}
}
