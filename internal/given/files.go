package given

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/apply"
	"github.com/bindgate/bindgate/internal/approval"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/plan"
)

// Plan is a saved plan.
type Plan struct {
	File  plan.File
	text  []byte
	trust approval.Trust // with which its approvals were verified
}

// ReadPlan reads the plan of --plan. Its manifests must be there.
func ReadPlan(env console.Env, path string) (*Plan, error) {
	data, err := confine.ReadBounded(env.Absolute(path), plan.MaxFileSize)
	if err != nil {
		return nil, fmt.Errorf("reading --plan: %w", err)
	}
	file, err := plan.ReadFile(data)
	if err != nil {
		return nil, err
	}
	for _, m := range file.Manifests {
		if _, err := os.Stat(env.Absolute(m)); m != "-" && errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading plan %q: it is of the manifest %q, which is not there from this folder; run apply in the folder where the plan was made", path, m)
		}
	}
	return &Plan{File: file, text: data}, nil
}

// Late returns an error with exit code 5 if a plan cannot be applied at a time.
func (p *Plan) Late(now time.Time) error {
	if p == nil {
		return nil
	}
	if late := p.File.Late(now); late != "" {
		return exit.With(exit.Changed, fmt.Errorf("reading --plan: %s, so nothing was sent; make a new plan", late))
	}
	return nil
}

// ByOthers fails if an approval of the plan is by the person who applies it, whose proven
// names are known once STS was asked.
func (p *Plan) ByOthers(approvals []evidence.Approval, applier []string) error {
	if p == nil {
		return nil
	}
	return p.trust.Others(approvals, applier)
}

// SameTrust fails with exit code 5 if a file with which tokens, approvals and facts are
// verified is another than when the plan was made: otherwise verifying would fail first, with
// other words. apply compares the other files.
func (p *Plan) SameTrust(configDigest string, now []plan.InputFile) error {
	if p == nil || p.File.ConfigDigest != configDigest { // another owner's file is reported as such
		return nil
	}
	roles := []string{roleSigners, roleRevoked, roleJob, roleService, roleSchema}
	was := plan.File{Files: plan.OfRoles(p.File.Files, roles...)}
	if changes := was.FileChanges(plan.OfRoles(now, roles...)); len(changes) > 0 {
		return exit.With(exit.Changed, fmt.Errorf("%w: %s; make a new plan", apply.ErrChanged, strings.Join(changes, "; ")))
	}
	return nil
}

// Roles of files in a saved plan.
const (
	RolePolicy  = "policy" // and its data
	roleSigners = "allowedSigners"
	roleRevoked = "revokedSigners"
	roleJob     = "jwks of ci"
	roleService = "jwks of approvals"
	roleSchema  = "schema of external"
)

// File is a file that decides what is judged, with its role in a saved plan.
type File struct{ Role, Path string }

// TrustFiles returns the files with which a run verifies what it is given.
func TrustFiles(trust config.Trust) []File {
	files := []File{{roleSigners, trust.AllowedSigners}, {roleRevoked, trust.RevokedSigners}}
	for _, one := range trust.CI {
		files = append(files, File{roleJob, one.JWKS})
	}
	for _, one := range trust.Services {
		files = append(files, File{roleService, one.JWKS})
	}
	for _, one := range trust.External {
		files = append(files, File{roleSchema, one.Schema})
	}
	return files
}

// maxInputFile bounds a file that a saved plan is bound to; each has a smaller limit of its
// own where it is used.
const maxInputFile = 256 << 20

// Digest reads and digests files, for a plan that is saved or applied. Those without a path
// are skipped.
func Digest(env console.Env, configDir string, files []File) (out []plan.InputFile, err error) {
	for _, f := range files {
		if f.Path == "" {
			continue
		}
		text, err := confine.ReadBounded(env.Absolute(f.Path), maxInputFile)
		if err != nil {
			return nil, fmt.Errorf("reading the file of %s: %w", f.Role, err)
		}
		sum := sha256.Sum256(text)
		out = append(out, plan.InputFile{Role: f.Role, Name: ShortName(env, configDir, f.Path), Digest: "sha256:" + hex.EncodeToString(sum[:])})
	}
	return out, nil
}

// ShortName names a file by its path from the owner's folder or the working directory,
// which may be elsewhere when the plan is applied.
func ShortName(env console.Env, configDir, path string) string {
	for _, from := range []string{configDir, env.Dir} {
		if from == "" {
			continue
		}
		if below, err := filepath.Rel(from, env.Absolute(path)); err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator)) {
			return filepath.ToSlash(below)
		}
	}
	return filepath.Base(path)
}
