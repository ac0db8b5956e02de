package policy

import (
	"context"
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
	"github.com/bindgate/bindgate/internal/policy/bundle"
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

	below string // its name below the root, with slashes
}

// folders are those below the root that the file is in: data of a folder is below
// their names, as for OPA's own tools and in bundles.
func (s source) folders() []string {
	dir := path.Dir(s.below)
	if s.below == "" || dir == "." {
		return nil
	}
	return strings.Split(dir, "/")
}

// sources are files by what they are for.
type sources struct {
	modules, tests, data, schemas []source
}

// count is how many files there are.
func (s sources) count() int { return len(s.modules) + len(s.tests) + len(s.data) + len(s.schemas) }

// add files the source by its name: *_test.rego, *.rego, or data.yaml, data.yml
// and data.json. Other names are not asked for.
func (s *sources) add(f source) {
	switch kindOf(f.name) {
	case aTest:
		s.tests = append(s.tests, f)
	case aModule:
		s.modules = append(s.modules, f)
	case aData:
		s.data = append(s.data, f)
	case aSchema:
		s.schemas = append(s.schemas, f)
	}
}

type kind int

const (
	other kind = iota
	aModule
	aTest
	aData
	aSchema
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
	case base == schemaName:
		return aSchema
	}
	return other
}

// almostRego reports whether a file that is not read is named as if it held a policy,
// such as "deny.rego " or deny.rego.txt. Swap files that an editor hides are not.
func almostRego(name string) bool {
	base := path.Base(strings.ToLower(name))
	swap, _ := path.Match(".*.sw?", base)
	return kindOf(name) == other && strings.Contains(base, ".rego") && !swap
}

// readSources reads what --policy names. A path that holds none of what is
// wanted is an error: whoever named it believes that something is enforced.
func readSources(ctx context.Context, o Options, testsToo bool) (sources, error) {
	r := newReader(o)
	for _, p := range o.Dirs {
		ref, err := bundle.ParseRef(p)
		if err != nil {
			return sources{}, err
		}
		list, err := r.read(ctx, ref)
		if err != nil {
			return sources{}, err
		}
		if !hasPolicy(list, testsToo) {
			return sources{}, fmt.Errorf("%q holds no policy: want a .rego file that is no _test.rego, or a folder or bundle with one%s", p, r.misnamed(ref))
		}
		if err := r.add(list, p); err != nil {
			return sources{}, err
		}
	}
	return r.found, nil
}

func hasPolicy(list []located, testsToo bool) bool {
	return slices.ContainsFunc(list, func(f located) bool {
		kind := kindOf(f.name)
		return kind == aModule || kind == aTest && testsToo
	})
}

// located is a file, its name below what was named, and what it is known by.
type located struct {
	source
	below string // such as stages/stages.rego
	path  string // without symbolic links; of a bundle's file: the bundle's digest and the name
}

// reader collects the files of several paths, each file once.
type reader struct {
	dir   string // where relative paths start
	files *confine.Files
	fetch Fetch
	seen  map[string]bool // by located.path
	found sources
}

func newReader(o Options) *reader {
	return &reader{dir: o.Dir, files: confine.Anywhere(), fetch: o.Fetch, seen: map[string]bool{}}
}

// add takes the files of one path, root.
func (r *reader) add(list []located, root string) error {
	for _, f := range list {
		if r.seen[f.path] {
			continue
		}
		r.seen[f.path] = true
		f.root, f.source.below = root, f.below
		r.found.add(f.source)
		if r.found.count() > maxFiles {
			return fmt.Errorf("%q is one file too many: want at most %d", f.name, maxFiles)
		}
	}
	return nil
}

// at returns where the path is. Messages name the path as it was typed.
func (r *reader) at(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(r.dir, p)
}

// read returns the files that a reference names, and fails if they are not those
// that its digest locks.
func (r *reader) read(ctx context.Context, ref bundle.Ref) ([]located, error) {
	c, err := r.open(ctx, ref)
	if err != nil || ref.Digest == "" {
		return c.files, err
	}
	digest, err := c.lock()
	if err == nil && digest != ref.Digest {
		err = fmt.Errorf("%q is not what its digest locks: got %s, want %s; if the change is meant, `bindgate policy lock` shows it and writes the new digest", ref, digest, ref.Digest)
	}
	return c.files, err
}

// open returns what a reference names.
func (r *reader) open(ctx context.Context, ref bundle.Ref) (content, error) {
	if ref.OCI() {
		return r.fromRegistry(ctx, ref)
	}
	p := ref.Path
	info, err := os.Stat(r.at(p))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return content{}, fmt.Errorf("%q does not exist: want a .rego file, a folder, a bundle or oci://registry/repository@sha256:…", p)
	case err != nil:
		return content{}, err
	case info.IsDir():
		list, err := r.folder(p, "", 0)
		return content{files: list}, err
	case kindOf(p) == aData:
		return content{}, fmt.Errorf("%q is data: give it to --data, or give --policy its folder", p)
	case kindOf(p) == other:
		return r.archive(p)
	}
	f, err := r.file(p, path.Base(filepath.ToSlash(p)))
	return content{files: []located{f}, digest: bundle.Digest(f.text)}, err
}

// folder reads a folder and those below it. A linked file is followed, as
// mounted configuration has them; a linked folder is refused, so that a loop or
// a second way to the same files cannot arise.
func (r *reader) folder(dir, below string, depth int) (list []located, err error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%q is nested too deeply: more than %d folders", dir, maxDepth)
	}
	entries, err := os.ReadDir(r.at(dir))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		p := filepath.Join(dir, name)
		if name == ".git" || strings.HasPrefix(name, "..") {
			continue // version control, and the ..data of a mounted ConfigMap
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(r.at(p)); err != nil {
				return nil, err
			} else if info.IsDir() {
				return nil, fmt.Errorf("%q links to a folder: name that folder with a separate --policy", p)
			}
		}
		var more []located
		switch {
		case entry.IsDir():
			more, err = r.folder(p, path.Join(below, name), depth+1)
		case kindOf(name) != other:
			more = make([]located, 1)
			more[0], err = r.file(p, path.Join(below, name))
		case almostRego(name):
			err = fmt.Errorf("%q would not be read: its name holds .rego and does not end in it; rename it so that it ends in .rego, or move it elsewhere", p)
		case bundleName(name):
			err = fmt.Errorf("%q is a bundle in a folder, and would not be read: name it with a separate --policy, or move it elsewhere", p)
		}
		if err != nil {
			return nil, err
		}
		if list = append(list, more...); len(list) > maxFiles {
			return nil, fmt.Errorf("%q is one file too many: want at most %d", p, maxFiles)
		}
	}
	return list, nil
}

func (r *reader) file(p, below string) (located, error) {
	f, err := r.files.Read(r.dir, p, limitOf(p))
	return located{source{name: filepath.ToSlash(p), text: f.Bytes}, below, f.Path}, err
}

// limitOf is the size that a file may have, by its name.
func limitOf(name string) int64 {
	if kindOf(name) == aData {
		return maxDataBytes
	}
	return maxModuleBytes
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
	add("schema", shipped.schemas)
	add("schema", own.schemas)
	add("override", overrides)
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
