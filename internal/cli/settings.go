package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/given"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/reach"
	"github.com/bindgate/bindgate/internal/usage"
	"github.com/bindgate/bindgate/internal/waiver"
)

// settings are the flags, the gate owner's configuration and the tree's,
// resolved: a flag wins over --config, and the tree may only choose formats and
// raise severities.
type settings struct {
	flags
	command      string
	clock        func() time.Time // the run's
	live         bool             // on the live clock, with fresh evidence
	severities   checks.Severities
	raised       []string                  // by the tree, and not set by the owner
	labels       map[string]evidence.Label // that the owner declares
	waivers      []waiver.Waiver
	hosts        map[string]config.Registry // of policies
	configDir    string                     // folder of --config; empty without
	configDigest string
	treeConfig   string                        // path of .bindgate.yaml; empty without
	files        []plan.InputFile              // see inputFiles
	facts        map[string]policy.FactsSchema // that the owner declares, by name
	given        *evidence.Given               // verified; nil: nothing was given
}

// settle resolves what a command was called with. Every error is usage.
func settle(env console.Env, c *cobra.Command, f flags) (settings, error) {
	if err := filled(c); err != nil {
		return settings{}, err
	}
	command := c.Name()
	if c.HasParent() && c.Parent().Name() == "policy" {
		command = "lint" // what policies read: a tool asks them as lint does
	}
	command = cmp.Or(f.as, command)
	s := settings{flags: f, command: command, clock: env.Now, live: f.now == "" && f.evidence == "" && !f.offline && len(f.without) == 0}
	if f.now != "" {
		at, err := time.Parse(time.RFC3339, f.now)
		if err != nil {
			return s, fmt.Errorf("reading --now: got %q, want a time like 2026-11-21T12:00:00Z", f.now)
		}
		s.clock = func() time.Time { return at }
	}
	for _, w := range f.without {
		if !slices.Contains([]string{"group", "dns", "revocation"}, w) {
			return s, fmt.Errorf("reading --without: got %q, want group, dns or revocation", w)
		}
	}
	if f.evidence != "" && (f.offline || len(f.without) > 0 || f.evidenceOut != "" || f.now != "") {
		return s, fmt.Errorf("reading --evidence: a replay takes time and mode from the saved run; omit --now, --offline, --without and --evidence-out")
	}
	if f.evidence != "" && len(f.weakKeys) > 0 {
		return s, fmt.Errorf("reading --evidence: a replay uses the results of the saved run's lists; omit --weak-keys")
	}
	if f.failOn != "" && f.failOn != "warning" && f.failOn != "error" {
		return s, fmt.Errorf("reading --fail-on: got %q, want warning or error", f.failOn)
	}
	if f.probe && (f.offline || f.evidence != "" || slices.Contains(f.without, "dns") || slices.Contains(f.without, "group")) {
		return s, errors.New("reading --probe: it connects to the addresses that DNS returns for domains of the group; omit --offline, --evidence and --without dns and group")
	}
	if err := usage.CheckColor(f.color); err != nil {
		return s, err
	}
	s.severities = checks.Severities{}
	if err := s.fromTree(env); err != nil {
		return s, err
	}
	trust, err := s.fromOwner(env, c)
	if err != nil {
		return s, err
	}
	if err := s.fromEnvironment(env); err != nil {
		return s, err
	}
	if err := s.mayApply(c); err != nil {
		return s, err
	}
	if err := s.defaults(env); err != nil {
		return s, err
	}
	if s.planOut != "" || s.saved != nil {
		if err := s.inputFiles(env, trust); err != nil {
			return s, err
		}
	}
	if err := s.saved.SameTrust(s.configDigest, s.files); err != nil {
		return s, err
	}
	s.given, s.facts, err = given.Verify(env, given.Things{CIToken: s.ciToken, External: s.external, Approvals: s.approvals, Plan: s.saved,
		Replays: s.evidence != "", Owned: s.config != "", Trust: trust, Clock: s.clock})
	return s, err
}

// inputFiles digests the files, other than manifests and policies, that decide what is
// judged. CRLs are not among them: they are evidence, and newer ones are welcome.
func (s *settings) inputFiles(env console.Env, trust config.Trust) (err error) {
	files := append(given.TrustFiles(trust), given.File{Role: "rootHints", Path: s.rootHints},
		given.File{Role: "endpointCA", Path: s.endpointCA}, given.File{Role: config.TreeName, Path: s.treeConfig})
	for _, path := range s.weakKeys {
		files = append(files, given.File{Role: "weakKeys", Path: path})
	}
	var roots []plan.InputFile
	switch s.roots {
	case "", "mozilla", "system":
		roots = []plan.InputFile{{Role: "roots", Name: cmp.Or(s.roots, "mozilla")}}
	default:
		files = append(files, given.File{Role: "roots", Path: s.roots})
	}
	s.files, err = given.Digest(env, s.configDir, files)
	s.files = append(roots, s.files...)
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
func (s settings) mayApply(c *cobra.Command) error {
	switch {
	case s.command == "apply" && (!s.live || s.evidenceOut != ""):
		return errors.New("reading flags: apply judges with the current time and with fresh, complete evidence; omit --now, --evidence, --evidence-out, --offline and --without")
	case s.planOut != "" && !s.live:
		return errors.New("reading flags: plan -o needs the current time and fresh evidence; omit --now, --evidence, --offline and --without")
	case s.planOut != "" && s.binding.named(c):
		return errors.New("reading flags: plan -o wants a manifest, which apply can read again")
	}
	return nil
}

// fromTree reads the .bindgate.yaml of the tree under judgement. Whoever opens
// a pull request may have written it.
func (s *settings) fromTree(env console.Env) error {
	path, err := config.FindTree(env.Dir)
	if err != nil || path == "" {
		return err
	}
	t, err := config.LoadTree(path)
	if err != nil {
		return err
	}
	if len(s.formats) == 0 {
		s.formats = t.Formats
	}
	raised := checks.Severities{}
	for _, id := range t.Raise {
		raised[id] = checks.Error
	}
	s.raised, s.treeConfig = t.Raise, path
	return s.setSeverities(path, raised)
}

// fromOwner reads --config: it fills in what no flag said.
func (s *settings) fromOwner(env console.Env, c *cobra.Command) (config.Trust, error) {
	if s.config == "" {
		return config.Trust{}, nil
	}
	path := env.Absolute(s.config)
	o, err := config.LoadOwner(path)
	if err != nil {
		return config.Trust{}, err
	}
	s.configDir, s.configDigest, s.labels, s.hosts = o.Dir, o.Digest, o.Labels, o.Registries
	trust := o.Trust
	s.waivers = o.Waivers
	s.raised = slices.DeleteFunc(s.raised, func(id string) bool { _, set := o.Severities[id]; return set })
	own := s.bound()
	for _, o := range o.Settings {
		flag := own.Lookup(o.Flag)
		list, repeatable := flag.Value.(pflag.SliceValue)
		switch {
		case o.Flag == "format":
			if !c.Flags().Changed(o.Flag) { // else those of the flag, not of the tree
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
func (s *settings) bound() *pflag.FlagSet {
	given, c := s.flags, &cobra.Command{}
	s.addJudging(c)
	s.addOwned(c)
	s.flags = given // a flag begins with its default
	return c.Flags()
}

// setSeverities adds the severities of a file to those of the files before it.
func (s *settings) setSeverities(path string, severities checks.Severities) error {
	if err := catalog.Validate(catalog.All(), severities); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	maps.Copy(s.severities, severities)
	return nil
}

// fromEnvironment takes what `bindgate sandbox` prints, and nothing that could
// point a run at another gateway: only a loopback endpoint is accepted.
func (s *settings) fromEnvironment(env console.Env) error {
	if v, ok := env.LookupEnv("BINDGATE_ENDPOINT"); ok && v != "" && s.endpoint == "" {
		if !reach.LoopbackURL(v) {
			return fmt.Errorf("reading BINDGATE_ENDPOINT: it is honoured for a loopback address only; use --endpoint or --config")
		}
		s.endpoint = v
	}
	for name, dst := range map[string]*string{"BINDGATE_RESOLVER": &s.resolver, "BINDGATE_ROOTS": &s.roots, "BINDGATE_PROBE": &s.probeVia,
		"BINDGATE_PROBE_GATEWAY": &s.probeGateway} {
		if (dst == &s.probeVia || dst == &s.probeGateway) && !s.probe && !reach.LoopbackURL(s.endpoint) {
			continue
		}
		v, ok := env.LookupEnv(name)
		if !ok || v == "" || *dst != "" {
			continue
		}
		if !reach.LoopbackURL(s.endpoint) {
			return fmt.Errorf("reading %s: it is honoured with a loopback endpoint only; unset it, or use the flag or --config", name)
		}
		*dst = v
	}
	return nil
}

func (s *settings) defaults(env console.Env) error {
	if s.contract == "" {
		s.contract = evidence.Contract2026
	}
	if s.command == "plan" && (s.validFor <= 0 || s.validFor > plan.MaxValidity) {
		return fmt.Errorf("reading --valid-for: got %s, want more than 0 and at most %s", s.validFor, plan.MaxValidity)
	}
	if s.contract != evidence.Contract2026 && s.contract != evidence.Contract2017 {
		return fmt.Errorf("reading --contract: got %q, want 2026 or 2017", s.contract)
	}
	if s.timeout == 0 {
		s.timeout = 30 * time.Second
	}
	if s.concurrency == 0 {
		s.concurrency = 32
	}
	if s.timeout < 0 || s.concurrency < 0 {
		return fmt.Errorf("reading --timeout and --concurrency: got %s and %d, want positive values", s.timeout, s.concurrency)
	}
	if s.actor == "" {
		for _, name := range []string{"GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID", "USER"} {
			if s.actor = env.Get(name); s.actor != "" {
				break
			}
		}
	}
	return nil
}

// skips says why the mode skips a piece of evidence; empty: it does not.
func (s settings) skips(what string) string {
	switch {
	case s.offline:
		return "--offline"
	case slices.Contains(s.without, what):
		return "--without " + what
	}
	return ""
}
