package wire_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// signature is ACS3-HMAC-SHA256 as the platform describes it, over the headers that are named.
func signature(secret, method, path string, query url.Values, header http.Header, signed []string, payload string) string {
	var pairs, lines []string
	for name := range query {
		pairs = append(pairs, name+"="+strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(query.Get(name))))
	}
	slices.Sort(pairs)
	for _, name := range signed {
		lines = append(lines, name+":"+strings.TrimSpace(header.Get(name))+"\n")
	}
	canonical := strings.Join([]string{method, path, strings.Join(pairs, "&"), strings.Join(lines, ""), strings.Join(signed, ";"), payload}, "\n")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + sum(canonical)))
	return hex.EncodeToString(mac.Sum(nil))
}

// The two published vectors hold for the verifier of these tests.
func TestVerifierAgreesWithTheVectors(t *testing.T) {
	for _, v := range []struct{ method, path, query, action, body, want string }{
		{"PUT", "/v1/domains/d-1", "", "UpdateDomain", `{"protocol":"HTTPS","tlsMin":"TLS 1.2"}`, "dd3651e6c796b91d101ccdd30516e80f414e65f9bfd31ff2c55da8ac8e0c8b21"},
		{"GET", "/v1/domains", "nameLike=%2A.demo.com&pageNumber=1", "ListDomains", "", "089a12f689f1129565ea9368c4d482d3d7c105db0c1c640311298835f6da456f"},
	} {
		header := http.Header{}
		for name, value := range map[string]string{"host": "apig.cn-hangzhou.aliyuncs.com", "x-acs-version": "2024-03-27", "x-acs-date": "2026-11-28T00:00:00Z",
			"x-acs-signature-nonce": "n1", "x-acs-action": v.action, "x-acs-content-sha256": sum(v.body)} {
			header.Set(name, value)
		}
		signed := []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
		if v.body != "" {
			header.Set("content-type", "application/json; charset=utf-8")
			signed = append([]string{"content-type"}, signed...)
		}
		query, err := url.ParseQuery(v.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := signature("sk", v.method, v.path, query, header, signed, sum(v.body)); got != v.want {
			t.Errorf("%s: got %s", v.action, got)
		}
	}
}

// verify checks the signature of a call as the platform does.
func verify(t *testing.T, e *apitest.Edge, c apitest.Call) {
	t.Helper()
	fields := map[string]string{}
	kind, rest, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(part, "=")
		fields[name] = value
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	header := c.Header.Clone()
	header.Set("host", strings.TrimPrefix(e.URL, "http://"))
	if hash := sum(string(c.Body)); header.Get("x-acs-content-sha256") != hash {
		t.Errorf("%s: the hash is not that of the body", c.Action)
	}
	path := strings.NewReplacer("*", "%2A", "+", "%20").Replace(c.Path)
	if got := signature("testsecret", c.Method, path, c.URL, header, signed, header.Get("x-acs-content-sha256")); kind != "ACS3-HMAC-SHA256" || fields["Signature"] != got {
		t.Errorf("%s %s: the signature %q is not %s", c.Method, c.Path, fields["Signature"], got)
	}
	if hasType := slices.Contains(signed, "content-type"); hasType != (len(c.Body) > 0) {
		t.Errorf("%s: content-type is signed: %t, with a body of %d bytes", c.Action, hasType, len(c.Body))
	}
}

func TestWhatIsOnTheWireOfEachProduct(t *testing.T) {
	e := apitest.New(t, map[string][]apitest.Answer{
		"UpdateDomain":          {apitest.Data(map[string]any{"deployRevisionId": "apr-1"})},
		"ListDomains":           {apitest.Data(map[string]any{"totalSize": 0})},
		"GetDomain":             {apitest.Data(map[string]any{"domainId": "d"})},
		"DeleteDomain":          {{Body: `{"requestId":"R","code":"Ok","message":"success"}`}},
		"UploadUserCertificate": {apitest.OK(map[string]any{"CertId": 7})},
	})
	// The settings of old classic endpoints are not for the other products.
	p := e.Transport(func(c *api.Config) { c.Format, c.SignatureV1 = "XML", true })
	var revision struct{ DeployRevisionID string }
	var uploaded struct{ CertID int64 }
	for _, r := range []struct {
		wire.Request
		out any
	}{
		{wire.Request{Action: "UpdateDomain", Method: "PUT", Path: []string{"v1", "domains", "d-1"}, Body: map[string]any{"protocol": "HTTPS", "forceHttps": true, "tlsMin": "TLS 1.2", "clientCACert": ""}}, &revision},
		{wire.Request{Action: "ListDomains", Method: "GET", Path: []string{"v1", "domains"}, Params: map[string]string{"nameLike": "*.demo.com~ +", "gatewayId": ""}}, nil},
		{wire.Request{Action: "GetDomain", Method: "GET", Path: []string{"v1", "domains", "a b/../+*~%2F"}}, nil},
		{wire.Request{Action: "DeleteDomain", Method: "DELETE", Path: []string{"v1", "domains", "d-1"}}, &struct{}{}},
		{wire.Request{Product: wire.CAS, Action: "UploadUserCertificate", Params: map[string]string{"Name": "n", "Cert": "PEM"}, Secrets: map[string]string{"Key": "k e+y"}}, &uploaded},
	} {
		r.Region = "cn-hangzhou"
		if r.Product == wire.CloudAPI {
			r.Product = wire.APIG
		}
		if _, _, err := wire.Call(apitest.Soon(t), p, r.Request, r.out, 1); err != nil {
			t.Fatal(err)
		}
	}
	calls := e.Calls()
	for _, c := range calls {
		verify(t, e, c)
		if version := c.Header.Get("x-acs-version"); version != map[bool]string{true: "2024-03-27", false: "2020-04-07"}[c.Action != "UploadUserCertificate"] || c.URL.Has("Action") || c.URL.Has("Format") {
			t.Errorf("%s: version %q, query %v", c.Action, version, c.URL)
		}
	}
	update, list, get, upload := calls[0], calls[1], calls[2], calls[4]
	if update.Method != http.MethodPut || update.Path != "/v1/domains/d-1" || string(update.Body) != `{"clientCACert":"","forceHttps":true,"protocol":"HTTPS","tlsMin":"TLS 1.2"}` {
		t.Errorf("got %s %s %s", update.Method, update.Path, update.Body)
	}
	if list.Method != http.MethodGet || list.Path != "/v1/domains" || list.URL.Get("nameLike") != "*.demo.com~ +" || !list.URL.Has("gatewayId") || len(list.Body) != 0 {
		t.Errorf("got %s %s %v %s", list.Method, list.Path, list.URL, list.Body)
	}
	if get.Path != "/v1/domains/a%20b%2F..%2F%2B%2A~%252F" {
		t.Errorf("got the path %s", get.Path)
	}
	if upload.Method != http.MethodPost || upload.Path != "/" || len(upload.URL) != 0 || upload.Query.Get("Key") != "k e+y" || upload.Query.Get("Cert") != "PEM" {
		t.Errorf("got %s %s %v, form %v", upload.Method, upload.Path, upload.URL, upload.Query)
	}
	if revision.DeployRevisionID != "apr-1" || uploaded.CertID != 7 {
		t.Errorf("got %+v and %+v", revision, uploaded)
	}
}

// A null could mean "remove this"; a key has no place in a URL; a path leads where it says.
func TestRequestsThatAreNotSent(t *testing.T) {
	e := apitest.New(t, nil)
	p := e.Transport()
	type suites struct{ List []string }
	for name, r := range map[string]wire.Request{
		"nil":           {Method: "PUT", Path: []string{"v1", "domains", "d"}, Body: map[string]any{"clientCACert": nil}},
		"a nil inside":  {Method: "PUT", Path: []string{"v1", "domains", "d"}, Body: map[string]any{"a": []any{map[string]any{"b": nil}}}},
		"a nil slice":   {Method: "PUT", Path: []string{"v1", "domains", "d"}, Body: map[string]any{"a": suites{}}},
		"a channel":     {Method: "PUT", Path: []string{"v1", "domains", "d"}, Body: map[string]any{"a": make(chan int)}},
		"a secret":      {Method: "POST", Path: []string{"v1", "domains"}, Secrets: map[string]string{"Key": "k"}},
		"no id":         {Method: "GET", Path: []string{"v1", "domains", ""}},
		"a dot":         {Method: "GET", Path: []string{"v1", "domains", "."}},
		"two dots":      {Method: "DELETE", Path: []string{"v1", "domains", ".."}},
		"no path":       {Method: "GET"},
		"a region":      {Method: "GET", Path: []string{"v1"}, Region: "evil.example/"},
		"another cloud": {Method: "GET", Path: []string{"v1"}, Region: "CN-HANGZHOU"},
	} {
		r.Product, r.Action = wire.APIG, "UpdateDomain"
		if r.Region == "" {
			r.Region = "cn-hangzhou"
		}
		_, _, err := wire.Call(apitest.Soon(t), p, r, nil, 1)
		var failed *wire.Error
		if !errors.As(err, &failed) || failed.Kind != wire.NotSent || failed.Message == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(e.Calls()) != 0 {
		t.Errorf("%d calls arrived", len(e.Calls()))
	}
}

// The code decides, not the HTTP status.
func TestAnswersOfTheCloudNativeGateway(t *testing.T) {
	answer := func(code, rest string) string {
		return `{"requestId":"R","code":` + code + `,"message":"m"` + rest + `}`
	}
	for name, tc := range map[string]struct {
		status int
		body   string
		want   wire.Kind
	}{
		"Ok":                    {200, answer(`"Ok"`, `,"data":{"domainId":"d"}`), ""},
		"folded":                {200, answer(`"OK"`, `,"data":{"domainId":"d"}`), ""},
		"success":               {200, answer(`"Success"`, `,"data":{"domainId":"d"}`), ""},
		"a text":                {200, answer(`"200"`, `,"data":{"domainId":"d"}`), ""},
		"a number":              {200, answer(`0`, `,"data":{"domainId":"d"}`), ""},
		"an error with 200":     {200, answer(`"DatabaseError.RecordNotFound"`, `,"data":{"domainId":"d"}`), wire.NotFound},
		"an error with 404":     {404, answer(`"Error.DatabaseError.RecordNotFound"`, ``), wire.NotFound},
		"a gateway":             {404, answer(`"NotFound.GatewayNotFound"`, ``), wire.NotFound},
		"a deleted gateway":     {409, answer(`"Conflict.GatewayIsDeleted"`, ``), wire.NotFound},
		"forbidden":             {403, answer(`"APIG.ErrorCode.Forbidden"`, ``), wire.NoPermission},
		"a fault":               {500, answer(`"APIG.ErrorCode.InternalError"`, ``), wire.Transient},
		"a fault with 200":      {200, answer(`"APIG.ErrorCode.InternalError"`, ``), wire.Transient},
		"busy":                  {409, answer(`"Conflict.AppClusterIsAlreadyInChanging"`, ``), wire.Busy},
		"throttled":             {429, answer(`"Rejected.Throttling"`, ``), wire.Throttled},
		"the gateway in front":  {403, apitest.Refusal("SignatureDoesNotMatch", "m"), wire.Auth},
		"its throttling":        {400, apitest.Refusal("Throttling.User", "m"), wire.Throttled},
		"an unknown code":       {200, answer(`"Conflict.ApiPublished"`, ``), wire.Rejected},
		"a number that is none": {200, answer(`500`, `,"data":{"domainId":"d"}`), wire.Rejected},
		"no code":               {200, `{"requestId":"R","data":{"domainId":"d"}}`, wire.Malformed},
		"no data":               {200, answer(`"Ok"`, ``), wire.Malformed},
		"data that is null":     {200, answer(`"Ok"`, `,"data":null`), wire.Malformed},
		"data that is a list":   {200, answer(`"Ok"`, `,"data":[]`), wire.Malformed},
		"Ok with 302":           {302, answer(`"Ok"`, `,"data":{"domainId":"d"}`), wire.Malformed},
		"Ok with 404":           {404, answer(`"Ok"`, `,"data":{"domainId":"d"}`), wire.Malformed},
		"Ok with 502":           {502, answer(`"Ok"`, `,"data":{"domainId":"d"}`), wire.Transient},
		"two codes":             {200, answer(`"Ok","code":"Ok"`, `,"data":{"domainId":"d"}`), wire.Malformed},
		"two spellings":         {200, answer(`"DatabaseError.RecordNotFound","Code":"Ok"`, `,"data":{"domainId":"d"}`), wire.Malformed},
		"a field twice":         {200, answer(`"Ok"`, `,"data":{"domainId":"d","a":[{"b":1,"b":2}]}`), wire.Malformed},
		"deep":                  {200, answer(`"Ok"`, `,"data":{"domainId":"d","a":`+strings.Repeat("[", 80)+strings.Repeat("]", 80)+`}`), wire.Malformed},
		"XML":                   {200, `<R><requestId>R</requestId><code>Ok</code></R>`, wire.Malformed},
		"HTML":                  {200, `<!DOCTYPE html><p>sign in</p>`, wire.Malformed},
		"an HTML fault":         {502, `<html>`, wire.Transient},
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"GetDomain": {{Status: tc.status, Body: tc.body}}})
		var out struct{ DomainID string }
		_, _, err := wire.Call(apitest.Soon(t), e.Transport(), wire.Request{Product: wire.APIG, Region: "cn-hangzhou", Action: "GetDomain", Method: "GET", Path: []string{"v1", "domains", "d"}}, &out, 1)
		var failed *wire.Error
		switch {
		case tc.want == "":
			if err != nil || out.DomainID != "d" {
				t.Errorf("%s: got %+v, %v", name, out, err)
			}
		case !errors.As(err, &failed) || failed.Kind != tc.want || out.DomainID != "" || strings.Contains(err.Error(), "sign in"):
			t.Errorf("%s: got %+v, %v, want %s", name, out, err, tc.want)
		case tc.want == wire.NoPermission && failed.Permission != "apig:GetDomain on acs:apig:cn-hangzhou:*:domain/d":
			t.Errorf("%s: the right is %q", name, failed.Permission)
		case name == "HTML" && !strings.Contains(failed.Message, "HTML"):
			t.Errorf("%s: got %q", name, failed.Message)
		}
	}
}

func TestRightsOfEachProduct(t *testing.T) {
	denied := apitest.Answer{Status: 403, Body: `{"requestId":"R","code":"NoPermission","message":"m"}`}
	for want, r := range map[string]wire.Request{
		"apig:CreateDomain on acs:apig:cn-hangzhou:*:domain/*":   {Product: wire.APIG, Action: "CreateDomain", Method: "POST", Path: []string{"v1", "domains"}},
		"apig:UpdateDomain on acs:apig:cn-hangzhou:*:domain/d-1": {Product: wire.APIG, Action: "UpdateDomain", Method: "PUT", Path: []string{"v1", "domains", "d-1"}},
		"apig:ListSslCerts on *":                                 {Product: wire.APIG, Action: "ListSslCerts", Method: "GET", Path: []string{"v1", "ssl", "certs"}},
		"yundun-cert:UploadUserCertificate on *":                 {Product: wire.CAS, Action: "UploadUserCertificate", Secrets: map[string]string{"Key": "k"}},
	} {
		r.Region = "cn-hangzhou"
		e := apitest.New(t, map[string][]apitest.Answer{r.Action: {denied}})
		_, _, err := wire.Call(apitest.Soon(t), e.Transport(), r, nil, 1)
		if err == nil || !strings.HasSuffix(err.Error(), "; allow "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// After a lost answer the wire sends a change once, and a read again.
func TestChangesAreNotRepeated(t *testing.T) {
	broken := apitest.Answer{Break: true}
	e := apitest.New(t, map[string][]apitest.Answer{"UpdateDomain": {broken}, "GetDomain": {broken, apitest.Data(map[string]any{"domainId": "d"})}})
	p := e.Transport()
	update := wire.Request{Product: wire.APIG, Region: "cn-hangzhou", Action: "UpdateDomain", Method: "PUT", Path: []string{"v1", "domains", "d"}, Body: map[string]any{"protocol": "HTTP"}}
	_, made, err := wire.Call(apitest.Soon(t), p, update, nil, 0, wire.Throttled, wire.Busy, wire.NotSent)
	var failed *wire.Error
	if !errors.As(err, &failed) || failed.Kind != wire.Transport || made != 1 || len(e.Calls()) != 1 {
		t.Errorf("got %v after %d tries and %d calls", err, made, len(e.Calls()))
	}
	if err := wire.Read(apitest.Soon(t), p, wire.Request{Product: wire.APIG, Region: "cn-hangzhou", Action: "GetDomain", Method: "GET", Path: []string{"v1", "domains", "d"}}, nil); err != nil {
		t.Error(err)
	}
}
