package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// maxLinks is where Linux gives up on a path (path_resolution(7)).
const maxLinks = 40

// follow resolves path inside folder (which holds no links; empty when path is
// absolute) one name at a time, as the kernel does: "link/.." is the parent of
// the link's target. filepath.EvalSymlinks would do, but it fails on a file that
// is missing, and so on a dangling link that leaves the root. From the first
// missing name on, the rest is taken as written.
func follow(folder, path string) (string, error) {
	at, rest := folder, names(path)
	if folder == "" {
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
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
			if slices.Contains(rest, "..") { // what ".." of nothing means cannot be confined
				return "", fmt.Errorf("%w: %q", fs.ErrNotExist, name)
			}
			return filepath.Join(next, filepath.Join(rest...)), nil
		case err != nil:
			return "", err
		case info.Mode()&fs.ModeSymlink == 0:
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("%w: more than %d symbolic links", ErrIrregular, maxLinks)
		}
		target, err := os.Readlink(next)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			at = top(target)
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

func top(path string) string {
	return filepath.VolumeName(path) + string(filepath.Separator)
}
