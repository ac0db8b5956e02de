// Package apierror holds the gateway's refusals: a documented code, the HTTP
// status that goes with it, and a message. Callers match on the code; statuses
// differ between the platform's own pages.
package apierror

import (
	"fmt"
	"net/http"
	"strings"
)

// Error is one refusal. Message never holds a secret or a signature.
type Error struct{ Code, Message string }

// New is a refusal with a formatted message.
func New(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Missing says that a required parameter is absent (the Missing%s family).
func Missing(name string) *Error {
	return New("Missing"+name, "The parameter %s is required.", name)
}

// Invalid says that a parameter's value is wrong (the Invalid%s family).
func Invalid(name, why string) *Error {
	return New("Invalid"+name, "The parameter %s is not valid: %s.", name, why)
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
