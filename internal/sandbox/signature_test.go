package sandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/tea"
)

// signedV1 returns the query of a V1 call, built here so that a test can modify
// it. Without Format the response is XML.
func signedV1(t testing.TB, s *Sandbox, params map[string]string) string {
	t.Helper()
	all := map[string]string{
		"Version": "2016-07-14", "AccessKeyId": s.options.AccessKeyID, "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
		"SignatureNonce": rand.Text(), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}
	maps.Copy(all, params)
	q := url.Values{}
	for name, value := range all {
		q.Set(name, value)
	}
	canonical := strings.ReplaceAll(q.Encode(), "+", "%20") // sorted by name
	mac := hmac.New(sha1.New, []byte(s.options.AccessKeySecret+"&"))
	mac.Write([]byte("GET&%2F&" + url.QueryEscape(canonical)))
	q.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return q.Encode()
}

func raw(t testing.TB, s *Sandbox, method, query string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.Endpoint()+"/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, c := range map[string]struct {
		change func(*openapiutil.Config)
		want   string
	}{
		"secret": {func(c *openapiutil.Config) { c.AccessKeySecret = tea.String("wrong") }, "SignatureDoesNotMatch"},
		"id":     {func(c *openapiutil.Config) { c.AccessKeyId = tea.String("wrong") }, "InvalidAccessKeyId.NotFound"},
	} {
		for mode, sign := range map[string]func(*openapiutil.Config){"V3": func(*openapiutil.Config) {}, "V1": v1} {
			_, err := call(client(t, s, c.change, sign), "SetDomain", "POST", "json", bind())
			if code(err) != c.want || strings.Contains(err.Error(), s.options.AccessKeySecret) {
				t.Errorf("%s, wrong %s: got %v", mode, name, err)
			}
		}
	}
	if calls := s.Calls(); len(calls) != 0 {
		t.Errorf("calls of strangers were recorded: %v", calls)
	}
}

func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	query := signedV1(t, s, map[string]string{"Action": "DescribeApiGroups"})
	if status, body := raw(t, s, "GET", query); status != http.StatusOK {
		t.Fatalf("got %d %s", status, body)
	}
	if status, body := raw(t, s, "GET", query); status != http.StatusBadRequest || !strings.Contains(body, "<Code>SignatureNonceUsed</Code>") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestDroppedEmptyStageIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	query := signedV1(t, s, map[string]string{"Action": "SetDomain", "GroupId": payments, "DomainName": "api.demo.com", "BindStageName": ""})
	_, body := raw(t, s, "GET", strings.Replace(query, "BindStageName=&", "", 1))
	if !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
		t.Errorf("got %s", body)
	}
	if _, body := raw(t, s, "GET", query); !strings.Contains(body, "<DomainBindingStatus>BINDING<") {
		t.Errorf("with it: got %s", body)
	}
}

func TestSkewedClockIsRefused(t *testing.T) {
	t.Parallel()
	for skew, want := range map[time.Duration]string{14 * time.Minute: "", -14 * time.Minute: "", 16 * time.Minute: "InvalidTimeStamp.Expired", -16 * time.Minute: "InvalidTimeStamp.Expired"} {
		s := start(t, func(o *Options) { o.Now = func() time.Time { return time.Now().Add(skew) } })
		for mode, c := range modes(t, s) {
			if _, err := call(c, "DescribeApiGroups", "POST", "json", nil); code(err) != want {
				t.Errorf("%s, %s: got %v, want %q", mode, skew, err, want)
			}
		}
	}
}

func TestUnknownActionAndVersion(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := call(client(t, s), "DescribeDomainsResolution", "POST", "json", nil); code(err) != "InvalidApi.NotFound" {
		t.Errorf("got %v", err)
	}
	if _, body := raw(t, s, "GET", signedV1(t, s, map[string]string{"Action": "DescribeApiGroups", "Version": "2014-05-26"})); !strings.Contains(body, "<Code>InvalidVersion</Code>") {
		t.Errorf("got %s", body)
	}
}
