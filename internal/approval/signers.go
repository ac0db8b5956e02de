// Package approval verifies approvals of a saved plan: signatures by SSH keys in the owner's
// allowed_signers, and tokens of services. It does no I/O. Policies decide how many approvals
// a plan needs.
package approval

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Namespace is the namespace of signatures over a saved plan.
const Namespace = "bindgate.plan/v1"

// Size limits.
const (
	MaxSignersSize = 1 << 20 // of allowed_signers and of revoked keys, in bytes
	maxLine        = 16 << 10
	minRSA         = 2048 // bits
)

// Signers contains the keys in allowed_signers and the revoked keys.
type Signers struct {
	signers []signer
	revoked [][]byte // public keys in wire form
}

// signer is one line of allowed_signers.
type signer struct {
	line          int
	names         []string // the first is the one that policies see
	key           ssh.PublicKey
	namespaces    []string  // patterns; nil: any
	after, before time.Time // zero: no limit
}

// ReadSigners reads a file in OpenSSH's format (ssh-keygen(1), ALLOWED SIGNERS).
// To avoid ambiguity, it rejects patterns instead of names, keys of a certification authority,
// unknown options, local times, weak keys, and a key or a name that two signers share.
func ReadSigners(data []byte) (*Signers, error) {
	out := &Signers{}
	err := eachLine(data, func(number int, line string) error {
		s, err := readSigner(line)
		if err != nil {
			return err
		}
		s.line = number
		for _, other := range out.signers {
			if err := s.apart(other); err != nil {
				return err
			}
		}
		out.signers = append(out.signers, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading allowed_signers: %w", err)
	}
	if len(out.signers) == 0 {
		return nil, errors.New("reading allowed_signers: it names no signer; add a line `NAME namespaces=\"" + Namespace + "\" ssh-ed25519 KEY`")
	}
	return out, nil
}

// Revoke reads a list of public keys, one per line, and rejects their signatures from then on.
func (s *Signers) Revoke(data []byte) error {
	if bytes.HasPrefix(data, []byte("SSHKRL")) {
		return errors.New("reading revoked signers: it is a binary key revocation list; list the public keys instead, one per line")
	}
	err := eachLine(data, func(_ int, line string) error {
		key, options, err := parseKey(line)
		if err != nil || len(options) > 0 {
			return errors.New("want a public key, as in the .pub file: TYPE KEY [COMMENT]")
		}
		s.revoked = append(s.revoked, key.Marshal())
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading revoked signers: %w", err)
	}
	return nil
}

// eachLine calls read with each line, except empty lines and comments.
func eachLine(data []byte, read func(number int, line string) error) error {
	if len(data) > MaxSignersSize {
		return fmt.Errorf("it has more than %d bytes", MaxSignersSize)
	}
	for i, raw := range bytes.Split(data, []byte("\n")) {
		line := strings.TrimSpace(string(raw))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		err := errors.New("it is too long, or has characters that are not printable")
		if len(line) <= maxLine && !strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufffd') }) {
			err = read(i+1, line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}

func readSigner(line string) (signer, error) {
	names, rest, err := principals(line)
	if err != nil {
		return signer{}, err
	}
	s := signer{names: names}
	key, options, err := parseKey(rest)
	if err != nil {
		return signer{}, fmt.Errorf("%w; want NAMES [OPTIONS] TYPE KEY", err)
	}
	s.key = key
	seen := map[string]bool{}
	for _, option := range options {
		name, quoted, _ := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if seen[name] {
			return signer{}, fmt.Errorf("the option %.32q is given twice", name)
		}
		seen[name] = true
		value, unquoted := unquote(quoted)
		switch name {
		case "cert-authority":
			return signer{}, errors.New("cert-authority is not supported: list the key of each signer")
		case "namespaces":
			if s.namespaces = strings.Split(value, ","); !unquoted || slices.Contains(s.namespaces, "") {
				return signer{}, errors.New(`namespaces is not understood; write namespaces="` + Namespace + `"`)
			}
		case "valid-after":
			s.after, err = timeOf(value, unquoted)
		case "valid-before":
			s.before, err = timeOf(value, unquoted)
		default:
			return signer{}, fmt.Errorf("unknown option %.32q; want namespaces, valid-after or valid-before", name)
		}
		if err != nil {
			return signer{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if !s.after.IsZero() && !s.before.IsZero() && !s.after.Before(s.before) {
		return signer{}, errors.New("valid-after is not before valid-before, so the key is never valid")
	}
	return s, nil
}

// parseKey reads [OPTIONS] TYPE KEY [COMMENT] and refuses keys that are too weak.
func parseKey(line string) (ssh.PublicKey, []string, error) {
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil, nil, errors.New("the line contains no valid public key")
	}
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
	case ssh.KeyAlgoRSA:
		crypto, _ := key.(ssh.CryptoPublicKey)
		public, ok := crypto.CryptoPublicKey().(*rsa.PublicKey)
		if !ok || public.N.BitLen() < minRSA {
			return nil, nil, fmt.Errorf("the RSA key has fewer than %d bits; use ssh-ed25519", minRSA)
		}
	default:
		return nil, nil, fmt.Errorf("the key type %.64q is not supported; use ssh-ed25519, ecdsa or rsa, with a security key or without", key.Type())
	}
	return key, options, nil
}

// principals reads the names at the beginning of a line.
func principals(line string) (names []string, rest string, err error) {
	list, rest := line, ""
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		if list, rest, ok = strings.Cut(quoted, `"`); !ok {
			return nil, "", errors.New("the quotation mark of the names is not closed")
		}
	} else if i := strings.IndexAny(line, " \t"); i >= 0 {
		list, rest = line[:i], line[i:]
	}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.Trim(name, " \t")
		if err := plainName(name); name != "" && err != nil {
			return nil, "", err
		}
		if name == "" || strings.ContainsAny(name, `*?!"`) {
			return nil, "", fmt.Errorf("the name %.64q is empty or a pattern; name each signer, the name that policies see first", name)
		}
		names = append(names, name)
	}
	return names, strings.TrimSpace(rest), nil
}

// plainName rejects a name of a person or service that has anything but printable ASCII,
// or a space at an end. Other letters look like these (UTS #39), and one person would
// count as two.
func plainName(name string) error {
	if name != strings.Trim(name, " ") || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the name %+.64q has a character that is not printable ASCII, or a space at an end, and can look like another name; use ASCII letters, digits and signs", name)
	}
	return nil
}

// apart rejects a key that two signers share, and a name that two signers share.
func (s signer) apart(other signer) error {
	same := strings.EqualFold(s.names[0], other.names[0])
	if !same && bytes.Equal(s.key.Marshal(), other.key.Marshal()) {
		return fmt.Errorf("line %d has the same key under another name: %q and %q; list each key under one name", other.line, s.names[0], other.names[0])
	}
	for _, name := range s.names {
		if !same && other.named(name) {
			return fmt.Errorf("the name %q is also on line %d, for another signer; begin both lines with the same name if they are one person", name, other.line)
		}
	}
	return nil
}

func (s signer) named(name string) bool {
	return slices.ContainsFunc(s.names, func(own string) bool { return strings.EqualFold(own, name) })
}

func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' || strings.ContainsAny(s[1:len(s)-1], `"\`) {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// timeOf reads a time of allowed_signers. It requires Z (UTC): without it the time would
// depend on the machine's time zone, which the user who runs bindgate can choose.
func timeOf(text string, quoted bool) (time.Time, error) {
	digits, utc := strings.CutSuffix(text, "Z")
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if t, err := time.Parse(layout, digits); err == nil && utc && quoted && len(digits) == len(layout) {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("got %.32q, want a time in UTC such as \"20261231Z\" or \"202612311800Z\"", text)
}

// maySign returns the signer of a key. It fails if the key may not sign in the namespace at
// the time now.
func (s *Signers) maySign(key ssh.PublicKey, namespace string, now time.Time) (by signer, err error) {
	wire := key.Marshal()
	if slices.ContainsFunc(s.revoked, func(other []byte) bool { return bytes.Equal(other, wire) }) {
		return signer{}, errors.New("the key is revoked")
	}
	err = errors.New("the key is not in allowed_signers")
	for _, one := range s.signers {
		if !bytes.Equal(one.key.Marshal(), wire) {
			continue
		}
		switch {
		case one.namespaces != nil && !matches(one.namespaces, namespace):
			err = fmt.Errorf("line %d of allowed_signers does not let the key sign in the namespace %q", one.line, namespace)
		case now.Before(one.after):
			err = fmt.Errorf("the key is not valid before %s", one.after.Format(time.RFC3339))
		case !one.before.IsZero() && !now.Before(one.before):
			err = fmt.Errorf("the key was valid until %s", one.before.Format(time.RFC3339))
		default:
			return one, nil
		}
	}
	return signer{}, err
}

// matches reports whether a text matches a list of OpenSSH patterns: at least one pattern
// matches, and no pattern with an exclamation mark matches.
func matches(patterns []string, text string) bool {
	found := false
	for _, pattern := range patterns {
		plain, negated := strings.CutPrefix(pattern, "!")
		if !glob(plain, text) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// glob matches a pattern with * and ?.
func glob(pattern, text string) bool {
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	ok, err := regexp.MatchString(`^(?s:`+expression+`)$`, text)
	return err == nil && ok
}
