// Package apitest is a scripted API endpoint on loopback, for the tests of
// the packages that read and change the gateway. It knows no rule of the
// platform and checks no signature; the sandbox does both.
package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/bindgate/bindgate/internal/platform/api"
)

// Answer is a status and a body; Hold, where it is set, is called before it is sent.
type Answer struct {
	Status int // 0: 200
	Type   string
	Body   string
	Hold   func(*http.Request)
	Break  bool // hang up without an answer

	By func(Call) Answer // makes the answer from the question; nil: the answer is this one
}

// Edge answers each action with its script: the first answer to the first
// question, and the last one to all that follow. A question without a script
// is answered with an error and fails the test.
type Edge struct {
	URL string

	t      testing.TB
	mu     sync.Mutex
	script map[string][]Answer
	calls  []Call
}

// Call is one question that was asked.
type Call struct {
	Action string
	URL    url.Values // the query of the URL, where a log of a proxy sees it
	Query  url.Values // the same, and the form body
	Header http.Header
	Method string
	Path   string // as it was sent, escaped
	Body   []byte // as it was sent; of a form, too
}

// New starts an edge that ends with the test.
func New(t testing.TB, script map[string][]Answer) *Edge {
	e := &Edge{t: t, script: script}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

// ServeHTTP implements http.Handler, so that a test can serve it by TLS.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := r.Header.Get("x-acs-action")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		e.t.Errorf("the body of %q: %v", action, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := r.ParseForm(); err != nil {
		e.t.Errorf("the form of %q: %v", action, err)
	}
	call := Call{Action: action, URL: r.URL.Query(), Query: r.Form, Header: r.Header.Clone(), Method: r.Method, Path: r.URL.EscapedPath(), Body: body}
	a, ok := e.next(call)
	if !ok {
		e.t.Errorf("a question without a script: %q", action)
		a = Answer{Status: 400, Body: Refusal("InvalidApi.NotFound", "no script")}
	}
	if a.By != nil {
		a = a.By(call)
	}
	if a.Hold != nil {
		a.Hold(r)
	}
	if a.Break {
		panic(http.ErrAbortHandler)
	}
	if a.Type == "" {
		a.Type = "application/json;charset=utf-8"
	}
	w.Header().Set("Content-Type", a.Type)
	w.WriteHeader(max(a.Status, 200))
	_, _ = w.Write([]byte(a.Body))
}

// Script sets the answers to an action.
func (e *Edge) Script(action string, answers ...Answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.script[action] = answers
}

func (e *Edge) next(c Call) (Answer, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
	list := e.script[c.Action]
	if len(list) == 0 {
		return Answer{}, false
	}
	if len(list) > 1 {
		e.script[c.Action] = list[1:]
	}
	return list[0], true
}

// Calls are the questions so far.
func (e *Edge) Calls() []Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Call(nil), e.calls...)
}

// Transport is one to this edge; change may alter its configuration.
func (e *Edge) Transport(change ...func(*api.Config)) *api.Transport {
	c := api.Config{Endpoint: e.URL, Credential: Credential(e.t), Rate: -1,
		Timeout: 30 * time.Second, Tries: 3, Pause: time.Millisecond}
	for _, f := range change {
		f(&c)
	}
	transport, err := api.NewTransport(c)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(transport.Close)
	return transport
}

// Credential returns an access key that belongs to no account.
func Credential(t testing.TB) providers.CredentialsProvider {
	c, err := providers.NewStaticAKCredentialsProviderBuilder().WithAccessKeyId("testid").WithAccessKeySecret("testsecret").Build()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// OK is an answer of success: the fields, and a RequestId.
func OK(fields map[string]any) Answer {
	all := map[string]any{"RequestId": "REQ-1"}
	for k, v := range fields {
		all[k] = v
	}
	body, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return Answer{Body: string(body)}
}

// Data is an answer of success of the cloud-native gateway, with the object "data".
func Data(data any) Answer {
	body, err := json.Marshal(map[string]any{"requestId": "REQ-1", "code": "Ok", "message": "success", "data": data})
	if err != nil {
		panic(err)
	}
	return Answer{Body: string(body)}
}

// Refusal is the body of an error answer.
func Refusal(code, message string) string {
	return fmt.Sprintf(`{"RequestId":"REQ-2","HostId":"localhost","Code":%q,"Message":%q}`, code, message)
}

// Expiring returns a context whose deadline is reached when expire is called, so
// that no test depends on how fast a call gets somewhere.
func Expiring(t testing.TB) (ctx context.Context, expire func()) {
	e := &expiring{Context: Soon(t), done: make(chan struct{})}
	return e, sync.OnceFunc(func() { close(e.done) })
}

type expiring struct {
	context.Context
	done chan struct{}
}

func (e *expiring) Done() <-chan struct{} { return e.done }

func (e *expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Soon is a context that ends with the test, and long before it is stopped.
func Soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
