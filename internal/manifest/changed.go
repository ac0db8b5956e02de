package manifest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Change is a change of files.
type Change struct {
	Files []string // that are new, changed or gone; both names of a renamed one
	Tree  []string // every file of the tree that counts, absolute; nil: the tree is walked
}

// Selection holds the manifests that a change concerns.
type Selection struct {
	Manifests []string // to judge, as messages name them
	Searched  int      // how many manifests of the tree were looked at
	Foreign   []string // files that have the name of a manifest and are another program's
}

// Changed finds the manifests that a change concerns: those that changed, regardless of
// their names; those that name a changed file, or one in a changed folder, as certificate,
// key or CA, or, where a certificate or key changed, one that is missing (it may have been
// renamed); and
// those that request a name that one of these requests. A manifest that cannot be
// read may name any certificate. The tree is the Git working tree, else the working
// directory.
func Changed(c Change, o Options) (Selection, error) {
	if err := o.check(); err != nil {
		return Selection{}, err
	}
	s := searchTree{options: o, changed: map[string]bool{}}
	for _, f := range c.Files {
		path := confine.Absolute(o.WorkDir, f)
		s.changed[real(path)], s.changed[filepath.Clean(path)] = true, true
		s.certificates = s.certificates || certificateName(path) || isFolder(path)
	}
	tree := c.Tree
	if tree == nil {
		var err error
		if tree, err = treeAround(o.WorkDir); err != nil {
			return Selection{}, err
		}
	}
	for _, f := range c.Files { // one that git ignores, or that is elsewhere, may be named, or a link may lead to it
		path := confine.Absolute(o.WorkDir, f)
		for _, one := range []string{path, real(path)} {
			if !slices.Contains(tree, one) {
				tree = append(slices.Clip(tree), one)
			}
		}
	}
	for _, path := range tree {
		s.look(path)
	}
	return s.result(), nil
}

// searchTree looks for the manifests of a tree.
type searchTree struct {
	options      Options
	changed      map[string]bool // absolute paths, with and without symbolic links, of files and folders
	certificates bool            // a certificate or key is among them
	found        []candidate
	foreign      []string
}

// candidate is a manifest of the tree.
type candidate struct {
	name      string
	concerned bool
	domains   []string
}

// MayBe reports by its name whether a file may be a manifest.
func MayBe(path string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(path)))
}

// look takes a file of the tree in, if it is a manifest.
func (s *searchTree) look(path string) {
	base := filepath.Base(path)
	changed := s.hasChanged(path)
	inModules := strings.Contains(filepath.ToSlash(path), "/node_modules/")
	if !changed && (!MayBe(path) || inModules) || base == ".bindgate.yaml" {
		return
	}
	text, err := s.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return // gone: what names it is another's to say
	}
	name := s.name(path)
	switch {
	case !MayBe(path) && (err != nil || !declares(text)): // a page may show one
		return
	case err == nil && HasName(base) && foreign(text):
		s.foreign = append(s.foreign, name)
		return
	case !HasName(base) && (err != nil || !marked(text)):
		return
	}
	one := candidate{name: name, concerned: changed}
	set, err := Load([]string{path}, s.options)
	if err != nil {
		one.concerned = changed || s.certificates
	} else {
		for b := range set.All() {
			one.domains = append(one.domains, b.DomainName)
			one.concerned = one.concerned || s.touches(b, set.Folder(b))
		}
	}
	s.found = append(s.found, one)
}

// read returns the text of a file of the tree, as the run will read it. A link is not
// followed here; Load says where one leads.
func (s *searchTree) read(path string) ([]byte, error) {
	if s.options.Overlay != nil {
		if text, held, err := s.options.Overlay.Read(path); held || err != nil {
			return text, err
		}
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, confine.ErrIrregular
	}
	return confine.ReadBounded(path, strictyaml.MaxBytes)
}

func (s *searchTree) name(path string) string {
	if name, err := filepath.Rel(s.options.WorkDir, path); err == nil {
		return name
	}
	return path
}

// touches reports whether a binding names a file that changed, or one that is missing
// while a certificate changed.
func (s *searchTree) touches(b binding.Binding, folder string) bool {
	var files []string
	if c := b.Certificate; c != nil {
		files = append(files, c.Body)
		if c.PrivateKey != nil && c.PrivateKey.File != "" {
			files = append(files, c.PrivateKey.File)
		}
	}
	if clients := b.ClientCertificate; clients != nil && clients.CA != "" {
		files = append(files, clients.CA)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		path := filepath.Clean(confine.Absolute(folder, file))
		return s.hasChanged(path) || s.certificates && s.missing(path)
	})
}

// hasChanged reports whether a file, or a folder that holds it, changed: Git names a
// submodule, and a link to a folder, but none of the files in it.
func (s *searchTree) hasChanged(path string) bool {
	for _, one := range []string{path, real(path)} {
		for ; !s.changed[one]; one = filepath.Dir(one) {
			if one == filepath.Dir(one) {
				break
			}
		}
		if s.changed[one] {
			return true
		}
	}
	return false
}

// isFolder reports whether a path, or what it leads to, is a folder.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (s *searchTree) missing(path string) bool {
	if s.options.Overlay != nil {
		if _, held, err := s.options.Overlay.Read(real(path)); held {
			return errors.Is(err, fs.ErrNotExist)
		}
	}
	_, err := os.Stat(path)
	return err != nil
}

// result adds the manifests that share a name with one that is concerned.
func (s *searchTree) result() Selection {
	var domains []string
	for _, one := range s.found {
		if one.concerned {
			domains = append(domains, one.domains...)
		}
	}
	out := Selection{Searched: len(s.found), Foreign: s.foreign}
	for _, one := range s.found {
		shares := func(name string) bool {
			return slices.ContainsFunc(domains, func(d string) bool {
				return evidence.SameName(d, name) || evidence.Covers(d, name) || evidence.Covers(name, d)
			})
		}
		if one.concerned || slices.ContainsFunc(one.domains, shares) {
			out.Manifests = append(out.Manifests, one.name)
		}
	}
	return out
}

// certificateName reports whether a file is named as certificates and keys are.
func certificateName(path string) bool {
	return slices.Contains([]string{".pem", ".crt", ".cer", ".cert", ".der", ".key", ".p12", ".pfx", ".p7b", ".p7c", ".jks"},
		strings.ToLower(filepath.Ext(path)))
}

// The marks of a manifest or a map: its version and its list.
var (
	markVersion = lazyregexp.New(`apiVersion["']?\s*:\s*["']?bindgate/`)
	markList    = lazyregexp.New(`(?m)(^|[{,"'\s])(bindings|domains)["']?\s*:`)
)

// markHidden finds an escape that may stand for a letter of a mark.
var markHidden = lazyregexp.New(`\\(x[2-7]|u00[2-7]|U000000[2-7]|\r?\n)`)

// marked reports whether a file says that it is a manifest, even one that is not YAML.
func marked(text []byte) bool {
	return markVersion.Match(text) && markList.Match(text) || declares(text)
}

// declares reports whether a text is a manifest to the program that reads it: YAML can
// write the version in more ways than a pattern finds.
func declares(text []byte) bool {
	if !bytes.Contains(text, []byte("bindgate")) && !markHidden.Match(text) {
		return false
	}
	_, docs := strictyaml.Each("", text, "bindings")
	for doc := range docs {
		if !doc.IsObject() || !doc.Has("bindings") && !doc.Has("domains") {
			continue
		}
		entries, _ := doc.Entries()
		for _, e := range entries {
			if version, _ := e.Value.Scalar(); e.Key == "apiVersion" && strings.HasPrefix(version, "bindgate/") {
				return true
			}
		}
	}
	return false
}

// Is reports whether a file is a manifest by its name, and not another program's by
// its text.
func Is(path string, text []byte) bool { return HasName(filepath.Base(path)) && !foreign(text) }

// foreign reports whether a file that has the name of a manifest is another
// program's: it has neither the version nor a key that every binding has. One with a
// slip in its version is not foreign.
func foreign(text []byte) bool {
	for _, mark := range []string{"bindgate", "domainName", "groupId"} {
		if bytes.Contains(text, []byte(mark)) {
			return false
		}
	}
	return len(bytes.TrimSpace(text)) > 0 && !declares(text)
}

// real resolves symlinks where the file exists; one that was deleted counts by its
// name, below its folder.
func real(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(folder, filepath.Base(path))
	}
	return filepath.Clean(path)
}
