package client_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apig/client"
	"github.com/bindgate/bindgate/internal/platform/apitest"
)

var (
	leafOf1 = "sha256:" + strings.Repeat("1a", 32)
	leafOf3 = "sha256:" + strings.Repeat("3c", 32)
)

// certs are as ListSslCerts shows them: 1 and 3 are two certificates, 4 is 3 again.
func certs() []object {
	item := func(id, name, serial, sha string) object {
		return object{"certId": strings.TrimSuffix(id, "-cn-hangzhou"), "certIdentifier": id, "certName": name, "isChainCompleted": true, "algorithm": "RSA2048", "keySize": "2048",
			"sans": "a.demo.com,b.demo.com", "serialNo": serial, "sha2": sha, "fingerprint": "aa", "notBeforeTimestamp": "1", "notAfterTimestamp": 2}
	}
	return []object{item("1-cn-hangzhou", "current", "0x00FF", strings.Repeat("1A", 32)), item("3-cn-hangzhou", "upload", "04:A1", strings.ToUpper(strings.Repeat("3c:", 31)+"3c")),
		item("4-cn-hangzhou", "upload-again", "4a1", strings.Repeat("3c", 32)), item("5-cn-hangzhou", "unstated", "", "")}
}

func details() map[string]object {
	item := func(id, name, serial string, key any) object {
		return object{"CertIdentifier": id + "-cn-hangzhou", "CertificateName": name, "CertificateStatus": "issued", "ExistPrivateKey": key, "FingerPrint": strings.Repeat("ab", 20),
			"Serial": serial, "SubjectAlternativeNames": []string{"a.demo.com"}, "NotBefore": 1, "NotAfter": 2, "UsingProductList": []string{"APIG"}}
	}
	return map[string]object{"1": item("1", "current", "ff", true), "3": item("3", "upload", "4A1", true), "4": item("4", "upload-again", "4a1", false)}
}

func TestStore(t *testing.T) {
	w := newWorld(t)
	w.certs, w.details = certs(), details()
	r := w.reader()
	yes, no := true, false
	b := of("b.demo.com")
	b.Certificate = &binding.Certificate{Name: "current", CASID: "3-cn-hangzhou"}
	got, err := r.Store(apitest.Soon(t), b, leafOf3, "1-cn-hangzhou")
	stored := func(id, name, serial, leaf string, key, match *bool) evidence.StoredCertificate {
		return evidence.StoredCertificate{CertIdentifier: id, Name: name, Serial: serial, SHA256: leaf, SANs: []string{"a.demo.com"}, Algorithm: "RSA2048", NotBefore: 1, NotAfter: 2,
			Status: "issued", ExistPrivateKey: key, DomainMatch: match, ChainCompleted: &yes}
	}
	three, current := stored("3-cn-hangzhou", "upload", "4a1", leafOf3, &yes, &yes), stored("1-cn-hangzhou", "current", "ff", leafOf1, &yes, nil)
	want := evidence.Store{ByID: &three, Matching: []evidence.StoredCertificate{three, stored("4-cn-hangzhou", "upload-again", "4a1", leafOf3, &no, &yes)},
		Current: &current, SameName: true, Complete: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	asked := w.count("GetCertificateDetail")
	b.Certificate = nil // as an audit asks
	if got, err = r.Store(apitest.Soon(t), b, "", "1-cn-hangzhou"); err != nil || got.Current == nil || got.ByID != nil || got.Matching != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := w.count("GetCertificateDetail"); n != asked {
		t.Error("the details of one certificate were asked for twice")
	}
	if got, err = r.Store(apitest.Soon(t), b, "", "7-cn-hangzhou"); err != nil || got.Current != nil || !got.Complete {
		t.Errorf("got %+v, %v, want no certificate", got, err)
	}
	if got, err = r.Store(apitest.Soon(t), b, "", "1-ap-southeast-1"); err != nil || got.Current != nil {
		t.Errorf("got %+v, %v: the identifier is of another site", got.Current, err)
	}
	if got, err = r.Store(apitest.Soon(t), b, "", "5-cn-hangzhou"); err != nil || got.Current == nil || got.Current.SHA256 != "" || got.Current.ExistPrivateKey != nil {
		t.Errorf("got %+v, %v, want what the list alone says", got.Current, err)
	}
}

func TestStoreThatDoesNotSay(t *testing.T) {
	w := newWorld(t)
	w.certs, w.details = certs(), details()
	b := of("b.demo.com")
	b.Certificate = &binding.Certificate{Name: "new"}
	w.answer("GetCertificateDetail", "NoPermission", 403)
	got, err := w.reader().Store(apitest.Soon(t), b, leafOf3, "1-cn-hangzhou")
	if err != nil || len(got.Matching) != 2 || got.Matching[0].ExistPrivateKey != nil || got.SameName || !got.Complete || !strings.Contains(got.Problem, "allow yundun-cert:GetCertificateDetail on *") {
		t.Errorf("got %+v, %v", got, err)
	}
	w.answer("ListSslCerts", "APIG.ErrorCode.Forbidden", 403)
	if got, err = w.reader().Store(apitest.Soon(t), b, leafOf3, ""); err != nil || got.Complete || !strings.Contains(got.Problem, "allow apig:ListSslCerts on *") {
		t.Errorf("got %+v, %v", got, err)
	}
	w.answer("ListSslCerts", "APIG.ErrorCode.InternalError", 200)
	if got, err = w.reader().Store(apitest.Soon(t), b, leafOf3, ""); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
	w = newWorld(t)
	w.certs, w.details = certs(), details()
	w.details["3"]["Serial"] = "9"
	if got, err := w.reader().Store(apitest.Soon(t), b, leafOf3, ""); err == nil || !strings.Contains(err.Error(), "two things of the serial number") {
		t.Errorf("got %+v, %v, want an error", got, err)
	}
}

// answering answers each call with one body.
type answering []byte

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(a)), Header: http.Header{}, Request: r}, nil
}

// FuzzAnswers: for no answer of the platform does a reader panic nor takes a list that
// does not prove itself, nor repeats the answer in an error.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{`{"totalSize":"1","items":[{"domainId":"d-1","name":"a.demo.com","tlsMin":"TLS1.2","x":1}]}`, `{"domainId":"d-1","name":"a.demo.com","tlsCipherSuitesConfig":{"tlsCipherSuite":[{"name":1}]}}`,
		`{"totalSize":1,"items":[{"certIdentifier":"1-a","certName":"n","sha2":"aa","sans":["x"]}],"gatewayId":"gw-1","loadBalancers":[{"address":"a","ipv4Addresses":null}]}`,
		`{"totalSize":1,"items":[{"name":"a","versionedHttpApis":[{"httpApiId":"h","environments":[{"customDomains":[{"domainId":"d-1"}]}]}],"routeId":"r","gatewayStatus":{"g":"x"},"domainId":"d-1","gatewayId":"gw-1","certIdentifier":"1"}]}`,
		`null`, `[]`, `{"items":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		body := append(append([]byte(`{"requestId":"R","code":"Ok","CertIdentifier":"1-a","data":`), data...), '}')
		transport, err := api.NewTransport(api.Config{Credential: apitest.Credential(t), Rate: -1, Tries: 1, RoundTripper: answering(body)})
		if err != nil {
			t.Fatal(err)
		}
		r := client.NewReader(transport, 1)
		b := of("a.demo.com")
		b.Certificate = &binding.Certificate{Name: "n", CASID: "1-a"}
		ctx := apitest.Soon(t)
		var errs []error
		_, err = r.Gateway(ctx, b)
		errs = append(errs, err)
		records, err := r.Records(ctx, b)
		errs = append(errs, err)
		_, err = r.Serving(ctx, region, "d-1")
		errs = append(errs, err)
		_, err = r.Store(ctx, b, leafOf3, "1-a")
		errs = append(errs, err)
		_, err = r.State(ctx, b, true)
		errs = append(errs, err)
		if err == nil && records.Complete && records.Domain != nil && !evidence.SameName(records.Domain.Name, "a.demo.com") {
			t.Errorf("got the record of %q", records.Domain.Name)
		}
		for _, err := range errs {
			if err != nil && len(err.Error()) > 2048 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		}
	})
}
