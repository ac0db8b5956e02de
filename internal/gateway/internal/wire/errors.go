package wire

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind tells apart what went wrong with a call, by what a caller can do about
// it. It follows the answer's Code, never its HTTP status, which differs
// between the platform's pages; only an answer without a Code is judged by it.
type Kind string

// The kinds.
const (
	NoPermission Kind = "no permission"      // the RAM right is missing
	NotFound     Kind = "not found"          // no such group or domain
	Throttled    Kind = "throttled"          // over the rate; nothing was done
	Busy         Kind = "busy"               // the documented "not now", worth another try; no page says that nothing was done
	Passing      Kind = "passing fault"      // a fault of the server; what was done is not known
	Auth         Kind = "not authenticated"  // key, signature or clock
	NotSent      Kind = "not sent"           // no connection, or no time left; nothing was sent
	Transport    Kind = "transport"          // the connection broke or timed out; what was done is not known
	Malformed    Kind = "not an API answer"  // HTML, a redirect, an answer too large; what was done is not known
	Rejected     Kind = "refused by the API" // every other Code
)

// Error is a call that did not succeed. It never holds the request: neither its
// URL, nor its parameters but the group's id in Right.
type Error struct {
	Kind       Kind
	Action     string
	Code       string // the API's, empty when there was no API answer
	Message    string // the API's, bounded, or ours; text from outside
	RequestID  string
	HTTPStatus int
	Right      string // NoPermission: the RAM action and resource that are missing
	Doubtful   bool   // a try before was Busy and may have taken effect, whatever the last one was told
	cause      error  // the context's error, where it ended the call
}

// Error says what happened and, for a missing right, which one it is.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Action, e.Kind)
	var facts []string
	if e.Code != "" {
		facts = append(facts, e.Code)
	}
	if e.HTTPStatus >= 300 {
		facts = append(facts, fmt.Sprintf("HTTP %d", e.HTTPStatus))
	}
	if e.RequestID != "" {
		facts = append(facts, "request "+e.RequestID)
	}
	if len(facts) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(facts, ", "))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Right != "" {
		b.WriteString("; allow " + e.Right)
	}
	return b.String()
}

// Unwrap is the error of the caller's context, where that ended the call.
func (e *Error) Unwrap() error { return e.cause }

// kindOf follows Alibaba Cloud's table of common error codes (docs of 2026-03-16).
func kindOf(code string, status int) Kind {
	switch {
	case strings.Contains(code, "Throttling"):
		return Throttled
	case code == "ServiceUnavailable" || code == "RepeatedCommit":
		return Busy
	case code == "NoPermission" || strings.HasPrefix(code, "Forbidden"):
		return NoPermission
	case isOfAuth(code):
		return Auth
	case isMissing(code):
		return NotFound
	case code == "InternalError" || status >= 500:
		return Passing
	}
	return Rejected
}

// isMissing tells a group or a domain that is not there; InvalidApi.NotFound and
// its like are not that.
func isMissing(code string) bool {
	return strings.HasPrefix(code, "NotFound") || slices.Contains([]string{"InvalidApiGroup.NotFound",
		"InvalidGroupId.NotFound", "InvalidDomain.NotFound", "InvalidDomainName.NotFound"}, code)
}

// isOfAuth tells that the platform did not take the signature or who signed.
func isOfAuth(code string) bool {
	return slices.ContainsFunc([]string{"Signature", "InvalidSignature", "IncompleteSignature", "InvalidTimeStamp",
		"InvalidAccessKeyId", "InvalidSecurityToken", "MissingAccessKeyId", "MissingSecurityToken"},
		func(prefix string) bool { return strings.HasPrefix(code, prefix) })
}

// right names the RAM action and the least resource that a call needs.
func right(r Request) string {
	group := r.Params["GroupId"]
	if group == "" {
		group = "*"
	}
	return fmt.Sprintf("apigateway:%s on acs:apigateway:%s:*:apigroup/%s", r.Action, r.Region, group)
}

// clip bounds text from outside and makes it valid UTF-8.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
