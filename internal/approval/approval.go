package approval

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/token"
)

// MaxSize bounds one approval, in bytes.
const MaxSize = 64 << 10

// Audience is what a service writes as aud into a token that approves a plan.
const Audience = "bindgate"

// Trust contains the signers and services whose approvals the owner accepts.
type Trust struct {
	Signers  *Signers       // nil: no SSH key approves
	Services []token.Issuer // of tokens
}

// Plan is the saved plan that is approved.
type Plan struct {
	Text       []byte // the file, byte by byte
	ValidUntil time.Time
	Authors    []string // proven names of the people who made or apply the plan
}

// Digest returns the digest of a saved plan, as tokens name it.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// File is one approval, as it was given.
type File struct {
	Name string
	Text []byte
}

// Verify verifies the approvals of a plan at the time now. It fails if an approval is invalid,
// or if its signer made the plan or applies it. Of several approvals by one person or service
// it returns the one that expires last. The result is never nil.
func (t Trust) Verify(p Plan, files []File, now time.Time) ([]evidence.Approval, error) {
	out := []evidence.Approval{}
	tokens := map[string]string{} // by issuer and jti
	for _, f := range files {
		a, id, err := t.one(p, f.Text, now)
		if err == nil && id != "" && tokens[id] != "" {
			err = fmt.Errorf("it has the jti of the approval %q; ask for another token", tokens[id])
		}
		if err != nil {
			return nil, fmt.Errorf("reading the approval %q: %w", f.Name, err)
		}
		if id != "" {
			tokens[id] = f.Name
		}
		i := slices.IndexFunc(out, func(other evidence.Approval) bool { return strings.EqualFold(other.By, a.By) })
		switch {
		case i < 0:
			out = append(out, a)
		case out[i].Expires.Before(a.Expires):
			out[i] = a
		}
	}
	slices.SortFunc(out, func(a, b evidence.Approval) int { return cmp.Compare(a.By, b.By) })
	return out, nil
}

// one verifies one approval. id is the issuer and jti of a token; empty for a signature.
func (t Trust) one(p Plan, text []byte, now time.Time) (a evidence.Approval, id string, err error) {
	if len(text) > MaxSize {
		return a, "", fmt.Errorf("it has more than %d bytes", MaxSize)
	}
	if !now.Before(p.ValidUntil) {
		return a, "", fmt.Errorf("the plan was valid until %s; make and approve a new one", p.ValidUntil.Format(time.RFC3339))
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")) {
		a, err = t.signature(p, text, now)
	} else {
		a, id, err = t.token(p, text, now)
	}
	if err != nil {
		return a, "", err
	}
	a.By = t.Signers.alike(a.By)[0] // also for a token, so that one person has one name
	if err := t.another(a, p.Authors); err != nil {
		return a, "", err
	}
	if p.ValidUntil.Before(a.Expires) {
		a.Expires = p.ValidUntil
	}
	return a, id, nil
}

// Others fails if one of the approvals is by one of the authors.
func (t Trust) Others(approvals []evidence.Approval, authors []string) error {
	for _, a := range approvals {
		if err := t.another(a, authors); err != nil {
			return fmt.Errorf("reading the approval of %q: %w", a.By, err)
		}
	}
	return nil
}

// another fails if an approval is by one of the authors.
func (t Trust) another(a evidence.Approval, authors []string) error {
	names := t.Signers.alike(a.By)
	for _, author := range authors {
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, author) }) {
			return fmt.Errorf("it is by %q, who made the plan or applies it (%q); another person must approve it", a.By, author)
		}
	}
	return nil
}

// alike returns all names of the signer with this name, of all lines that begin with the
// same name, which comes first; only the name if there is no such signer.
func (s *Signers) alike(name string) []string {
	if s == nil {
		return []string{name}
	}
	i := slices.IndexFunc(s.signers, func(one signer) bool { return one.named(name) })
	if i < 0 {
		return []string{name}
	}
	var names []string
	for _, one := range s.signers {
		if strings.EqualFold(one.names[0], s.signers[i].names[0]) {
			names = append(names, one.names...)
		}
	}
	return names
}

// signature verifies a signature of ssh-keygen -Y sign. The signature contains no expiry, so
// the approval expires with the plan or with the key, whichever is first.
func (t Trust) signature(p Plan, text []byte, now time.Time) (evidence.Approval, error) {
	if t.Signers == nil {
		return evidence.Approval{}, errors.New("it is an SSH signature, and the owner's file names no allowed_signers (approvals.allowedSigners)")
	}
	by, print, err := t.Signers.verify(overPlan(), p.Text, text, now)
	if err != nil {
		return evidence.Approval{}, err
	}
	expires := p.ValidUntil
	if !by.before.IsZero() && by.before.Before(expires) {
		expires = by.before
	}
	return evidence.Approval{By: by.names[0], Kind: evidence.ApprovalSSH, Issuer: print, Expires: expires}, nil
}

// Purpose states what a signature approves.
type Purpose struct {
	Namespace string
	What      string // the signed object, for messages
	File      string // the argument of ssh-keygen, for messages
}

func overPlan() Purpose { return Purpose{Namespace, "plan", "plan.json"} }

// Verify verifies a signature of ssh-keygen -Y sign over a text. It returns the first name
// of the signer and the fingerprint of the key.
func (s *Signers) Verify(p Purpose, text, signature []byte, now time.Time) (name, fingerprint string, err error) {
	by, fingerprint, err := s.verify(p, text, signature, now)
	if err != nil {
		return "", "", err
	}
	return by.names[0], fingerprint, nil
}

func (s *Signers) verify(p Purpose, text, signature []byte, now time.Time) (by signer, fingerprint string, err error) {
	sig, err := readSignature(signature)
	if err != nil {
		return signer{}, "", err
	}
	if sig.Namespace != p.Namespace {
		return signer{}, "", fmt.Errorf("it is in the namespace %.64q, want %q; sign with `ssh-keygen -Y sign -n %s -f KEY %s`", sig.Namespace, p.Namespace, p.Namespace, p.File)
	}
	fingerprint = ssh.FingerprintSHA256(sig.PublicKey)
	if by, err = s.maySign(sig.PublicKey, p.Namespace, now); err != nil {
		return signer{}, "", fmt.Errorf("it is by the key %s: %w", fingerprint, err)
	}
	if err := sshsig.Verify(bytes.NewReader(text), sig, by.key, sig.HashAlgorithm, p.Namespace); err != nil {
		return signer{}, "", fmt.Errorf("the key %s of %q made it, but the signature is not valid: it was made for another %s, or the %s was changed (%w)", fingerprint, by.names[0], p.What, p.What, err)
	}
	return by, fingerprint, nil
}

// readSignature reads an armored signature. It rejects signatures of SSH certificates.
func readSignature(text []byte) (*sshsig.Signature, error) {
	block, rest := pem.Decode(bytes.TrimSpace(text))
	if block == nil || block.Type != sshsig.PEMType || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("want one block -----BEGIN SSH SIGNATURE-----, as ssh-keygen -Y sign writes it, and nothing else")
	}
	sig, err := sshsig.ParseSignature(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("it is not a valid SSH signature: %w", err)
	}
	if _, ok := sig.PublicKey.(*ssh.Certificate); ok {
		return nil, errors.New("it was made with an SSH certificate; sign with the key itself")
	}
	if err := userWasPresent(sig); err != nil {
		return nil, err
	}
	return sig, nil
}

// userPresence is the flag that a security key sets if its user touched it.
const userPresence = 1

// userWasPresent rejects a signature of a security key that its user did not touch.
func userWasPresent(sig *sshsig.Signature) error {
	switch sig.PublicKey.Type() {
	case ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		if rest := sig.Signature.Rest; len(rest) != 5 || rest[0]&userPresence == 0 { // flags, and a counter of 4 bytes
			return errors.New("it is by a security key that was not touched; sign with a key without no-touch-required")
		}
	default:
		if len(sig.Signature.Rest) > 0 {
			return errors.New("it has bytes after the signature")
		}
	}
	return nil
}

// token verifies a token of a service.
func (t Trust) token(p Plan, text []byte, now time.Time) (evidence.Approval, string, error) {
	if len(t.Services) == 0 {
		return evidence.Approval{}, "", errors.New("it is not an SSH signature, and the owner's file names no service whose tokens approve (approvals.services)")
	}
	c, err := token.Verify(text, t.Services, now)
	if err != nil {
		return evidence.Approval{}, "", err
	}
	plan, err := c.Text("plan")
	switch {
	case err != nil:
		return evidence.Approval{}, "", err
	case plan != Digest(p.Text):
		return evidence.Approval{}, "", fmt.Errorf("it approves the plan %.80q, and this one is %q", plan, Digest(p.Text))
	case c.Subject == "":
		return evidence.Approval{}, "", errors.New("it has no sub, so it does not say who approves")
	case plainName(c.Subject) != nil:
		return evidence.Approval{}, "", fmt.Errorf("reading its sub: %w", plainName(c.Subject))
	case c.ID == "":
		return evidence.Approval{}, "", errors.New("it has no jti")
	}
	return evidence.Approval{By: c.Subject, Kind: evidence.ApprovalJWT, Issuer: c.Issuer, Expires: c.Expires}, c.Issuer + " " + c.ID, nil
}
