package wire_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// The key is not reported if an endpoint echoes the request, in any field of its
// answer.
func TestNoFieldEchoesTheKey(t *testing.T) {
	body := strings.Repeat("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", 2)
	key := "-----BEGIN PRIVATE KEY-----\n" + body[:64] + "\n" + body[64:] + "\n-----END PRIVATE KEY-----\n"
	for name, echo := range map[string]string{"whole": key, "a line": body[:64], "a part": body[10:30], "across lines": body[50:80], "with an escape": "a\x1b[31m" + body[:8], "long": strings.Repeat("A", 65)} {
		for _, field := range []string{"Code", "RequestId", "Message"} {
			answer := map[string]any{"Code": "Refused", "RequestId": "R-1", "Message": "m"}
			answer[field] = echo
			e := apitest.New(t, map[string][]apitest.Answer{"SetDomainCertificate": {{Status: 400, Body: apitest.OK(answer).Body}}})
			_, _, err := wire.Call(apitest.Soon(t), e.Transport(), wire.Request{Region: "cn-hangzhou", Action: "SetDomainCertificate",
				Secrets: map[string]string{"CertificatePrivateKey": key}}, nil, 1)
			var refused *wire.Error
			if !errors.As(err, &refused) {
				t.Fatalf("got %v", err)
			}
			printed := fmt.Sprintf("%s %+v %#v", err, *refused, *refused)
			if strings.Contains(printed, echo) || strings.Contains(printed, body[10:18]) || refused.Code == "" || refused.RequestID == "" {
				t.Errorf("%s in %s: reported %s", name, field, printed)
			}
		}
	}
}

// echoing answers every connection with what it got, after a text.
func echoing(t *testing.T, before string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				body, _ := io.ReadAll(r.Body)
				_, _ = io.WriteString(conn, before+string(body)+"\r\n\r\n")
			}
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

// Not even an answer that is no HTTP, or half of it, brings the key into an error.
func TestNoBrokenAnswerEchoesTheKey(t *testing.T) {
	const secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
	for _, before := range []string{"", "HTTP/1.1 ", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: ", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://%zz/",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"} {
		endpoint := echoing(t, before)
		p := apitest.New(t, nil).Transport(func(c *api.Config) { c.Endpoint = endpoint })
		_, _, err := wire.Call(apitest.Soon(t), p, wire.Request{Region: "cn-hangzhou", Action: "SetDomainCertificate",
			Secrets: map[string]string{"CertificatePrivateKey": secret}}, nil, 1)
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret[:8]) {
			t.Errorf("%q: got %v", before, err)
		}
	}
}

// An error contains the meaning of a refusal and the next step in addition to the API's
// message, and also if that message is withheld.
func TestRefusalsSayWhatToDo(t *testing.T) {
	for code, want := range map[string]string{
		"InvalidICPLicense": "ICP filing", "DomainNotResolved": "publish the CNAME", "SingleDomainOwnershipCheckFail": "TXT at <groupId>.<domain>",
		"DomainAlreadyBind": "isForce with forceFrom", "ExceedLimitDomain": "five INTERNET and five INTRANET", "QuotaExceeded.Domain": "a quota is used up",
		"InvalidDomainName": "domain-is-well-formed", "InvalidCertificateName": "does not take the certificate", "DomainCertificateNotFound": "attach them again",
	} {
		e := apitest.New(t, script(apitest.Answer{Status: 400, Body: apitest.Refusal(code, "m")}))
		if err := ask(t, e); err == nil || !strings.Contains(err.Error(), want) || err.Kind != wire.Rejected {
			t.Errorf("%s: got %v, want %q", code, err, want)
		}
	}
	e := apitest.New(t, script(apitest.Answer{Status: 400, Body: apitest.Refusal("InvalidBasePath", "m")}))
	if err := ask(t, e); err == nil || err.Advice != "" {
		t.Errorf("a code that nothing is known of: got %v", err)
	}
}

// DEBUG is refused before any source of credentials is asked.
func TestDebugIsRefusedFirst(t *testing.T) {
	for _, value := range []string{"credential", "x,credential"} {
		_, err := wire.Credentials(t.Context(), func(name string) string {
			return map[string]string{"DEBUG": value, "ALIBABA_CLOUD_CREDENTIALS_URI": "http://127.0.0.1:1/"}[name]
		})
		if err == nil || !strings.Contains(err.Error(), "unset DEBUG") {
			t.Errorf("DEBUG=%s: got %v", value, err)
		}
	}
}
