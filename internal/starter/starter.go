// Package starter holds the files with which a repository begins to use bindgate.
package starter

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
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
