package settings

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/usage"
)

// trust holds the settings for judging certificates, except --roots.
type trust struct {
	CRLs              []string
	WeakKeys          []string
	Profile           string
	MinRemaining      time.Duration // 0: the third of the lifetime alone
	RevocationPrivate bool
	WriteChain        string // lint only
}

func (t *trust) add(c *cobra.Command) {
	p := c.Flags()
	p.StringArrayVar(&t.CRLs, "crl", nil, "CRL `FILE` of a CA of the path, in DER or PEM, repeatable")
	p.StringArrayVar(&t.WeakKeys, "weak-keys", nil, "`FILE` of compromised keys, repeatable: a list of Debian's openssl-blacklist, or one SHA-256 of a public key per line")
	p.StringVar(&t.Profile, "certificate-profile", "", "whose rules certificates keep: public or private (default: public where the root is in Mozilla's list)")
	usage.Values(c, "certificate-profile", evidence.ProfilePublic, evidence.ProfilePrivate)
	usage.Duration(p, &t.MinRemaining, "min-remaining", 0, "warn of certificates that last less than this `DURATION`, such as 30d (default: a third of their lifetime)")
}

func (t trust) CheckCertificates() error {
	if t.MinRemaining < 0 {
		return fmt.Errorf("reading --min-remaining: got %s, want a time above zero", t.MinRemaining)
	}
	switch t.Profile {
	case "", evidence.ProfilePublic, evidence.ProfilePrivate:
		return nil
	}
	return fmt.Errorf("reading --certificate-profile: got %q, want public or private", t.Profile)
}
