// Package revocation asks whether the certificates of a path are revoked: in
// CRL files, by OCSP, and in the CRLs that the certificates name. What it cannot
// learn it says; a source that does not answer never makes a certificate good.
package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
)

// Config is what a Collector asks with.
type Config struct {
	CRLs    []string // files, read once; PEM or DER
	Dir     string   // the folder that relative paths of CRLs are in
	Offline string   // why the network is left out; empty: it is used
	Private bool     // let addresses that certificates name be private ones
	Now     func() time.Time
}

// Collector is safe for concurrent use. A list is fetched once a run, and a responder asked
// once about a certificate for as long as its answer holds.
type Collector struct {
	config Config
	files  []fileList
	web    *web
}

type fileList struct {
	name string
	list *pki.CRL
}

// New makes a collector. The error is of a CRL file that cannot be read.
func New(c Config) (*Collector, error) {
	out := &Collector{config: c, web: newWeb(c.Private)}
	for _, name := range c.CRLs {
		file, err := confine.Anywhere().Read(c.Dir, name, maxCRL)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading --crl: %q does not exist; check the path: it counts from the working directory", name)
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

// Collect learns about every certificate of the path but its root. Where the
// network is left out and a certificate names sources that no file stands in
// for, the whole observation is left out.
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
		if len(sources) == 0 && i == 0 { // lists were given, and none for the one certificate that matters
			sources = c.others(cert, issuer)
		}
		one := c.one(ctx, cert, sources, now)
		if c.config.Offline != "" && one.Status == evidence.RevocationUnknown && len(one.Problems) == 0 {
			return evidence.NotCollected[evidence.Revocation](c.config.Offline)
		}
		facts.Certificates = append(facts.Certificates, one)
	}
	return evidence.Observed(facts, seen.From, now)
}

// one asks the sources of one certificate in turn until one has a usable answer.
func (c *Collector) one(ctx context.Context, cert *x509.Certificate, sources []source, now time.Time) evidence.Revoked {
	out := evidence.Revoked{Subject: pki.Name(cert), Serial: fmt.Sprintf("%X", cert.SerialNumber.Bytes()), Status: evidence.RevocationNoSource}
	for _, s := range sources {
		out.Status = evidence.RevocationUnknown
		if s.online && c.config.Offline != "" {
			continue
		}
		answer, err := s.ask(ctx, now)
		if err != nil {
			out.Problems = append(out.Problems, fmt.Sprintf("%s: %v", s.name, err))
			continue
		}
		out.Source, out.Status = s.name, evidence.RevocationGood
		if answer.Revoked {
			out.Status, out.At, out.Reason = evidence.RevocationRevoked, answer.At.UTC(), answer.Reason
		}
		return out
	}
	return out
}

// source is one place that can tell.
type source struct {
	name   string
	online bool
	ask    func(context.Context, time.Time) (pki.Revocation, error)
}

const maxSources = 5 // of one kind, of one certificate

// sources are the files of the issuer, then OCSP, then CRLs.
func (c *Collector) sources(cert, issuer *x509.Certificate) (found []source) {
	for _, f := range c.files {
		if f.list.IssuedBy(issuer) {
			found = append(found, f.source(cert, issuer))
		}
	}
	for _, url := range slices.Clip(cert.OCSPServer[:min(len(cert.OCSPServer), maxSources)]) {
		found = append(found, source{url, true, func(ctx context.Context, now time.Time) (pki.Revocation, error) {
			return c.web.ocsp(ctx, url, cert, issuer, now)
		}})
	}
	for _, url := range cert.CRLDistributionPoints[:min(len(cert.CRLDistributionPoints), maxSources)] {
		found = append(found, source{url, true, func(ctx context.Context, now time.Time) (pki.Revocation, error) {
			lists, err := c.web.crls(ctx, url)
			if err != nil {
				return pki.Revocation{}, err
			}
			return lists[0].Says(cert, issuer, url, now)
		}})
	}
	return found
}

func (f fileList) source(cert, issuer *x509.Certificate) source {
	return source{f.name, false, func(_ context.Context, now time.Time) (pki.Revocation, error) {
		return f.list.Says(cert, issuer, "", now)
	}}
}

// others are the files of other issuers, which say why they do not help.
func (c *Collector) others(cert, issuer *x509.Certificate) (found []source) {
	for _, f := range c.files[:min(len(c.files), maxSources)] {
		found = append(found, f.source(cert, issuer))
	}
	return found
}
