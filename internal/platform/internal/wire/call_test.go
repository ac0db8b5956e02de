package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const action = "DescribeApiGroup"

var plain = wire.Request{Region: "cn-hangzhou", Action: action, Params: map[string]string{"GroupId": "g1"}}

// ask makes one read against a scripted edge.
func ask(t *testing.T, e *apitest.Edge, change ...func(*api.Config)) *wire.Error {
	t.Helper()
	err := wire.Read(apitest.Soon(t), e.Transport(change...), plain, nil)
	if err == nil {
		return nil
	}
	var we *wire.Error
	if !errors.As(err, &we) {
		t.Fatalf("got %T, want an *Error", err)
	}
	return we
}

func script(answers ...apitest.Answer) map[string][]apitest.Answer {
	return map[string][]apitest.Answer{action: answers}
}

func TestWhatIsOnTheWire(t *testing.T) {
	for _, v1 := range []bool{false, true} {
		e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {apitest.OK(nil)}})
		r := wire.Request{Region: "cn-hangzhou", Action: "SetDomain",
			Params: map[string]string{"GroupId": "g1", "BindStageName": ""}, Secrets: map[string]string{"PrivateKey": "k e+y"}}
		p := e.Transport(func(c *api.Config) { c.SignatureV1, c.Format, c.UserAgent = v1, "XML", "bindgate/test" })
		id, _, err := wire.Call(apitest.Soon(t), p, r, nil, 1)
		if err != nil || id != "REQ-1" {
			t.Fatal(id, err)
		}
		c := e.Calls()[0]
		if stage, ok := c.Query["BindStageName"]; !ok || stage[0] != "" {
			t.Errorf("the empty BindStageName did not reach the wire: %q", c.Query)
		}
		for k, want := range map[string]string{"GroupId": "g1", "PrivateKey": "k e+y", "Format": "XML"} {
			if got := c.Query.Get(k); got != want {
				t.Errorf("%s: got %q, want %q", k, got, want)
			}
		}
		for _, k := range []string{"GroupId", "PrivateKey", "BindStageName"} {
			if c.URL.Has(k) {
				t.Errorf("%s is in the URL, want it in the body alone", k)
			}
		}
		if got := c.Header.Get("x-acs-version"); got != "2016-07-14" {
			t.Errorf("version %q", got)
		}
		v3 := strings.HasPrefix(c.Header.Get("Authorization"), "ACS3-HMAC-SHA256 ")
		if signed := c.Query.Get("Signature") != ""; signed != v1 || v3 == v1 {
			t.Errorf("V1 %t: signature in the query %t, V3 header %t", v1, signed, v3)
		}
		if !strings.Contains(c.Header.Get("User-Agent"), "bindgate/test") {
			t.Errorf("user agent %q", c.Header.Get("User-Agent"))
		}
	}
}

func TestKinds(t *testing.T) {
	for code, want := range map[string]wire.Kind{
		"NoPermission": wire.NoPermission, "Forbidden.RAM": wire.NoPermission, "NotFoundApiGroup": wire.NotFound,
		"InvalidGroupId.NotFound": wire.NotFound, "NotFoundDomain": wire.NotFound, "Throttling.User": wire.Throttled,
		"Throttling": wire.Throttled, "ServiceUnavailable": wire.Busy, "RepeatedCommit": wire.Busy,
		"InternalError": wire.Transient, "SignatureDoesNotMatch": wire.Auth, "SignatureNonceUsed": wire.Auth,
		"InvalidAccessKeyId.NotFound": wire.Auth, "InvalidTimeStamp.Expired": wire.Auth,
		"InvalidApi.NotFound": wire.Rejected, "DomainNotResolved": wire.Rejected, "InvalidVersion.NotFound": wire.Rejected,
	} {
		for _, status := range []int{400, 403, 404} {
			e := apitest.New(t, script(apitest.Answer{Status: status, Body: apitest.Refusal(code, "m")}))
			if err := ask(t, e); err == nil || err.Kind != want || err.Code != code || err.RequestID != "REQ-2" {
				t.Errorf("%s as %d: got %+v, want %s", code, status, err, want)
			}
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, tc := range map[string]struct {
		answer apitest.Answer
		want   wire.Kind
	}{
		"HTML":                     {apitest.Answer{Type: "text/html", Body: "<!DOCTYPE html><p>login</p>"}, wire.Malformed},
		"HTML refusal":             {apitest.Answer{Status: 403, Body: "<html><p>proxy</p>"}, wire.Malformed},
		"HTML fault":               {apitest.Answer{Status: 502, Body: "<html><p>bad gateway</p>"}, wire.Transient},
		"XHTML":                    {apitest.Answer{Body: `<?xml version="1.0"?><html><body/></html>`}, wire.Malformed},
		"empty":                    {apitest.Answer{}, wire.Malformed},
		"a list":                   {apitest.Answer{Body: "[]"}, wire.Malformed},
		"cut off":                  {apitest.Answer{Body: `{"RequestId":"R"`}, wire.Malformed},
		"no RequestId":             {apitest.Answer{Body: `{}`}, wire.Malformed},
		"a redirect":               {apitest.Answer{Status: 302, Body: `{"RequestId":"R"}`}, wire.Malformed},
		"too large":                {apitest.Answer{Body: `{"RequestId":"` + strings.Repeat("x", 5<<20) + `"}`}, wire.Malformed},
		"a refusal as success":     {apitest.Answer{Body: apitest.Refusal("NoPermission", "m")}, wire.NoPermission},
		"an XML refusal":           {apitest.Answer{Status: 400, Type: "text/xml", Body: `<Error><RequestId>R</RequestId><Code>NotFoundApiGroup</Code></Error>`}, wire.NotFound},
		"a Code of a server's own": {apitest.Answer{Status: 504, Body: apitest.Refusal("GatewayTimeout", "m")}, wire.Transient},
		"a body that is too long":  {apitest.Answer{Status: 413, Type: "text/html", Body: "<html><title>413</title></html>"}, wire.TooLarge},
		"a URL that is too long":   {apitest.Answer{Status: 414, Type: "text/html", Body: "<html><title>414</title></html>"}, wire.TooLarge},
		"a Code with 413":          {apitest.Answer{Status: 413, Body: apitest.Refusal("InvalidCertificateBody", "m")}, wire.Rejected},
		"a broken connection":      {apitest.Answer{Break: true}, wire.Transport},
	} {
		t.Run(name, func(t *testing.T) {
			err := ask(t, apitest.New(t, script(tc.answer)))
			if err == nil || err.Kind != tc.want {
				t.Errorf("got %+v, want %s", err, tc.want)
			}
		})
	}
}

func TestReadsAreTriedAgain(t *testing.T) {
	for name, first := range map[string]apitest.Answer{
		"throttled": {Status: 400, Body: apitest.Refusal("Throttling.User", "m")},
		"busy":      {Status: 503, Body: apitest.Refusal("ServiceUnavailable", "m")},
		"repeated":  {Status: 400, Body: apitest.Refusal("RepeatedCommit", "m")},
		"fault":     {Status: 500, Body: apitest.Refusal("InternalError", "m")},
		"broken":    {Break: true},
	} {
		e := apitest.New(t, script(first, first, apitest.OK(nil)))
		if err := ask(t, e); err != nil || len(e.Calls()) != 3 {
			t.Errorf("%s: got %v after %d tries", name, err, len(e.Calls()))
		}
	}
	e := apitest.New(t, script(apitest.Answer{Status: 503, Body: apitest.Refusal("ServiceUnavailable", "m")}))
	if err := ask(t, e); err == nil || err.Kind != wire.Busy || len(e.Calls()) != 3 {
		t.Errorf("a 503 that stays: got %v after %d tries, want an error after 3", err, len(e.Calls()))
	}
	e = apitest.New(t, script(apitest.Answer{Status: 400, Body: apitest.Refusal("MissingGroupId", "m")}))
	if err := ask(t, e); err == nil || len(e.Calls()) != 1 {
		t.Errorf("a refusal: %d tries, want 1", len(e.Calls()))
	}
}

func TestTheContextEndsACall(t *testing.T) {
	ctx, expire := apitest.Expiring(t)
	hold := func(r *http.Request) { expire(); <-r.Context().Done() }
	e := apitest.New(t, script(apitest.Answer{Hold: hold, Break: true}))
	err := wire.Read(ctx, e.Transport(), plain, nil)
	var we *wire.Error
	if !errors.As(err, &we) || we.Kind != wire.Transport || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestATrysOwnTimeIsNotTheCallers(t *testing.T) {
	hold := func(r *http.Request) { <-r.Context().Done() }
	e := apitest.New(t, script(apitest.Answer{Hold: hold, Break: true}))
	err := ask(t, e, func(c *api.Config) { c.Timeout = 500 * time.Millisecond })
	if err == nil || err.Kind != wire.Transport || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer within 500ms") {
		t.Errorf("got %v", err)
	}
	p := e.Transport(func(c *api.Config) { c.Rate = 0.01 })
	ctx := apitest.Soon(t) // the second call's turn comes after it
	call := func() error {
		_, _, err := wire.Call(ctx, p, wire.Request{Region: "cn-hangzhou", Action: "Unlimited"}, nil, 1)
		return err
	}
	e.Script("Unlimited", apitest.OK(nil))
	if err := call(); err != nil {
		t.Fatal(err)
	}
	if err := call(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no time under the rate limit: got %v", err)
	}
}

func TestNothingWasSent(t *testing.T) {
	e := apitest.New(t, script(apitest.OK(nil)))
	closed := func(c *api.Config) { c.Endpoint = "http://127.0.0.1:1" }
	if err := ask(t, e, closed); err == nil || err.Kind != wire.NotSent || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a closed port: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := wire.Read(ctx, e.Transport(), plain, nil)
	var we *wire.Error
	if !errors.As(err, &we) || we.Kind != wire.NotSent || !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: got %v", err)
	}
	bad := plain
	bad.Region = "evil.example/"
	if err := wire.Read(apitest.Soon(t), e.Transport(), bad, nil); err == nil || !strings.Contains(err.Error(), "regionId") {
		t.Errorf("a region that is no host label: got %v", err)
	}
	if len(e.Calls()) != 0 {
		t.Errorf("%d calls arrived", len(e.Calls()))
	}
}

func TestTheRateIsKept(t *testing.T) {
	e := apitest.New(t, script(apitest.OK(nil)))
	p := e.Transport(func(c *api.Config) { c.Rate = 50 })
	start := time.Now()
	for range 10 { // 5 at once, then one every 20 ms
		if err := wire.Read(apitest.Soon(t), p, plain, nil); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took < 80*time.Millisecond {
		t.Errorf("10 calls at 50 a second took %s", took)
	}
}

// TestNoRequestInAnyError: what the API or the network says may repeat the
// request, which holds the private key and the signature.
func TestNoRequestInAnyError(t *testing.T) {
	const secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
	r := wire.Request{Region: "cn-hangzhou", Action: "SetDomainCertificate",
		Params: map[string]string{"GroupId": "g1"}, Secrets: map[string]string{"CertificatePrivateKey": secret}}
	echo := "server string to sign is:POST&%2F&CertificatePrivateKey%3D" + secret
	answers := map[string]apitest.Answer{
		"signature": {Status: 400, Body: apitest.Refusal("SignatureDoesNotMatch", echo)},
		"invalid":   {Status: 400, Body: apitest.Refusal("InvalidParameter", echo)},
		"HTML":      {Status: 200, Body: "<html>" + echo},
		"broken":    {Break: true},
		"redirect":  {Status: 307, Body: echo},
	}
	for name, a := range answers {
		for _, v1 := range []bool{false, true} {
			e := apitest.New(t, map[string][]apitest.Answer{"SetDomainCertificate": {a}})
			p := e.Transport(func(c *api.Config) { c.SignatureV1 = v1 })
			_, _, err := wire.Call(apitest.Soon(t), p, r, nil, 1)
			noRequest(t, name, err, secret)
		}
	}
	e := apitest.New(t, nil)
	p := e.Transport(func(c *api.Config) { c.Endpoint = "http://127.0.0.1:1" })
	_, _, err := wire.Call(apitest.Soon(t), p, r, nil, 1)
	noRequest(t, "closed port", err, secret)
	auth := apitest.New(t, script(apitest.Answer{Status: 400, Body: apitest.Refusal("SignatureDoesNotMatch", echo)}))
	noRequest(t, "a read's signature", ask(t, auth), secret)
	for _, text := range []string{echo, "POST&%2F&AccessKeyId%3Dtestid%26X", "AccessKeyId=testid&X", "Signature=x", "-----BEGIN PRIVATE KEY-----" + secret} {
		invalid := apitest.New(t, script(apitest.Answer{Status: 400, Body: apitest.Refusal("InvalidParameter", text)}))
		noRequest(t, "a read's parameter", ask(t, invalid), secret)
	}
}

func noRequest(t *testing.T, name string, err error, secret string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", name)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		text := fmt.Sprintf("%v %+v %#v", e, e, e)
		for _, part := range []string{secret[:8], "testid", "testsecret", "Signature=", "://", "?"} {
			if strings.Contains(text, part) {
				t.Errorf("%s: %q is in %q", name, part, text)
			}
		}
	}
}

// The race detector watches: the SDK's client is not safe for concurrent use.
func TestCallsAtTheSameTime(t *testing.T) {
	e := apitest.New(t, script(apitest.OK(nil)))
	transport := e.Transport()
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if err := wire.Read(apitest.Soon(t), transport, plain, nil); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
}
