package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/gittree"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/sources"
)

// InFolder returns what the bindings of a folder are judged by and how its manifests are
// read, for a program that judges manifests by itself.
func InFolder(env console.Env, f settings.Flags, dir string) (judge.Options, manifest.Options, error) {
	env.Dir = dir
	s, err := settings.Settle(env, f)
	if err != nil {
		return judge.Options{}, manifest.Options{}, err
	}
	return s.Options, Reading(env, s), nil
}

// Reading returns how manifests are read.
func Reading(env console.Env, s settings.Settings) manifest.Options {
	return manifest.Options{WorkDir: env.Dir, Root: s.ConfigDir, AllowPaths: s.AllowPath, AllowEnv: s.AllowEnv, Stdin: env.Stdin, Confined: s.Confined, Overlay: s.Overlay, Ignored: Ignored(env)}
}

// Ignored returns what lists those of paths below a folder that Git ignores.
func Ignored(env console.Env) func(folder string, paths []string) ([]string, error) {
	return func(folder string, paths []string) ([]string, error) {
		out, err := gittree.Ignored(context.Background(), env.Environ, folder, paths)
		if err != nil {
			err = fmt.Errorf("asking Git which manifests below %q it ignores: %w", folder, err)
		}
		return out, err
	}
}

// Load reads the manifests, or the one binding that flags name.
func (r *Run) Load(paths []string) (*manifest.Set, error) {
	env, s, o := r.Env, r.Settings, Reading(r.Env, r.Settings)
	named := len(s.Binding.Given()) > 0
	switch {
	case s.Other() != "":
		return loadOther(env, s, paths, o)
	case named && s.PlanFile != "":
		return nil, fmt.Errorf("reading arguments: got both --plan %q and flags of a binding, want the plan alone: it names its manifests", s.PlanFile)
	case named && len(paths) > 0:
		return nil, fmt.Errorf("reading arguments: got both a manifest %q and flags that name a binding, want one of them", paths[0])
	case named:
		f, err := s.Binding.Manifest()
		if err != nil {
			return nil, err
		}
		return manifest.FromFlags(f, o)
	case len(paths) == 0:
		paths = []string{"."}
	}
	set, err := manifest.Load(paths, o)
	if err != nil {
		err = cmp.Or(notAManifest(env, s.Command, paths), err)
	}
	if err == nil && !s.Quiet {
		PassedOver(env, set.Foreign, set.Ignored)
	}
	return set, err
}

// notAManifest says so where one of the paths is a saved plan; nil if none is.
func notAManifest(env console.Env, command string, paths []string) error {
	for _, path := range paths {
		data, err := confine.ReadBounded(env.Absolute(path), plan.MaxFileSize)
		switch {
		case err == nil && !plan.IsFile(data) && !isEmpty(data):
			if what, next := sources.Kind(data); what != "" && what != sources.Manifest && what != sources.Map {
				return fmt.Errorf("reading arguments: %q is %s, want a manifest; %s", path, what, next)
			}
		case err == nil && isEmpty(data):
			return fmt.Errorf("reading arguments: %q holds no manifest and no saved plan: its object is empty; a manifest has apiVersion and bindings, see `bindgate init`", path)
		case err != nil || !plan.IsFile(data):
		case command == "apply":
			return fmt.Errorf("reading arguments: %q is a saved plan, not a manifest; run `bindgate apply --plan %s`", path, path)
		default:
			return fmt.Errorf("reading arguments: %q is a saved plan and no manifest; run `bindgate apply --plan %s` to apply it", path, path)
		}
	}
	return nil
}

// isEmpty reports whether a file is an empty JSON object.
func isEmpty(data []byte) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(data, &members) == nil && len(members) == 0
}

// PassedOver names files that look like manifests by their names only, and manifests below
// a folder that Git ignores.
func PassedOver(env console.Env, foreign, ignored []string) {
	for _, name := range foreign {
		env.Complain(fmt.Errorf("%s is no manifest of bindgate and was passed over", name))
	}
	for _, name := range ignored {
		env.Complain(fmt.Errorf("%s is ignored by Git and was passed over; name it, or its folder, to judge it", name))
	}
}

// expand replaces patterns among the arguments by the files that match them, because
// some shells do not. An argument that names a file is taken as it is.
func expand(env console.Env, paths []string) ([]string, error) {
	if !slices.ContainsFunc(paths, isPattern) {
		return paths, nil
	}
	var out []string
	for _, p := range paths {
		if !isPattern(p) || confine.Exists(env.Absolute(p)) {
			out = append(out, p)
			continue
		}
		found, err := filepath.Glob(env.Absolute(p))
		if err != nil {
			return nil, fmt.Errorf("reading arguments: %q is no pattern: %w; quote a name with [ as it is, or use * and ?", p, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("reading arguments: no file matches %q; name a manifest, or a folder that holds bindings.yaml", p)
		}
		for _, f := range found {
			if !filepath.IsAbs(p) {
				if f, err = filepath.Rel(env.Dir, f); err != nil {
					return nil, fmt.Errorf("reading arguments: expanding %q: %w", p, err)
				}
			}
			if f == "-" { // a file of this name, and not standard input
				f = "./-"
			}
			out = append(out, f)
		}
	}
	return out, nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// List reads the bindings that an account has in a region, after opening the file that the
// command writes of them, which must not be there; nil without a name.
func (r *Run) List(ctx context.Context, platform, region, output string) (*confine.Output, error) {
	file, err := openNew(r.Env, output)
	if err != nil {
		return nil, fmt.Errorf("opening -o %q: %w", output, err)
	}
	r.Classic = platform == binding.Classic
	var config *judge.ConfigError
	switch r.Held, err = judge.Bound(ctx, r.options(), platform, region); {
	case err == nil:
		return file, nil
	case !errors.As(err, &config):
		err = exit.With(exit.CannotTell, err)
	}
	file.Discard()
	return nil, err
}

// openNew opens a file that is not there yet; none without a path.
func openNew(env console.Env, path string) (*confine.Output, error) {
	if path == "" {
		return nil, nil
	}
	f, err := confine.Create(env.Dir, path, 0o644)
	if err == nil && f.Existing() != nil {
		f.Discard()
		return nil, errors.New("the file exists, and what it holds is not replaced; name another, or remove it")
	}
	return f, err
}
