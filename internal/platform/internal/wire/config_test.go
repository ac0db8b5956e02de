package wire

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"
)

func key(t testing.TB) providers.CredentialsProvider {
	c, err := providers.NewStaticAKCredentialsProviderBuilder().WithAccessKeyId("testid").WithAccessKeySecret("testsecret").Build()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestNewRefuses(t *testing.T) {
	for want, c := range map[string]Config{
		"plain http is taken to a loopback": {Endpoint: "http://gateway.example.com"},
		"without user and password":         {Endpoint: "https://user:hunter2@gateway.example.com"},
		"nothing after it":                  {Endpoint: "https://gateway.example.com/path"},
		"nothing after":                     {Endpoint: "https://gateway.example.com?x=hunter2"},
		"want https://, or":                 {Endpoint: "ftp://gateway.example.com"},
		"want https://host":                 {Endpoint: "gateway.example.com"},
		"want PEM":                          {CA: []byte("x")},
		"HTTPS_PROXY: not a proxy address":  {Env: env("HTTPS_PROXY", "http://u:hunter2@[::1")},
		"unset DEBUG":                       {Env: env("DEBUG", "x,credential")},
	} {
		c.Credential = key(t)
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := New(Config{}); !errors.Is(err, ErrNoCredentials) {
		t.Errorf("got %v, want %v", err, ErrNoCredentials)
	}
}

func TestEndpoint(t *testing.T) {
	for _, tc := range []struct{ endpoint, region, want string }{
		{"", "cn-hangzhou", "https://apigateway.cn-hangzhou.aliyuncs.com"},
		{"", "cn.evil", ""}, {"", "", ""}, {"", "CN", ""}, {"", "cn-", ""}, {"", "a@b", ""}, {"", "a/b", ""},
		{"", strings.Repeat("a", 63), "https://apigateway." + strings.Repeat("a", 63) + ".aliyuncs.com"}, {"", strings.Repeat("a", 64), ""},
		{"http://127.0.0.1:8080/", "cn-hangzhou", "http://127.0.0.1:8080"},
		{"http://[::1]:8080", "cn-hangzhou", "http://[::1]:8080"},
		{"http://localhost:8080", "cn-hangzhou", "http://localhost:8080"},
		{"https://gw.example.com", "cn-hangzhou", "https://gw.example.com"},
	} {
		p, err := New(Config{Endpoint: tc.endpoint, Credential: key(t)})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Endpoint(tc.region); got != tc.want {
			t.Errorf("%q in %q: got %q, want %q", tc.endpoint, tc.region, got, tc.want)
		}
	}
}

// TestProxyAndPrivateCA: an endpoint behind a CONNECT proxy, with a certificate
// of a CA that only Config.CA knows. The proxy's password goes to the proxy only.
func TestProxyAndPrivateCA(t *testing.T) {
	var leaked atomic.Bool
	endpoint := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(leaked.Load() || r.Header.Get("Proxy-Authorization") != "")
		_, _ = io.WriteString(w, `{"RequestId":"R"}`)
	}))
	endpoint.Config.ErrorLog = nil
	endpoint.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	endpoint.StartTLS() // its certificate covers example.com
	defer endpoint.Close()
	proxy := httptest.NewServer(connectTo(t, endpoint.Listener.Addr().String()))
	defer proxy.Close()

	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: endpoint.Certificate().Raw})
	via := env("https_proxy", strings.Replace(proxy.URL, "//", "//user:hunter2@", 1))
	t.Setenv("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:1") // the process's own must play no part
	for name, tc := range map[string]struct {
		ca   []byte
		env  func(string) string
		want Kind
	}{
		"both":          {ca: ca, env: via},
		"an unknown CA": {env: via, want: NotSent},
		"NO_PROXY":      {ca: ca, env: env("HTTPS_PROXY", proxy.URL, "NO_PROXY", "example.com"), want: NotSent},
	} {
		p, err := New(Config{Endpoint: "https://example.com:1", CA: tc.ca, Env: tc.env, Credential: key(t), Tries: 1, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		err = Read(t.Context(), p, Request{Region: "cn-hangzhou", Action: "DescribeApiGroup"}, nil)
		p.Close()
		var we *Error
		if errors.As(err, &we) != (tc.want != "") || (we != nil && (we.Kind != tc.want || strings.Contains(we.Error(), "hunter2"))) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	if leaked.Load() {
		t.Error("the endpoint received the proxy's password")
	}
}

// connectTo is a proxy that wants a password and leads every CONNECT to addr.
func connectTo(t *testing.T, addr string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
			http.Error(w, "no", http.StatusProxyAuthRequired)
			return
		}
		up, err := net.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		defer up.Close()
		w.WriteHeader(http.StatusOK)
		down, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer down.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(up, buffered)
			_ = up.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(down, up)
		_ = down.Close()
		<-done
	}
}

func TestCredentials(t *testing.T) {
	t.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
		"ALIBABA_CLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_PROFILE"} {
		t.Setenv(name, "")
	}
	half := env("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
	_, err := Credentials(t.Context(), half)
	if !errors.Is(err, ErrNoCredentials) || !strings.Contains(err.Error(), "ALIBABA_CLOUD_ACCESS_KEY_ID") {
		t.Errorf("got %v", err)
	}
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
	c, err := Credentials(t.Context(), env())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 8 { // the chain alone is a data race here
		go func() { _, err := c.GetCredentials(); done <- err }()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestCredentialsThatArePassedIn must not see those of the process.
func TestCredentialsThatArePassedIn(t *testing.T) {
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "of the process")
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "of the process")
	t.Setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "of the process")
	for _, token := range []string{"", "token"} {
		c, err := Credentials(t.Context(), env("ALIBABA_CLOUD_ACCESS_KEY_ID", "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret",
			"ALIBABA_CLOUD_SECURITY_TOKEN", token))
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.GetCredentials()
		if err != nil {
			t.Fatal(err)
		}
		if got.AccessKeyId != "id" || got.AccessKeySecret != "secret" || token != "" && got.SecurityToken != token {
			t.Errorf("with token %q: got another credential than the one passed in", token)
		}
	}
}

// FuzzDecode: nothing is an answer but what has a RequestId, no Code and a
// status of success.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"RequestId":"R","Code":"X"}`, `<Error><Code>X</Code></Error>`, "\xef\xbb\xbf{}", `<html>`, `{`, `<a><a>`, ``,
		`{"RequestId":"R","Group":{"Items":[{"Name":"n","On":true}]}}`, `<A><RequestId>R</RequestId><Group><Items><Name>n</Name><On>true</On></Items></Group></A>`} {
		f.Add(200, []byte(s))
		f.Add(503, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		var out struct {
			Group struct {
				Items []struct {
					Name string
					On   bool
				}
			}
		}
		x := &exchange{got: true, status: status, body: body}
		id, err := x.read(Request{Action: "A"}, &out)
		if err == nil && (id == "" || status >= 300) {
			t.Errorf("an answer with status %d and RequestId %q passed", status, id)
		}
		if err != nil && len(err.Error()) > 1024 {
			t.Errorf("an unbounded error of %d bytes", len(err.Error()))
		}
	})
}

// FuzzAnswerOfAPIG: nothing is an answer but JSON that names no field twice, nests a
// bounded number of levels, and has a RequestId, a code of success and such a status.
func FuzzAnswerOfAPIG(f *testing.F) {
	for _, s := range []string{`{"requestId":"R","code":"Ok","data":{"items":[{"name":"n"}]}}`, `{"requestId":"R","code":"Ok","code":"Forbidden"}`,
		`{"requestId":"R","code":200,"Code":"Forbidden","data":{}}`, `{"requestId":"R","code":"Ok","data":{"a":` + strings.Repeat("[", 70), `<html>`, `{"data":null}`,
		`{"requestId":"R","code":"DatabaseError.RecordNotFound"}`} {
		f.Add(200, []byte(s))
		f.Add(404, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		var out struct{ Items List[struct{ Name string }] }
		x := &exchange{got: true, status: status, body: body}
		id, err := x.read(Request{Product: APIG, Action: "ListDomains", Method: "GET", Path: []string{"v1", "domains"}}, &out)
		if err == nil {
			var a struct {
				Code any
				Data map[string]any
			}
			if id == "" || status >= 300 || json.Unmarshal(bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\xef\xbb\xbf")), &a) != nil || a.Data == nil {
				t.Errorf("an answer with status %d and RequestId %q passed", status, id)
			}
			if word := strings.ToLower(fmt.Sprint(a.Code)); word != "ok" && word != "success" && word != "200" && word != "0" {
				t.Errorf("an answer with code %q passed", word)
			}
		}
		if err != nil && len(err.Error()) > 1024 {
			t.Errorf("an unbounded error of %d bytes", len(err.Error()))
		}
	})
}

// BenchmarkCall is one call over loopback, server included.
func BenchmarkCall(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"RequestId":"R","GroupId":"g"}`)
	}))
	defer server.Close()
	p, err := New(Config{Endpoint: server.URL, Credential: key(b), Rate: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := Read(b.Context(), p, Request{Region: "cn-hangzhou", Action: "A", Params: map[string]string{"GroupId": "g"}}, nil); err != nil {
				b.Error(err)
			}
		}
	})
}

// carrier answers in memory; with conn it first reports a connection to httptrace.
type carrier struct{ conn, fails bool }

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.conn {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	}
	if c.fails {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"RequestId":"R"}`)), Header: http.Header{}}, nil
}

func TestRoundTripperReplacesTheNetwork(t *testing.T) {
	for c, want := range map[carrier]Kind{{conn: true}: "", {conn: true, fails: true}: Transport, {fails: true}: NotSent} {
		p, err := New(Config{Credential: key(t), Rate: -1, RoundTripper: c})
		if err != nil {
			t.Fatal(err)
		}
		id, _, err := Call(t.Context(), p, Request{Region: "cn-hangzhou", Action: "SetDomain"}, nil, 1)
		var failed *Error
		if want == "" && (err != nil || id != "R") || want != "" && (!errors.As(err, &failed) || failed.Kind != want) {
			t.Errorf("%+v: got %q, %v, want %q", c, id, err, want)
		}
	}
}
