package certificate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// containsNoPrivateKey returns the check certificate/contains-no-private-key.
func containsNoPrivateKey() checks.Check {
	return checks.Check{
		ID: "certificate/contains-no-private-key", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeNoKey,
		Doc: checks.Doc{
			Title: "The certificate file contains no private key",
			Why: "A certificate is public and is handled as such: it is committed, mailed, uploaded and logged. A private key in the " +
				"same file is exposed with it. bindgate sends only the certificates, but others who handle the file may not.",
			Fix: "Split the file: --write-chain writes only the certificates; keep the key in a separate file that only the " +
				"deploying job can read. If the file was ever published, have the certificate reissued for a new key and the old " +
				"one revoked.",
			References: []string{
				"RFC 5280 §9 (security considerations: protection of private keys)",
				"CA/Browser Forum Baseline Requirements §4.9.1.1 (a compromised key is revoked within 24 hours)",
			},
			Failing: "load: {certificate: mixed.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeNoKey(s checks.Subject) checks.Verdict {
	facts := s.Evidence.Certificate.Facts
	const fix = "split the file: bindgate lint --certificate %q --domain NAME --write-chain CHAIN.pem writes only the certificates; keep the key in a separate file"
	if p := facts.Problem; p != nil && slices.Contains([]string{"private-key", "encrypted-key", "openssh-key", "putty-key"}, p.Kind) {
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("the certificate file %q %s", facts.Source, p.Message), repair(p.Fix, facts.Source)))
	}
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	if len(facts.PrivateKeys) == 0 {
		return checks.Pass()
	}
	var parts []string
	for i, c := range facts.Chain[:min(len(facts.Chain), 5)] {
		parts = append(parts, fmt.Sprintf("block %d is %s", c.Block+1, nth(chain, i)))
	}
	return checks.Judge(checks.Fails(atBody, fmt.Sprintf("the certificate file %q contains a private key at %s; %s",
		facts.Source, bounded(strings.Join(facts.PrivateKeys, " and ")), strings.Join(parts, ", ")), fmt.Sprintf(fix, facts.Source)))
}
