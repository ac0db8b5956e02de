package client_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/classic/client"
)

const region, groupID = "cn-hangzhou", "927d50c0f2e54b359919923d908bb015"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// groupJSON and groupXML are one group in both formats.
const groupJSON = `{"RequestId":"R","GroupId":"927d50c0f2e54b359919923d908bb015","GroupName":"payments","RegionId":"cn-hangzhou",
"InstanceId":"shared-1","InstanceType":"VPC_SHARED","BasePath":"/","SubDomain":"s.alicloudapi.com","VpcDomain":"s-vpc.alicloudapi.com",
"VpcSlbIntranetDomain":"s-intranet.alicloudapi.com","HttpsPolicy":"HTTPS2_TLS1_2","Status":"NORMAL","BillingStatus":"NORMAL","IllegalStatus":"LOCKED",
"StageItems":{"StageInfo":[{"StageId":"1","StageName":"RELEASE","Description":"x"}]},
"CustomDomains":{"DomainItem":[{"DomainName":"api.demo.com","DomainBindingStatus":"BINDING","DomainCNAMEStatus":"RESOLVED","DomainLegalStatus":"NORMAL",
"DomainRemark":"r","CustomDomainType":"INTERNET","BindStageName":"RELEASE","BindStageAlias":"rel","IsHttpRedirectToHttps":true,
"CertificateId":"c1","CertificateName":"api_demo","CertificateValidStart":1700000000000,"CertificateValidEnd":1800000000000}]}}`

const groupXML = `<?xml version="1.0" encoding="UTF-8"?><DescribeApiGroupResponse><RequestId>R</RequestId>
<GroupId>927d50c0f2e54b359919923d908bb015</GroupId><GroupName>payments</GroupName><RegionId>cn-hangzhou</RegionId>
<InstanceId>shared-1</InstanceId><InstanceType>VPC_SHARED</InstanceType><BasePath>/</BasePath><SubDomain>s.alicloudapi.com</SubDomain>
<VpcDomain>s-vpc.alicloudapi.com</VpcDomain><VpcSlbIntranetDomain>s-intranet.alicloudapi.com</VpcSlbIntranetDomain>
<HttpsPolicy>HTTPS2_TLS1_2</HttpsPolicy><Status>NORMAL</Status><BillingStatus>NORMAL</BillingStatus><IllegalStatus>LOCKED</IllegalStatus>
<StageItems><StageInfo><StageId>1</StageId><StageName>RELEASE</StageName></StageInfo></StageItems>
<CustomDomains><DomainItem><DomainName>api.demo.com</DomainName><DomainBindingStatus>BINDING</DomainBindingStatus>
<DomainCNAMEStatus>RESOLVED</DomainCNAMEStatus><DomainLegalStatus>NORMAL</DomainLegalStatus><DomainRemark>r</DomainRemark>
<CustomDomainType>INTERNET</CustomDomainType><BindStageName>RELEASE</BindStageName><BindStageAlias>rel</BindStageAlias>
<IsHttpRedirectToHttps>true</IsHttpRedirectToHttps><CertificateId>c1</CertificateId><CertificateName>api_demo</CertificateName>
<CertificateValidStart>1700000000000</CertificateValidStart><CertificateValidEnd>1800000000000</CertificateValidEnd>
</DomainItem></CustomDomains></DescribeApiGroupResponse>`

func TestGroupInBothFormats(t *testing.T) {
	want := evidence.Group{
		Found: true, GroupID: groupID, GroupName: "payments", RegionID: region, InstanceID: "shared-1",
		InstanceType: "VPC_SHARED", BasePath: "/", SubDomain: "s.alicloudapi.com", VpcDomain: "s-vpc.alicloudapi.com",
		VpcSlbIntranetDomain: "s-intranet.alicloudapi.com", HTTPSPolicy: "HTTPS2_TLS1_2",
		Status: "NORMAL", BillingStatus: "NORMAL", IllegalStatus: "LOCKED",
		Stages: []evidence.Stage{{StageID: "1", StageName: "RELEASE"}},
		Domains: []evidence.Domain{{
			DomainName: "api.demo.com", DomainBindingStatus: "BINDING", DomainCNAMEStatus: "RESOLVED",
			DomainLegalStatus: "NORMAL", DomainRemark: "r", CustomDomainType: "INTERNET", BindStageName: "RELEASE",
			BindStageAlias: "rel", IsHTTPRedirectToHTTPS: true, CertificateID: "c1", CertificateName: "api_demo",
			CertificateValidStart: 1700000000000, CertificateValidEnd: 1800000000000,
		}},
	}
	for kind, body := range map[string]string{"application/json": groupJSON, "text/xml; charset=UTF-8": groupXML} {
		e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroup": {{Type: kind, Body: body}}})
		got, err := client.NewReader(e.Transport()).Group(apitest.Soon(t), region, groupID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

func TestUnknownFieldsOfARecordAreNoted(t *testing.T) {
	const fields = `"wssEnable": true, "SslVerifyDepth": 0, "Empty": "", "domainwebsocketstatus": "NORMAL", "NewSetting": "on"`
	const elements = "<wssEnable>true</wssEnable><SslVerifyDepth>0</SslVerifyDepth><Empty/><DomainWebSocketStatus>NORMAL</DomainWebSocketStatus><NewSetting>on</NewSetting>"
	for kind, body := range map[string]string{
		"application/json":        strings.Replace(groupJSON, `"DomainItem":[{`, `"DomainItem":[{`+fields+",", 1),
		"text/xml; charset=UTF-8": strings.Replace(groupXML, "<DomainItem>", "<DomainItem>"+elements, 1),
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroup": {{Type: kind, Body: body}}})
		got, err := client.NewReader(e.Transport()).Group(apitest.Soon(t), region, groupID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"NewSetting", "wssEnable"}, got.Domains[0].UnknownFields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

func TestGroupIsAskedOnceAndNowAlways(t *testing.T) {
	e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroup": {{Body: groupJSON}}})
	r := client.NewReader(e.Transport())
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if g, err := r.Group(apitest.Soon(t), region, groupID); err != nil || !g.Found {
				t.Error(g, err)
			}
		})
	}
	wg.Wait()
	if n := len(e.Calls()); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	for range 2 {
		if _, err := r.GroupNow(apitest.Soon(t), region, groupID); err != nil {
			t.Error(err)
		}
	}
	if n := len(e.Calls()); n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
}

func TestGroupNotFoundIsAFact(t *testing.T) {
	for _, code := range []string{"NotFoundApiGroup", "InvalidGroupId.NotFound"} {
		e := apitest.New(t, map[string][]apitest.Answer{
			"DescribeApiGroup": {{Status: 404, Body: apitest.Refusal(code, "no such group")}}})
		g, err := client.NewReader(e.Transport()).Group(apitest.Soon(t), region, groupID)
		if err != nil || g.Found {
			t.Errorf("%s: got %+v, %v", code, g, err)
		}
	}
}

func TestGroupThatIsNotTheOneAskedFor(t *testing.T) {
	for _, body := range []string{`{"RequestId":"R","GroupId":"other"}`, `{"RequestId":"R"}`, `{}`} {
		e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroup": {{Body: body}}})
		if g, err := client.NewReader(e.Transport()).Group(apitest.Soon(t), region, groupID); err == nil {
			t.Errorf("%s: got %+v without an error", body, g)
		}
	}
}

// page is an answer with n groups whose numbers begin at first.
func page(total, first, n int) apitest.Answer {
	var items []any
	for i := first; i < first+n; i++ {
		items = append(items, map[string]any{"GroupId": fmt.Sprintf("%032x", i), "RegionId": region})
	}
	return apitest.OK(map[string]any{"TotalCount": total, "ApiGroupAttributes": map[string]any{"ApiGroupAttribute": items}})
}

func TestGroupsPages(t *testing.T) {
	for name, tc := range map[string]struct {
		pages        []apitest.Answer
		groups, asks int
		err          string
	}{
		"none":                           {pages: []apitest.Answer{page(0, 0, 0)}, asks: 1},
		"one page":                       {pages: []apitest.Answer{page(2, 0, 2)}, groups: 2, asks: 1},
		"full pages":                     {pages: []apitest.Answer{page(100, 0, 50), page(100, 50, 50), page(100, 100, 0)}, groups: 100, asks: 3},
		"smaller pages than asked for":   {pages: []apitest.Answer{page(25, 0, 10), page(25, 10, 10), page(25, 20, 5)}, groups: 25, asks: 3},
		"a count that admits too few":    {pages: []apitest.Answer{page(1, 0, 50)}, asks: 1, err: "hold 50 groups, the gateway counts 1"},
		"a negative count":               {pages: []apitest.Answer{page(-5, 0, 0)}, asks: 1, err: "counts -5 groups"},
		"a count that grows":             {pages: []apitest.Answer{page(100, 0, 50), page(101, 50, 50)}, asks: 2, err: "counted 100 groups on one page and 101"},
		"a count that shrinks":           {pages: []apitest.Answer{page(60, 0, 50), page(50, 50, 10)}, asks: 2, err: "counted 60 groups on one page and 50"},
		"none, and groups all the same":  {pages: []apitest.Answer{page(0, 0, 3)}, asks: 1, err: "hold 3 groups, the gateway counts 0"},
		"a count that promises too many": {pages: []apitest.Answer{page(9, 0, 3), page(9, 3, 0)}, asks: 2, err: "hold 3 groups, the gateway counts 9"},
		"the same page for ever":         {pages: []apitest.Answer{page(500, 0, 50)}, asks: 2, err: "hold 50 groups"},
		"more than are read":             {pages: []apitest.Answer{page(10_001, 0, 50)}, asks: 1, err: "too long: the gateway counts 10001 groups"},
		"no count":                       {pages: []apitest.Answer{apitest.OK(nil)}, asks: 1, err: "no TotalCount"},
	} {
		t.Run(name, func(t *testing.T) {
			e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroups": tc.pages})
			got, err := client.NewReader(e.Transport()).Groups(apitest.Soon(t), region)
			if len(got) != tc.groups || (err != nil) != (tc.err != "") || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("got %d groups and %v, want %d and %q", len(got), err, tc.groups, tc.err)
			}
			if calls := e.Calls(); len(calls) != tc.asks || calls[0].Query.Get("PageSize") != "50" {
				t.Errorf("asked %d times, want %d", len(calls), tc.asks)
			}
		})
	}
}

func TestGroupsWithoutLeave(t *testing.T) {
	e := apitest.New(t, map[string][]apitest.Answer{
		"DescribeApiGroups": {{Status: 403, Body: apitest.Refusal("Forbidden.RAM", "no")}}})
	r := client.NewReader(e.Transport())
	for range 2 {
		_, err := r.Groups(apitest.Soon(t), region)
		var refused *api.Error
		if !errors.As(err, &refused) || refused.Kind != api.NoPermission ||
			!strings.Contains(err.Error(), "apigateway:DescribeApiGroups on acs:apigateway:cn-hangzhou:*:apigroup/*") {
			t.Errorf("got %v", err)
		}
	}
	if n := len(e.Calls()); n != 1 {
		t.Errorf("asked %d times, want once: an error is kept too", n)
	}
	if _, err := r.GroupsNow(apitest.Soon(t), region); err == nil || len(e.Calls()) != 2 {
		t.Errorf("asked now: got %v after %d calls, want the refusal after 2", err, len(e.Calls()))
	}
}

// Served reports client certificates in every form that an answer may have, and not if it
// has none.
func TestServedShowsClientCertificates(t *testing.T) {
	const ca = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"
	for name, c := range map[string]struct {
		body string
		want *evidence.ClientCertificates
	}{
		"none":    {`"SslVerifyDepth": 0, "SslOcspEnable": false, "CaCertificateBody": ""`, nil},
		"quoted":  {`"SslVerifyDepth": "2", "ClientCertSDnPassThrough": "true"`, &evidence.ClientCertificates{VerifyDepth: 2, PassSubjectDN: true}},
		"a CA":    {`"CaCertificateBody": "` + strings.ReplaceAll(ca, "\n", `\n`) + `", "SslOcspEnable": true, "SslOcspCacheEnable": true`, &evidence.ClientCertificates{CADigest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(ca))), OCSP: true, OCSPCache: true}},
		"not PEM": {`"CaCertificateBody": "x"`, &evidence.ClientCertificates{CADigest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("x")))}},
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"DescribeDomain": {{Body: `{"RequestId": "r", "DomainName": "api.demo.com", ` + c.body + `}`}}})
		got, err := client.NewReader(e.Transport()).Served(apitest.Soon(t), region, groupID, "api.demo.com")
		if diff := cmp.Diff(c.want, got.ClientCertificates); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestServedKeepsNoKey(t *testing.T) {
	const chain = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"
	e := apitest.New(t, map[string][]apitest.Answer{"DescribeDomain": {apitest.OK(map[string]any{
		"DomainName": "API.demo.com", "CertificateName": "api_demo", "CertificateBody": "\ufefftext\r\n" + strings.ReplaceAll(chain, "\n", "\r\n"),
		"CertificatePrivateKey": "-----BEGIN PRIVATE KEY-----\nS0VZ\n-----END PRIVATE KEY-----\n"})}})
	r := client.NewReader(e.Transport())
	got, err := r.Served(apitest.Soon(t), region, groupID, "api.demo.com")
	want := evidence.Served{CertificateName: "api_demo",
		ChainDigest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(chain))), Leaf: chain}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if s := fmt.Sprintf("%#v", r); strings.Contains(s, "S0VZ") {
		t.Error("the reader holds the private key")
	}
}

// A missing domain is a fact; any other refusal, and an answer about another domain, is an error.
func TestServedThatIsNotTheOneAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		answer apitest.Answer
		want   string // part of the error; empty: none
	}{
		"no such domain": {apitest.Answer{Status: 404, Body: apitest.Refusal("NotFoundDomain", "m")}, ""},
		"no permission":  {apitest.Answer{Status: 403, Body: apitest.Refusal("NoPermission", "m")}, "reading the certificate that is served: DescribeDomain: no permission"},
		"rejected":       {apitest.Answer{Status: 400, Body: apitest.Refusal("InvalidParameter", "m")}, "reading the certificate that is served: DescribeDomain: refused"},
		"another domain": {apitest.OK(map[string]any{"DomainName": "www.demo.com", "CertificateName": "c"}), `asked about "api.demo.com", the gateway answered about "www.demo.com"`},
		"no domain":      {apitest.OK(map[string]any{"CertificateName": "c"}), `the gateway answered about ""`},
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"DescribeDomain": {c.answer}})
		got, err := client.NewReader(e.Transport()).Served(apitest.Soon(t), region, groupID, "api.demo.com")
		if got != (evidence.Served{}) || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %+v, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestAGroupWithoutAnIDIsNoListing(t *testing.T) {
	items := []any{map[string]any{"GroupName": "payments"}}
	e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroups": {
		apitest.OK(map[string]any{"TotalCount": 1, "ApiGroupAttributes": map[string]any{"ApiGroupAttribute": items}})}})
	got, err := client.NewReader(e.Transport()).Groups(apitest.Soon(t), region)
	if err == nil || !strings.Contains(err.Error(), "lists a group without an id") {
		t.Errorf("got %+v, %v", got, err)
	}
}
