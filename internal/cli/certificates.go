package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/revocation"
	"github.com/bindgate/bindgate/internal/pki"
)

// trust is how certificates are judged, beside --roots.
type trust struct {
	crls              []string
	weakKeys          []string
	profile           string
	minRemaining      time.Duration // 0: the third of the lifetime alone
	revocationPrivate bool
	writeChain        string // lint only
}

func (t *trust) add(c *cobra.Command) {
	p := c.Flags()
	p.StringArrayVar(&t.crls, "crl", nil, "CRL `FILE` of a CA of the path, in DER or PEM, repeatable")
	p.StringArrayVar(&t.weakKeys, "weak-keys", nil, "`FILE` of keys that nobody may use, repeatable: a list of Debian's openssl-blacklist, or a SHA-256 of a public key a line")
	p.StringVar(&t.profile, "profile", "", "whose rules certificates keep: public or private (default: public where the root is in Mozilla's list)")
	p.DurationVar(&t.minRemaining, "min-remaining", 0, "warn of certificates that last less than this `DURATION`, such as 720h (default: a third of their lifetime)")
	p.BoolVar(&t.revocationPrivate, "revocation-private", false, "let the CRL and OCSP addresses in certificates be private ones")
}

func (t trust) check() error {
	if t.minRemaining < 0 {
		return fmt.Errorf("reading --min-remaining: got %s, want a time above zero", t.minRemaining)
	}
	switch t.profile {
	case "", evidence.ProfilePublic, evidence.ProfilePrivate:
		return nil
	}
	return fmt.Errorf("reading --profile: got %q, want public or private", t.profile)
}

// openCertificates opens roots, lists of weak keys and CRLs; every error is usage.
func (r *run) openCertificates() error {
	if err := r.s.trust.check(); err != nil {
		return err
	}
	if r.s.writeChain != "" && (len(r.set.Bindings) != 1 || r.set.Bindings[0].Certificate == nil) {
		return fmt.Errorf("reading --write-chain: got %d bindings, want one, with a certificate", len(r.set.Bindings))
	}
	var err error
	if r.certificates, err = certificate.New(certificate.Config{
		Files: r.set.Files, LookupEnv: r.env.LookupEnv, Roots: r.s.roots, Dir: r.env.Dir, Profile: r.s.profile,
		WeakKeys: r.weakKeys(), Now: r.s.clock,
	}); err != nil {
		return err
	}
	_, err = r.revocations(r.s.clock)
	return err
}

// weakKeys are the lists to ask, none where no key will be looked up: a replay
// tells what the saved run was told.
func (r *run) weakKeys() []string {
	certified := func(b binding.Binding) bool { return b.Certificate != nil }
	if r.s.evidence != "" || !slices.ContainsFunc(r.set.Bindings, certified) {
		return nil
	}
	return r.s.weakKeys
}

func (r *run) revocations(now func() time.Time) (*revocation.Collector, error) {
	why, _ := r.s.leftOut("revocation")
	return revocation.New(revocation.Config{CRLs: r.s.crls, Dir: r.env.Dir, Offline: why, Private: r.s.revocationPrivate, Now: now})
}

// writeChain writes the canonical chain of the one binding: leaf first, then its
// issuers, without the root. A file that holds no readable certificate leaves
// nothing to write, and its finding says why.
func (r *run) writeChain(verdicts []judged) error {
	if r.s.writeChain == "" || len(verdicts) != 1 {
		return nil
	}
	facts := verdicts[0].subject.Evidence.Certificate.Facts
	if len(facts.Chain) == 0 {
		return nil
	}
	ders := make([][]byte, 0, len(facts.Chain))
	for _, c := range facts.Chain {
		ders = append(ders, c.DER)
	}
	text, err := pki.InOrder(ders, facts.Path.DER)
	if err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	if err := create(absolute(r.env, r.s.writeChain), text); err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	return nil
}

// create writes a new file. One that is there already, and holds anything else,
// is left alone: it may be the very file that was judged, with its key inside.
func create(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		if held, err := readBounded(path, pki.MaxFileSize); err == nil && bytes.Equal(held, text) {
			return nil
		}
		return fmt.Errorf("%q exists and holds something else; name a new file, or remove it first", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}
