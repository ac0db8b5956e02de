package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/manifest"
)

// manifest turns the flags that name a binding into a wish, keeping apart what
// was not given from what is empty.
func (w wish) manifest(c *cobra.Command) (manifest.Flags, error) {
	f := manifest.Flags{
		Domain: w.domain, Group: w.group, Region: w.region, Type: w.networkType,
		Force: w.force, ForceFrom: w.forceFrom, Proof: w.proof,
		Certificate: w.certificate, CertificateName: w.certificateName,
		PrivateKey: w.privateKey, PrivateKeyEnv: w.privateKeyEnv, PassphraseEnv: w.passphraseEnv, ClientCertificate: w.clientCertificate, Labels: w.labels,
	}
	if c.Flags().Changed("stage") {
		f.Stage = &w.stage
	}
	if c.Flags().Changed("redirect") {
		yes, err := strconv.ParseBool(w.redirect)
		if err != nil {
			return f, fmt.Errorf("reading --redirect: got %q, want true or false", w.redirect)
		}
		f.Redirect = &yes
	}
	return f, nil
}
