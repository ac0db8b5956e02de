package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// envelope is what every answer may hold, of success or of failure. The root
// element of XML is not looked at: it is <Error> or <ActionResponse>.
type envelope struct {
	RequestID string `xml:"RequestId"`
	Code      code
	Message   string
}

// code is a text; answers of the cloud-native gateway may also have it as a number.
type code string

// UnmarshalJSON takes a text or a number.
func (c *code) UnmarshalJSON(data []byte) error {
	var number json.Number
	if json.Unmarshal(data, &number) == nil && number != "" {
		*c = code(number)
		return nil
	}
	return json.Unmarshal(data, (*string)(c))
}

// succeeds reports whether a code of a product says that the call succeeded. Only the
// cloud-native gateway has a code in every answer.
func (c code) succeeds(p Product) bool {
	if p != APIG {
		return c == "" || p == CAS && c.praise()
	}
	return c.praise()
}

func (c code) praise() bool {
	return slices.ContainsFunc([]string{"Ok", "success", "200", "0"}, func(word string) bool { return strings.EqualFold(word, string(c)) })
}

var errShape = errors.New("neither JSON nor XML of the documented shape")

// decode reads an answer of either format into out. What out has no field for,
// such as a private key, is dropped here. Errors say nothing of the text.
func decode(p Product, body []byte, out any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	var err error
	switch {
	case bytes.HasPrefix(body, []byte("{")):
		err = json.Unmarshal(body, out)
	case bytes.HasPrefix(body, []byte("<")) && !looksHTML(body) && !p.onlyJSON():
		err = xml.Unmarshal(body, out)
	default:
		return errShape
	}
	if err != nil {
		return errShape
	}
	return nil
}

func looksHTML(body []byte) bool {
	head := strings.ToLower(string(body[:min(len(body), 64)]))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// maxDepth bounds how deep an answer of JSON nests; documented ones stay below 10.
const maxDepth = 64

// plain reports whether valid JSON nests at most maxDepth deep and names no field of an
// object twice: of two, one reader takes the first and another the last. The names of the
// envelope are compared without case, as it is read.
func plain(valid []byte) bool {
	var open []map[string]bool // the names so far of each object and list that is open; nil: none
	for i := 0; i < len(valid); i++ {
		switch valid[i] {
		case '{', '[':
			if len(open) == maxDepth {
				return false
			}
			open = append(open, nil)
		case '}', ']':
			open = open[:len(open)-1]
		case '"':
			begin := i
			for i++; valid[i] != '"'; i++ {
				if valid[i] == '\\' {
					i++ // what it escapes ends nothing
				}
			}
			if after := bytes.TrimLeft(valid[i+1:], " \t\r\n"); !bytes.HasPrefix(after, []byte(":")) {
				continue // a value
			}
			name := string(valid[begin+1 : i])
			if strings.Contains(name, `\`) || !utf8.ValidString(name) {
				if json.Unmarshal(valid[begin:i+1], &name) != nil {
					return false
				}
			}
			names := &open[len(open)-1]
			if len(open) == 1 {
				name = strings.ToLower(name)
			}
			if (*names)[name] {
				return false
			}
			if *names == nil {
				*names = map[string]bool{}
			}
			(*names)[name] = true
		}
	}
	return true
}

// read makes of what was seen on the wire the answer or the error.
func (x *exchange) read(r Request, out any) (requestID string, err *Error) {
	env, data, shape := r.envelope(x.body)
	e := &Error{Action: r.Action, HTTPStatus: x.status, RequestID: r.loggable(env.RequestID), Code: r.loggable(string(env.Code))}
	switch {
	case shape == nil && env.Code != "" && !env.Code.succeeds(r.Product):
		e.Kind, e.Message = kindOf(string(env.Code), x.status), message(env, r)
		e.Advice = advice(string(env.Code))
		if e.Kind == NoPermission {
			e.Permission = right(r)
		}
		if e.Kind == Auth {
			e.Message = cause(string(env.Code))
		}
		return e.RequestID, e
	case x.status == http.StatusRequestEntityTooLarge || x.status == http.StatusRequestURITooLong:
		e.Kind, e.Message = TooLarge, "the request is longer than the endpoint, or a proxy before it, lets through; nothing was done. Shorten the chain: leaf and its own intermediates"
		return e.RequestID, e
	case x.status >= 500:
		e.Kind, e.Message = Transient, "the endpoint answered without a Code"
		return e.RequestID, e
	case looksHTML(bytes.TrimSpace(x.body)):
		e.Kind, e.Message = Malformed, "the endpoint does not speak the API but HTML, check --endpoint and the proxy"
		return e.RequestID, e
	case shape != nil || x.status >= 300 || env.RequestID == "" || !env.Code.succeeds(r.Product): // every documented answer has what is looked for
		e.Kind, e.Message = Malformed, "the endpoint does not speak the API, check --endpoint and the proxy"
		return e.RequestID, e
	}
	e.Code = ""
	if out != nil && r.answer(x.body, data, out) != nil {
		e.Kind, e.Message = Malformed, "the answer is not of the documented shape"
		return e.RequestID, e
	}
	return e.RequestID, nil
}

// envelope reads the envelope of an answer, and the object "data" if the product has one.
func (r Request) envelope(body []byte) (envelope, json.RawMessage, error) {
	var a struct {
		envelope
		Data json.RawMessage
	}
	into := any(&a.envelope)
	if r.Product == APIG {
		into = &a
	}
	if err := decode(r.Product, body, into); err != nil {
		return a.envelope, nil, err
	}
	if r.Product.onlyJSON() && !plain(body) {
		return envelope{}, nil, errShape
	}
	return a.envelope, a.Data, nil
}

// answer reads what the caller asked for: the whole answer, or its object "data".
func (r Request) answer(body []byte, data json.RawMessage, out any) error {
	if r.Product != APIG {
		return decode(r.Product, body, out)
	}
	if data := bytes.TrimSpace(data); len(data) > 0 && !bytes.Equal(data, []byte("null")) {
		return json.Unmarshal(data, out)
	}
	if r.Method == http.MethodGet {
		return errShape
	}
	return nil // a change may have nothing to say
}

// id is what codes and request ids of the platform are made of.
var id = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

const withheldID = "(withheld: not of the documented form)"

// loggable returns a Code or a RequestId if it is safe to log: it is withheld if it does not
// have the platform's format, or contains a part of a secret of the request. Otherwise an
// endpoint that echoes the request could put the key into logs.
func (r Request) loggable(text string) string {
	if text == "" || len(text) <= 64 && id.MatchString(text) && !r.holds(text) {
		return text
	}
	return withheldID
}

// holds reports whether a secret of the request holds a text, line breaks aside. Short
// texts say nothing.
func (r Request) holds(text string) bool {
	if len(text) < 8 {
		return false
	}
	for _, secret := range r.Secrets {
		if strings.Contains(strings.Join(strings.Fields(secret), ""), text) {
			return true
		}
	}
	return false
}

// repeatsRequest reports whether a message repeats a request: a query, also in
// the form of a string to sign, or a key.
func repeatsRequest(message string) bool {
	return slices.ContainsFunc([]string{"AccessKeyId", "Signature", "SignatureNonce", "PrivateKey"}, func(name string) bool {
		return strings.Contains(message, name+"=") || strings.Contains(message, name+"%3D")
	}) || strings.Contains(message, "-----BEGIN")
}

// message is the API's own text, but not where it holds the request or may hold
// a key of it: the platform repeats the string to sign, with every parameter,
// when a signature does not match, and an invalid parameter with its value.
func message(env envelope, r Request) string {
	switch {
	case len(r.Secrets) > 0:
		return "the API's message is withheld, for the request held a private key"
	case repeatsRequest(env.Message):
		return "the API's message is withheld, for it repeats the request"
	}
	return clip(env.Message, 400)
}

// Kind classifies the failure of a call by what a caller can do about
// it. It follows the answer's Code, never its HTTP status, which differs
// between the platform's pages; only an answer without a Code is judged by it.
type Kind string

// The kinds.
const (
	NoPermission Kind = "no permission"      // the RAM right is missing
	NotFound     Kind = "not found"          // no such group, gateway, domain or certificate
	Throttled    Kind = "throttled"          // over the rate; nothing was done
	Busy         Kind = "busy"               // the documented "not now", worth another try; no page says that nothing was done
	Transient    Kind = "passing fault"      // a fault of the server; what was done is not known
	Auth         Kind = "not authenticated"  // key, signature or clock
	NotSent      Kind = "not sent"           // no connection, or no time left; nothing was sent
	Transport    Kind = "transport"          // the connection broke or timed out; what was done is not known
	Malformed    Kind = "not an API answer"  // HTML, a redirect, an answer too large; what was done is not known
	TooLarge     Kind = "too large"          // HTTP 413 or 414 without a Code; nothing was done
	Rejected     Kind = "refused by the API" // every other Code
)

// Error is a call that did not succeed. It never holds the request: neither its
// URL, nor its parameters but the group's id in Permission.
type Error struct {
	Kind               Kind
	Action             string
	Code               string // the API's, empty when there was no API answer
	Message            string // the API's, bounded, or ours; text from outside
	RequestID          string
	HTTPStatus         int
	Permission         string // NoPermission: the RAM action and resource that are missing
	Advice             string // what the Code means and what to do; empty where the message says it
	MayHaveTakenEffect bool   // an earlier try was Busy and may have taken effect, regardless of the last answer
	cause              error  // the context's error, where it ended the call
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
	if e.Permission != "" {
		b.WriteString("; allow " + e.Permission)
	}
	if e.Advice != "" {
		b.WriteString("; " + e.Advice)
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
	case code == "ServiceUnavailable" || code == "RepeatedCommit" || code == "Conflict.AppClusterIsAlreadyInChanging":
		return Busy
	case code == "NoPermission" || strings.HasPrefix(code, "Forbidden") || code == "APIG.ErrorCode.Forbidden":
		return NoPermission
	case isOfAuth(code):
		return Auth
	case isMissing(code):
		return NotFound
	case code == "InternalError" || code == "APIG.ErrorCode.InternalError" || status >= 500:
		return Transient
	}
	return Rejected
}

// isMissing reports a group, gateway, domain or certificate that does not exist;
// InvalidApi.NotFound and its like are not that.
func isMissing(code string) bool {
	return strings.HasPrefix(code, "NotFound") || slices.Contains([]string{"InvalidApiGroup.NotFound",
		"InvalidGroupId.NotFound", "InvalidDomain.NotFound", "InvalidDomainName.NotFound",
		"DatabaseError.RecordNotFound", "Error.DatabaseError.RecordNotFound", "Conflict.GatewayIsDeleted"}, code)
}

// isOfAuth reports that the platform rejected the signature or the signer.
func isOfAuth(code string) bool {
	return slices.ContainsFunc([]string{"Signature", "InvalidSignature", "IncompleteSignature", "InvalidTimeStamp",
		"InvalidAccessKeyId", "InvalidSecurityToken", "MissingAccessKeyId", "MissingSecurityToken"},
		func(prefix string) bool { return strings.HasPrefix(code, prefix) })
}

// cause says what of the credentials a code of authentication means, and what to do.
// The API's own message repeats the string to sign.
func cause(code string) string {
	switch {
	case code == "SignatureNonceUsed":
		return "the same request came twice, through a proxy that repeats requests perhaps; run it again"
	case strings.HasPrefix(code, "SignatureDoesNotMatch"), strings.HasPrefix(code, "IncompleteSignature"), strings.HasPrefix(code, "InvalidSignature"):
		return "the secret does not belong to the access key id; copy both again, without blanks"
	case strings.HasSuffix(code, ".Inactive"):
		return "the access key is disabled; enable it in RAM, or use another one"
	case strings.HasPrefix(code, "InvalidAccessKeyId"), strings.HasPrefix(code, "MissingAccessKeyId"):
		return "there is no such access key id: it was deleted, or is another cloud's or site's"
	case strings.HasPrefix(code, "InvalidTimeStamp"):
		return "this machine's clock is more than 15 minutes off; set it"
	case strings.HasPrefix(code, "InvalidSecurityToken"), strings.HasPrefix(code, "MissingSecurityToken"):
		return "the security token has expired or does not belong to the key; sign in or assume the role again"
	}
	return "the access key, its secret or this machine's clock is wrong"
}

// advice says what a refusal of a binding means and what to do: the API's own message
// names neither record nor group, and is withheld where the call carried a key.
func advice(code string) string {
	begins := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(code, p) })
	}
	switch {
	case begins("InvalidICPLicense"):
		return "the domain has no ICP filing, or one without Alibaba Cloud as provider, which mainland regions ask of INTERNET domains: file it or add the provider, then try again; INTRANET domains and regions abroad need none"
	case begins("DomainNotResolved"):
		return "the platform does not see the domain lead to the group's SubDomain: publish the CNAME, wait out the old record's TTL, and look with `bindgate lint`; or prove the domain by TXT (domainProof: txt)"
	case begins("SingleDomainOwnershipCheckFail"):
		return "neither the CNAME nor the TXT record proves to the platform that the domain is yours: publish TXT at <groupId>.<domain> as `bindgate checks explain dns/ownership-is-proved` says, and wait out its TTL"
	case begins("DomainAlreadyBind", "RepeatedDomain", "DuplicateDomain"):
		return "another group has the domain, or a wildcard that overlaps it; on a shared instance it may be another account's: unbind it there, or give isForce with forceFrom"
	case begins("ExceedLimit", "ExceedQuota", "QuotaExceed"):
		return "a quota is used up: a group holds five INTERNET and five INTRANET domains, wildcards included; unbind one, take another group, or ask for a higher quota in the console"
	case begins("Conflict.AppClusterIsAlreadyInChanging"):
		return "the gateway's cluster is being changed: wait some minutes and run it again"
	case begins("InvalidDomainName"):
		return "the gateway takes the domain name for malformed: see `bindgate checks explain request/domain-is-well-formed`"
	case begins("InvalidCertificate", "InvalidCaCertificate", "InvalidPrivateKey", "DomainCertificateNotFound"):
		return "the gateway does not take the certificate, its name or its key: judge them with `bindgate lint --offline`, and attach them again"
	}
	return ""
}

// right names the RAM action and the least resource that a call is documented to need.
// Where no page names the resource, it is "*", which is always enough.
func right(r Request) string {
	switch r.Product {
	case APIG:
		if len(r.Path) < 2 || r.Path[1] != "domains" {
			return "apig:" + r.Action + " on *"
		}
		domain := "*"
		if len(r.Path) > 2 {
			domain = r.Path[2]
		}
		return fmt.Sprintf("apig:%s on acs:apig:%s:*:domain/%s", r.Action, r.Region, domain)
	case CAS:
		return "yundun-cert:" + r.Action + " on *"
	}
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
