package certificate

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// keyIsProtected returns the check certificate/key-is-protected.
func keyIsProtected() checks.Check {
	return checks.Check{
		ID: "certificate/key-is-protected", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedKey},
		Applies: hasKey,
		Judge:   judgeGuarded,
		Doc: checks.Doc{
			Title: "Only the owner can read the private key",
			Why: "Anyone with the key can impersonate the server. On a shared runner every job may read a file of mode 0644, and a key " +
				"under version control is in every clone and stays in the history after its removal.",
			Fix: "chmod 600 the file (on Windows, take others off its access list), or pass the key to the job in a variable. A key that was under version control is known to " +
				"everyone with access to the repository: have the certificate reissued for a new one.",
			References: []string{
				"OWASP Key Management Cheat Sheet (storage)",
				"OpenSSH, ssh(1): a key that others can read is refused",
			},
			Failing: "load: {certificate: sound.pem, key: sound.key}\nevidence: {key: {facts: {readableBy: \"everybody (mode 0644)\"}}}",
			Passing: "load: {certificate: sound.pem, env: sound.key}",
		},
	}
}

func judgeGuarded(s checks.Subject) checks.Verdict {
	key := s.Evidence.Key.Facts
	if _, v := publicKey(s); v != nil {
		return *v
	}
	var found []checks.Finding
	if key.ReadableBy != "" {
		found = append(found, checks.Warns(atKey, fmt.Sprintf("the private key file %q can be read by %s", key.Source, bounded(key.ReadableBy)),
			protect(key)))
	}
	if key.Tracked {
		found = append(found, checks.Warns(atKey, fmt.Sprintf("the private key file %q is under version control", key.Source),
			"keep keys in the secret store of the CI; have the certificate reissued for a new key, because this one stays in the history"))
	}
	if key.ReadableBy == "" && key.AccessUnknown != "" {
		return checks.Unknown(fmt.Sprintf("it is not known who can read the private key file %q: %s", key.Source, bounded(key.AccessUnknown)), found...)
	}
	return checks.Judge(found...)
}

// protect returns the command that leaves the file to its owner: on Windows,
// readers come from the access list.
func protect(key evidence.Key) string {
	if strings.HasSuffix(key.ReadableBy, "(access list)") {
		return fmt.Sprintf(`icacls %q /inheritance:r /grant:r "%%USERNAME%%:F"`, key.Source)
	}
	return fmt.Sprintf("chmod 600 %q", key.Source)
}
