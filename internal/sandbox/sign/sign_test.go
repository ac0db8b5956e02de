package sign

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, stamp string) func() time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		t.Fatal(err)
	}
	return func() time.Time { return when }
}

// published is the V3 vector of the platform's signature page.
func publishedV3() Request {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	return Request{
		Method:   "POST",
		Host:     "ecs.cn-shanghai.aliyuncs.com",
		RawQuery: "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
		Header: http.Header{
			"X-Acs-Action":          {"RunInstances"},
			"X-Acs-Version":         {"2014-05-26"},
			"X-Acs-Date":            {"2023-10-26T10:22:32Z"},
			"X-Acs-Signature-Nonce": {"3156853299f313e23d1673dc12e1703d"},
			"X-Acs-Content-Sha256":  {empty},
			"Authorization": {"ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;" +
				"x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"},
		},
	}
}

// publishedV1 is the V1 vector of the platform's signature page.
func publishedV1() Request {
	q := url.Values{
		"AccessKeyId": {"testid"}, "Action": {"DescribeRegions"}, "Format": {"XML"}, "SignatureMethod": {"HMAC-SHA1"},
		"SignatureVersion": {"1.0"}, "SignatureNonce": {"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"},
		"Timestamp": {"2016-02-23T12:46:24Z"}, "Version": {"2014-05-26"}, "Signature": {"OLeaidS1JvxuMvnyHOwuJ+uX5qY="},
	}
	return Request{Method: "GET", Host: "ecs.aliyuncs.com", Header: http.Header{}, RawQuery: q.Encode()}
}

func TestPublishedVectorV3(t *testing.T) {
	v := NewVerifier("YourAccessKeyId", "YourAccessKeySecret", at(t, "2023-10-26T10:22:40Z"))
	call, err := v.Verify(publishedV3())
	if err != nil {
		t.Fatal(err)
	}
	if call.Action != "RunInstances" || call.Version != "2014-05-26" || call.Params["RegionId"] != "cn-shanghai" || len(call.Params) != 2 {
		t.Errorf("got %+v", call)
	}
}

func TestPublishedVectorV1(t *testing.T) {
	v := NewVerifier("testid", "testsecret", at(t, "2016-02-23T12:46:30Z"))
	call, err := v.Verify(publishedV1())
	if err != nil {
		t.Fatal(err)
	}
	if call.Action != "DescribeRegions" || call.Format != "XML" || len(call.Params) != 0 {
		t.Errorf("got %+v", call)
	}
}

func code(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e == nil {
		return ""
	}
	return e.Code
}

func TestRefusalsV3(t *testing.T) {
	header := func(name, value string) func(*Request) {
		return func(r *Request) { r.Header[name] = []string{value} }
	}
	cases := map[string]struct {
		change func(*Request)
		want   string
	}{
		"unchanged":         {func(*Request) {}, ""},
		"another method":    {func(r *Request) { r.Method = "GET" }, "SignatureDoesNotMatch"},
		"another host":      {func(r *Request) { r.Host = "example.com" }, "SignatureDoesNotMatch"},
		"another value":     {func(r *Request) { r.RawQuery += "x" }, "SignatureDoesNotMatch"},
		"one more, empty":   {func(r *Request) { r.RawQuery += "&BindStageName=" }, "SignatureDoesNotMatch"},
		"another action":    {header("X-Acs-Action", "DeleteInstances"), "SignatureDoesNotMatch"},
		"unsigned header":   {header("X-Acs-Security-Token", "t"), "SignatureDoesNotMatch"},
		"another body":      {func(r *Request) { r.Body = []byte("a=b") }, "SignatureDoesNotMatch"},
		"a parameter twice": {func(r *Request) { r.RawQuery += "&RegionId=x" }, "RepeatedParameter"},
		"not encoded":       {func(r *Request) { r.RawQuery = "%zz" }, "InvalidFormatParameter"},
		"no nonce":          {func(r *Request) { r.Header.Del("X-Acs-Signature-Nonce") }, "MissingSignatureNonce"},
		"no date":           {func(r *Request) { r.Header.Del("X-Acs-Date") }, "MissingTimestamp"},
		"date without zone": {header("X-Acs-Date", "2023-10-26T10:22:32"), "InvalidTimeStamp.Format"},
		"another algorithm": {header("Authorization", "ACS3-HMAC-SM3 Credential=a"), "InvalidSignatureMethod"},
		"no signature":      {header("Authorization", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host"), "MissingSignature"},
		"no key":            {header("Authorization", "ACS3-HMAC-SHA256 SignedHeaders=host"), "MissingAccessKeyId"},
		"host unsigned": {header("Authorization", "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=x-acs-date,Signature=00"),
			"SignatureDoesNotMatch"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := publishedV3()
			c.change(&r)
			v := NewVerifier("YourAccessKeyId", "YourAccessKeySecret", at(t, "2023-10-26T10:22:40Z"))
			_, err := v.Verify(r)
			if got := code(t, err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func TestRefusalsV1(t *testing.T) {
	cases := map[string]struct {
		change func(url.Values)
		want   string
	}{
		"unchanged":       {func(url.Values) {}, ""},
		"empty value":     {func(q url.Values) { q.Set("BindStageName", "") }, "SignatureDoesNotMatch"},
		"another key":     {func(q url.Values) { q.Set("AccessKeyId", "other") }, "InvalidAccessKeyId.NotFound"},
		"another method":  {func(q url.Values) { q.Set("SignatureMethod", "HMAC-SHA256") }, "InvalidSignatureMethod"},
		"another version": {func(q url.Values) { q.Set("SignatureVersion", "2.0") }, "InvalidSignatureVersion"},
		"no action":       {func(q url.Values) { q.Del("Action") }, "MissingAction"},
		"no key":          {func(q url.Values) { q.Del("AccessKeyId") }, "MissingAccessKeyId"},
		"bad time":        {func(q url.Values) { q.Set("Timestamp", "yesterday") }, "InvalidTimeStamp.Format"},
		"twice":           {func(q url.Values) { q.Add("Action", "b") }, "RepeatedParameter"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := publishedV1()
			q, err := url.ParseQuery(r.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			c.change(q)
			r.RawQuery = q.Encode()
			v := NewVerifier("testid", "testsecret", at(t, "2016-02-23T12:46:30Z"))
			_, err = v.Verify(r)
			if got := code(t, err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func TestFormParametersCount(t *testing.T) {
	r := publishedV1()
	r.Body = []byte(r.RawQuery)
	r.RawQuery, r.Method = "", "POST"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	q, err := url.ParseQuery(string(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]string{}
	for k := range q {
		params[k] = q.Get(k)
	}
	delete(params, "Signature")
	q.Set("Signature", signatureV1("POST", params, "testsecret"))
	r.Body = []byte(q.Encode())
	v := NewVerifier("testid", "testsecret", at(t, "2016-02-23T12:46:30Z"))
	if _, err := v.Verify(r); err != nil {
		t.Error(err)
	}
}

func TestSkewAndReplay(t *testing.T) {
	for stamp, want := range map[string]string{
		"2016-02-23T13:01:24Z": "", "2016-02-23T12:31:24Z": "",
		"2016-02-23T13:01:25Z": "InvalidTimeStamp.Expired", "2016-02-23T12:31:23Z": "InvalidTimeStamp.Expired",
	} {
		v := NewVerifier("testid", "testsecret", at(t, stamp))
		if _, err := v.Verify(publishedV1()); code(t, err) != want {
			t.Errorf("at %s: got %v, want %q", stamp, err, want)
		}
	}
	v := NewVerifier("testid", "testsecret", at(t, "2016-02-23T12:46:30Z"))
	forged := publishedV1()
	forged.RawQuery += "&x=y"
	_, first := v.Verify(forged)
	_, second := v.Verify(publishedV1())
	_, third := v.Verify(publishedV1())
	if code(t, first) != "SignatureDoesNotMatch" || second != nil || code(t, third) != "SignatureNonceUsed" {
		t.Errorf("got %v, %v, %v: a forged request must not spend a nonce, an honest one must", first, second, third)
	}
}

func TestRefusalsHoldNoSecret(t *testing.T) {
	r := publishedV1()
	r.RawQuery += "&x=y"
	_, err := NewVerifier("testid", "testsecret", at(t, "2016-02-23T12:46:30Z")).Verify(r)
	if err == nil || strings.Contains(err.Error(), "testsecret") || strings.Contains(err.Error(), "=") {
		t.Errorf("got %v", err)
	}
}

func TestNonceMemoryIsBounded(t *testing.T) {
	m := nonceMemory{limit: 4}
	for i := range 100 {
		if !m.spend(time.Duration(i).String()) {
			t.Fatalf("nonce %d was refused", i)
		}
		if m.spend(time.Duration(i).String()) {
			t.Fatalf("nonce %d was taken twice", i)
		}
		if n := len(m.current) + len(m.previous); n > 8 {
			t.Fatalf("%d nonces are remembered", n)
		}
	}
}

func FuzzVerify(f *testing.F) {
	v3, v1 := publishedV3(), publishedV1()
	f.Add("POST", v3.RawQuery, "", v3.Header.Get("Authorization"), "")
	f.Add("GET", v1.RawQuery, "", "", "")
	f.Add("POST", "", v1.RawQuery, "", "application/x-www-form-urlencoded")
	f.Fuzz(func(t *testing.T, method, query, body, auth, contentType string) {
		r := publishedV3()
		r.Method, r.RawQuery, r.Body = method, query, []byte(body)
		r.Header["Authorization"] = []string{auth}
		r.Header["Content-Type"] = []string{contentType}
		v := NewVerifier("no-such-id", "secret-of-no-account", at(t, "2016-02-23T12:46:30Z"))
		if _, err := v.Verify(r); code(t, err) == "" {
			t.Errorf("a request with an unknown access key was accepted: %q", query)
		}
	})
}
