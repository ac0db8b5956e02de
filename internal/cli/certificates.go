package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/usage"
)

// trust holds the settings for judging certificates, except --roots.
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
	p.StringArrayVar(&t.weakKeys, "weak-keys", nil, "`FILE` of compromised keys, repeatable: a list of Debian's openssl-blacklist, or one SHA-256 of a public key per line")
	p.StringVar(&t.profile, "certificate-profile", "", "whose rules certificates keep: public or private (default: public where the root is in Mozilla's list)")
	usage.Values(c, "certificate-profile", evidence.ProfilePublic, evidence.ProfilePrivate)
	usage.Duration(p, &t.minRemaining, "min-remaining", 0, "warn of certificates that last less than this `DURATION`, such as 30d (default: a third of their lifetime)")
}

func (t trust) check() error {
	if t.minRemaining < 0 {
		return fmt.Errorf("reading --min-remaining: got %s, want a time above zero", t.minRemaining)
	}
	switch t.profile {
	case "", evidence.ProfilePublic, evidence.ProfilePrivate:
		return nil
	}
	return fmt.Errorf("reading --certificate-profile: got %q, want public or private", t.profile)
}

// writeChain writes the canonical chain of the one binding: leaf first, then its
// issuers, without the root. A file that holds no readable certificate leaves
// nothing to write, and its finding says why.
func (r *run) writeChain(v judge.Verdict) error {
	facts := v.Evidence.Certificate.Facts
	if r.s.writeChain == "" || len(facts.Chain) == 0 {
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
	if err := confine.WriteNew(r.env.Dir, r.s.writeChain, text, 0o644); err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	return nil
}
