package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/confine"
)

// maxTree bounds the walk over a tree, in files and folders.
const maxTree = 500_000

// Changed gives the manifests to judge when files changed: the manifests among
// them, and those of the tree that name another of them as certificate or key.
// A manifest of the tree that cannot be read may name any file, so it is one of
// them. The tree is the Git top level, else the working directory; hidden folders
// and symlinks are not followed.
func Changed(files []string, o Options) ([]string, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	r := reader{options: o}
	var out []string
	changed := map[string]bool{}
	for _, f := range files {
		if isManifest(filepath.Base(f)) {
			out = append(out, f)
		}
		changed[real(r.absolute(f))] = true
	}
	all, err := manifestsUnder(o)
	if err != nil {
		return nil, err
	}
	for _, path := range all {
		name, err := filepath.Rel(o.WorkDir, path)
		if err != nil {
			name = path
		}
		if !changed[real(path)] && !slices.Contains(out, name) && names(path, o, changed) {
			out = append(out, name)
		}
	}
	return out, nil
}

// Named lists the files that Load would read for the paths of a command, from the
// folder dir, without reading them. What does not exist is not among them.
func Named(dir string, paths []string) (out []string) {
	for _, p := range paths {
		path := confine.Absolute(dir, p)
		info, err := os.Stat(path)
		switch {
		case err != nil:
		case !info.IsDir():
			out = append(out, path)
		default:
			names, _ := manifestsIn(path)
			for _, name := range names {
				out = append(out, filepath.Join(path, name))
			}
		}
	}
	return out
}

// names reports whether a manifest names one of the changed files.
func names(path string, o Options, changed map[string]bool) bool {
	set, err := Load([]string{path}, o)
	if err != nil {
		return true
	}
	for b := range set.All() {
		if b.Certificate == nil {
			continue
		}
		named := []string{b.Certificate.Body}
		if key := b.Certificate.PrivateKey; key != nil && key.File != "" {
			named = append(named, key.File)
		}
		if clients := b.ClientCertificate; clients != nil && clients.CA != "" {
			named = append(named, clients.CA)
		}
		for _, file := range named {
			if !filepath.IsAbs(file) {
				file = filepath.Join(set.Folder(b), file)
			}
			if changed[real(file)] {
				return true
			}
		}
	}
	return false
}

// manifestsUnder lists the manifests of the tree, sorted.
func manifestsUnder(o Options) ([]string, error) {
	top := confine.GitTop(o.WorkDir)
	if top == "" {
		top = o.WorkDir
	}
	var out []string
	seen := 0
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if seen++; seen > maxTree {
			return errors.New("more than 500000 files; name the manifests instead of --changed")
		}
		if d.IsDir() && path != top && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() && isManifest(d.Name()) {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for manifests under %q: %w", top, err)
	}
	return out, nil
}

// real resolves symlinks where the file exists; one that was deleted counts by its name.
func real(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return filepath.Clean(path)
}
