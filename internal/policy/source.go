package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/policies"
)

// What one run may load: far above any real set of policies.
const (
	maxModuleBytes = 1 << 20
	maxDataBytes   = 8 << 20
	maxFiles       = 1000
	maxDepth       = 16 // folders below a --policy folder
)

// source is one file: its name for messages, and its text.
type source struct {
	name string
	text []byte
	root string // the --policy path that holds it
}

// sources are files by what they are for.
type sources struct {
	modules, tests, data []source
}

// count is how many files there are.
func (s sources) count() int { return len(s.modules) + len(s.tests) + len(s.data) }

// add files the source by its name: *_test.rego, *.rego, or data.yaml, data.yml
// and data.json. Other names are not asked for.
func (s *sources) add(name string, text []byte, root string) {
	switch kindOf(name) {
	case aTest:
		s.tests = append(s.tests, source{name: name, text: text, root: root})
	case aModule:
		s.modules = append(s.modules, source{name: name, text: text, root: root})
	case aData:
		s.data = append(s.data, source{name: name, text: text, root: root})
	}
}

type kind int

const (
	other kind = iota
	aModule
	aTest
	aData
)

func kindOf(name string) kind {
	base := strings.ToLower(path.Base(filepath.ToSlash(name)))
	switch {
	case strings.HasSuffix(base, "_test.rego"):
		return aTest
	case strings.HasSuffix(base, ".rego"):
		return aModule
	case base == "data.yaml", base == "data.yml", base == "data.json":
		return aData
	}
	return other
}

// shippedSources are the policies that are built in.
func shippedSources() (sources, error) {
	var s sources
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := policies.FS.ReadFile(name)
		s.add("policies/"+name, text, "policies")
		return err
	})
	return s, err
}

// readSources reads what --policy names, relative to dir. A path that holds none of what is
// wanted is an error: whoever named it believes that something is enforced.
func readSources(dir string, paths []string, testsToo bool) (sources, error) {
	r := reader{dir: dir, files: confine.Anywhere(), seen: map[string]bool{}}
	for _, p := range paths {
		modules, tests := r.modules, r.tests
		r.root = p
		if err := r.path(p); err != nil {
			return sources{}, err
		}
		if r.modules == modules && (!testsToo || r.tests == tests) {
			return sources{}, fmt.Errorf("%q holds no policy: want a .rego file that is no _test.rego, or a folder with one", p)
		}
	}
	return r.found, nil
}

// reader collects the files of several paths, each file once.
type reader struct {
	dir            string // where relative paths start
	files          *confine.Files
	seen           map[string]bool // by the path without symbolic links
	root           string          // the path that is read
	modules, tests int             // files met, an earlier path's included
	found          sources
}

// at returns where the path is. Messages name the path as it was typed.
func (r *reader) at(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(r.dir, p)
}

func (r *reader) path(p string) error {
	info, err := os.Stat(r.at(p))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%q does not exist: want a .rego file or a folder", p)
	case err != nil:
		return err
	case info.IsDir():
		return r.folder(p, 0)
	case kindOf(p) == aData:
		return fmt.Errorf("%q is data: give it to --data, or give --policy its folder", p)
	}
	return r.file(p)
}

// folder reads a folder and those below it. A linked file is followed, as
// mounted configuration has them; a linked folder is refused, so that a loop or
// a second way to the same files cannot arise.
func (r *reader) folder(dir string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%q is nested too deeply: more than %d folders", dir, maxDepth)
	}
	entries, err := os.ReadDir(r.at(dir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		p := filepath.Join(dir, name)
		if name == ".git" || strings.HasPrefix(name, "..") {
			continue // version control, and the ..data of a mounted ConfigMap
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(r.at(p)); err != nil {
				return err
			} else if info.IsDir() {
				return fmt.Errorf("%q links to a folder: name that folder with a separate --policy", p)
			}
		}
		if entry.IsDir() {
			err = r.folder(p, depth+1)
		} else if kindOf(name) != other {
			err = r.file(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) file(p string) error {
	limit := int64(maxModuleBytes)
	if kindOf(p) == aData {
		limit = maxDataBytes
	}
	f, err := r.files.Read(r.dir, p, limit)
	if err != nil {
		return err
	}
	switch kindOf(p) {
	case aModule:
		r.modules++
	case aTest:
		r.tests++
	}
	if r.seen[f.Path] {
		return nil
	}
	r.seen[f.Path] = true
	r.found.add(filepath.ToSlash(p), f.Bytes, r.root)
	if r.found.count() > maxFiles {
		return fmt.Errorf("%q is one file too many: want at most %d", p, maxFiles)
	}
	return nil
}

// readData reads the files that --data names, relative to dir.
func readData(dir string, paths []string) ([]source, error) {
	files := confine.Anywhere()
	var out []source
	for _, p := range paths {
		f, err := files.Read(dir, p, maxDataBytes)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%q does not exist: want a YAML or JSON file", p)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, source{name: filepath.ToSlash(p), text: f.Bytes})
	}
	return out, nil
}

// digest is the same for the same contents, wherever the files lie and in
// in any order.
func digest(shipped, own sources, overrides []source) string {
	var lines []string
	add := func(role string, list []source) {
		for _, s := range list {
			sum := sha256.Sum256(s.text)
			lines = append(lines, role+" "+hex.EncodeToString(sum[:])+"\n")
		}
	}
	add("module", shipped.modules)
	add("module", own.modules)
	add("data", shipped.data)
	add("data", own.data)
	add("override", overrides)
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
