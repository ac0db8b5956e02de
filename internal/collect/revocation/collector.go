// Package revocation collects the revocation status of a path's certificates:
// from CRL files, by OCSP, and from the CRLs that the certificates name. It
// reports what it cannot determine; a source without an answer never makes a
// certificate good.
package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
)

// Config configures a Collector.
type Config struct {
	CRLs    []string // files, read once; PEM or DER
	Dir     string   // base of relative paths of CRLs
	Offline string   // why the network is not used; empty: it is used
	Private bool     // allow private addresses named by certificates
	Now     func() time.Time
}

// Collector is safe for concurrent use. It fetches a list once per run, and
// asks a responder about a certificate once while its response is valid.
type Collector struct {
	config Config
	files  []fileList
	web    *web
}

type fileList struct {
	name string
	list *pki.CRL
}

// New returns a Collector. It fails if a CRL file cannot be read.
func New(c Config) (*Collector, error) {
	out := &Collector{config: c, web: newWeb(c.Private)}
	for _, name := range c.CRLs {
		file, err := confine.Anywhere().Read(c.Dir, name, maxCRL)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading --crl: %q does not exist; check the path: it is relative to the working directory", name)
		}
		if err != nil {
			return nil, fmt.Errorf("reading --crl: %w", err)
		}
		lists, problem := pki.ParseCRLs(file.Bytes)
		if problem != nil {
			return nil, fmt.Errorf("reading --crl: %q %s; %s", name, problem.Message, problem.Fix)
		}
		for _, list := range lists {
			out.files = append(out.files, fileList{name, list})
		}
	}
	return out, nil
}

// Collect observes every certificate of the path except the root. If the
// network is not used and a certificate names sources that no file replaces,
// the whole observation is skipped, unless a file revokes a certificate or is
// unusable.
func (c *Collector) Collect(ctx context.Context, seen evidence.Observation[evidence.Certificate]) evidence.Observation[evidence.Revocation] {
	now := c.config.Now()
	switch seen.State {
	case evidence.StateNotCollected:
		return evidence.NotCollected[evidence.Revocation](seen.Reason)
	case evidence.StateObserved:
	default:
		return evidence.Failed[evidence.Revocation]("the certificate was not observed: "+seen.Reason, seen.From, now)
	}
	path := seen.Facts.Path
	var facts evidence.Revocation
	skipped, decided := false, false
	for i := 0; i+1 < len(path.DER); i++ {
		cert, err := path.X509(i)
		if err != nil {
			return evidence.Failed[evidence.Revocation]("a certificate of the path cannot be parsed", seen.From, now)
		}
		issuer, err := path.X509(i + 1)
		if err != nil {
			return evidence.Failed[evidence.Revocation]("a certificate of the path cannot be parsed", seen.From, now)
		}
		sources := c.sources(cert, issuer)
		if len(sources) == 0 && i == 0 { // lists were given, but none for the certificate that matters most
			sources = c.others(cert, issuer)
		}
		one := c.one(ctx, cert, sources, i == 0, now)
		if one.Status == evidence.RevocationUnknown && len(one.Problems) == 0 {
			skipped, one.Problems = true, []string{c.config.Offline + ": its sources were not asked"}
		}
		decided = decided || one.Status == evidence.RevocationRevoked || len(one.UnusableCRLs) > 0
		facts.Certificates = append(facts.Certificates, one)
	}
	if skipped && !decided {
		return evidence.NotCollected[evidence.Revocation](c.config.Offline)
	}
	return evidence.Observed(facts, seen.From, now)
}

// one asks all sources of one certificate and combines their statements.
func (c *Collector) one(ctx context.Context, cert *x509.Certificate, sources []source, leaf bool, now time.Time) evidence.CertificateRevocation {
	out := evidence.CertificateRevocation{Subject: pki.Name(cert), Serial: fmt.Sprintf("%X", cert.SerialNumber.Bytes()), Status: evidence.RevocationNoSource}
	if len(sources) == 0 {
		return out
	}
	var statements []pki.Statement
	var from []source
	for i, ofSource := range c.ask(ctx, sources, now) {
		for _, s := range ofSource {
			statements, from = append(statements, s), append(from, sources[i])
		}
	}
	revoked, clear := pki.Conclude(statements)
	switch {
	case revoked >= 0:
		out.Status, out.Source = evidence.RevocationRevoked, from[revoked].name
		out.At, out.Reason = statements[revoked].At.UTC(), statements[revoked].Reason
	case clear >= 0:
		out.Status, out.Source = evidence.RevocationGood, from[clear].name
	default:
		out.Status = evidence.RevocationUnknown
	}
	for i, s := range statements {
		if s.Err == nil {
			continue
		}
		problem := fmt.Sprintf("%s: %v", from[i].name, s.Err)
		out.Problems = append(out.Problems, problem)
		if !from[i].online && unusable(s, out.Status, leaf) {
			out.UnusableCRLs = append(out.UnusableCRLs, problem)
		}
	}
	return out
}

// unusable reports a file that does not serve its purpose. A file that another
// list replaces, or that covers other certificates, is no problem.
func unusable(s pki.Statement, status evidence.RevocationStatus, leaf bool) bool {
	if status == evidence.RevocationUnknown {
		return leaf || !s.OtherPartition
	}
	return !s.Superseded && !s.Revoked
}

// ask asks the sources concurrently; answers have the order of the sources.
func (c *Collector) ask(ctx context.Context, sources []source, now time.Time) [][]pki.Statement {
	answers := make([][]pki.Statement, len(sources))
	var group errgroup.Group
	for i, s := range sources {
		switch {
		case !s.online:
			answers[i] = s.ask(ctx, now)
		case c.config.Offline == "":
			group.Go(func() error {
				answers[i] = s.ask(ctx, now)
				return nil
			})
		}
	}
	_ = group.Wait() // no source returns an error: its statement contains it
	return answers
}

// source is one source of revocation status.
type source struct {
	name   string
	online bool
	ask    func(context.Context, time.Time) []pki.Statement
}

func silent(err error) []pki.Statement { return []pki.Statement{{Err: err}} }

const maxSources = 5 // of one kind, per certificate

// sources returns the files of the issuer, then OCSP, then CRLs.
func (c *Collector) sources(cert, issuer *x509.Certificate) (found []source) {
	for _, f := range c.files {
		if f.list.IssuedBy(issuer) {
			found = append(found, f.source(cert, issuer))
		}
	}
	for _, url := range slices.Clip(cert.OCSPServer[:min(len(cert.OCSPServer), maxSources)]) {
		found = append(found, source{url, true, func(ctx context.Context, now time.Time) []pki.Statement {
			answer, err := c.web.ocsp(ctx, url, cert, issuer, now)
			if err != nil {
				return silent(err)
			}
			return []pki.Statement{answer}
		}})
	}
	for _, url := range cert.CRLDistributionPoints[:min(len(cert.CRLDistributionPoints), maxSources)] {
		found = append(found, source{url, true, func(ctx context.Context, now time.Time) []pki.Statement {
			lists, err := c.web.crls(ctx, url)
			if err != nil {
				return silent(err)
			}
			statements := make([]pki.Statement, 0, len(lists))
			for _, list := range lists {
				statements = append(statements, list.StatementOn(cert, issuer, url, now))
			}
			return statements
		}})
	}
	return found
}

func (f fileList) source(cert, issuer *x509.Certificate) source {
	return source{f.name, false, func(_ context.Context, now time.Time) []pki.Statement {
		return []pki.Statement{f.list.StatementOn(cert, issuer, "", now)}
	}}
}

// others returns the files of other issuers, whose statements explain why they
// do not apply.
func (c *Collector) others(cert, issuer *x509.Certificate) (found []source) {
	for _, f := range c.files[:min(len(c.files), maxSources)] {
		found = append(found, f.source(cert, issuer))
	}
	return found
}
