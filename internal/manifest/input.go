package manifest

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/spelling"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Stdin is the name of standard input in messages.
const Stdin = "<stdin>"

// source is one manifest that was read.
type source struct {
	name   string // as messages name it
	folder string // where its relative paths begin, absolute
	bytes  []byte
	files  *confine.Files // what its paths may reach; nil: that is known
	whole  bool           // it is parsed whole, because it cannot be cut
}

// check decodes the source once and counts its bindings, and those of maps among them.
// Where strictyaml.Each stops, the source is parsed whole if that is possible: the file may
// be sound, or Parse has more to say of it.
func (s *source) check(allowEnv []string) (bindings, moves int, errs Errors) {
	count := func(b binding.Binding) bool {
		bindings++
		if b.CutOver {
			moves++
		}
		return true
	}
	file, _ := s.read(allowEnv, count)
	if file.Stopped() && len(s.bytes) <= strictyaml.MaxTree {
		bindings, moves, s.whole = 0, 0, true
		file, _ = s.read(allowEnv, count)
	}
	return bindings, moves, file.Errors()
}

// decode yields the bindings of the source. Where all is false, yield wanted no
// more, and errs says nothing.
func (s *source) decode(allowEnv []string, yield func(binding.Binding) bool) (errs Errors, all bool) {
	file, all := s.read(allowEnv, yield)
	return file.Errors(), all
}

// read decodes the source, and returns the file that it was read as.
func (s *source) read(allowEnv []string, yield func(binding.Binding) bool) (file *strictyaml.File, all bool) {
	d := decoder{name: s.name, folder: s.folder, files: s.files, allowEnv: allowEnv}
	var docs iter.Seq[strictyaml.Value]
	if s.whole {
		file = strictyaml.Parse(s.name, s.bytes)
		docs = slices.Values(file.Documents())
	} else {
		file, docs = strictyaml.Each(s.name, s.bytes, listOf(s.bytes))
	}
	return file, d.file(docs, yield)
}

// reader turns the arguments of a command into sources.
type reader struct {
	options  Options
	sources  []source
	roots    []string                  // of all sources
	confined map[string]*confine.Files // by folder
	seen     map[string]bool           // a manifest that is named twice is read once
	searched bool                      // the file was found in a folder, and not named
	foreign  []string                  // files of a manifest's name that are another program's
	ignored  []string                  // manifests that Git ignores
	errs     Errors
}

func (r *reader) fail(file, message, next string) {
	r.errs = append(r.errs, &Error{File: file, Message: message, Next: next})
}

// input takes one argument. It answers with an error only where the options are at
// fault; what is wrong with the manifest is in r.errs.
func (r *reader) input(arg string) error {
	switch arg {
	case "-":
		return r.standardInput()
	case "": // an unset variable of a script; the working directory has the name "."
		r.fail(`""`, "got an empty path, want a manifest or a folder", "name it")
		return nil
	}
	absolute := r.absolute(arg)
	if over := r.options.Overlay; over != nil { // it may hold what the disk no longer does
		if _, held, err := over.Read(absolute); held && err == nil {
			return r.file(arg, absolute)
		}
	}
	info, err := os.Stat(absolute)
	if err != nil {
		r.fail(printable(arg), unreadable(err), nearby(arg, absolute))
		return nil
	}
	if !info.IsDir() {
		return r.file(arg, absolute)
	}
	names, passed, err := manifestsBelow(absolute, r.options.Ignored)
	if err != nil {
		r.fail(printable(arg), err.Error(), "name the manifests one by one")
		return nil
	}
	for _, name := range passed {
		r.ignored = append(r.ignored, printable(filepath.Join(arg, name)))
	}
	switch {
	case len(names) == 0 && len(passed) > 0:
		r.fail(printable(arg), fmt.Sprintf("folder holds no manifest that counts: Git ignores %q", r.ignored[len(r.ignored)-1]), "name it, or its folder")
	case len(names) == 0:
		r.fail(printable(arg), "folder holds no manifest, want bindings.yaml or *.bindgate.yaml (or .yml, .json), in it or below it", above(arg, absolute))
	}
	before := len(r.sources) + len(r.errs)
	r.searched = true
	defer func() { r.searched = false }()
	for _, name := range names {
		if err := r.file(filepath.Join(arg, name), filepath.Join(absolute, name)); err != nil {
			return err
		}
	}
	if len(names) > 0 && len(r.sources)+len(r.errs) == before && len(r.foreign) > 0 {
		r.fail(printable(arg), fmt.Sprintf("folder holds no manifest of bindgate; %q is another program's", r.foreign[len(r.foreign)-1]), "name the manifest, or write apiVersion: bindgate/v1 and bindings into it")
	}
	return nil
}

// material names what a file holds if that is a certificate or a key; else it is empty.
func material(data []byte) string {
	der := len(data) > 4 && data[0] == 0x30 && data[1] == 0x82 && int(data[2])<<8|int(data[3]) <= len(data)-4
	block, _ := pem.Decode(data)
	switch {
	case block != nil && strings.Contains(block.Type, "PRIVATE KEY"):
		return "this is a private key"
	case block != nil && strings.Contains(block.Type, "CERTIFICATE"):
		return "this is a certificate"
	case block != nil:
		return "this is PEM"
	case der:
		return "this is a certificate or key in DER or PKCS#12"
	}
	return ""
}

func materialNext(name string, data []byte) string {
	if strings.Contains(material(data), "private key") {
		return "name the manifest; the key is named in it, or by --private-key; if the key was committed, replace it"
	}
	return fmt.Sprintf("name the manifest, or judge the certificate with --domain NAME --certificate %s", name)
}

// file reads one manifest. It is confined like the paths it names: a pull
// request may turn the file that a job lints into a link.
func (r *reader) file(name, absolute string) error {
	if printable(name) != name {
		r.fail(printable(name), "file name holds control characters", "rename it")
		return nil
	}
	folder := filepath.Dir(absolute)
	root := r.rootOf(folder)
	if r.options.Confined {
		root = cmp.Or(r.options.Root, confine.GitTop(r.options.WorkDir), r.options.WorkDir)
	}
	files, err := confine.New(append(r.allowed(), root))
	if err != nil {
		return fmt.Errorf("confining the manifest %q: %w", name, err)
	}
	files.Over(r.options.Overlay)
	read, err := files.Read(folder, absolute, strictyaml.MaxBytes)
	switch {
	case errors.Is(err, confine.ErrTooLarge):
		r.fail(name, fmt.Sprintf("file is too large: more than %d MiB", strictyaml.MaxBytes>>20), "split it into several files")
	case errors.Is(err, confine.ErrOutside):
		message := "a symbolic link on its path leaves " + root
		if r.options.Confined {
			message = "it is not under " + root + ", and a saved plan leads nowhere else"
		}
		r.fail(name, message, "name the file itself, or allow its folder with --allow-path DIR")
	case err != nil:
		r.fail(name, unreadable(err), "")
	case material(read.Bytes) != "":
		r.fail(name, material(read.Bytes)+", and no manifest", materialNext(name, read.Bytes))
	case (r.searched || r.options.Skip) && foreign(read.Bytes):
		r.foreign = append(r.foreign, name)
	case !r.seen[read.Path]:
		r.seen[read.Path] = true
		return r.add(source{name: name, folder: folder, bytes: read.Bytes})
	}
	return nil
}

func (r *reader) standardInput() error {
	if r.seen["-"] {
		return nil
	}
	r.seen["-"] = true
	if r.options.Stdin == nil {
		r.fail(Stdin, "there is no standard input", "name a file")
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(r.options.Stdin, strictyaml.MaxBytes+1))
	if err != nil {
		r.fail(Stdin, unreadable(err), "")
		return nil
	}
	if what := material(data); what != "" {
		r.fail(Stdin, what+", and no manifest", materialNext("FILE", data))
		return nil
	}
	return r.add(source{name: Stdin, folder: r.options.WorkDir, bytes: data})
}

// add gives a source its confinement: the one root of its manifest, and what
// the owner of the gate allows in addition.
func (r *reader) add(src source) error {
	files, known := r.confined[src.folder]
	if !known {
		root := r.rootOf(src.folder)
		if r.options.Root != "" {
			root = r.absolute(r.options.Root)
		}
		roots := append([]string{root}, r.allowed()...)
		var err error
		if files, err = confine.New(roots); err != nil {
			return fmt.Errorf("confining the paths of %q: %w", src.name, err)
		}
		files.Over(r.options.Overlay)
		r.confined[src.folder] = files
		r.roots = append(r.roots, roots...)
	}
	src.files = files
	r.sources = append(r.sources, src)
	return nil
}

func (r *reader) allowed() []string {
	dirs := make([]string, len(r.options.AllowPaths))
	for i, dir := range r.options.AllowPaths {
		dirs[i] = r.absolute(dir)
	}
	return dirs
}

func (r *reader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.options.WorkDir, path)
}

// rootOf is the root of the manifests of a folder: the Git top level above it,
// else the folder. A folder that is named inside the working tree stays in it:
// a pull request may turn a folder, too, into a link.
func (r *reader) rootOf(folder string) string {
	top := confine.GitTop(folder)
	if top == "" {
		top = folder
	}
	work := confine.GitTop(r.options.WorkDir)
	if work == "" || !within(work, folder) {
		return top
	}
	if resolved, err := filepath.EvalSymlinks(top); err == nil && within(work, resolved) {
		return top
	}
	return work
}

func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "no such file or folder"
	}
	return "reading manifest: " + err.Error()
}

// nearby says what to name in place of a path that cannot be read.
func nearby(arg, absolute string) string {
	var names []string
	beside, _ := os.ReadDir(filepath.Dir(absolute)) // none: no name is near
	for _, one := range beside {
		if MayBe(one.Name()) && one.Type().IsRegular() {
			names = append(names, one.Name())
		}
	}
	if near := spelling.Nearest(filepath.Base(arg), names, 2); near != "" {
		return fmt.Sprintf("did you mean %q?", filepath.Join(filepath.Dir(arg), near))
	}
	return "name a manifest or a map, or a folder that holds bindings.yaml"
}

// printable is the name itself, or quoted when it could drive a terminal.
func printable(name string) string {
	if _, bad := strictyaml.Hidden(name); bad {
		return strconv.Quote(name)
	}
	return name
}
