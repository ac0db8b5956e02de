package sign

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
)

// restRequest is a request of the cloud-native gateway with a signature that the
// official Go signer and an independent one agree on.
func restRequest(method, path, query, body, action, signature string) Request {
	sum := sha256.Sum256([]byte(body))
	signed := "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
	header := http.Header{
		"X-Acs-Action": {action}, "X-Acs-Version": {"2024-03-27"}, "X-Acs-Date": {"2026-11-28T00:00:00Z"},
		"X-Acs-Signature-Nonce": {"n1"}, "X-Acs-Content-Sha256": {hex.EncodeToString(sum[:])},
	}
	if body != "" {
		signed = "content-type;" + signed
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=ak,SignedHeaders="+signed+",Signature="+signature)
	return Request{Method: method, Host: "apig.cn-hangzhou.aliyuncs.com", Path: path, RawQuery: query, Body: []byte(body), Header: header}
}

func put() Request {
	return restRequest("PUT", "/v1/domains/d-1", "", `{"protocol":"HTTPS","tlsMin":"TLS 1.2"}`, "UpdateDomain",
		"dd3651e6c796b91d101ccdd30516e80f414e65f9bfd31ff2c55da8ac8e0c8b21")
}

func get() Request {
	return restRequest("GET", "/v1/domains", "nameLike=%2A.demo.com&pageNumber=1", "", "ListDomains",
		"089a12f689f1129565ea9368c4d482d3d7c105db0c1c640311298835f6da456f")
}

func TestRestVectors(t *testing.T) {
	for name, r := range map[string]Request{"PUT": put(), "GET": get()} {
		v := NewVerifier("ak", "sk", at(t, "2026-11-28T00:00:10Z"))
		call, err := v.Verify(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if call.KeyID != "ak" || call.Version != "2024-03-27" || name == "GET" && call.Params["nameLike"] != "*.demo.com" {
			t.Errorf("%s: got %+v", name, call)
		}
	}
}

func TestRestTampering(t *testing.T) {
	for name, change := range map[string]func(*Request){
		"path":         func(r *Request) { r.Path = "/v1/domains/d-2" },
		"method":       func(r *Request) { r.Method = "POST" },
		"body":         func(r *Request) { r.Body = []byte(`{"protocol":"HTTP"}`) },
		"space":        func(r *Request) { r.Body = append(r.Body, '\n') },
		"query":        func(r *Request) { r.RawQuery = "x=" },
		"action":       func(r *Request) { r.Header.Set("X-Acs-Action", "DeleteDomain") },
		"content type": func(r *Request) { r.Header.Set("Content-Type", "application/json") },
		"unsigned content type": func(r *Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "content-type;", "", 1))
		},
	} {
		r := put()
		change(&r)
		if _, err := NewVerifier("ak", "sk", at(t, "2026-11-28T00:00:10Z")).Verify(r); code(t, err) != "SignatureDoesNotMatch" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestUnsignedContentType signs without the content-type, correctly.
func TestUnsignedContentType(t *testing.T) {
	r := put()
	signed := []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=ak,SignedHeaders="+strings.Join(signed, ";")+",Signature="+signatureV3(r, nil, signed, "sk"))
	if _, err := NewVerifier("ak", "sk", at(t, "2026-11-28T00:00:10Z")).Verify(r); err == nil || !strings.Contains(err.Error(), "content-type is not signed") {
		t.Errorf("got %v", err)
	}
}

func TestRestNeedsV3(t *testing.T) {
	r := publishedV1()
	r.Path = "/v1/domains"
	if _, err := NewVerifier("testid", "testsecret", at(t, "2016-02-23T12:46:30Z")).Verify(r); code(t, err) != "MissingAuthorization" {
		t.Errorf("V1 on a path: got %v", err)
	}
	r = get()
	r.Header.Set("Authorization", "acs ak:c2ln")
	if _, err := NewVerifier("ak", "sk", at(t, "2026-11-28T00:00:10Z")).Verify(r); code(t, err) != "InvalidSignatureMethod" {
		t.Errorf("the old scheme of this style: got %v", err)
	}
}

func TestCanonicalPath(t *testing.T) {
	for path, want := range map[string]string{"": "/", "/": "/", "/v1/a*b+c%7Ed": "/v1/a%2Ab%20c~d", "/v1/%2F": "/v1/%2F"} {
		if got := (Request{Path: path}).canonicalPath(); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}
