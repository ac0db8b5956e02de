package pki

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
)

// foundInText is what text without PEM blocks holds.
func foundInText(text []byte) found {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	start := strings.ToLower(string(first[:min(len(first), 64)]))
	begins := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(start, p) {
				return true
			}
		}
		return false
	}
	switch {
	case len(text) == 0:
		return found{kind: kindEmpty}
	case begins("<!doctype html", "<html", "<head", "<body"):
		return found{kind: kindHTML}
	case begins("putty-user-key-file-"):
		return found{kind: kindPuTTYKey}
	case begins("ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- begin ssh2"):
		return found{kind: kindSSHPublic}
	}
	if inner := insideBase64(text); inner != kindUnknown {
		return found{kind: kindBase64, inner: inner}
	}
	return found{kind: kindText}
}

// insideBase64 is the kind of what base64 text encodes: "pem", or what DER
// holds. Kubernetes' secrets are PEM in base64; Windows exports DER so.
func insideBase64(text []byte) string {
	der, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(text), nil)))
	if err != nil {
		return kindUnknown
	}
	if bytes.Contains(der, []byte(beginMark)) {
		return ContainerPEM
	}
	return kindOfDER(der)
}

// isJSON reports text whose PEM is the value of a JSON field.
func isJSON(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && bytes.Contains(text, []byte(beginMark))
}

// wrongDashes tells a BEGIN or END line that has lost some of its five hyphens,
// or has typographic dashes in their place. To other programs it is plain text,
// and the block behind it is passed over.
func wrongDashes(line string) bool {
	return len(line) < 100 && (strings.Contains(line, "BEGIN ") || strings.Contains(line, "END ")) &&
		dashed.MatchString(line) && !strings.Contains(line, "SSH2")
}

var dashed = regexp.MustCompile(`^[-\x{2010}-\x{2015}\x{2212}]+ ?(BEGIN|END) [A-Z0-9 ]+ ?[-\x{2010}-\x{2015}\x{2212}]*$`)
