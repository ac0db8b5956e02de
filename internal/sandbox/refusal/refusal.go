// Package refusal is the error of the sandbox's services that have codes and HTTP
// statuses of their own: the cloud-native gateway and the certificate store.
package refusal

import (
	"fmt"
	"net/http"
	"strings"
)

// Error is one refusal: a code and a message, which never contains a secret.
type Error struct {
	Status        int
	Code, Message string
}

// New returns a refusal with a formatted message.
func New(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// StatusOf returns the HTTP status of a code that a fault injects. The platform
// documents few of them; the rest follow from the name.
func StatusOf(code string) int {
	switch {
	case strings.Contains(code, "NotFound"):
		return http.StatusNotFound
	case strings.Contains(code, "Forbidden"), code == "NoPermission":
		return http.StatusForbidden
	case strings.HasPrefix(code, "Conflict"):
		return http.StatusConflict
	case strings.Contains(code, "InternalError"):
		return http.StatusInternalServerError
	case code == "ServiceUnavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}
