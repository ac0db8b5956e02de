package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// fileIsClean returns the check certificate/file-is-clean.
func fileIsClean() checks.Check {
	return checks.Check{
		ID: "certificate/file-is-clean", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeClean,
		Doc: checks.Doc{
			Title: "The certificate file is plain PEM",
			Why: "bindgate reads irregular files and sends canonical text, but other programs read the same file. Many silently skip the first block " +
				"after a byte-order mark, and use the CA's certificate as the server's; some stop at a " +
				"carriage return, at a long line or at text between blocks.",
			Fix: "Write a canonical file: bindgate lint --certificate FILE --domain NAME --write-chain CLEAN.pem",
			References: []string{
				"RFC 7468 §2 and §3 (PEM text: 64 characters per line, nothing inside the blocks)",
				"Go, encoding/pem, Decode: a block must begin a line, so the first after a byte-order mark is skipped",
			},
			Failing: "load: {certificate: dirty.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeClean(s checks.Subject) checks.Verdict {
	if _, v := parseChain(s); v != nil {
		return *v
	}
	facts := s.Evidence.Certificate.Facts
	var found []checks.Finding
	for _, irregularity := range facts.Irregularities {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the certificate file %q %s", facts.Source, bounded(irregularity)),
			fmt.Sprintf("write a canonical file: bindgate lint --certificate %q --domain NAME --write-chain CLEAN.pem", facts.Source)))
	}
	return checks.Judge(found...)
}
