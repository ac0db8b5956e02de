package policy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/internal/policy/bundle"
)

// language is the version of Rego that policies are written in, and that a bundle
// states.
const language = ast.RegoV2

// Fetch returns the bundle that a registry holds under the digest of the reference.
// A reference without one is an error that says which digest to write.
type Fetch func(ctx context.Context, ref bundle.Ref) (archive []byte, err error)

// bundleName reports whether a file is named as a bundle is.
func bundleName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// packedIn returns the first path that is no folder and no .rego file; empty: none.
func packedIn(o Options) string {
	for _, p := range o.Dirs {
		ref, err := bundle.ParseRef(p)
		if err != nil {
			continue // found again where it is read
		}
		if info, err := os.Stat(newReader(o).at(ref.Path)); ref.OCI() || err == nil && !info.IsDir() && kindOf(ref.Path) == other {
			return p
		}
	}
	return ""
}

// misnamed explains a folder without a policy that is named like a bundle.
func (r *reader) misnamed(ref bundle.Ref) string {
	if info, err := os.Stat(r.at(ref.Path)); !ref.OCI() && err == nil && info.IsDir() && bundleName(ref.Path) {
		return "; it is a folder, although its name is that of a bundle"
	}
	return ""
}

// content is what a reference names.
type content struct {
	files  []located
	digest string         // empty: of a folder, see lock
	bundle *bundle.Bundle // nil: a folder or file
	packed []byte         // the bundle's bytes
}

// lock returns the digest of the content: that of the registry's manifest, of the
// bundle's bytes, of a file's, and for a folder that of the bundle that Build makes
// of it.
func (c content) lock() (string, error) {
	if c.digest != "" {
		return c.digest, nil
	}
	archive, err := c.archive()
	return bundle.Digest(archive), err
}

// archive returns the bundle, or the one that Build makes of a folder or file.
func (c content) archive() ([]byte, error) {
	if c.packed != nil {
		return c.packed, nil
	}
	files := make([]bundle.File, len(c.files))
	for i, f := range c.files {
		files[i] = bundle.File{Name: f.below, Text: f.text}
	}
	return bundle.Write(files, language)
}

// archive reads a file that is neither Rego nor data: it must be a bundle.
func (r *reader) archive(p string) (content, error) {
	f, err := r.files.Read(r.dir, p, bundle.MaxArchive)
	if err != nil {
		return content{}, err
	}
	c, err := unpacked(filepath.ToSlash(p), bundle.Digest(f.Bytes), f.Bytes)
	switch {
	case err != nil && bundleName(p):
		err = fmt.Errorf("%q %w", p, err)
	case err != nil:
		err = fmt.Errorf("%q holds no policy: it %w; the name of a policy ends in .rego", p, err)
	}
	return c, err
}

func (r *reader) fromRegistry(ctx context.Context, ref bundle.Ref) (content, error) {
	if r.fetch == nil {
		return content{}, fmt.Errorf("%q is in a registry, and this command asks none", ref)
	}
	archive, err := r.fetch(ctx, ref)
	if err != nil {
		return content{}, err
	}
	c, err := unpacked(ref.Short(), ref.Digest, archive)
	if err != nil {
		err = fmt.Errorf("%q %w", ref, err)
	}
	return c, err
}

// unpacked returns the files of a bundle, named below it as those of a folder.
func unpacked(name, digest string, archive []byte) (content, error) {
	b, err := bundle.Read(archive)
	if err == nil {
		err = b.Speaks(language)
	}
	if err != nil {
		return content{}, err
	}
	c := content{digest: digest, bundle: &b, packed: archive}
	for _, f := range b.Files {
		if almostRego(f.Name) {
			return content{}, fmt.Errorf("holds %q, which would not be read: its name holds .rego and does not end in it; rename it so that it ends in .rego, or leave it out", f.Name)
		}
		if kindOf(f.Name) == other {
			continue
		}
		if limit := limitOf(f.Name); int64(len(f.Text)) > limit {
			return content{}, fmt.Errorf("holds %q, which has more than %d bytes", f.Name, limit)
		}
		c.files = append(c.files, located{source{name: name + "/" + f.Name, text: f.Text}, f.Name, digest + "/" + f.Name})
	}
	return c, nil
}

// Build makes a bundle of the one folder in o.Dirs. It loads the policies first,
// with their tests: what does not load is not packed.
func Build(ctx context.Context, o Options) ([]byte, error) {
	for _, p := range o.Dirs {
		if info, err := os.Stat(newReader(o).at(p)); err == nil && !info.IsDir() || strings.HasPrefix(p, "oci:") {
			return nil, fmt.Errorf("building a bundle: got %q, want a folder", bundle.Redacted(p))
		}
	}
	return Archive(ctx, o)
}

// Archive is Build, and takes a bundle as it is.
func Archive(ctx context.Context, o Options) ([]byte, error) {
	if len(o.Dirs) != 1 {
		return nil, fmt.Errorf("building a bundle: got %d paths, want one", len(o.Dirs))
	}
	ref, err := bundle.ParseRef(o.Dirs[0])
	if err != nil {
		return nil, fmt.Errorf("building a bundle: %w", err)
	}
	c, err := newReader(o).open(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("building a bundle: %w", err)
	}
	_, own, _, err := load(ctx, o, true)
	if err != nil {
		return nil, fmt.Errorf("building a bundle: %w", err)
	}
	if own.replaceShipped() {
		return nil, fmt.Errorf("building a bundle: %q holds packages that are shipped with bindgate, and no --policy loads those: pack a folder of other packages", o.Dirs[0])
	}
	archive, err := c.archive()
	if err != nil {
		return nil, fmt.Errorf("building a bundle: %w", err)
	}
	return archive, nil
}

// replaceShipped reports whether a module has the package of a shipped one.
func (s sources) replaceShipped() bool {
	return slices.ContainsFunc(shippedPolicies(), func(p shippedPolicy) bool { return slices.Contains(packagesIn(s.modules), p.pkg) })
}

// Contents is what a reference names.
type Contents struct {
	Digest  string
	Files   []bundle.File  // policies, tests and data, by name
	Bundle  *bundle.Bundle // nil: a folder or file
	Archive []byte         // the bundle, or the one that Build makes
}

// Open reads what a reference names, whatever its digest says; for a registry, the
// digest must be there.
func Open(ctx context.Context, o Options, ref bundle.Ref) (Contents, error) {
	c, err := newReader(o).open(ctx, ref)
	if err != nil {
		return Contents{}, fmt.Errorf("reading policies: %w", err)
	}
	digest, err := c.lock()
	if err != nil {
		return Contents{}, fmt.Errorf("reading policies: %w", err)
	}
	out := Contents{Digest: digest, Bundle: c.bundle}
	if out.Archive, err = c.archive(); err != nil {
		return Contents{}, fmt.Errorf("reading policies: %w", err)
	}
	for _, f := range c.files {
		out.Files = append(out.Files, bundle.File{Name: f.below, Text: f.text})
	}
	slices.SortFunc(out.Files, func(a, b bundle.File) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
