package certificate

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// isReadable returns the check certificate/is-readable.
func isReadable() checks.Check {
	return checks.Check{
		ID: "certificate/is-readable", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeReadable,
		Doc: checks.Doc{
			Title: "The certificate file exists and contains certificates",
			Why: "The gateway accepts only PEM and reports little about anything else. A file in another form (DER, PKCS#7, a key " +
				"store), a signing request instead of the certificate, or a truncated block fails at the call, or worse: some " +
				"tools skip a block that they cannot read, and then use the CA's certificate as the server's.",
			Fix: "Give the certificate that the CA issued and its intermediates as PEM, leaf first, or a PKCS#12 file. The finding names " +
				"the actual content of the file and the command that converts it.",
			References: []string{
				"RFC 7468 §2 and §5 (PEM text of certificates)",
				"RFC 7292 §4 (PKCS#12)",
				"Go, encoding/pem, Decode: a block must begin a line, and a block that cannot be decoded is silently skipped",
			},
			Failing: "load: {certificate: der.cer}",
			Passing: "load: {certificate: sound.pem, key: sound.key}",
		},
	}
}

func judgeReadable(s checks.Subject) checks.Verdict {
	facts := s.Evidence.Certificate.Facts
	if p := facts.Problem; p != nil {
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("the certificate file %q %s", facts.Source, p.Message), repair(p.Fix, facts.Source)))
	}
	if _, v := parseChain(s); v != nil {
		return *v
	}
	return checks.Pass()
}

// repair returns the next step in the evidence, with the file's name for FILE
// so that the command can be run unchanged, or the general one. The content of
// a variable is in no file: its command needs a file written from it.
func repair(fix, source string) string {
	if fix == "" {
		return "give the certificate that the CA issued and its intermediates in PEM, leaf first"
	}
	name, isVariable := strings.CutPrefix(source, "env ")
	switch {
	case !strings.Contains(fix, "FILE"):
		return fix
	case isVariable:
		return fmt.Sprintf("with its text in FILE (printenv %s > FILE): %s", name, fix)
	}
	return strings.ReplaceAll(fix, "FILE", inShell(source))
}

// inShell quotes a path as one POSIX shell argument that is no option.
func inShell(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	if strings.Trim(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+,:@%-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
