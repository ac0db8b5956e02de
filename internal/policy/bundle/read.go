package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"
)

// Limits of an archive, far above any real set of policies.
const (
	MaxArchive  = 16 << 20 // bytes, compressed
	maxUnpacked = 64 << 20 // bytes, with the archive's own headers
	maxFile     = 8 << 20
	maxManifest = 256 << 10
	maxEntries  = 2000 // files and folders
	maxName     = 255
	maxDepth    = 16
)

const (
	manifestName   = ".manifest"
	signaturesName = ".signatures.json"
)

// File is a file of a bundle; its name is relative, with slashes.
type File struct {
	Name string
	Text []byte
}

// Bundle is an unpacked bundle.
type Bundle struct {
	Files    []File // all but manifest and signatures, by name
	Revision string

	files      []File // those that a signature covers: the manifest, too
	signatures []byte // .signatures.json; nil: none
	manifest   opa.Manifest
}

// Read unpacks a bundle. It is OPA's format: a gzip-compressed tar of .rego files
// and data.json or data.yaml, with a .manifest. Nothing is written to disk. A
// link, a device, a name that is not below the archive's root, a name that occurs
// twice, a compiled policy and a patch are errors, and so is content beyond the
// limits or after the archive's end.
func Read(archive []byte) (Bundle, error) {
	if len(archive) > MaxArchive {
		return Bundle{}, fmt.Errorf("has more than %d bytes, the limit of a bundle", MaxArchive)
	}
	if what := otherFormat(archive); what != "" {
		return Bundle{}, fmt.Errorf("is %s, want a bundle: a tar archive that is compressed with gzip, such as `bindgate policy build` writes", what)
	}
	var b Bundle
	if err := b.unpack(bytes.NewReader(archive)); err != nil {
		return Bundle{}, err
	}
	slices.SortFunc(b.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range b.files {
		if f.Name == manifestName {
			if err := b.readManifest(f.Text); err != nil {
				return Bundle{}, err
			}
			continue
		}
		b.Files = append(b.Files, f)
	}
	return b, nil
}

// otherFormat says what a file is that is no gzip; empty: it may be.
func otherFormat(data []byte) string {
	begins := func(words ...string) bool {
		head := strings.ToLower(strings.TrimSpace(string(data[:min(len(data), 64)])))
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(head, w) })
	}
	switch {
	case len(data) == 0:
		return "empty"
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return ""
	case len(data) > 262 && string(data[257:262]) == "ustar":
		return "a tar archive without compression (`gzip -n FILE` compresses it)"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return "a ZIP archive"
	case bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}), begins("bzh"), bytes.HasPrefix(data, []byte("\xfd7zXZ")):
		return "compressed with another program than gzip"
	case begins("version https://git-lfs"):
		return "a Git LFS pointer (`git lfs pull` fetches the file)"
	case begins("<!doctype html", "<html", "<?xml"):
		return "a web page, perhaps of a login or an error"
	}
	return "no gzip file"
}

// unpack reads the entries of the archive.
func (b *Bundle) unpack(r *bytes.Reader) error {
	gz, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("cannot be uncompressed: %w", err)
	}
	gz.Multistream(false)
	limited := &bounded{from: gz, left: maxUnpacked}
	entries := tar.NewReader(limited)
	seen := map[string]bool{}
	for count := 1; ; count++ {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("cannot be unpacked after %d entries: %w", count-1, err)
		}
		if count > maxEntries {
			return fmt.Errorf("holds more than %d files and folders", maxEntries)
		}
		if err := b.entry(header, entries, seen); err != nil {
			return fmt.Errorf("cannot be read: entry %d, %.80q: %w", count, header.Name, err)
		}
	}
	if len(seen) == 0 {
		return errors.New("holds no file: it is empty, or no tar archive inside")
	}
	// Another reader could take what follows the end for more files.
	rest, err := io.ReadAll(limited)
	if err != nil {
		return fmt.Errorf("cannot be uncompressed: %w", err)
	}
	if r.Len() > 0 || len(bytes.Trim(rest, "\x00")) > 0 {
		return errors.New("has content after the end of its archive; pack it again")
	}
	return nil
}

// bounded reads at most left bytes.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("it unpacks to more than %d bytes", maxUnpacked)
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// entry reads one entry. Folders are ignored, and so is a comment of git-archive.
func (b *Bundle) entry(h *tar.Header, r io.Reader, seen map[string]bool) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeSymlink, tar.TypeLink:
		return errors.New("it is a link; pack the file itself (`tar --dereference`)")
	default:
		return errors.New("it is neither a file nor a folder")
	}
	name, err := relative(h.Name)
	if err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		return nil
	}
	switch {
	case name == "":
		return errors.New("it has no name")
	case seen[name]:
		return errors.New("the name occurs twice")
	case h.Size > maxFile:
		return fmt.Errorf("it has more than %d bytes", maxFile)
	}
	seen[name] = true
	if err := supported(name); err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return err
	}
	if name == signaturesName {
		b.signatures = text
	} else {
		b.files = append(b.files, File{name, text})
	}
	return nil
}

// relative returns the name below the archive's root. OPA writes one slash before
// each name, and tar "./".
func relative(name string) (string, error) {
	clean := name
	if rest, ok := strings.CutPrefix(clean, "./"); ok {
		clean = rest
	} else {
		clean = strings.TrimPrefix(clean, "/")
	}
	clean = strings.TrimSuffix(clean, "/")
	if clean == "." || clean == "" {
		return "", nil
	}
	parts := strings.Split(clean, "/")
	switch {
	case len(clean) > maxName:
		return "", fmt.Errorf("its name has more than %d bytes", maxName)
	case len(parts) > maxDepth:
		return "", fmt.Errorf("it is more than %d folders deep", maxDepth)
	case !utf8.ValidString(clean) || strings.ContainsFunc(clean, func(c rune) bool { return c == '\\' || !unicode.IsPrint(c) }):
		return "", errors.New("its name has characters other than printable ones and /")
	case slices.Contains(parts, "") || slices.Contains(parts, ".") || slices.Contains(parts, ".."):
		return "", errors.New("its name leaves the archive, or has an empty part")
	}
	return clean, nil
}

// supported refuses files that OPA acts upon and this package does not.
func supported(name string) error {
	base := path.Base(name)
	switch {
	case base == opa.WasmFile, base == opa.PlanFile, base == opa.PlanProtoFile:
		return errors.New("it is a compiled policy, want Rego: run `opa build` without --target")
	case base == "patch.json":
		return errors.New("it is a change of another bundle, want a whole bundle")
	case strings.HasSuffix(base, opa.ManifestProtoExt):
		return errors.New("it is a binary manifest, want .manifest in JSON")
	case strings.HasSuffix(base, manifestName) && name != manifestName, base == signaturesName && name != signaturesName:
		return fmt.Errorf("want %s at the archive's root only", base)
	}
	return nil
}

func (b *Bundle) readManifest(text []byte) error {
	if len(text) > maxManifest {
		return fmt.Errorf("has a %s of more than %d bytes", manifestName, maxManifest)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&b.manifest); err != nil {
		return fmt.Errorf("has a %s that cannot be read: %w", manifestName, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("has a %s that is not one JSON object", manifestName)
	}
	if len(b.manifest.WasmResolvers) > 0 {
		return fmt.Errorf("has a %s that names compiled policies, want Rego: run `opa build` without --target", manifestName)
	}
	b.Revision = b.manifest.Revision
	return nil
}

// Speaks returns an error for a module that the manifest says is of another
// version of Rego. `opa build` records version 1 for every bundle; a module that
// imports rego.v2 is of version 2 all the same. A manifest that states no version
// leaves it to the reader.
func (b Bundle) Speaks(version ast.RegoVersion) error {
	for _, f := range b.Files {
		if !strings.HasSuffix(strings.ToLower(f.Name), opa.RegoExt) {
			continue
		}
		for _, name := range []string{f.Name, "/" + f.Name} { // patterns are written for either
			stated, err := b.manifest.RegoVersionForFile(name)
			switch {
			case err != nil:
				return fmt.Errorf("has a %s that cannot be read: %w", manifestName, err)
			case stated == ast.RegoUndefined, stated == version:
			case stated == ast.RegoV1 && version == ast.RegoV2 && importsV2(f):
			default:
				return fmt.Errorf("has a %s that says that %s is Rego %s, want %s: write `import rego.%s` in every module, and build it again with `bindgate policy build`",
					manifestName, f.Name, stated, version, version)
			}
		}
	}
	return nil
}

// importsV2 reports whether a module imports rego.v2.
func importsV2(f File) bool {
	m, err := ast.ParseModuleWithOpts(f.Name, string(f.Text), ast.ParserOptions{RegoVersion: ast.RegoV1})
	return err == nil && m != nil && slices.ContainsFunc(m.Imports, func(i *ast.Import) bool { return ast.RegoV2CompatibleRef.Equal(i.Path.Value) })
}
