// Package policy loads Rego policies and asks them about bindings. It is the
// only importer of OPA, and it closes the doors that policy engines leave open:
// a package that is not asked, a rule that is not read, a field that does not
// exist, a built-in that fails and a rule that is undefined are errors here,
// never silence.
//
// Packages under bindgate.policy are asked about every binding: each defines
// `deny` and may define `warn`. Packages under bindgate.force are asked about a
// binding with isForce: each defines `allow` and may define `reasons`. Packages
// under bindgate.lib are for the others to use. All are Rego v1.
package policy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/bindgate/bindgate/checks/evidence"
)

// defaultTimeout bounds what the policies may take for one binding.
const defaultTimeout = 5 * time.Second

// Options say what to load in addition to the shipped policies.
type Options struct {
	Dir     string        // where relative paths start; empty: the working directory of the process
	Dirs    []string      // --policy: .rego files, folders with .rego files and data.yaml, data.yml or data.json, bundles, oci://…@sha256:…
	Fetch   Fetch         // of registries; nil: none can be asked
	Data    []string      // --data: YAML or JSON files; they alone may override data
	Results []string      // ids of the checks whose results a policy may read; none: any id
	Timeout time.Duration // for all policies on one binding; 0: five seconds

	Labels   map[string]evidence.Label // the labels that the owner declares, by name
	External map[string]FactsSchema    // the facts that the owner declares, by name

	Prints io.Writer // where print writes; nil: nowhere
}

// Engine holds loaded policies. It is safe for concurrent use.
type Engine struct {
	digest  string
	files   []File
	timeout time.Duration
	results []string  // ids of the checks whose results there are
	labels  []string  // names of the declared labels
	prints  io.Writer // nil: nowhere
	own     *unit     // what Options.Dirs holds; nil: nothing
	shipped *shipped

	roster      atomic.Pointer[roster]
	evaluations sync.Pool // of *evaluation, to be used again
}

// Load reads and compiles the shipped policies and those of the options. The
// shipped ones always load, and none of the others can change what they say: a
// policy narrows, it never widens. The error holds one line for each thing that
// is wrong, with file:row:column where it has a place.
// It is a *LoadError.
func Load(ctx context.Context, o Options) (*Engine, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("loading policies: %w", err)
	}
	e, _, _, err := load(ctx, o, false)
	if err != nil {
		return nil, &LoadError{err}
	}
	return e, nil
}

// LoadError marks policies or their data that cannot be loaded.
type LoadError struct{ err error }

func (e *LoadError) Error() string { return e.err.Error() }

// Unwrap returns what is wrong.
func (e *LoadError) Unwrap() error { return e.err }

// load also returns the user's sources and the store of the whole data. For
// Test and Check, testsToo: a path may hold tests alone, and the shipped
// policies themselves.
func load(ctx context.Context, o Options, testsToo bool) (*Engine, sources, storage.Store, error) {
	shipped, err := shippedSources()
	if err != nil {
		return nil, sources{}, nil, fmt.Errorf("reading shipped policies: %w", err)
	}
	own, err := readSources(ctx, o, testsToo)
	if err != nil {
		return nil, sources{}, nil, fmt.Errorf("reading policies: %w", err)
	}
	if testsToo && share(packagesIn(own.modules), packagesIn(shipped.modules)) {
		shipped = sources{} // a working copy of them takes their place
	}
	overrides, err := readData(o.Dir, o.Data)
	if err != nil {
		return nil, sources{}, nil, fmt.Errorf("reading policy data: %w", err)
	}
	document, err := readPolicyData(shipped, own, overrides)
	if err != nil {
		return nil, sources{}, nil, fmt.Errorf("loading policy data: %w", err)
	}
	e := &Engine{digest: digest(shipped, own, overrides), files: filesOf(own.modules, own.data, own.schemas, overrides), timeout: o.Timeout, results: o.Results,
		labels: slices.Sorted(maps.Keys(o.Labels)), prints: o.Prints}
	if e.timeout <= 0 {
		e.timeout = defaultTimeout
	}
	store := document.store()
	e.shipped = newShipped(shipped.modules, document, store)
	if len(own.modules) > 0 {
		if e.own, err = loadOwn(own, shipped, document, store, o); err != nil {
			return nil, sources{}, nil, fmt.Errorf("loading policies: %w", err)
		}
	}
	all := slices.Clone(e.shipped.on)
	if e.own != nil {
		all = slices.Concat(e.own.packages, all)
	}
	e.roster.Store(newRoster(all))
	if err := vetOverrides(document, e.own); err != nil {
		return nil, sources{}, nil, fmt.Errorf("loading policy data: %w", err)
	}
	return e, own, store, nil
}

// Off returns the packages that are off, with the reason. Where the owner sets nothing
// below data.shipped, those of the shipped policies are not among them.
func (e *Engine) Off() []evidence.PolicyPackage {
	off := slices.Clone(e.shipped.off)
	if e.own == nil {
		return off
	}
	for _, p := range e.own.packages {
		if p.off != "" {
			off = append(off, evidence.PolicyPackage{Name: p.name, Off: p.off})
		}
	}
	slices.SortFunc(off, func(a, b evidence.PolicyPackage) int { return strings.Compare(a.Name, b.Name) })
	return off
}

// share reports whether two lists have a name in common.
func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// File is a file of the user's policies, their data and its schemas.
type File struct{ Name, Digest string }

func filesOf(lists ...[]source) (out []File) {
	for _, s := range slices.Concat(lists...) {
		sum := sha256.Sum256(s.text)
		out = append(out, File{s.name, "sha256:" + hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(out, func(a, b File) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Digest, b.Digest))
	})
	return out
}

// Files returns the user's files, by name.
func (e *Engine) Files() []File { return e.files }

// Digest returns sha256:<hex> over the contents of all modules and data files,
// the shipped ones included. Names and order of the files do not change it.
func (e *Engine) Digest() string { return e.digest }
