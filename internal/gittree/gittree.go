// Package gittree asks git about a working tree: which files it has, which of them
// change, and what the index holds. It runs the git of PATH and nothing that the
// repository configures: no hook, no filter of a diff, no file-system monitor.
package gittree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/internal/confine"
)

// maxOutput bounds what one command of git may answer, in bytes.
const maxOutput = 256 << 20

// Tree is a working tree.
type Tree struct {
	Top string // absolute, without symbolic links

	program string
	environ []string
}

// Open returns the working tree around a folder; nil where there is none, or no git
// to ask, and an error where git refuses to answer. environ is the environment of the commands: a hook's names the index.
func Open(dir string, environ []string) (*Tree, error) {
	program, err := exec.LookPath("git") // never of the working directory
	top := confine.GitTop(dir)
	if err != nil || top == "" {
		return nil, nil
	}
	t := &Tree{Top: top, program: program, environ: environ}
	if _, err := t.run(context.Background(), nil, "rev-parse", "--is-inside-work-tree"); err != nil {
		return nil, err
	}
	return t, nil
}

// run runs a command of git at the top and returns its output.
func (t *Tree) run(ctx context.Context, allowed []int, args ...string) ([]byte, error) {
	return t.feed(ctx, nil, allowed, args...)
}

// feed is run with standard input.
func (t *Tree) feed(ctx context.Context, input []byte, allowed []int, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, t.program, append([]string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull,
		"-c", "safe.bareRepository=explicit", "--no-pager"}, args...)...)
	c.Dir, c.Env = t.Top, append(slices.Clone(t.environ), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	if input != nil {
		c.Stdin = bytes.NewReader(input)
	}
	var out, problem bytes.Buffer
	c.Stdout, c.Stderr = &bounded{w: &out, left: maxOutput}, &bounded{w: &problem, left: 4 << 10, cut: true}
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && slices.Contains(allowed, exit.ExitCode()) {
		err = nil
	}
	if err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(problem.String()), "\n")
		return nil, fmt.Errorf("running git %s in %q: %w: %s", args[0], t.Top, err, line)
	}
	return out.Bytes(), nil
}

// bounded writes at most so many bytes; the rest is an error, or cut off.
type bounded struct {
	w    *bytes.Buffer
	left int
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left && !b.cut {
		return 0, errors.New("the answer is too long")
	}
	n := min(len(p), b.left)
	b.left -= n
	_, _ = b.w.Write(p[:n]) // a buffer takes all
	return len(p), nil
}

// paths reads names that end with NUL as absolute paths.
func (t *Tree) paths(out []byte) (paths []string) {
	for name := range bytes.SplitSeq(out, []byte{0}) {
		if len(name) > 0 {
			paths = append(paths, filepath.Join(t.Top, filepath.FromSlash(string(name))))
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Files lists the files of the tree, tracked or not, that git does not ignore.
func (t *Tree) Files(ctx context.Context) ([]string, error) {
	out, err := t.run(ctx, nil, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	return t.paths(out), err
}

// Ignored lists those of paths below a folder that git ignores, and not the folder: in the
// working tree around it or in one that is nested in it. Without a working tree, or git to
// ask, none are. A tracked file is never ignored. All are absolute, without symbolic links.
func Ignored(ctx context.Context, environ []string, folder string, paths []string) (out []string, err error) {
	// A hook's variables name the repository of the hook, which need not be the one of a path.
	environ = slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"}, name)
	})
	// A nested tree may come from an archive: its configuration must not make git fetch, which runs programs.
	environ = append(environ, "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=")
	inside := func(top string) bool { return strings.HasPrefix(top, folder+string(filepath.Separator)) }
	asked := map[string][]string{} // by working tree
	of := map[string][]string{}    // the paths that are ignored with one that is asked
	for _, path := range paths {
		for one := path; ; {
			top := confine.GitTop(filepath.Dir(one))
			if top == "" {
				break
			}
			asked[top], of[one] = append(asked[top], one), append(of[one], path)
			if !inside(top) {
				break
			}
			one = top // a nested tree is ignored whole by the one around it
		}
	}
	for top, list := range asked {
		t, err := Open(top, environ)
		if err != nil || t == nil {
			return nil, err
		}
		if !inside(top) && folder != top {
			list = append(list, folder)
		}
		var names strings.Builder
		for _, path := range list {
			name, err := filepath.Rel(top, path)
			if err != nil {
				return nil, err // they are below it
			}
			names.WriteString(filepath.ToSlash(name) + "\x00")
		}
		answer, err := t.feed(ctx, []byte(names.String()), []int{1}, "check-ignore", "-z", "--stdin")
		if err != nil {
			return nil, err
		}
		ignored := t.paths(answer)
		if slices.Contains(ignored, folder) {
			continue
		}
		for _, one := range ignored {
			out = append(out, of[one]...)
		}
	}
	return out, nil
}

// Staged lists the files that the index changes from the last commit: new, changed
// and deleted ones, and both names of those that were renamed. A submodule of which
// another commit is staged is one of them, by its folder.
func (t *Tree) Staged(ctx context.Context) ([]string, error) {
	out, err := t.run(ctx, nil, "diff", "--cached", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty")
	return t.paths(out), err
}

// Between lists the files that differ between two revisions, from where they parted.
func (t *Tree) Between(ctx context.Context, from, to string) ([]string, error) {
	out, err := t.run(ctx, nil, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "--end-of-options", from+"..."+to, "--")
	return t.paths(out), err
}

// Index is the content of Git's index. As a confine.Overlay it replaces the
// working tree, so that bindgate judges the content of the commit.
type Index struct {
	tree    *Tree
	sparse  bool              // it holds only what a sparse checkout leaves out
	entries map[string]entry  // by absolute path
	texts   map[string][]byte // by object, those that were read at once
}

type entry struct {
	mode   string
	object string
}

// Index reads the names of the index. Contents are read when they are asked for.
func (t *Tree) Index(ctx context.Context) (*Index, error) { return t.index(ctx, false) }

// Sparse reads the names of the files that a sparse checkout leaves out: the tree has
// them, and the disk does not. As an overlay it adds them to the working tree.
func (t *Tree) Sparse(ctx context.Context) (*Index, error) { return t.index(ctx, true) }

func (t *Tree) index(ctx context.Context, sparse bool) (*Index, error) {
	out, err := t.run(ctx, nil, "ls-files", "-z", "-t", "--stage")
	if err != nil {
		return nil, err
	}
	x := &Index{tree: t, sparse: sparse, entries: map[string]entry{}, texts: map[string][]byte{}}
	for line := range bytes.SplitSeq(out, []byte{0}) {
		head, name, found := strings.Cut(string(line), "\t")
		fields := strings.Fields(head) // such as H 100644 OBJECT 0; S: not checked out
		if !found || len(fields) != 4 {
			continue
		}
		path := filepath.Join(t.Top, filepath.FromSlash(name))
		if sparse {
			if _, err := os.Lstat(path); fields[0] != "S" || err == nil {
				continue
			}
		}
		if fields[3] != "0" {
			return nil, fmt.Errorf("reading the index: %q is not merged; resolve the conflict and stage it", name)
		}
		x.entries[path] = entry{fields[1], fields[2]}
	}
	return x, nil
}

// Files lists the files of the index.
func (x *Index) Files() (paths []string) {
	for path := range x.entries {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// Preload reads at once the files that want picks; thousands of them one by one
// would take a process each.
func (x *Index) Preload(ctx context.Context, want func(path string) bool) error {
	var input bytes.Buffer
	for path, one := range x.entries {
		if one.file() && want(path) {
			input.WriteString(one.object + "\n")
		}
	}
	out, err := x.tree.feed(ctx, input.Bytes(), nil, "cat-file", "--batch")
	if err != nil {
		return err
	}
	for len(out) > 0 { // OBJECT blob SIZE, a line end, the bytes, a line end
		head, rest, _ := bytes.Cut(out, []byte("\n"))
		fields := strings.Fields(string(head))
		if len(fields) != 3 || fields[1] != "blob" {
			return fmt.Errorf("reading the index: git answered %.80q about an object", head)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil || size < 0 || size+1 > len(rest) {
			return fmt.Errorf("reading the index: git answered %.80q about an object", head)
		}
		x.texts[fields[0]], out = rest[:size], rest[size+1:]
	}
	return nil
}

func (e entry) file() bool { return e.mode == "100644" || e.mode == "100755" }

// Read returns a file as the index holds it. held is false for a file that is not of
// the tree, or that git ignores: the working tree's own counts. A file of the tree
// that is not in the index is missing: the commit will not have it.
func (x *Index) Read(path string) (data []byte, held bool, err error) {
	ctx := context.Background()
	one, ok := x.entries[path]
	if !ok && x.sparse {
		return nil, false, nil
	}
	if !ok {
		if rel, err := filepath.Rel(x.tree.Top, path); err != nil || !filepath.IsLocal(rel) {
			return nil, false, nil
		}
		for folder := filepath.Dir(path); folder != x.tree.Top; folder = filepath.Dir(folder) {
			if _, holds := x.entries[folder]; holds {
				name, _ := filepath.Rel(x.tree.Top, folder) // it is below it
				return nil, true, fmt.Errorf("%w: the index holds no file of the submodule %q", confine.ErrIrregular, name)
			}
		}
		out, err := x.tree.run(ctx, []int{1}, "check-ignore", "--no-index", "--", path)
		if err != nil || len(out) > 0 {
			return nil, false, err
		}
		return nil, true, fmt.Errorf("%w in the index: the commit will not hold %q; git add it", fs.ErrNotExist, path)
	}
	if !one.file() {
		return nil, true, fmt.Errorf("%w: the index holds a link or a submodule, want a file", confine.ErrIrregular)
	}
	if data, read := x.texts[one.object]; read {
		return data, true, nil
	}
	data, err = x.tree.run(ctx, nil, "cat-file", "blob", one.object)
	return data, true, err
}
