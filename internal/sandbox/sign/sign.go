// Package sign verifies the signatures of the platform's two published schemes,
// V1 (RPC, HMAC-SHA1, everything in the query or a form) and V3
// (ACS3-HMAC-SHA256, headers). It is written from the published description
// and never calls a client's signing code.
package sign

import (
	"crypto/hmac"
	"net/http"
	"strings"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/apierror"
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
	Header   http.Header
	RawQuery string
	Body     []byte
}

// Call is an authenticated request. Params holds the parameters of the action
// alone, without those of the scheme.
type Call struct {
	Scheme  string // V1 or V3
	Action  string
	Version string
	Format  string // as it was sent; empty: not sent
	Params  map[string]string
}

// Verifier knows one access key and remembers nonces. It is safe for
// concurrent use.
type Verifier struct {
	id, secret string
	now        func() time.Time
	nonces     nonceMemory
}

// NewVerifier verifies requests signed with one access key, against the clock.
func NewVerifier(id, secret string, now func() time.Time) *Verifier {
	return &Verifier{id: id, secret: secret, now: now, nonces: nonceMemory{limit: maxNonces}}
}

// Verify authenticates a request. Every error is an *apierror.Error with a
// documented code and says nothing of the secret or of the right signature.
func (v *Verifier) Verify(r Request) (Call, error) {
	if r.Header.Get("Authorization") != "" {
		return v.verifyV3(r)
	}
	return v.verifyV1(r)
}

// claim is what a request says of itself, whichever the scheme.
type claim struct {
	keyID, nonce, timestamp string
	signature               string
	expected                func(secret string) string
}

// admit checks a claim in the order that tells a stranger least, and spends
// the nonce only once the signature is known to be right.
func (v *Verifier) admit(c claim) error {
	at, err := time.Parse(timeLayout, c.timestamp)
	if err != nil {
		return apierror.New("InvalidTimeStamp.Format", "The time stamp must read like %s.", timeLayout)
	}
	if v.now().Sub(at).Abs() > maxSkew {
		return apierror.New("InvalidTimeStamp.Expired", "The time stamp is more than 15 minutes from the server's clock.")
	}
	if c.keyID != v.id {
		return apierror.New("InvalidAccessKeyId.NotFound", "The specified access key is not found.")
	}
	if !hmac.Equal([]byte(c.expected(v.secret)), []byte(c.signature)) {
		return mismatch("The signature does not match the request.")
	}
	if !v.nonces.spend(c.nonce) {
		return apierror.New("SignatureNonceUsed", "The signature nonce was used already.")
	}
	return nil
}

func mismatch(message string) error {
	return apierror.New("SignatureDoesNotMatch", "%s", message)
}

// isForm reports whether a body holds parameters.
func isForm(h http.Header) bool {
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded")
}
