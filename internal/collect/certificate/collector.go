// Package certificate collects the evidence of a binding's certificate and key
// files, and reads them again when they are sent. A file that is missing or of
// the wrong kind is observed, with a Problem; only failures of the machine are
// failed observations. Keys and passphrases leave this package only through
// Material.
package certificate

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/lints"
)

// Files reads a file named by a manifest; *confine.Files is one.
type Files interface {
	Read(from, path string, limit int64) (confine.File, error)
}

// Config configures a Collector.
type Config struct {
	Files     Files
	LookupEnv func(name string) (string, bool)
	Roots     string   // mozilla (also when empty), system, or the path of a PEM file in Dir
	Dir       string   // base of relative paths in manifests and of roots
	Profile   string   // evidence.ProfilePublic or ProfilePrivate; empty: chosen by the root
	WeakKeys  []string // lists of weak keys (package keylist), paths in Dir
	Now       func() time.Time
}

// Collector observes certificates and keys. It is safe for concurrent use.
type Collector struct {
	config   Config
	roots    *pki.Roots
	keyLists []keyList
	linter   string                   // name and version
	linters  map[string]*lints.Linter // by profile
	tracked  *tracker
	moduli   *moduli
}

// New returns a Collector. It fails if a file of roots or weak keys cannot be
// read.
func New(c Config) (*Collector, error) {
	roots, err := openRoots(c)
	if err != nil {
		return nil, err
	}
	keyLists, err := openKeyLists(c)
	if err != nil {
		return nil, err
	}
	return &Collector{config: c, roots: roots, keyLists: keyLists, tracked: newTracker(), moduli: newModuli(), linter: lints.Version(), linters: map[string]*lints.Linter{
		evidence.ProfilePublic: lints.New(true), evidence.ProfilePrivate: lints.New(false),
	}}, nil
}

func openRoots(c Config) (*pki.Roots, error) {
	switch c.Roots {
	case "", "mozilla":
		return pki.MozillaRoots(), nil
	case "system":
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("reading the system's roots: %w", err)
		}
		return pki.SystemRoots(pool), nil
	}
	// The owner of the gate names the roots; a manifest cannot.
	file, err := confine.Anywhere().Read(c.Dir, c.Roots, pki.MaxFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading roots: %q does not exist, want mozilla, system or a PEM file: %w", c.Roots, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("reading roots: %w", err)
	}
	roots, err := pki.ParseRoots(c.Roots, file.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading roots: %w", err)
	}
	return roots, nil
}

// RootsDigest returns "sha256:<hex>" over the roots in use; "" for the
// system's.
func (c *Collector) RootsDigest() string { return c.roots.Digest() }

// Collect observes the certificate and the private key of a binding.
func (c *Collector) Collect(ctx context.Context, b binding.Binding) (
	evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key],
) {
	if b.Certificate == nil {
		const none = "the binding has no certificate"
		return evidence.NotCollected[evidence.Certificate](none), evidence.NotCollected[evidence.Key](none)
	}
	if err := ctx.Err(); err != nil {
		return failed[evidence.Certificate](c, b.Certificate.Body, err), failed[evidence.Key](c, keySource(b), err)
	}
	body, err := c.body(b)
	if err != nil {
		certificate := failed[evidence.Certificate](c, b.Certificate.Body, err)
		if b.Certificate.PrivateKey == nil {
			return certificate, failed[evidence.Key](c, keySource(b), err)
		}
		return certificate, c.observeKey(b, body)
	}
	return evidence.Observed(c.certificateFacts(b, body), b.Certificate.Body, c.config.Now()), c.observeKey(b, body)
}

func failed[T any](c *Collector, from string, err error) evidence.Observation[T] {
	return evidence.Failed[T](err.Error(), from, c.config.Now())
}

func (c *Collector) certificateFacts(b binding.Binding, body body) evidence.Certificate {
	facts := evidence.Certificate{Source: b.Certificate.Body, Problem: problemFacts(body.problem), ClientCA: c.clientCA(b)}
	if body.bytes != nil {
		facts.FileDigest = pki.Digest(body.bytes)
	}
	if body.problem != nil {
		return facts
	}
	facts.Container = body.certificates.Container
	facts.ChainDigest = pki.Digest(body.chainPEM())
	facts.Irregularities, facts.PrivateKeys = body.certificates.Irregularities, body.certificates.KeyPlaces
	chain := make([]*x509.Certificate, 0, len(body.certificates.List))
	for _, one := range body.certificates.List {
		chain = append(chain, one.Certificate)
		facts.Chain = append(facts.Chain, evidence.NewCert(one.Certificate, one.Block, one.Offset))
	}
	facts.KeyLists = c.listed(chain)
	facts.RelatedKey = c.moduli.related(chain[0], b.Certificate.Body)
	facts.LimitsExceeded = pki.LimitsExceeded(chain)
	path, certificates := c.path(chain, facts.LimitsExceeded)
	facts.Path, facts.Profile = path, c.profile(certificates)
	if len(facts.LimitsExceeded) == 0 {
		facts.Lints = c.lint(facts.Profile, chain)
	}
	return facts
}

// clientCA observes the CA of client certificates; nil if the binding names none.
func (c *Collector) clientCA(b binding.Binding) *evidence.ClientCA {
	if b.ClientCertificate == nil || b.ClientCertificate.None {
		return nil
	}
	facts := &evidence.ClientCA{Source: b.ClientCertificate.CA}
	read, err := c.clientBody(b)
	switch {
	case err != nil:
		facts.Problem = &evidence.Problem{Kind: "unreadable", Message: "cannot be read: " + err.Error()}
	case read.problem != nil:
		facts.Problem = problemFacts(read.problem)
	case len(read.certificates.KeyPlaces) > 0: // who reads the file can sign client certificates
		facts.Problem = &evidence.Problem{Kind: "private-key", Message: "contains a private key at " + strings.Join(read.certificates.KeyPlaces, " and "),
			Fix: "name a file with the certificates alone, and keep the CA's key elsewhere; if the file was committed, replace the CA"}
	default:
		facts.Digest = pki.Digest(read.chainPEM())
		for _, one := range read.certificates.List {
			facts.Chain = append(facts.Chain, evidence.NewCert(one.Certificate, one.Block, one.Offset))
		}
	}
	return facts
}

// Trust returns the path of a chain to a root of the run.
func (c *Collector) Trust(chain []*x509.Certificate) evidence.Path {
	path, _ := c.path(chain, pki.LimitsExceeded(chain))
	return path
}

// path searches a path, unless the chain exceeds the limits.
func (c *Collector) path(chain []*x509.Certificate, excess []string) (evidence.Path, []*x509.Certificate) {
	out := evidence.Path{RootsFrom: c.roots.Name()}
	if len(excess) > 0 {
		out.Undetermined = "it exceeds the limits of evaluation: " + excess[0]
		return out, nil
	}
	found := c.roots.FindPath(chain, c.config.Now())
	out.Problem, out.Missing, out.Undetermined = found.Problem, found.Missing, found.Undetermined
	out.SetCertificates(found.Certificates, pki.Name)
	return out, found.Certificates
}

// profile returns the profile of a path: public if its root is in Mozilla's
// list. Without a path, the roots in use decide.
func (c *Collector) profile(path []*x509.Certificate) string {
	public := c.config.Roots == "" || c.config.Roots == "mozilla"
	if len(path) > 0 {
		public = public || pki.PubliclyTrusted(path[len(path)-1])
	}
	switch {
	case c.config.Profile != "":
		return c.config.Profile
	case public:
		return evidence.ProfilePublic
	}
	return evidence.ProfilePrivate
}

func (c *Collector) observeKey(b binding.Binding, body body) evidence.Observation[evidence.Key] {
	source := keySource(b)
	read, err := c.key(b, body)
	key, problem := read.key, read.problem
	switch {
	case errors.Is(err, errNoKey):
		return evidence.NotCollected[evidence.Key](err.Error())
	case err != nil:
		return failed[evidence.Key](c, source, err)
	}
	facts := evidence.Key{Source: source, Problem: problemFacts(problem)}
	if problem != nil {
		facts.Inconsistencies, facts.Weaknesses = problem.Inconsistencies, problem.Weaknesses
	} else {
		facts = evidence.Key{
			Source: source, Format: key.Encoding, Algorithm: key.Algorithm, Bits: key.Bits, Escaped: key.Escaped,
			PublicKey: key.PublicKey, PublicKeyDigest: pki.Digest(key.PublicKey),
			Inconsistencies: key.Inconsistencies, Weaknesses: key.Weaknesses,
		}
	}
	facts.ReadableBy, facts.AccessUnknown, facts.Tracked = c.guard(read.path)
	return evidence.Observed(facts, source, c.config.Now())
}

func problemFacts(p *pki.Problem) *evidence.Problem {
	if p == nil {
		return nil
	}
	return &evidence.Problem{Kind: p.Kind, Message: p.Message, Fix: p.Fix}
}

// keySource names the source of the key: a path, or "env NAME".
func keySource(b binding.Binding) string {
	switch ref := b.Certificate.PrivateKey; {
	case ref == nil:
		return b.Certificate.Body
	case ref.Env != "":
		return "env " + ref.Env
	default:
		return ref.File
	}
}
