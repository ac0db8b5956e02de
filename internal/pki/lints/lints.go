// Package lints runs selected lints of zlint on certificates and returns their
// findings unchanged, with source and citation. Lints of the CA/Browser Forum
// and the root programs have a date: they do not apply to certificates issued
// before.
package lints

import (
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3/lint"

	// The lints register themselves. Only families that concern TLS servers are
	// linked.
	_ "github.com/zmap/zlint/v3/lints/apple"
	_ "github.com/zmap/zlint/v3/lints/cabf_br"
	_ "github.com/zmap/zlint/v3/lints/cabf_ev"
	_ "github.com/zmap/zlint/v3/lints/chrome"
	_ "github.com/zmap/zlint/v3/lints/community"
	_ "github.com/zmap/zlint/v3/lints/mozilla"
	_ "github.com/zmap/zlint/v3/lints/rfc"
)

// Finding is one finding of a lint.
type Finding struct {
	ID       string
	Error    bool // false: a warning
	Source   string
	Citation string
	Details  string
}

// Linter runs one profile's lints. It is safe for concurrent use.
type Linter struct {
	leaf   func() []*lint.CertificateLint // chosen on first use: choosing is slow, and most commands never lint
	issuer func() []*lint.CertificateLint
	config lint.Configuration
	public bool

	mu      sync.Mutex
	issuers map[[sha256.Size]byte][]Finding // intermediates are few and shared
}

// New returns the linter of the public profile (RFCs, CA/Browser Forum, root
// programs, zlint's own) or of the private one (RFCs only).
func New(public bool) *Linter {
	return &Linter{
		leaf:    sync.OnceValue(func() []*lint.CertificateLint { return choose(public, false) }),
		issuer:  sync.OnceValue(func() []*lint.CertificateLint { return choose(public, true) }),
		config:  lint.NewEmptyConfig(),
		public:  public,
		issuers: map[[sha256.Size]byte][]Finding{},
	}
}

// Version returns the linter's name and version.
func Version() string {
	const module = "github.com/zmap/zlint/v3"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == module {
				return "zlint " + dep.Version
			}
		}
	}
	return "zlint v3"
}

// Count returns the number of lints for a leaf.
func (l *Linter) Count() int { return len(l.leaf()) }

// Leaf lints the DER of a server certificate. It fails if zlint's parser
// refuses the certificate, or if a lint panics.
func (l *Linter) Leaf(der []byte) ([]Finding, error) { return l.run(l.leaf(), der) }

// Issuer lints an intermediate and caches the findings.
func (l *Linter) Issuer(der []byte) ([]Finding, error) {
	sum := sha256.Sum256(der)
	l.mu.Lock()
	known, ok := l.issuers[sum]
	l.mu.Unlock()
	if ok {
		return known, nil
	}
	found, err := l.run(l.issuer(), der)
	if err == nil {
		l.mu.Lock()
		if len(l.issuers) < maxRemembered {
			l.issuers[sum] = found
		}
		l.mu.Unlock()
	}
	return found, err
}

const (
	maxRemembered = 1000 // intermediates
	maxDetails    = 300  // bytes of a lint's message, which may quote the certificate
)

func (l *Linter) run(list []*lint.CertificateLint, der []byte) (found []Finding, err error) {
	defer func() {
		if r := recover(); r != nil {
			found, err = nil, fmt.Errorf("a lint panicked: %.200v", r)
		}
	}()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("zlint cannot parse it: %.200s", err.Error())
	}
	for _, one := range list {
		r := one.Execute(c, l.config)
		if r == nil || r.Status != lint.Warn && r.Status != lint.Error && r.Status != lint.Fatal {
			continue
		}
		found = append(found, Finding{ID: one.Name, Error: r.Status != lint.Warn && (l.public || !slices.Contains(tolerated(), one.Name)),
			Source: string(one.Source), Citation: one.Citation, Details: clip(r.Details)})
	}
	slices.SortFunc(found, func(a, b Finding) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}

func clip(s string) string {
	if s = strings.ToValidUTF8(s, "\uFFFD"); len(s) > maxDetails {
		s = strings.ToValidUTF8(s[:maxDetails], "") + "…"
	}
	return s
}
