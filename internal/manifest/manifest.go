// Package manifest reads the files that hold bindings. It is strict: what a
// reader might take otherwise than this program does is an error with file,
// line and column. It judges nothing about a binding's values beyond their
// shape, opens none of the files a binding names, but refuses at once a path
// that leaves the manifest's root and a variable that may not be read.
package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Error is one thing wrong in one place of a manifest.
type Error = strictyaml.Error

// Errors is what Load and FromFlags answer where a manifest or flag is at fault.
type Errors = strictyaml.Errors

// Options say where manifests may reach.
type Options struct {
	WorkDir    string          // relative paths on the command line begin here; "" is the process's own
	Root       string          // folder of --config: the root of every manifest; "" leaves it to Git, else to the manifest's folder
	AllowPaths []string        // further folders that certificates and keys may lie in
	AllowEnv   []string        // globs (path.Match) of further variables that keys and passphrases may come from
	Stdin      io.Reader       // what the path "-" means
	Overlay    confine.Overlay // replaces files of the disk, such as Git's index; may be nil
	// Ignored lists those of paths below a folder that Git ignores; nil: none are.
	Ignored  func(folder string, paths []string) ([]string, error)
	Skip     bool // a named file that is another program's is passed over, like one of a folder
	Confined bool // the manifests themselves must lie under Root, else under the working directory's Git top level
}

// Set is what the manifests of one run say. It keeps their bytes, not their
// bindings.
type Set struct {
	Files  *confine.Files // reads what the bindings name, and nothing else; see Folder
	Digest string         // sha256:<hex> of the manifests' bytes, independent of their order
	Paths  []string       // the manifests, as messages name them

	Foreign []string // files of a searched folder that have the name of a manifest and are another program's
	Ignored []string // manifests below a searched folder that Git ignores

	NotRun []NotRun // bindings of another tool's file that cannot be judged; they are not among All

	sources  []source
	given    []binding.Binding // by flags, or by the caller of Of or FromEntries
	bindings int
	moves    int // bindings of maps; flags and lists give none
	folders  map[string]string
	texts    map[string][]byte
	allowEnv []string
}

// Len is the number of bindings.
func (s *Set) Len() int { return s.bindings }

// All yields the bindings in the order of the manifests. Each call decodes them
// again, and each binding is the caller's own.
func (s *Set) All() iter.Seq[binding.Binding] {
	return func(yield func(binding.Binding) bool) {
		for _, b := range s.given {
			if !yield(b) {
				return
			}
		}
		for _, src := range s.sources {
			// Load has confined the paths, and Files does so again where they are opened.
			src.files = nil
			errs, all := src.decode(s.allowEnv, yield)
			if !all {
				return
			}
			if errs != nil {
				// The same bytes passed before. Bindings must not be missed silently.
				panic(fmt.Sprintf("reading %s again: %v", src.name, errs))
			}
		}
	}
}

// Text is the bytes of a manifest, by its name in messages; nil when no manifest
// has it. The caller does not change them.
func (s *Set) Text(name string) []byte { return s.texts[name] }

// Folder is where the relative paths of a binding begin: the folder of its
// manifest, or the working directory when it came from flags or standard input.
func (s *Set) Folder(b binding.Binding) string { return s.folders[b.Source.File] }

// Load reads manifests: files, folders (the bindings.yaml, .yml, .json and
// *.bindgate.yaml, .yml, .json in them and below them, but for those below that Git
// ignores) and "-" for standard input. No path at all means the working directory. The
// error holds everything wrong.
func Load(paths []string, o Options) (*Set, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	r := reader{options: o, confined: map[string]*confine.Files{}, seen: map[string]bool{}}
	for _, p := range paths {
		if err := r.input(p); err != nil {
			return nil, err
		}
	}
	set := &Set{Foreign: r.foreign, Ignored: r.ignored, sources: r.sources, folders: map[string]string{}, texts: map[string][]byte{}, allowEnv: o.AllowEnv}
	for i := range r.sources {
		src := &r.sources[i]
		set.Paths = append(set.Paths, src.name)
		set.folders[src.name], set.texts[src.name] = src.folder, src.bytes
		n, moves, errs := src.check(o.AllowEnv)
		set.bindings, set.moves = set.bindings+n, set.moves+moves
		r.errs = append(r.errs, errs...)
	}
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	if len(r.sources) == 0 { // every file was passed over
		return set, nil
	}
	var err error
	if set.Files, err = confine.New(r.roots); err != nil {
		return nil, fmt.Errorf("confining the paths of manifests: %w", err)
	}
	set.Files.Over(o.Overlay)
	set.Digest = digest(r.sources)
	return set, nil
}

// check resolves the working directory and wants the globs to be globs; else
// one that matches nothing would show only where a name is refused.
func (o *Options) check() error {
	for _, glob := range o.AllowEnv {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("reading --allow-env %q: %w, want a pattern such as %q", glob, err, "CI_KEY_*")
		}
	}
	dir, err := filepath.Abs(o.WorkDir)
	if err == nil {
		o.WorkDir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return fmt.Errorf("finding the working directory: %w", err)
	}
	return nil
}

// digest is the digest of one manifest, or of the sorted digests of several.
func digest(sources []source) string {
	sums := make([]string, len(sources))
	for i, src := range sources {
		sum := sha256.Sum256(src.bytes)
		sums[i] = hex.EncodeToString(sum[:])
	}
	if len(sums) == 1 {
		return "sha256:" + sums[0]
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
