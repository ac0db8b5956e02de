package sandbox

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/tea"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

func writeFile(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCertificateLife(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	leaf := c.issue("up.demo.com")
	digest := ca.PublicKeyDigest(string(leaf.Key))
	up, err := c.form("UploadUserCertificate", object{"Name": "up", "Cert": string(leaf.Chain), "Key": string(leaf.Key)})
	if err != nil || up["ResourceId"] == nil {
		t.Fatalf("got %v, %v", up, err)
	}
	id := up["CertId"].(json.Number).String()
	if call := c.Calls()[0]; call.Product != "cas" || !c.ReceivedKey(digest) || call.ChainDigest != ca.ChainDigest(string(leaf.Chain)) || slices.Contains(call.InURL, "Key") || !call.Committed {
		t.Errorf("recorded %+v", call)
	}
	filtered, err := c.form("GetUserCertificateDetail", object{"CertId": id, "CertFilter": "true"})
	if err != nil || filtered["Cert"] != nil || filtered["Key"] != nil || filtered["CertIdentifier"] != id+"-cn-hangzhou" || filtered["Sans"] != "up.demo.com" {
		t.Errorf("got %v, %v", filtered, err)
	}
	whole, err := c.form("GetUserCertificateDetail", object{"CertId": id})
	if err != nil || whole["Cert"] != string(leaf.Chain) || whole["Key"] != string(leaf.Key) {
		t.Errorf("the platform answers with the key; this did not (%v)", err)
	}
	detail, err := c.form("GetCertificateDetail", object{"CertificateId": id})
	if err != nil || detail["ExistPrivateKey"] != true || detail["CertificateStatus"] != "ISSUED" || strings.Contains(fmt.Sprint(detail), "BEGIN") || len(detail["CertificateChainList"].([]any)) != 1 {
		t.Errorf("got %v, %v", detail, err)
	}
	list, err := c.form("ListUserCertificateOrder", object{"OrderType": "CERT", "Keyword": "UP.demo"})
	if err != nil || list["TotalCount"] != json.Number("1") || list["CertificateOrderList"].([]any)[0].(object)["Sha2"] != filtered["Sha2"] {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := c.form("DeleteUserCertificate", object{"CertId": id}); err != nil {
		t.Error(err)
	}
	_, err = c.form("GetUserCertificateDetail", object{"CertId": id, "CertFilter": "true"})
	wantCode(t, "a deleted certificate", err, "NotFound", 404)
	if detail, _ := c.form("GetCertificateDetail", object{"CertificateId": "102"}); detail["ExistPrivateKey"] != false {
		t.Errorf("a certificate without a key: got %v", detail)
	}
	if detail, _ := c.form("GetCertificateDetail", object{"CertificateId": "100"}); len(detail["UsingProductList"].([]any)) != 1 {
		t.Errorf("a certificate in use: got %v", detail)
	}
}

func TestUploadsAreRefused(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	for want, body := range map[string]object{
		"MissingParameter":   {"Name": "n", "Cert": string(c.leaf.Chain)},
		"InvalidParameter":   {"Name": strings.Repeat("n", 65), "Cert": string(c.leaf.Chain), "Key": string(c.leaf.Key)},
		"NameRepeat":         {"Name": "api", "Cert": string(c.leaf.Chain), "Key": string(c.leaf.Key)},
		"InvalidCertificate": {"Name": "n", "Cert": string(c.leaf.Chain), "Key": string(c.other.Key)},
	} {
		_, err := c.form("UploadUserCertificate", body)
		wantCode(t, want, err, want, 400)
	}
	_, err := c.form("UploadUserCertificate", object{"Name": "n", "Colour": "red"})
	wantCode(t, "an unknown parameter", err, "InvalidParameter", 400)
	if n := len(c.Certificates()); n != 3 {
		t.Errorf("got %d certificates", n)
	}
}

// TestValidAndExpired shows that an empty Status lists the valid certificates.
func TestValidAndExpired(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	old, err := c.root.Issue(ca.Options{Names: []string{"old.demo.com"}, NotBefore: time.Now().AddDate(0, -6, 0), NotAfter: time.Now().AddDate(0, -1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.form("UploadUserCertificate", object{"Name": "old", "Cert": string(old.Chain), "Key": string(old.Key)}); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[string]string{"": "3", "EXPIRED": "1"} {
		list, err := c.form("ListUserCertificateOrder", object{"OrderType": "UPLOAD", "Status": status})
		if err != nil || list["TotalCount"] != json.Number(want) {
			t.Errorf("%q: got %v, %v", status, list, err)
		}
	}
}

// TestChainIsComplete compares the chain with the roots of the sandbox, and without
// them link by link.
func TestChainIsComplete(t *testing.T) {
	t.Parallel()
	plain := startCloud(t)
	between, err := plain.root.Intermediate(ca.Options{})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := between.Issue(ca.Options{Names: []string{"i.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/roots.pem"
	writeFile(t, path, plain.root.Root())
	rooted := startCloud(t, func(o *Options) { o.Roots = path })
	for name, body := range map[string]string{"whole": string(leaf.Chain), "leaf": string(leaf.Cert)} {
		if _, err := rooted.form("UploadUserCertificate", object{"Name": name, "Cert": body, "Key": string(leaf.Key)}); err != nil {
			t.Fatal(err)
		}
		list := items(rooted.must("ListSslCerts", "GET", "/v1/ssl/certs", map[string]string{"certNameLike": name}, nil))
		if got := list[0]["isChainCompleted"]; got != (name == "whole") {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestStoreInBothSchemes signs by V1 too, and reads XML.
func TestStoreInBothSchemes(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	for mode, client := range modes(t, c.Sandbox) {
		c.client = client
		if detail, err := c.form("GetCertificateDetail", object{"CertificateId": "100"}); err != nil || detail["CertificateName"] != "api" {
			t.Errorf("%s: got %v, %v", mode, detail, err)
		}
	}
	c.client = client(t, c.Sandbox, acceptXML)
	result, err := c.client.CallApi(&openapiutil.Params{
		Action: tea.String("GetUserCertificateDetail"), Version: tea.String("2020-04-07"), Protocol: tea.String("HTTP"), Pathname: tea.String("/"),
		Method: tea.String("POST"), AuthType: tea.String("AK"), Style: tea.String("RPC"), ReqBodyType: tea.String("formData"), BodyType: tea.String("string"),
	}, &openapiutil.OpenApiRequest{Body: object{"CertId": "100", "CertFilter": "true"}}, runtimeOptions())
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		XMLName xml.Name `xml:"GetUserCertificateDetailResponse"`
		Name    string
		Key     string
		Chain   []struct{ CommonName string } `xml:"CertChain>CertChain"`
	}
	if err := xml.Unmarshal([]byte(result["body"].(string)), &answer); err != nil || answer.Name != "api" || answer.Key != "" || len(answer.Chain) != 1 {
		t.Errorf("got %+v, %v", answer, err)
	}
}
