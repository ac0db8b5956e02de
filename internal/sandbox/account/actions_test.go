package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// everywhere resolves every name to one target.
type everywhere string

func (target everywhere) Lookup(name string, _ uint16) ([]dns.RR, int) {
	header := dns.RR_Header{Name: dns.Fqdn(name), Rrtype: dns.TypeCNAME, Class: dns.ClassINET}
	return []dns.RR{&dns.CNAME{Hdr: header, Target: string(target)}}, dns.RcodeSuccess
}

// bound is an account whose group g has api.demo.com with a certificate.
func bound(t *testing.T) (*Account, ca.Leaf) {
	t.Helper()
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Issue(ca.Options{Names: []string{"api.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Seed{Groups: []Group{{GroupID: "g", GroupName: "payments", SubDomain: "g.alicloudapi.com", Domains: []Domain{{
		DomainName: "api.demo.com", CertificateID: "id-1", DomainLegalStatus: "ABNORMAL", DomainRemark: "no ICP filing",
		Certificate: &Certificate{Name: "name", Body: string(leaf.Chain), PrivateKey: string(leaf.Key)},
	}}}}}.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return New(s.Groups, everywhere("g.alicloudapi.com.")), leaf
}

// do makes one call; params alternates names and values.
func do(t *testing.T, acc *Account, name string, params ...string) (map[string]any, string) {
	t.Helper()
	action, known := FindAction(name)
	if !known {
		t.Fatalf("there is no action %s", name)
	}
	r := Request{ID: "R", Params: map[string]string{}}
	for i := 0; i < len(params); i += 2 {
		r.Params[params[i]] = params[i+1]
	}
	answer, err := action.Do(acc, r)
	if err != nil {
		var refusal *Error
		if !errors.As(err, &refusal) {
			t.Fatalf("got %v, want an *Error", err)
		}
		return nil, refusal.Code
	}
	data, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil || fields["RequestId"] != "R" {
		t.Fatalf("got %s, %v", data, err)
	}
	return fields, ""
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ action, params, want string }{
		{"SetDomain", "", "MissingGroupId"},
		{"SetDomain", "GroupId=g", "MissingDomainName"},
		{"SetDomain", "GroupId=g DomainName=api.demo.com IsForce=yes", "InvalidIsForce"},
		{"SetDomain", "GroupId=g DomainName=api.demo.com IsHttpRedirectToHttps=TRUE", "InvalidIsHttpRedirectToHttps"},
		{"SetDomain", "GroupId=g DomainName=api_demo.com", "InvalidDomainName"},
		{"SetDomain", "GroupId=g DomainName=api.demo.com RegionId=cn-beijing", "NotFoundApiGroup"},
		{"SetDomainCertificate", "GroupId=g DomainName=api.demo.com", "MissingCertificateName"},
		{"SetDomainCertificate", "GroupId=g DomainName=www.demo.com CertificateName=name", "NotFoundDomain"},
		{"SetDomainCertificate", "GroupId=g DomainName=api.demo.com CertificateName=other", "DomainCertificateNotFound"},
		{"SetDomainCertificate", "GroupId=g DomainName=api.demo.com CertificateName=name CertificateBody=x", "MissingCertificatePrivateKey"},
		{"SetDomainCertificate", "GroupId=g DomainName=api.demo.com CertificateName=name SslVerifyDepth=deep", "InvalidSslVerifyDepth"},
		{"SetDomainCertificate", "GroupId=g DomainName=api.demo.com CertificateName=name SslOcspEnable=1", "InvalidSslOcspEnable"},
		{"SetDomainCertificate", "GroupId=g DomainName=api.demo.com CertificateName=name CaCertificateBody=x", "InvalidCaCertificateBody"},
		{"DescribeApiGroup", "", "MissingGroupId"},
		{"DescribeApiGroup", "GroupId=none", "NotFoundApiGroup"},
		{"DescribeApiGroups", "PageSize=51", "InvalidPageSize"},
		{"DescribeApiGroups", "PageNumber=0", "InvalidPageNumber"},
		{"DescribeDomain", "GroupId=g DomainName=www.demo.com", "NotFoundDomain"},
		{"DeleteDomain", "GroupId=none DomainName=api.demo.com", "NotFoundApiGroup"},
		{"DeleteDomainCertificate", "GroupId=g DomainName=api.demo.com", "MissingCertificateId"},
		{"DeleteDomainCertificate", "GroupId=none DomainName=api.demo.com CertificateId=id-1", "InvalidGroupId.NotFound"},
		{"ReactivateDomain", "GroupId=g", "MissingDomainName"},
		{"SetDomainWebSocketStatus", "GroupId=g DomainName=api.demo.com", "MissingActionValue"},
		{"SetDomainWebSocketStatus", "GroupId=g DomainName=api.demo.com ActionValue=ON", "InvalidActionValue"},
	} {
		acc, _ := bound(t)
		var params []string
		for _, pair := range strings.Fields(c.params) {
			name, value, _ := strings.Cut(pair, "=")
			params = append(params, name, value)
		}
		if _, got := do(t, acc, c.action, params...); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.action, c.params, got, c.want)
		}
	}
}

func TestDescribeApiGroup(t *testing.T) {
	acc, leaf := bound(t)
	got, _ := do(t, acc, "DescribeApiGroup", "GroupId", "g")
	item := got["CustomDomains"].(map[string]any)["DomainItem"].([]any)[0].(map[string]any)
	if got["GroupId"] != "g" || got["HttpsPolicy"] != "HTTPS2_TLS1_2" || len(got["StageItems"].(map[string]any)["StageInfo"].([]any)) != 3 {
		t.Errorf("got %v", got)
	}
	if item["DomainName"] != "api.demo.com" || item["DomainBindingStatus"] != "BINDING" || item["BindStageName"] != "" ||
		item["CertificateValidEnd"] != float64(leaf.Certificate.NotAfter.UnixMilli()) || item["DomainRemark"] != "no ICP filing" {
		t.Errorf("got %v", item)
	}
}

func TestDescribeApiGroupsPages(t *testing.T) {
	var groups []Group
	for i := range 23 {
		groups = append(groups, Group{GroupID: strconv.Itoa(i), GroupName: fmt.Sprint("group ", i)})
	}
	groups[7].RegionID = "cn-beijing"
	s, err := Seed{Groups: groups}.Complete()
	if err != nil {
		t.Fatal(err)
	}
	acc := New(s.Groups, everywhere("."))
	for _, c := range []struct {
		params      []string
		total, page int
	}{
		{nil, 23, 10},
		{[]string{"PageNumber", "3"}, 23, 3},
		{[]string{"PageNumber", "4"}, 23, 0},
		{[]string{"PageSize", "50"}, 23, 23},
		{[]string{"GroupName", "group 1"}, 11, 10},
		{[]string{"RegionId", "cn-beijing"}, 1, 1},
		{[]string{"GroupId", "5"}, 1, 1},
		{[]string{"BasePath", "/v2"}, 0, 0},
		{[]string{"PageNumber", "2147483647", "PageSize", "50"}, 23, 0},
	} {
		got, _ := do(t, acc, "DescribeApiGroups", c.params...)
		page := got["ApiGroupAttributes"].(map[string]any)["ApiGroupAttribute"].([]any)
		if got["TotalCount"] != float64(c.total) || len(page) != c.page {
			t.Errorf("%v: got %v groups of %v, want %d of %d", c.params, len(page), got["TotalCount"], c.page, c.total)
		}
	}
}

func TestDeletingTwiceSucceeds(t *testing.T) {
	acc, _ := bound(t)
	where := []string{"GroupId", "g", "DomainName", "api.demo.com"}
	for _, id := range []string{"another", "id-1", "id-1"} {
		if _, code := do(t, acc, "DeleteDomainCertificate", append(where, "CertificateId", id)...); code != "" {
			t.Errorf("certificate %s: got %s", id, code)
		}
		if got, _ := do(t, acc, "DescribeDomain", where...); (got["CertificateId"] == nil) != (id == "id-1") {
			t.Errorf("after %s: got %v", id, got["CertificateId"])
		}
	}
	for range 2 {
		if _, code := do(t, acc, "DeleteDomain", where...); code != "" {
			t.Errorf("domain: got %s", code)
		}
	}
	if n := len(acc.State()[0].Domains); n != 0 {
		t.Errorf("got %d domains", n)
	}
}

func TestReactivateAndWebSocket(t *testing.T) {
	acc, _ := bound(t)
	where := []string{"GroupId", "g", "DomainName", "api.demo.com"}
	do(t, acc, "ReactivateDomain", where...)
	do(t, acc, "SetDomainWebSocketStatus", append(where, "ActionValue", "CLOSE")...)
	got, _ := do(t, acc, "DescribeDomain", where...)
	if got["DomainLegalStatus"] != "NORMAL" || got["DomainRemark"] != "" || got["DomainWebSocketStatus"] != "ABNORMAL" {
		t.Errorf("got %v", got)
	}
	do(t, acc, "SetDomainWebSocketStatus", append(where, "ActionValue", "OPEN")...)
	if got, _ := do(t, acc, "DescribeDomain", where...); got["DomainWebSocketStatus"] != "NORMAL" {
		t.Errorf("got %v", got)
	}
}

func TestMutualTLSSettings(t *testing.T) {
	acc, leaf := bound(t)
	where := []string{"GroupId", "g", "DomainName", "api.demo.com"}
	_, code := do(t, acc, "SetDomainCertificate", append(where, "CertificateName", "name", "CaCertificateBody", string(leaf.Cert),
		"SslVerifyDepth", "2", "ClientCertSDnPassThrough", "true")...)
	got, _ := do(t, acc, "DescribeDomain", where...)
	if code != "" || got["SslVerifyDepth"] != 2.0 || got["ClientCertSDnPassThrough"] != true || got["CertificateId"] != "id-1" {
		t.Errorf("got %s, depth %v, pass-through %v, id %v", code, got["SslVerifyDepth"], got["ClientCertSDnPassThrough"], got["CertificateId"])
	}
}

func TestStatus(t *testing.T) {
	for code, want := range map[string]int{
		"MissingGroupId": 400, "DomainNotResolved": 400, "Throttling.User": 400, "SignatureDoesNotMatch": 400,
		"InvalidAccessKeyId.NotFound": 404, "InvalidApi.NotFound": 404, "NotFoundApiGroup": 404, "NoPermission": 403,
		"ForbiddenRegion": 403, "ServiceUnavailable": 503, "InternalError": 500,
	} {
		if got := Refuse(code, "").Status(); got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
	if got, want := missing("GroupId").Error(), "MissingGroupId: The parameter GroupId is required."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
