package sandbox

import (
	"errors"
	"io"
	"net/http"

	"github.com/bindgate/bindgate/internal/sandbox/actions"
	"github.com/bindgate/bindgate/internal/sandbox/apierror"
	"github.com/bindgate/bindgate/internal/sandbox/ident"
	"github.com/bindgate/bindgate/internal/sandbox/sign"
)

// outcomeOK is the outcome of a call that was answered as it should be.
const outcomeOK = "OK"

// exchange is one HTTP request and its answer.
type exchange struct {
	*gateway
	w      http.ResponseWriter
	r      *http.Request
	id     string // RequestId
	format format
	call   sign.Call
	entry  *Received // nil until the call is authenticated
}

func (g *gateway) serveCall(w http.ResponseWriter, r *http.Request) {
	began := g.options.Now()
	x := &exchange{gateway: g, w: w, r: r, id: ident.New()}
	outcome := x.serve()
	if x.entry != nil {
		g.log.set(x.entry, func(e *Received) { e.Code = outcome })
	}
	g.access.line(r.Method, x.call.Action, outcome, g.options.Now().Sub(began))
}

// serve authenticates the call, carries it out between the faults that come
// before and after the commit, and answers. It returns the outcome.
func (x *exchange) serve() string {
	if err := x.authenticate(); err != nil {
		return x.refuse(err)
	}
	x.entry = x.log.add(x.call)
	action, err := x.admit()
	if err != nil {
		return x.refuse(err)
	}
	rule := x.faults.Gateway(action.Name, x.call.Params["DomainName"], x.call.Params["GroupId"])
	if outcome, over := x.beforeCommit(rule); over {
		return outcome
	}
	answer, err := x.act(action)
	if outcome, over := x.afterCommit(rule, answer); over {
		return outcome
	}
	if err != nil {
		return x.refuse(err)
	}
	return x.answer(http.StatusOK, x.call.Action+"Response", answer, outcomeOK)
}

func (x *exchange) authenticate() error {
	x.format, _ = formatOf("", x.r) // until the signature says that a Format parameter counts
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodPost {
		return apierror.Invalid("Method", "it must be GET or POST")
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err != nil {
		return apierror.Invalid("Body", "it is too long, or could not be read")
	}
	request := sign.Request{Method: x.r.Method, Host: x.r.Host, Header: x.r.Header, RawQuery: x.r.URL.RawQuery, Body: body}
	if x.format, err = formatOf(x.r.URL.Query().Get("Format"), x.r); err != nil {
		return err
	}
	if x.call, err = x.verifier.Verify(request); err != nil {
		return err
	}
	x.format, err = formatOf(x.call.Format, x.r) // it may have come in a form
	return err
}

// admit finds the action and applies flow control.
func (x *exchange) admit() (actions.Action, error) {
	if x.call.Version != actions.Version {
		return actions.Action{}, apierror.Invalid("Version", "it must be "+actions.Version)
	}
	action, known := actions.Find(x.call.Action)
	if !known {
		return actions.Action{}, apierror.New("InvalidApi.NotFound", "The action is not found.")
	}
	return action, x.limits.allow(action.Name)
}

func (x *exchange) act(action actions.Action) (any, error) {
	answer, err := action.Do(x.account, actions.Request{ID: x.id, Params: x.call.Params, Contract2017: x.options.Contract2017})
	if err == nil && action.Writes {
		x.log.set(x.entry, func(e *Received) { e.Committed = true })
	}
	return answer, err
}

// refuse answers with an error and returns its code.
func (x *exchange) refuse(err error) string {
	refusal := refusalOf(err)
	return x.refuseWith(refusal.Status(), refusal)
}

func (x *exchange) refuseWith(status int, refusal *apierror.Error) string {
	return x.answer(status, "Error", errorAnswer{
		RequestID: x.id, HostID: x.addr, Code: refusal.Code, Message: refusal.Message,
		Recommend: "https://api.alibabacloud.com/troubleshoot?product=CloudAPI",
	}, refusal.Code)
}

func refusalOf(err error) *apierror.Error {
	var refusal *apierror.Error
	if errors.As(err, &refusal) {
		return refusal
	}
	return apierror.New("InternalError", "The request failed for an unknown reason.")
}

// answer writes the whole answer and returns the outcome.
func (x *exchange) answer(status int, root string, v any, outcome string) string {
	body, err := x.format.encode(root, v)
	if err != nil {
		status, body, outcome = http.StatusInternalServerError, nil, "InternalError"
	}
	x.w.Header().Set("Content-Type", x.format.contentType)
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // the client has gone; the outcome is what was decided
	return outcome
}
