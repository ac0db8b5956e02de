// Package bundle reads and writes OPA bundles within bounds, and the references
// by which a gate owner names policies: a folder, a file, a bundle, or
// oci://registry/repository. A digest in a reference is the lock: other content
// does not load.
package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// scheme of a registry reference.
const scheme = "oci://"

var (
	otherScheme = lazyregexp.New(`^[A-Za-z][A-Za-z0-9+.-]*(://|::)|^(?i:oci:)|^git@`)
	hostName    = lazyregexp.New(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$`)
	repository  = lazyregexp.New(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagName     = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	afterScheme = lazyregexp.New(`^([A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z][A-Za-z0-9+.-]*)?(?:://|:))(.*)$`)
	digestEnd   = lazyregexp.New(`@sha[0-9]+(:[^@]*)?$`)
	digestText  = lazyregexp.New(`^sha256:[0-9a-f]+$`)
)

// Lengths of texts in bytes. As counted repetitions they cost each start 0.5 ms.
const (
	maxTag       = 128
	digestLength = len("sha256:") + 2*sha256.Size
)

// Ref names policies: a path, or a repository of a registry.
type Ref struct {
	Path string // of a file or folder; empty for a registry

	Host, Repository, Tag string // of a registry; the tag may be empty

	Digest string // sha256:<hex>, or empty
}

// OCI reports whether the reference names a registry.
func (r Ref) OCI() bool { return r.Host != "" }

// String returns the reference as it is written.
func (r Ref) String() string {
	text := r.Path
	if r.OCI() {
		text = scheme + r.Host + "/" + r.Repository
		if r.Tag != "" {
			text += ":" + r.Tag
		}
	}
	if r.Digest != "" {
		text += "@" + r.Digest
	}
	return text
}

// Short returns the reference with twelve digits of its digest, for messages.
func (r Ref) Short() string {
	if len(r.Digest) == digestLength {
		r.Digest = r.Digest[:len("sha256:")+12]
	}
	return strings.TrimPrefix(r.String(), scheme)
}

// Same reports whether two references name one place, whatever tag and digest.
func (r Ref) Same(other Ref) bool {
	return r.Path == other.Path && strings.EqualFold(r.Host, other.Host) && r.Repository == other.Repository
}

// ParseRef reads PATH, PATH@sha256:…, oci://registry/repository:tag@sha256:… or
// oci://registry/repository@sha256:…. The error says what to write instead.
func ParseRef(text string) (Ref, error) {
	r := Ref{Path: text}
	if at := strings.LastIndex(text, "@sha256"); at >= 0 {
		r.Path, r.Digest = text[:at], text[at+1:]
		if !IsDigest(r.Digest) {
			return Ref{}, fmt.Errorf("%q has the digest %q, want @sha256: and 64 digits of 0-9a-f; `bindgate policy lock` prints it", Redacted(text), r.Digest)
		}
	}
	rest, oci := strings.CutPrefix(r.Path, scheme)
	switch {
	case r.Path == "":
		return Ref{}, fmt.Errorf("%q names no policies, want a folder, a .rego file, a bundle or oci://registry/repository@sha256:…", Redacted(text))
	case oci:
		return r.fromRegistry(text, rest)
	case otherScheme.MatchString(r.Path):
		return Ref{}, fmt.Errorf("%q is of a kind that is not supported, want oci://registry/repository@sha256:…, or a path; download anything else and name the file with its digest", Redacted(text))
	}
	return r, nil
}

func (r Ref) fromRegistry(text, rest string) (Ref, error) {
	host, repo, found := strings.Cut(rest, "/")
	if !found || !hostName.MatchString(host) {
		return Ref{}, fmt.Errorf("%q names no registry and repository, want oci://registry.example.com/team/policies@sha256:…; a user or password has no place in it", Redacted(text))
	}
	name, tag, tagged := strings.Cut(repo, ":")
	switch {
	case strings.Contains(repo, "@"):
		return Ref{}, fmt.Errorf("%q has a digest that is not SHA-256, want @sha256: and 64 digits of 0-9a-f", Redacted(text))
	case strings.Contains(repo, "?"):
		return Ref{}, fmt.Errorf("%q has a query after the repository, want oci://registry/repository@sha256:…", Redacted(text))
	case !repository.MatchString(name):
		return Ref{}, fmt.Errorf("%q names the repository %q, want lower-case letters, digits and single . _ - between them, in parts separated by /", Redacted(text), name)
	case tagged && (len(tag) > maxTag || !tagName.MatchString(tag)):
		return Ref{}, fmt.Errorf("%q has the tag %q, want at most 128 letters, digits, dots, hyphens and underscores", Redacted(text), tag)
	}
	return Ref{Host: strings.ToLower(host), Repository: name, Tag: tag, Digest: r.Digest}, nil
}

// Redacted returns what was written as a reference without the user, password and query
// that it may hold, for messages.
func Redacted(text string) string {
	parts := afterScheme.FindStringSubmatch(text)
	if parts == nil {
		return text
	}
	rest, digest := parts[2], digestEnd.FindString(parts[2])
	rest = strings.TrimSuffix(rest, digest)
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "…" + rest[at:]
	}
	if before, _, query := strings.Cut(rest, "?"); query {
		rest = before + "?…"
	}
	return parts[1] + rest + digest
}

// Loopback reports whether the registry is this machine: only there HTTP without
// TLS is used.
func (r Ref) Loopback() bool {
	host := r.Host
	if at := strings.LastIndex(host, ":"); at >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:at]
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Digest returns sha256:<hex> of bytes.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// IsDigest reports whether the text is sha256:<hex>.
func IsDigest(text string) bool { return len(text) == digestLength && digestText.MatchString(text) }
