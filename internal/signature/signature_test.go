package signature

import (
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	"pgregory.net/rapid"
)

func address(t interface{ Fatal(...any) }, host string) *url.URL {
	u, err := url.Parse("https://" + host)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The published vectors.
func TestVectors(t *testing.T) {
	at := Stamp{Nonce: "n1", Time: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)}
	for want, r := range map[string]Request{
		"dd3651e6c796b91d101ccdd30516e80f414e65f9bfd31ff2c55da8ac8e0c8b21": {Method: "PUT", Path: "/v1/domains/d-1", Action: "UpdateDomain", JSON: `{"protocol":"HTTPS","tlsMin":"TLS 1.2"}`},
		"089a12f689f1129565ea9368c4d482d3d7c105db0c1c640311298835f6da456f": {Method: "GET", Path: "/v1/domains", Action: "ListDomains", Query: map[string]string{"nameLike": "*.demo.com", "pageNumber": "1"}},
	} {
		r.Version = "2024-03-27"
		req, err := r.V3(t.Context(), address(t, "apig.cn-hangzhou.aliyuncs.com"), Key{ID: "ak", Secret: "sk"}, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := req.Header["Authorization"]; len(got) != 1 || !strings.HasSuffix(got[0], ",Signature="+want) {
			t.Errorf("%s: got %s", r.Action, got)
		}
	}
}

// drawn returns a request with any texts, and a key with or without a token.
func drawn(t *rapid.T) (Request, Key) {
	name := rapid.StringMatching(`[A-Za-z.]{1,8}`)
	values := rapid.MapOf(name, rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", " ", "+", "*.demo.com~", "-----BEGIN\n", "ü/%2F&="})))
	r := Request{Action: "SetDomain", Version: "2016-07-14", Method: http.MethodPost, Path: "/", Query: values.Draw(t, "query")}
	switch rapid.IntRange(0, 2).Draw(t, "body") {
	case 0:
		r.Form = values.Draw(t, "form")
	case 1:
		r.JSON = `{"a":` + rapid.SampledFrom([]string{"1", `"ü"`}).Draw(t, "json") + `}`
	}
	return r, Key{ID: "ak", Secret: rapid.StringMatching(`[A-Za-z0-9]{1,20}`).Draw(t, "secret"), Token: rapid.SampledFrom([]string{"", "to/ken+=="}).Draw(t, "token")}
}

func pointers(in map[string]string) map[string]*string {
	out := map[string]*string{}
	for k, v := range in {
		out[k] = tea.String(v)
	}
	return out
}

func sent(t *rapid.T, r *http.Request) (query map[string]string, body string) {
	query = map[string]string{}
	parsed, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	for k := range parsed {
		query[k] = parsed.Get(k)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return query, string(text)
}

// The official SDK core computes the same signature over what is sent.
func TestV3IsTheOfficialOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, key := drawn(t)
		req, err := r.V3(t.Context(), address(t, "apigateway.cn-hangzhou.aliyuncs.com"), key, Stamp{Nonce: "n", Time: time.Unix(1795824000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		query, body := sent(t, req)
		if !maps.Equal(query, r.Query) || len(r.JSON) > 0 && body != r.JSON {
			t.Fatalf("sends %q and %q of %+v", query, body, r)
		}
		headers := map[string]*string{"host": tea.String(req.URL.Host)}
		for name := range req.Header {
			if name != "Authorization" {
				headers[name] = tea.String(req.Header[name][0])
			}
		}
		digest := hex.EncodeToString(openapiutil.Hash([]byte(body), tea.String("ACS3-HMAC-SHA256")))
		want := openapiutil.GetAuthorization(&dara.Request{Method: &req.Method, Pathname: tea.String(req.URL.EscapedPath()), Query: pointers(query), Headers: headers},
			tea.String("ACS3-HMAC-SHA256"), &digest, &key.ID, &key.Secret)
		if got := req.Header["Authorization"][0]; got != *want || *headers["x-acs-content-sha256"] != digest {
			t.Fatalf("got %s\nwant %s", got, *want)
		}
	})
}

func TestV1IsTheOfficialOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, key := drawn(t)
		r.JSON = ""
		for name := range r.Form { // of two values of a name, neither is the one
			delete(r.Query, name)
		}
		req, err := r.V1(t.Context(), address(t, "apigateway.cn-hangzhou.aliyuncs.com"), key, Stamp{Nonce: "n", Time: time.Unix(1795824000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		query, body := sent(t, req)
		signature := query["Signature"]
		delete(query, "Signature")
		if query["SecurityToken"] != key.Token || query["AccessKeyId"] != key.ID || query["Timestamp"] != "2026-11-28T00:00:00Z" {
			t.Fatalf("sends %q", query)
		}
		form, err := url.ParseQuery(body)
		if err != nil {
			t.Fatal(err)
		}
		for name := range form {
			query[name] = form.Get(name)
		}
		if want := openapiutil.GetRPCSignature(pointers(query), &req.Method, &key.Secret); signature != *want {
			t.Fatalf("got %s, want %s", signature, *want)
		}
	})
}

// Neither an error nor an address contains the secret; a nonce is never used twice.
func TestNothingIsRepeated(t *testing.T) {
	_, err := Request{Action: "A", Method: "NO METHOD", Path: "/", Query: map[string]string{"q": "canary"}}.V3(t.Context(), address(t, "h"), Key{ID: "ak", Secret: "canary"}, Now())
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
	if a, b := Now(), Now(); a.Nonce == b.Nonce || len(a.Nonce) < 20 || time.Since(a.Time) > time.Minute {
		t.Errorf("stamps %v and %v", a, b)
	}
}
