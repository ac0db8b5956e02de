package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/confine"
)

// maxTree bounds the walk over a tree, in files and folders.
const maxTree = 500_000

// HasName reports whether a file of a folder is a manifest by its name.
func HasName(name string) bool {
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	// ".bindgate.yaml" is the tree's configuration, not a manifest.
	named := stem == "bindings" || strings.HasSuffix(stem, ".bindgate") && stem != ".bindgate"
	return named && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
}

// manifestsIn lists the manifests of a folder itself, sorted.
func manifestsIn(folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		if HasName(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// manifestsBelow lists the manifests of a folder and of the folders below it, relative to
// it, for any kind of file they are: one that cannot be read must not be passed over.
// Those below it that Git ignores are listed apart, and a folder below it that cannot be read
// is an error unless Git ignores it. Links to folders are not followed, as Git follows none.
func manifestsBelow(folder string, ignored func(folder string, paths []string) ([]string, error)) (names, passed []string, err error) {
	real, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, nil, errors.New(unreadable(err))
	}
	found, closed, err := walk(real, func(d fs.DirEntry) bool { return HasName(d.Name()) })
	if err != nil {
		return nil, nil, err
	}
	inner := slices.Collect(maps.Keys(closed))
	for _, path := range found {
		if filepath.Dir(path) != real {
			inner = append(inner, path)
		}
	}
	skip := map[string]bool{}
	if len(inner) > 0 && ignored != nil {
		paths, err := ignored(real, inner)
		if err != nil {
			return nil, nil, err
		}
		for _, path := range paths {
			skip[path] = true
			delete(closed, path)
		}
	}
	for path, err := range closed {
		return nil, nil, fmt.Errorf("looking for manifests in %q: %w", path, err)
	}
	for _, path := range found {
		name, err := filepath.Rel(real, path)
		switch {
		case err != nil:
			return nil, nil, err // they are below it
		case skip[path]:
			passed = append(passed, name)
		default:
			names = append(names, name)
		}
	}
	return names, passed, nil
}

// above returns the next step for a folder without a manifest: the manifest of a
// folder above it in the same repository, if there is one.
func above(arg, folder string) string {
	const next = "name another folder or a file, or write a first one with `bindgate init`"
	top := confine.GitTop(folder)
	for up := ".."; top != "" && folder != top && len(up) < 64; up = filepath.Join("..", up) {
		folder = filepath.Dir(folder)
		if names, err := manifestsIn(folder); err == nil && len(names) > 0 {
			return fmt.Sprintf("there is one above it: %s", printable(filepath.ToSlash(filepath.Join(arg, up, names[0]))))
		}
	}
	return next
}

// treeAround lists the files of the Git working tree around a folder, else of the folder.
func treeAround(dir string) ([]string, error) {
	top := confine.GitTop(dir)
	if top == "" {
		top = dir
	}
	found, closed, err := walk(top, func(d fs.DirEntry) bool { return !d.IsDir() })
	for path, problem := range closed {
		err = fmt.Errorf("looking for manifests in %q: %w", path, problem)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; name the manifests instead of --changed", err)
	}
	return found, nil
}

// walk lists what is wanted of the files and folders below a folder, sorted, without what is
// Git's own and installed modules, and the folders below it that cannot be read.
func walk(top string, wanted func(fs.DirEntry) bool) (found []string, closed map[string]error, err error) {
	seen := 0
	closed = map[string]error{}
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if failed := new(fs.PathError); errors.As(err, &failed) {
			err = failed.Err // it has the name as it is, which may be hostile
		}
		switch {
		case err != nil && path == top:
			return err
		case errors.Is(err, fs.ErrNotExist): // it is gone since
			return nil
		case err != nil:
			closed[path] = err
			return nil
		}
		if seen++; seen > maxTree {
			return fmt.Errorf("it has more than %d files", maxTree)
		}
		switch {
		case path == top:
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case wanted(d):
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("looking for manifests under %q: %w", top, err)
	}
	return found, closed, nil
}
