// Package starter holds the files with which a repository begins to use bindgate.
package starter

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bindgate/bindgate/internal/confine"
)

//go:embed files
var files embed.FS

// File is one file to write.
type File struct {
	Path string // in the repository, with slashes
	Text []byte
	For  string // what it is for, in a few words
}

// Places of use that Files knows.
const (
	GitHub = "github"
	GitLab = "gitlab"
)

// firstVersion pins what a build without a version writes.
const firstVersion = "v0.1.0"

// Write writes the files into dir, a folder of a repository, and says in lines what
// it did and what comes next. A file that exists stays as it is. Without ci the
// repository's own files tell which CI it uses; the rest is as for Files.
func Write(dir, version string, ci []string, manifestSchema, configSchema []byte) (done []string, err error) {
	top := cmp.Or(confine.GitTop(dir), confine.GitTop(filepath.Dir(dir)), dir)
	if ci == nil {
		ci = guessCI(top)
	}
	all, err := Files(version, ci, manifestSchema, configSchema)
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
		done = append(done, "What was kept is yours: run `bindgate init` in an empty folder to see what would stand there.")
	}
	if below := folderBelow(top, dir); below != "" {
		done = append(done, fmt.Sprintf("This folder is not the top of its repository, where alone CI and pre-commit look for their files: move .bindgate.yaml, "+
			".pre-commit-config.yaml and the CI's file to %s, and have the CI judge %s.", top, below))
	}
	return append(done, "Next: put your domain and group into bindings.yaml, then `bindgate lint --offline`."), nil
}

// guessCI tells by a repository's files which CI it uses.
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

// folderBelow is the path from a repository's top to dir, links resolved; empty
// when dir is the top itself, or when nothing can be told.
func folderBelow(top, dir string) string {
	realTop, err := filepath.EvalSymlinks(top)
	realDir, err2 := filepath.EvalSymlinks(dir)
	below, err3 := filepath.Rel(realTop, realDir)
	if errors.Join(err, err2, err3) != nil || below == "." {
		return ""
	}
	return filepath.ToSlash(below)
}

// writeNew writes a file that does not exist yet. O_EXCL makes sure of it, links
// included; a folder that is a link of the tree is not followed.
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

// Files gives the files for a repository whose CI runs at the given places.
// version is bindgate's own: they pin it. The schemas are those that
// `bindgate schema` prints.
func Files(version string, ci []string, manifestSchema, configSchema []byte) ([]File, error) {
	out := []File{
		{Path: ".bindgate/manifest.schema.json", Text: manifestSchema, For: "the manifest's schema, for editors"},
		{Path: ".bindgate/config.schema.json", Text: configSchema, For: "the configuration's schema, for editors"},
	}
	wanted := []struct{ name, path, purpose string }{
		{"bindgate.yaml", ".bindgate.yaml", "the tree's configuration"},
		{"bindings.yaml", "bindings.yaml", "a manifest to begin with"},
		{"pre-commit-config.yaml", ".pre-commit-config.yaml", "the hooks of https://pre-commit.com"},
	}
	for _, place := range ci {
		switch place {
		case GitHub:
			wanted = append(wanted, struct{ name, path, purpose string }{"github.yml", ".github/workflows/bindgate.yml", "the workflow of GitHub"})
		case GitLab:
			wanted = append(wanted, struct{ name, path, purpose string }{"gitlab.yml", ".gitlab-ci.yml", "the pipeline of GitLab"})
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

// pin is what names this version in another repository: its tag, else its commit.
func pin(version string) string {
	// Compiled here, for every command would pay for it and init alone asks.
	release := regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$`)
	pseudo := regexp.MustCompile(`^v\d+\.\d+\.\d+-(?:[0-9A-Za-z.]+\.)?\d{14}-([0-9a-f]{12})(\+dirty)?$`)
	if m := pseudo.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	if release.MatchString(version) {
		return version
	}
	return firstVersion
}
