package account

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
)

// Error is one refusal of the gateway: a documented code and a message, which
// never contains a secret or a signature. Callers match on the code; statuses
// differ between the platform's own pages.
type Error struct{ Code, Message string }

// Refuse returns a refusal with a formatted message.
func Refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// missing refuses a call without a required parameter (the Missing%s family).
func missing(name string) *Error {
	return Refuse("Missing"+name, "The parameter %s is required.", name)
}

// Invalid refuses the value of a parameter (the Invalid%s family).
func Invalid(name, why string) *Error {
	return Refuse("Invalid"+name, "The parameter %s is not valid: %s.", name, why)
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Status is the HTTP status of the refusal; 400 where the platform's pages name
// none.
func (e *Error) Status() int {
	switch e.Code {
	case "InvalidAccessKeyId.NotFound", "InvalidApi.NotFound", "InvalidGroupId.NotFound":
		return http.StatusNotFound
	case "NoPermission":
		return http.StatusForbidden
	case "InternalError":
		return http.StatusInternalServerError
	case "ServiceUnavailable":
		return http.StatusServiceUnavailable
	}
	switch {
	case strings.HasPrefix(e.Code, "NotFound"):
		return http.StatusNotFound
	case strings.HasPrefix(e.Code, "Forbidden"):
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// NewID returns a random id of a request or a certificate in the shape of the
// published examples: an upper-case UUID (RFC 9562 §5.4).
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
