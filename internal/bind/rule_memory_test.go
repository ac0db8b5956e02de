package bind_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

// edge is the platform in memory: the sandbox's account and actions behind an
// http.RoundTripper, without sockets and signatures. It keeps every writing
// call that reaches it.
type edge struct {
	account *account.Account
	faults  fault.Plan
	mu      sync.Mutex
	writes  []received
}

// received is a writing call that reached the platform.
type received struct {
	request
	committed bool
}

// aliases are the targets that a name leads to; a platform takes any for proof.
type aliases map[string][]string

func (a aliases) Lookup(name string, qtype uint16) ([]dns.RR, int) {
	if qtype != dns.TypeA {
		return nil, dns.RcodeNameError
	}
	var out []dns.RR
	for _, target := range a[name] {
		out = append(out, &dns.CNAME{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME}, Target: target})
	}
	return out, dns.RcodeSuccess
}

var errReset = errors.New("connection reset by peer")

// RoundTrip carries a call out between the faults that come before and after
// its commit.
func (e *edge) RoundTrip(r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	params := map[string]string{}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body)) // the SDK's header names are no canonical ones, so ParseForm finds none
	if err != nil {
		return nil, err
	}
	for name, values := range form {
		params[name] = values[0]
	}
	action, known := account.FindAction(map[string][]string(r.Header)["x-acs-action"][0])
	if !known {
		return refuse(account.Refuse("InvalidApi.NotFound", "no such action"))
	}
	kept := e.keep(action, params)
	rule := e.faults.Gateway(action.Name, params["DomainName"], params["GroupId"])
	if res, err, over := before(r, rule); over {
		return res, err
	}
	caller := accountID
	if strings.Contains(map[string][]string(r.Header)["Authorization"][0], "Credential="+otherKey+",") {
		caller = "6543210987654321"
	}
	answer, err := action.Do(e.account, account.Request{ID: "REQ", Params: params, Caller: caller})
	if err == nil && kept >= 0 {
		e.mu.Lock()
		e.writes[kept].committed = true
		e.mu.Unlock()
	}
	if res, err, over := after(r, rule); over {
		return res, err
	}
	if err != nil {
		return refuse(err)
	}
	body, err = json.Marshal(answer)
	return respond(http.StatusOK, body), err
}

// keep remembers a writing call and gives its index, -1 for any other.
func (e *edge) keep(action account.Action, params map[string]string) int {
	if !action.Writes {
		return -1
	}
	q := request{action: action.Name, params: map[string]string{}}
	for name, value := range params {
		switch name {
		case "CertificateBody":
			q.chain = ca.ChainDigest(value)
		case "CertificatePrivateKey", "PrivateKey":
			q.key = ca.PublicKeyDigest(value)
		default:
			q.params[name] = value
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.writes = append(e.writes, received{request: q})
	return len(e.writes) - 1
}

func before(r *http.Request, rule fault.Rule) (*http.Response, error, bool) {
	switch rule.Kind {
	case fault.Throttle:
		res, err := refuse(account.Refuse("Throttling.User", "too many"))
		return res, err, true
	case fault.Code:
		code, message := rule.Refusal()
		res, err := refuse(account.Refuse(code, "%s", message))
		return res, err, true
	case fault.Status:
		code := "ServiceUnavailable"
		if rule.HTTPStatus() == http.StatusInternalServerError {
			code = "InternalError"
		}
		res, err := refuse(account.Refuse(code, "a passing fault"))
		return res, err, true
	case fault.HTML:
		return respond(http.StatusOK, []byte("<!DOCTYPE html><p>Please sign in.</p>")), nil, true
	case fault.ResetBeforeCommit:
		return nil, errReset, true
	case fault.HoldBeforeCommit:
		<-r.Context().Done()
		return nil, r.Context().Err(), true
	}
	return nil, nil, false
}

func after(r *http.Request, rule fault.Rule) (*http.Response, error, bool) {
	switch rule.Kind {
	case fault.CodeAfterCommit:
		code, message := rule.Refusal()
		res, err := refuse(account.Refuse(code, "%s", message))
		return res, err, true
	case fault.ResetAfterCommit:
		return nil, errReset, true
	case fault.HoldAfterCommit:
		<-r.Context().Done()
		return nil, r.Context().Err(), true
	case fault.Malformed:
		return respond(http.StatusOK, []byte(`{"RequestId": "REQ", "GroupId": }`)), nil, true
	case fault.Truncated:
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{},
			Body: io.NopCloser(io.MultiReader(bytes.NewReader([]byte(`{"Requ`)), broken{}))}, nil, true
	}
	return nil, nil, false
}

// broken is a body that ends before its time.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func refuse(err error) (*http.Response, error) {
	var refusal *account.Error
	if !errors.As(err, &refusal) {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"RequestId": "REQ", "Code": refusal.Code, "Message": refusal.Message})
	return respond(refusal.Status(), body), err
}

func respond(status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
}

// newEdge is the platform with the groups of a case.
func newEdge(groups []account.Group, a aliases) (*edge, error) {
	complete, err := account.Seed{Groups: groups}.Complete()
	if err != nil {
		return nil, err
	}
	return &edge{account: account.New(complete.Groups, a)}, nil
}

func (e *edge) received() []received {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.writes)
}

// take forces a domain to another group, past bindgate.
func (e *edge) take(group, domain string) error {
	_, _, err := e.account.Bind(account.Binding{Place: account.Place{GroupID: group, Domain: domain}, Force: true})
	return err
}
