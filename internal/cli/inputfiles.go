package cli

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bindgate/bindgate/internal/apply"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/plan"
)

// maxInputFile bounds a file that a saved plan is bound to; each has a smaller limit of its
// own where it is used.
const maxInputFile = 256 << 20

// inputFiles digests the files, other than manifests and policies, that decide what is
// judged, for a plan that is saved or applied. CRLs are not among them: they are evidence,
// and newer ones are welcome.
func (s *settings) inputFiles(env console.Env, trust config.Trust) error {
	if s.planOut == "" && s.saved == nil {
		return nil
	}
	type file struct{ role, path string }
	files := []file{{roleSigners, trust.AllowedSigners}, {roleRevoked, trust.RevokedSigners},
		{"rootHints", s.rootHints}, {"endpointCA", s.endpointCA}, {config.TreeName, s.treeConfig}}
	for _, one := range trust.CI {
		files = append(files, file{roleJob, one.JWKS})
	}
	for _, one := range trust.Services {
		files = append(files, file{roleService, one.JWKS})
	}
	for _, one := range trust.External {
		files = append(files, file{roleSchema, one.Schema})
	}
	for _, path := range s.weakKeys {
		files = append(files, file{"weakKeys", path})
	}
	switch s.roots {
	case "", "mozilla", "system":
		s.files = append(s.files, plan.InputFile{Role: "roots", Name: cmp.Or(s.roots, "mozilla")})
	default:
		files = append(files, file{"roots", s.roots})
	}
	for _, f := range files {
		if f.path == "" {
			continue
		}
		text, err := confine.ReadBounded(env.Absolute(f.path), maxInputFile)
		if err != nil {
			return fmt.Errorf("reading the file of %s: %w", f.role, err)
		}
		s.files = append(s.files, s.inputFile(env, f.role, f.path, text))
	}
	return nil
}

func (s settings) inputFile(env console.Env, role, path string, text []byte) plan.InputFile {
	sum := sha256.Sum256(text)
	return plan.InputFile{Role: role, Name: s.shortName(env, path), Digest: "sha256:" + hex.EncodeToString(sum[:])}
}

// shortName names a file by its path from the owner's folder or the working directory,
// which may be elsewhere when the plan is applied.
func (s settings) shortName(env console.Env, path string) string {
	for _, from := range []string{s.configDir, env.Dir} {
		if from == "" {
			continue
		}
		if below, err := filepath.Rel(from, env.Absolute(path)); err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator)) {
			return filepath.ToSlash(below)
		}
	}
	return filepath.Base(path)
}

// unchanged fails with exit code 5 if a file with which tokens, approvals and facts are
// verified is another than when the plan was made: otherwise verifying would fail first, with
// other words. apply compares the other files.
func (s settings) unchanged() error {
	if s.saved == nil || s.saved.file.ConfigDigest != s.configDigest { // another owner's file is reported as such
		return nil
	}
	roles := []string{roleSigners, roleRevoked, roleJob, roleService, roleSchema}
	was := plan.File{Files: plan.OfRoles(s.saved.file.Files, roles...)}
	if changes := was.FileChanges(plan.OfRoles(s.files, roles...)); len(changes) > 0 {
		return exit.With(exit.Changed, fmt.Errorf("%w: %s; make a new plan", apply.ErrChanged, strings.Join(changes, "; ")))
	}
	return nil
}

// Roles of files in a saved plan.
const (
	rolePolicy  = "policy" // and its data
	roleSigners = "allowedSigners"
	roleRevoked = "revokedSigners"
	roleJob     = "jwks of ci"
	roleService = "jwks of approvals"
	roleSchema  = "schema of external"
)
