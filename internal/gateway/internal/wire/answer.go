package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"slices"
	"strings"
)

// envelope is what every answer may hold, of success or of failure. The root
// element of XML is not looked at: it is <Error> or <ActionResponse>.
type envelope struct {
	RequestID string `xml:"RequestId"`
	Code      string
	Message   string
}

var errShape = errors.New("neither JSON nor XML of the documented shape")

// decode reads an answer of either format into out. What out has no field for,
// such as a private key, is dropped here. Errors say nothing of the text.
func decode(body []byte, out any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	var err error
	switch {
	case bytes.HasPrefix(body, []byte("{")):
		err = json.Unmarshal(body, out)
	case bytes.HasPrefix(body, []byte("<")) && !looksHTML(body):
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

// read makes of what was seen on the wire the answer or the error.
func (x *exchange) read(r Request, out any) (requestID string, err *Error) {
	var env envelope
	shape := decode(x.body, &env)
	e := &Error{Action: r.Action, HTTPStatus: x.status, RequestID: clip(env.RequestID, 64), Code: clip(env.Code, 64)}
	switch {
	case shape == nil && env.Code != "":
		e.Kind, e.Message = kindOf(env.Code, x.status), message(env, r)
		if e.Kind == NoPermission {
			e.Right = right(r)
		}
		if e.Kind == Auth {
			e.Message = "the access key, its secret or this machine's clock is wrong"
		}
		return e.RequestID, e
	case x.status >= 500:
		e.Kind, e.Message = Passing, "the endpoint answered without a Code"
		return e.RequestID, e
	case shape != nil || x.status >= 300 || env.RequestID == "": // every documented answer has one
		e.Kind, e.Message = Malformed, "the endpoint does not speak the API, check --endpoint and the proxy"
		return e.RequestID, e
	}
	if out != nil && decode(x.body, out) != nil {
		e.Kind, e.Message = Malformed, "the answer is not of the documented shape"
		return e.RequestID, e
	}
	return e.RequestID, nil
}

// repeatsRequest tells that a message repeats a request: a query, also as it
// stands in a string to sign, or a key.
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
