package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/starter"
)

func newInit(env Env) *cobra.Command {
	var ci []string
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write configuration, a sample manifest, hooks and CI files; overwrite nothing",
		Long: `Write into a repository (default: the current folder) what it needs to begin: the
tree's configuration, a sample manifest with its schema, the pre-commit hooks and
a CI job, each pinned to this version. A file that exists stays as it is.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := env.Dir
			if len(args) == 1 {
				dir = absolute(env, args[0])
			}
			top := cmp.Or(confine.GitTop(dir), confine.GitTop(filepath.Dir(dir)), dir)
			if ci == nil {
				ci = guessCI(top)
			}
			return writeStarter(env, dir, top, ci)
		},
	}
	c.Flags().StringSliceVar(&ci, "ci", nil, "CI to write for: `github,gitlab` (default: what the repository shows, else github)")
	fixed(c, "ci", starter.GitHub, starter.GitLab)
	return c
}

// guessCI tells by a repository's files which CI it uses.
func guessCI(dir string) []string {
	exists := func(name string) bool { _, err := os.Lstat(filepath.Join(dir, name)); return err == nil }
	if exists(".gitlab-ci.yml") || exists(".gitlab") {
		if exists(".github") {
			return []string{starter.GitHub, starter.GitLab}
		}
		return []string{starter.GitLab}
	}
	return []string{starter.GitHub}
}

// writeStarter writes the files into dir, a folder of the repository that has its
// top at top.
func writeStarter(env Env, dir, top string, ci []string) error {
	all, err := starter.Files(version(), ci, manifest.Schema(), config.Schema())
	if err != nil {
		return err
	}
	kept := false
	var told strings.Builder
	for _, f := range all {
		wrote, err := writeNew(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Text)
		if err != nil {
			return fmt.Errorf("writing the first files: %w", err)
		}
		word := "wrote"
		if !wrote {
			word, kept = "kept ", true
		}
		told.WriteString(report.Escape(fmt.Sprintf("%s %s (%s)", word, f.Path, f.For)) + "\n")
	}
	if kept {
		told.WriteString("What was kept is yours: run `bindgate init` in an empty folder to see what would stand there.\n")
	}
	if below := folderBelow(top, dir); below != "" {
		told.WriteString(report.Escape(fmt.Sprintf("This folder is not the top of its repository, where alone CI and pre-commit look for their files: move .bindgate.yaml, "+
			".pre-commit-config.yaml and the CI's file to %s, and have the CI judge %s.", top, below)) + "\n")
	}
	told.WriteString("Next: put your domain and group into bindings.yaml, then `bindgate lint --offline`.\n")
	_, err = io.WriteString(env.Stdout, told.String())
	return err
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
// included.
func writeNew(path string, text []byte) (bool, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, err
	}
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
