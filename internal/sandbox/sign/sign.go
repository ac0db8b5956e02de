// Package sign verifies the signatures of the platform's two published schemes,
// V1 (RPC, HMAC-SHA1, everything in the query or a form) and V3
// (ACS3-HMAC-SHA256, headers). It is written from the published description
// and never calls a client's signing code.
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxSkew is how far a request's time may be from the server's, both ways
// (InvalidTimeStamp.Expired: over 15 minutes).
const maxSkew = 15 * time.Minute

// timeLayout is ISO 8601 in UTC, to the second, as both schemes want it.
const timeLayout = "2006-01-02T15:04:05Z"

// Request is what a signature covers. Body is complete.
type Request struct {
	Method   string
	Host     string
	Path     string // as sent, still escaped; empty means /
	Header   http.Header
	RawQuery string
	Body     []byte
}

// rest reports whether the request is of an API whose resources are paths (ROA),
// and not of the RPC style, whose path is always /.
func (r Request) rest() bool { return r.Path != "" && r.Path != "/" }

// canonicalPath is the path as it was sent, with the three spellings that the
// scheme fixes.
func (r Request) canonicalPath() string {
	if !r.rest() {
		return "/"
	}
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(r.Path)
}

// Call is an authenticated request. Params holds the parameters of the action
// alone, without those of the scheme.
type Call struct {
	Scheme  string // V1 or V3
	Action  string
	Version string
	Format  string // as it was sent; empty: not sent
	KeyID   string // the access key id that signed
	Region  string // of the header; empty: it names none
	Params  map[string]string
}

// Verifier knows access keys and remembers nonces. It is safe for concurrent use.
type Verifier struct {
	secrets map[string]string // by access key id
	now     func() time.Time
	nonces  nonceMemory
}

// NewVerifier verifies requests signed with one access key, against the clock.
func NewVerifier(id, secret string, now func() time.Time) *Verifier {
	return &Verifier{secrets: map[string]string{id: secret}, now: now, nonces: nonceMemory{limit: maxNonces}}
}

// Know adds an access key. It is for a verifier that nothing uses yet.
func (v *Verifier) Know(id, secret string) { v.secrets[id] = secret }

// Error is why a request is not authenticated: a documented code and a message,
// which says nothing of the secret or of the right signature.
type Error struct{ Code, Message string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func missing(name string) error {
	return refuse("Missing"+name, "The parameter %s is required.", name)
}

// Verify authenticates a request. Every error is an *Error.
func (v *Verifier) Verify(r Request) (Call, error) {
	if r.Header.Get("Authorization") != "" {
		return v.verifyV3(r)
	}
	if r.rest() {
		return Call{}, missing("Authorization") // V1 does not cover a path
	}
	return v.verifyV1(r)
}

// claim is what a request says of itself, whichever the scheme.
type claim struct {
	keyID, nonce, timestamp string
	signature               string
	expected                func(secret string) string
}

// admit checks a claim in the order that reveals least to a stranger, and spends
// the nonce only once the signature is known to be right.
func (v *Verifier) admit(c claim) error {
	at, err := time.Parse(timeLayout, c.timestamp)
	if err != nil {
		return refuse("InvalidTimeStamp.Format", "The time stamp must read like %s.", timeLayout)
	}
	if v.now().Sub(at).Abs() > maxSkew {
		return refuse("InvalidTimeStamp.Expired", "The time stamp is more than 15 minutes from the server's clock.")
	}
	secret, known := v.secrets[c.keyID]
	if !known {
		return refuse("InvalidAccessKeyId.NotFound", "The specified access key is not found.")
	}
	if !hmac.Equal([]byte(c.expected(secret)), []byte(c.signature)) {
		return mismatch("The signature does not match the request.")
	}
	if !v.nonces.spend(c.nonce) {
		return refuse("SignatureNonceUsed", "The signature nonce was used already.")
	}
	return nil
}

func mismatch(message string) error {
	return refuse("SignatureDoesNotMatch", "%s", message)
}

// isForm reports whether a body holds parameters.
func isForm(h http.Header) bool {
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded")
}

// maxParams bounds the parameters of a request; SetDomainCertificate, the
// longest, has 11, and V1 adds 8.
const maxParams = 256

// parse reads parameters from the query and, if there is one, from a form. A
// name given twice is refused: it is not known which of the two was meant.
func parse(encoded ...string) (map[string]string, error) {
	all := map[string]string{}
	for _, part := range encoded {
		values, err := url.ParseQuery(part)
		if err != nil {
			return nil, refuse("InvalidFormatParameter", "The parameters are not URL-encoded.")
		}
		for name, v := range values {
			if _, twice := all[name]; twice || len(v) > 1 {
				return nil, refuse("RepeatedParameter", "A parameter is given twice.")
			}
			all[name] = v[0]
		}
		if len(all) > maxParams {
			return nil, refuse("ExceedLimitParameter", "The request has more than %d parameters.", maxParams)
		}
	}
	return all, nil
}

// canonicalQuery is name=value, sorted by name and joined by &. Empty values
// are kept: `BindStageName=` and no BindStageName sign differently.
func canonicalQuery(params map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encode(name))
		b.WriteByte('=')
		b.WriteString(encode(params[name]))
	}
	return b.String()
}

// encode is percent-encoding with the unreserved set of RFC 3986 §2.3.
func encode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := range len(s) {
		c := s[i]
		if unreserved(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

// maxNonces is how many nonces a generation remembers: two of them are kept,
// so at least this many and at most twice as many, in about 10 MB.
const maxNonces = 1 << 17

// nonceMemory remembers nonces in two generations, so that its size is bounded
// for any client. The price: a replay that comes after maxNonces other
// calls, within the 15 minutes, is not noticed.
type nonceMemory struct {
	limit             int
	mu                sync.Mutex
	current, previous map[[16]byte]struct{}
}

// spend remembers a nonce and reports whether it was new.
func (m *nonceMemory) spend(nonce string) bool {
	sum := sha256.Sum256([]byte(nonce))
	key := [16]byte(sum[:16])
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, seen := m.current[key]; seen {
		return false
	}
	if _, seen := m.previous[key]; seen {
		return false
	}
	if m.current == nil || len(m.current) >= m.limit {
		m.previous, m.current = m.current, make(map[[16]byte]struct{})
	}
	m.current[key] = struct{}{}
	return true
}
