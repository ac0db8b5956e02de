package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"
)

// Write packs files as a bundle. The same files give the same bytes, on any
// machine: sorted, without times and owners, and stored without compression, since
// a compressor's output changes with its version.
func Write(files []File, version ast.RegoVersion) ([]byte, error) {
	manifest := opa.Manifest{}
	manifest.SetRegoVersion(version) // and the root "", which is all of data
	text, err := json.Marshal(manifest)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", manifestName, err)
	}
	all := append(slices.Clone(files), File{manifestName, append(text, '\n')})
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Name, b.Name) })

	var out bytes.Buffer
	gz, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(gz)
	for _, f := range all {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: "/" + f.Name, Size: int64(len(f.Text)), Mode: 0o644, Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.Name, err)
		}
		if _, err := archive.Write(f.Text); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("packing the bundle: %w", err)
	}
	if err := gz.Close(); err != nil {
		return nil, fmt.Errorf("packing the bundle: %w", err)
	}
	if _, err := Read(out.Bytes()); err != nil { // what it would refuse to read it does not write
		return nil, fmt.Errorf("packing the bundle: it %w", err)
	}
	return out.Bytes(), nil
}
