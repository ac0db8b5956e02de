// Package starter contains the first files of a repository that uses bindgate.
package starter

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/lazyregexp"
)

//go:embed files
var files embed.FS

// File is a file to write.
type File struct {
	Path string // in the repository, with slashes
	Text []byte
	For  string // its purpose, in a few words
}

// CI systems that Files supports.
const (
	GitHub = "github"
	GitLab = "gitlab"
)

// release is the newest release of this tree: that of the head of CHANGELOG.md. A build without
// a version pins it, and the action and the templates name it.
const release = "v0.1.0"

// Write writes the files into dir, a folder of a repository, and returns lines
// that report each file and the next step. Existing files are not changed. If
// ci is empty, the files of the repository decide which CI it uses; the other
// arguments are those of Files.
func Write(dir, version, platform string, ci []string, manifestSchema, configSchema []byte) (done []string, err error) {
	top := cmp.Or(confine.GitTop(dir), confine.GitTop(filepath.Dir(dir)), dir)
	if ci == nil {
		ci = guessCI(top)
	}
	all, err := Files(version, platform, ci, manifestSchema, configSchema)
	if err != nil {
		return nil, err
	}
	kept := false
	for _, f := range all {
		wrote, err := writeNew(dir, filepath.FromSlash(f.Path), f.Text)
		if err != nil {
			return nil, err
		}
		word := "wrote"
		if !wrote {
			word, kept = "kept ", true
		}
		done = append(done, fmt.Sprintf("%s %s (%s)", word, f.Path, f.For))
	}
	if kept {
		done = append(done, "Existing files were not changed: run `bindgate init` in an empty folder to see what it would write.")
	}
	if below := folderBelow(top, dir); below != "" {
		done = append(done, fmt.Sprintf("This folder is not the top of its repository, the only place where CI and pre-commit look for their files: move .bindgate.yaml, "+
			".pre-commit-config.yaml and the CI's file to %s, and have the CI judge %s.", top, below))
	}
	target := "group"
	if platform == binding.APIG {
		target = "gateway"
	}
	return append(done, "Next: put your domain and its "+target+" into bindings.yaml, then run `bindgate lint --offline` in the same folder. If a binding is blocked, see docs/blocked.md#start-here of bindgate."), nil
}

// WriteOwner writes the file of the gate's owner and its schema into dir, and returns
// lines that report each. Existing files are not changed.
func WriteOwner(dir string, configSchema []byte) (done []string, err error) {
	text, err := files.ReadFile("files/gate.yaml")
	if err != nil {
		return nil, fmt.Errorf("choosing files: %w", err)
	}
	for _, f := range []File{
		{Path: ".bindgate/owner.schema.json", Text: configSchema, For: "the schema of the owner's file, for editors"},
		{Path: "gate.yaml", Text: text, For: "the file of the gate's owner"},
	} {
		wrote, err := writeNew(dir, filepath.FromSlash(f.Path), f.Text)
		if err != nil {
			return nil, err
		}
		word := "wrote"
		if !wrote {
			word = "kept "
		}
		done = append(done, fmt.Sprintf("%s %s (%s)", word, f.Path, f.For))
	}
	return append(done, "Next: give it to each run with --config gate.yaml, from a place that pull requests cannot change. Each key is explained in docs/owner.md#where-the-file-is of bindgate."), nil
}

// SchemaLine returns the first line of a manifest in a folder that has the manifest's schema,
// as Write leaves it: it names the schema to editors. It is empty for another folder.
func SchemaLine(folder string) string {
	const schema = ".bindgate/manifest.schema.json"
	if info, err := os.Lstat(filepath.Join(folder, filepath.FromSlash(schema))); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return "# yaml-language-server: $schema=" + schema + "\n"
}

// guessCI returns the CI systems that the repository's files indicate.
func guessCI(dir string) []string {
	exists := func(name string) bool { _, err := os.Lstat(filepath.Join(dir, name)); return err == nil }
	if exists(".gitlab-ci.yml") || exists(".gitlab") {
		if exists(".github") {
			return []string{GitHub, GitLab}
		}
		return []string{GitLab}
	}
	return []string{GitHub}
}

// folderBelow returns the path from a repository's top to dir, with links
// resolved; empty if dir is the top, or if the path is unknown.
func folderBelow(top, dir string) string {
	realTop, err := filepath.EvalSymlinks(top)
	realDir, err2 := filepath.EvalSymlinks(dir)
	below, err3 := filepath.Rel(realTop, realDir)
	if errors.Join(err, err2, err3) != nil || below == "." {
		return ""
	}
	return filepath.ToSlash(below)
}

// writeNew creates a file. O_EXCL refuses an existing one, links included; a folder
// that is a link of the tree is not followed.
func writeNew(dir, path string, text []byte) (bool, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	folder, err := confine.Unlinked(dir, filepath.Dir(path))
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return false, err
	}
	path = filepath.Join(folder, filepath.Base(path))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.Write(text)
	return true, errors.Join(err, f.Close())
}

// Files returns the files for a repository that uses the given CI systems, with a first
// manifest for a platform. They pin bindgate at version. The schemas are the output of `bindgate schema`.
func Files(version, platform string, ci []string, manifestSchema, configSchema []byte) ([]File, error) {
	out := []File{
		{Path: ".bindgate/manifest.schema.json", Text: manifestSchema, For: "the manifest's schema, for editors"},
		{Path: ".bindgate/config.schema.json", Text: configSchema, For: "the configuration's schema, for editors"},
	}
	first, known := map[string]string{binding.Classic: "bindings.yaml", binding.APIG: "gateways.yaml"}[platform]
	if !known {
		return nil, fmt.Errorf("choosing files: got the platform %q, want %s or %s", platform, binding.Classic, binding.APIG)
	}
	wanted := []struct{ name, path, purpose string }{
		{"bindgate.yaml", ".bindgate.yaml", "the repository's configuration"},
		{first, "bindings.yaml", "a first manifest"},
		{"pre-commit-config.yaml", ".pre-commit-config.yaml", "the hooks of https://pre-commit.com"},
	}
	for _, place := range ci {
		switch place {
		case GitHub:
			wanted = append(wanted, struct{ name, path, purpose string }{"github.yml", ".github/workflows/bindgate.yml", "the GitHub workflow"})
		case GitLab:
			wanted = append(wanted, struct{ name, path, purpose string }{"gitlab.yml", ".gitlab-ci.yml", "the GitLab pipeline"})
		default:
			return nil, fmt.Errorf("choosing files: got the CI %q, want %s or %s", place, GitHub, GitLab)
		}
	}
	for _, w := range wanted {
		text, err := files.ReadFile("files/" + w.name)
		if err != nil {
			return nil, fmt.Errorf("choosing files: %w", err)
		}
		out = append(out, File{Path: w.path, Text: []byte(strings.ReplaceAll(string(text), "PIN", pin(version))), For: w.purpose})
	}
	return out, nil
}

// pin returns the Git revision of a version: its tag, else its commit.
func pin(version string) string {
	if m := pseudo.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	if tag.MatchString(version) {
		return version
	}
	return release
}

var (
	tag    = lazyregexp.New(`^v\d+\.\d+\.\d+(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$`)
	pseudo = lazyregexp.New(`^v\d+\.\d+\.\d+-(?:[0-9A-Za-z.]+\.)?\d{14}-([0-9a-f]{12})(\+dirty)?$`)
)
