package sandbox

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/refusal"
	"github.com/bindgate/bindgate/internal/sandbox/sign"
)

// outcomeOK is the outcome of a successful call.
const outcomeOK = "OK"

// exchange is one HTTP request and its response.
type exchange struct {
	*gateway
	w      http.ResponseWriter
	r      *http.Request
	id     string // RequestId
	rest   bool   // of an API whose resources are paths: other envelopes, JSON only
	format format
	call   sign.Call
	body   []byte
	op     operation
	path   map[string]string // parameters in the path
	entry  *Received         // nil until the call is authenticated
}

func (g *gateway) serveCall(w http.ResponseWriter, r *http.Request) {
	began := g.options.Now()
	x := &exchange{gateway: g, w: w, r: r, id: account.NewID(), rest: r.URL.Path != "/"}
	outcome := x.serve()
	if x.entry != nil {
		g.log.set(x.entry, func(e *Received) { e.Code = outcome })
	}
	g.access.line(r.Method, x.call.Action, outcome, g.options.Now().Sub(began))
}

// serve authenticates the call, executes it between the faults before and after
// the commit, and responds. It returns the outcome.
func (x *exchange) serve() string {
	if err := x.authenticate(); errors.Is(err, errTooLong) {
		return x.page(http.StatusRequestEntityTooLarge)
	} else if err != nil {
		return x.refuse(err)
	}
	err := x.find()
	x.entry = x.log.add(x.op.product, x.recorded(), slices.Sorted(maps.Keys(x.r.URL.Query())))
	if err == nil {
		err = x.admit()
	}
	if err != nil {
		return x.refuse(err)
	}
	rule := x.faults.Gateway(x.op.product, x.op.name, x.scopes()...)
	if outcome, over := x.beforeCommit(rule); over {
		return outcome
	}
	answer, err := x.op.do(x)
	if err == nil && x.op.writes {
		x.log.set(x.entry, func(e *Received) { e.Committed = true })
	}
	if outcome, over := x.afterCommit(rule, answer); over {
		return outcome
	}
	if err != nil {
		return x.refuse(err)
	}
	return x.answer(http.StatusOK, x.call.Action+"Response", x.wrap(answer), outcomeOK)
}

// errTooLong reports a body longer than the server in front of the gateway
// accepts.
var errTooLong = errors.New("the body is too long")

// page responds with an HTML page, like a server in front of a gateway, and
// returns the outcome.
func (x *exchange) page(status int) string {
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, "<html><head><title>"+http.StatusText(status)+"</title></head></html>\n") // an error means that the client is gone
	return http.StatusText(status)
}

func (x *exchange) authenticate() error {
	x.format, _ = formatOf("", x.r) // until the signature shows that a Format parameter is authentic
	if x.rest {
		x.format = jsonFormat()
	} else if x.r.Method != http.MethodGet && x.r.Method != http.MethodPost {
		return account.Invalid("Method", "it must be GET or POST")
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if limit := x.options.Assume.MaxBody; limit > 0 && len(body) > limit {
		return errTooLong
	}
	if err != nil {
		return account.Invalid("Body", "it is too long, or could not be read")
	}
	x.body = body
	request := sign.Request{Method: x.r.Method, Host: x.r.Host, Path: x.r.URL.EscapedPath(), Header: x.r.Header, RawQuery: x.r.URL.RawQuery, Body: body}
	if x.rest {
		x.call, err = x.verifier.Verify(request)
		return err
	}
	if x.format, err = formatOf(x.r.URL.Query().Get("Format"), x.r); err != nil {
		return err
	}
	if x.call, err = x.verifier.Verify(request); err != nil {
		return err
	}
	x.format, err = formatOf(x.call.Format, x.r) // it may be in a form
	return err
}

// caller returns the account of the key that signed the call.
func (x *exchange) caller() string {
	for _, key := range x.options.OtherKeys {
		if key.ID == x.call.KeyID {
			return key.AccountID
		}
	}
	return x.options.AccountID
}

// refuse responds with an error and returns its code. The cloud-native gateway has
// its own envelope; what precedes it (signatures, flow control, unknown
// actions) has that of the classic one.
func (x *exchange) refuse(err error) string {
	var inner *refusal.Error
	if errors.As(err, &inner) && x.rest {
		status := inner.Status
		if x.options.Assume.APIG.ErrorsAreOK {
			status = http.StatusOK
		}
		return x.answer(status, "", restAnswer{RequestID: x.id, Code: inner.Code, Message: inner.Message}, inner.Code)
	}
	if inner != nil {
		return x.refuseWith(inner.Status, &account.Error{Code: inner.Code, Message: inner.Message})
	}
	outer := refusalOf(err)
	return x.refuseWith(outer.Status(), outer)
}

func (x *exchange) refuseWith(status int, e *account.Error) string {
	return x.answer(status, "Error", errorAnswer{
		RequestID: x.id, HostID: x.addr, Code: e.Code, Message: e.Message,
		Recommend: "https://api.alibabacloud.com/troubleshoot?product=CloudAPI",
	}, e.Code)
}

// restAnswer is the envelope of the cloud-native gateway.
type restAnswer struct {
	RequestID string `json:"requestId"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Data      any    `json:"data,omitempty"`
}

// wrap returns the whole answer of a successful call.
func (x *exchange) wrap(answer any) any {
	if !x.rest {
		return answer
	}
	code := x.options.Assume.APIG.SuccessCode
	if code == "" {
		code = "Ok"
		if x.op.name == "DescribeRegions" {
			code = "200" // the definition's example
		}
	}
	return restAnswer{RequestID: x.id, Code: code, Message: "success", Data: answer}
}

func refusalOf(err error) *account.Error {
	var known *account.Error
	if errors.As(err, &known) {
		return known
	}
	var unsigned *sign.Error
	if errors.As(err, &unsigned) {
		return account.Refuse(unsigned.Code, "%s", unsigned.Message)
	}
	return account.Refuse("InternalError", "The request failed for an unknown reason.")
}

// answer writes the response and returns the outcome.
func (x *exchange) answer(status int, root string, v any, outcome string) string {
	body, err := x.format.encode(root, v)
	if err != nil {
		status, body, outcome = http.StatusInternalServerError, nil, "InternalError"
	}
	x.w.Header().Set("Content-Type", x.format.contentType)
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // an error means that the client is gone; the outcome is unchanged
	return outcome
}

// format is the encoding of responses.
type format struct {
	contentType string
	encode      func(root string, v any) ([]byte, error)
}

// formatOf returns the format: the parameter Format, else Accept, else the
// default of the scheme, which is XML for V1 (as the platform's pages say of
// RPC calls) and JSON for V3 (undocumented; official clients request JSON).
func formatOf(parameter string, r *http.Request) (format, error) {
	accept := strings.ToLower(r.Header.Get("Accept"))
	switch {
	case strings.EqualFold(parameter, "json"):
		return jsonFormat(), nil
	case strings.EqualFold(parameter, "xml"):
		return xmlFormat(), nil
	case parameter != "":
		return jsonFormat(), account.Invalid("Format", "it must be JSON or XML")
	case strings.Contains(accept, "json"):
		return jsonFormat(), nil
	case strings.Contains(accept, "xml"), r.Header.Get("Authorization") == "":
		return xmlFormat(), nil
	}
	return jsonFormat(), nil
}

func jsonFormat() format {
	return format{"application/json;charset=utf-8", func(_ string, v any) ([]byte, error) {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(v)
		return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
	}}
}

func xmlFormat() format {
	return format{"text/xml;charset=utf-8", func(root string, v any) ([]byte, error) {
		b := bytes.NewBufferString(xml.Header)
		err := xml.NewEncoder(b).EncodeElement(v, xml.StartElement{Name: xml.Name{Local: root}})
		return b.Bytes(), err
	}}
}

// errorAnswer is the body of every refusal.
type errorAnswer struct {
	RequestID string `json:"RequestId" xml:"RequestId"`
	HostID    string `json:"HostId" xml:"HostId"`
	Code      string
	Message   string
	Recommend string
}
