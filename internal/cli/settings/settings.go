// Package settings is what a judging command was called with: its flags, the gate owner's
// file, the tree's file and the environment, resolved.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/given"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/policy/registry"
	"github.com/bindgate/bindgate/internal/reach"
	"github.com/bindgate/bindgate/internal/usage"
)

// Settings are the flags, the gate owner's configuration and the tree's,
// resolved: a flag wins over --config, and the tree may only choose formats and
// raise severities.
type Settings struct {
	Flags
	Sources      []config.Source            // what the owner says of bindings in files of other tools
	hosts        map[string]config.Registry // of policies
	ConfigDir    string                     // folder of --config; empty without
	ConfigDigest string
	treeConfig   string           // path of .bindgate.yaml; empty without
	Files        []plan.InputFile // that decide what is judged; only for a plan that is saved or applied
}

// Settle resolves what a command was called with. Every error is usage.
func Settle(env console.Env, f Flags) (Settings, error) {
	c := f.command
	if err := filled(c); err != nil {
		return Settings{}, err
	}
	command := c.Name()
	if c.HasParent() && c.Parent().Name() == "policy" {
		command = "lint" // what policies read: a tool asks them as lint does
	}
	s := Settings{Flags: f}
	s.Command, s.Clock, s.Dir, s.LookupEnv = cmp.Or(f.As, command), env.Now, env.Dir, env.LookupEnv
	s.Live = f.now == "" && f.Evidence == "" && !f.Offline && len(f.Without) == 0
	if f.now != "" {
		at, err := time.Parse(time.RFC3339, f.now)
		if err != nil {
			return s, fmt.Errorf("reading --now: got %q, want a time like 2026-11-21T12:00:00Z", f.now)
		}
		s.Clock = func() time.Time { return at }
	}
	for _, w := range f.Without {
		if err := usage.OneOf("without", w, "group", "dns", "revocation"); err != nil {
			return s, err
		}
	}
	if f.Evidence != "" && (f.Offline || len(f.Without) > 0 || f.EvidenceOut != "" || f.now != "") {
		return s, fmt.Errorf("reading --evidence: a replay takes time and mode from the saved run; omit --now, --offline, --without and --evidence-out")
	}
	if f.Evidence != "" && len(f.WeakKeys) > 0 {
		return s, fmt.Errorf("reading --evidence: a replay uses the results of the saved run's lists; omit --weak-keys")
	}
	if err := usage.OneOf("fail-on", string(cmp.Or(f.FailOn, checks.Error)), "warning", "error"); err != nil {
		return s, err
	}
	if f.probes && (f.Offline || f.Evidence != "" || slices.Contains(f.Without, "dns") || slices.Contains(f.Without, "group")) {
		return s, errors.New("reading --probe: it connects to the addresses that DNS returns for domains of the group; omit --offline, --evidence and --without dns and group")
	}
	if err := usage.CheckColor(f.Color); err != nil {
		return s, err
	}
	s.Severities = checks.Severities{}
	if err := s.fromTree(env); err != nil {
		return s, err
	}
	trust, err := s.fromOwner(env)
	if err != nil {
		return s, err
	}
	if err := s.fromEnvironment(env); err != nil {
		return s, err
	}
	if err := s.mayApply(); err != nil {
		return s, err
	}
	if err := s.defaults(env); err != nil {
		return s, err
	}
	if s.PlanOut != "" || s.Saved != nil {
		if err := s.inputFiles(env, trust); err != nil {
			return s, err
		}
	}
	if err := s.Saved.SameTrust(s.ConfigDigest, s.Files); err != nil {
		return s, err
	}
	s.Given, s.External, err = given.Verify(env, given.Things{CIToken: s.CIToken, External: s.ExternalFiles, Approvals: s.Approvals, Plan: s.Saved,
		Replays: s.Evidence != "", Owned: s.Config != "", Trust: trust, Clock: s.Clock})
	return s, err
}

// inputFiles digests the files, other than manifests and policies, that decide what is
// judged. CRLs are not among them: they are evidence, and newer ones are welcome.
func (s *Settings) inputFiles(env console.Env, trust config.Trust) (err error) {
	files := append(given.TrustFiles(trust), given.File{Role: "rootHints", Path: s.DNS.RootHints},
		given.File{Role: "endpointCA", Path: s.Gateway.CA}, given.File{Role: config.TreeName, Path: s.treeConfig})
	for _, path := range s.WeakKeys {
		files = append(files, given.File{Role: "weakKeys", Path: path})
	}
	var roots []plan.InputFile
	switch s.Roots {
	case "", "mozilla", "system":
		roots = []plan.InputFile{{Role: "roots", Name: cmp.Or(s.Roots, "mozilla")}}
	default:
		files = append(files, given.File{Role: "roots", Path: s.Roots})
	}
	s.Files, err = given.Digest(env, s.ConfigDir, files)
	s.Files = append(roots, s.Files...)
	return err
}

// filled refuses flags that were given an empty value, as a variable that is not
// set leaves one: the run would use the default, ask other servers than was meant
// or leave the private key out. An empty stage is the API's own word.
func filled(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		empty := len(values) == 0 || slices.Contains(values, "")
		if empty && f.Name != "stage" && f.Name != "label" && err == nil {
			err = fmt.Errorf("reading --%s: got an empty value, want one, or no --%s for its default; is a variable not set?", f.Name, f.Name)
		}
	})
	return err
}

// mayApply holds what is sent, now or from a saved plan, to fresh evidence.
func (s Settings) mayApply() error {
	switch {
	case s.Command == "apply" && (!s.Live || s.EvidenceOut != ""):
		return errors.New("reading flags: apply judges with the current time and with fresh, complete evidence; omit --now, --evidence, --evidence-out, --offline and --without")
	case s.PlanOut != "" && !s.Live:
		return errors.New("reading flags: plan -o needs the current time and fresh evidence; omit --now, --evidence, --offline and --without")
	case s.PlanOut != "" && len(s.Binding.Given()) > 0 && s.Other() == "":
		return errors.New("reading flags: plan -o wants a manifest, which apply can read again")
	}
	return nil
}

// fromTree reads the .bindgate.yaml of the tree under judgement. Whoever opens
// a pull request may have written it.
func (s *Settings) fromTree(env console.Env) error {
	path, err := config.FindTree(env.Dir)
	if err != nil || path == "" {
		return err
	}
	t, err := config.LoadTree(path)
	if err != nil {
		return err
	}
	if len(s.Formats) == 0 {
		s.Formats = t.Formats
	}
	raised := checks.Severities{}
	for _, id := range t.Raise {
		raised[id] = checks.Error
	}
	s.Raised, s.treeConfig = t.Raise, path
	return s.setSeverities(path, raised)
}

// fromOwner reads --config: it fills in what no flag said.
func (s *Settings) fromOwner(env console.Env) (config.Trust, error) {
	if s.Config == "" {
		return config.Trust{}, nil
	}
	path := env.Absolute(s.Config)
	o, err := config.LoadOwner(path)
	if err != nil {
		return config.Trust{}, err
	}
	s.ConfigDir, s.ConfigDigest, s.Labels, s.hosts = o.Dir, o.Digest, o.Labels, o.Registries
	trust := o.Trust
	s.Waivers, s.Sources = o.Waivers, o.Sources
	s.Raised = slices.DeleteFunc(s.Raised, func(id string) bool { _, set := o.Severities[id]; return set })
	own := s.bound()
	for _, o := range o.Settings {
		flag := own.Lookup(o.Flag)
		list, repeatable := flag.Value.(pflag.SliceValue)
		switch {
		case o.Flag == "format":
			if !s.command.Flags().Changed(o.Flag) { // else those of the flag, not of the tree
				err = list.Replace(o.Values)
			}
		case repeatable:
			for _, value := range o.Values {
				err = errors.Join(err, list.Append(value))
			}
		case flag.Value.String() == flag.DefValue:
			err = flag.Value.Set(o.Values[0])
		}
		if err != nil {
			return config.Trust{}, fmt.Errorf("reading %s: %s: %w", path, o.Key, err)
		}
	}
	return trust, s.setSeverities(path, o.Severities)
}

// bound gives the flags that --config may set, by name, as they set s itself.
func (s *Settings) bound() *pflag.FlagSet {
	given, c := s.Flags, &cobra.Command{}
	s.AddJudging(c)
	s.addOwned(c)
	s.Flags = given // a flag begins with its default
	return c.Flags()
}

// setSeverities adds the severities of a file to those of the files before it.
func (s *Settings) setSeverities(path string, severities checks.Severities) error {
	if err := catalog.Validate(catalog.All(), severities); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	maps.Copy(s.Severities, severities)
	return nil
}

// fromEnvironment takes what `bindgate sandbox` prints, and nothing that could
// point a run at another gateway: only a loopback endpoint is accepted.
func (s *Settings) fromEnvironment(env console.Env) error {
	if v, ok := env.LookupEnv("BINDGATE_ENDPOINT"); ok && v != "" && s.Gateway.Endpoint == "" {
		if !reach.LoopbackURL(v) {
			return fmt.Errorf("reading BINDGATE_ENDPOINT: it is honoured for a loopback address only; use --endpoint or --config")
		}
		s.Gateway.Endpoint = v
	}
	for name, dst := range map[string]*string{"BINDGATE_RESOLVER": &s.DNS.Resolver, "BINDGATE_ROOTS": &s.Roots, "BINDGATE_PROBE": &s.Moves.Via,
		"BINDGATE_PROBE_GATEWAY": &s.Moves.ViaGateway} {
		if (dst == &s.Moves.Via || dst == &s.Moves.ViaGateway) && !s.probes && !reach.LoopbackURL(s.Gateway.Endpoint) {
			continue
		}
		v, ok := env.LookupEnv(name)
		if !ok || v == "" || *dst != "" {
			continue
		}
		if !reach.LoopbackURL(s.Gateway.Endpoint) {
			return fmt.Errorf("reading %s: it is honoured with a loopback endpoint only; unset it, or use the flag or --config", name)
		}
		*dst = v
	}
	return nil
}

// defaults fills in what nobody said, and what follows from what was said.
func (s *Settings) defaults(env console.Env) error {
	s.Contract = cmp.Or(s.Contract, evidence.Contract2026)
	if s.Command == "plan" && (s.ValidFor <= 0 || s.ValidFor > plan.MaxValidity) {
		return fmt.Errorf("reading --valid-for: got %s, want more than 0 and at most %s", s.ValidFor, plan.MaxValidity)
	}
	if err := usage.OneOf("contract", s.Contract, evidence.Contract2026, evidence.Contract2017); err != nil {
		return err
	}
	s.Timeout, s.Concurrency = cmp.Or(s.Timeout, 30*time.Second), cmp.Or(s.Concurrency, 32)
	if s.Timeout < 0 || s.Concurrency < 0 {
		return fmt.Errorf("reading --timeout and --concurrency: got %s and %d, want positive values", s.Timeout, s.Concurrency)
	}
	if s.Actor == "" {
		s.Actor = cmp.Or(env.Get("GITHUB_ACTOR"), env.Get("GITLAB_USER_LOGIN"), env.Get("BUILD_USER_ID"), env.Get("USER"))
	}
	s.FailOn = cmp.Or(s.FailOn, checks.Error)
	s.DNS.Port, s.DNS.ResolvConf = cmp.Or(s.DNS.Port, 53), env.ResolvConf
	s.Gateway.UserAgent = "bindgate/" + built.Version()
	if s.probes {
		probe := s.Moves
		s.Probe = &probe
	}
	s.Skip = judge.Skip{DNS: s.skips("dns"), Group: s.skips("group"), Revocation: s.skips("revocation")}
	offline := ""
	switch {
	case s.Offline:
		offline = "--offline"
	case s.Evidence != "":
		offline = "--evidence"
	}
	s.FetchPolicy = Registries(env, s.hosts, offline).Fetch
	return nil
}

// skips says why the mode skips a piece of evidence; empty: it does not.
func (s Settings) skips(what string) string {
	switch {
	case s.Offline:
		return "--offline"
	case slices.Contains(s.Without, what):
		return "--without " + what
	}
	return ""
}

// Registries returns the client of policy registries. Offline says why none is
// asked; empty: they are.
func Registries(env console.Env, hosts map[string]config.Registry, offline string) *registry.Client {
	o := registry.Options{Offline: offline, LookupEnv: env.LookupEnv, UserAgent: "bindgate/" + built.Version(), Hosts: map[string]registry.Host{}}
	for name, h := range hosts {
		o.Hosts[name] = registry.Host{Username: h.Username, PasswordFile: h.PasswordFile, CA: h.CA, Also: h.Hosts}
	}
	home := env.Get("HOME")
	switch dir := env.Get("XDG_CACHE_HOME"); {
	case filepath.IsAbs(dir):
		o.Cache = filepath.Join(dir, "bindgate", "policies")
	case filepath.IsAbs(home):
		o.Cache = filepath.Join(home, ".cache", "bindgate", "policies")
	}
	switch dir := env.Get("DOCKER_CONFIG"); {
	case filepath.IsAbs(dir):
		o.Docker = filepath.Join(dir, "config.json")
	case filepath.IsAbs(home):
		o.Docker = filepath.Join(home, ".docker", "config.json")
	}
	return registry.New(o)
}
