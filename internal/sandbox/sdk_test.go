package sandbox

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/tea"
)

// modes returns the ways in which the official core can sign and send.
func modes(t *testing.T, s *Sandbox) map[string]*openapi.Client {
	return map[string]*openapi.Client{"V3": client(t, s), "V1": client(t, s, v1)}
}

func TestOfficialClient(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"V3", "V1"} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(mode+" "+method, func(t *testing.T) {
				s := start(t)
				c := modes(t, s)[mode]
				query := bind()
				query["BindStageName"] = "" // an empty value is part of the signature
				result, err := call(c, "SetDomain", method, "json", query)
				if err != nil {
					t.Fatal(err)
				}
				body := result["body"].(map[string]any)
				if body["DomainBindingStatus"] != "BINDING" || body["GroupId"] != payments || body["RequestId"] == "" {
					t.Errorf("got %v", body)
				}
				got := s.Calls()
				if len(got) != 1 || got[0].Action != "SetDomain" || !got[0].Committed || got[0].Code != "OK" {
					t.Fatalf("got %+v", got)
				}
				if stage, sent := got[0].Params["BindStageName"]; !sent || stage != "" || len(got[0].Params) != 3 {
					t.Errorf("got parameters %v, want the three of the call", got[0].Params)
				}
			})
		}
	}
}

func TestFormBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	for mode, c := range modes(t, s) {
		_, err := c.CallApi(
			&openapiutil.Params{
				Action: tea.String("SetDomain"), Version: tea.String("2016-07-14"), Protocol: tea.String("HTTP"), Pathname: tea.String("/"),
				Method: tea.String("POST"), AuthType: tea.String("AK"), Style: tea.String("RPC"),
				ReqBodyType: tea.String("formData"), BodyType: tea.String("json"),
			},
			&openapiutil.OpenApiRequest{Body: map[string]any{"GroupId": payments, "DomainName": "api.demo.com"}},
			runtimeOptions())
		if err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// acceptXML requests XML by header, formatXML by parameter.
func acceptXML(c *openapiutil.Config) {
	c.GlobalParameters = &openapiutil.GlobalParameters{Headers: map[string]*string{"accept": tea.String("application/xml")}}
}

func formatXML(c *openapiutil.Config) {
	c.GlobalParameters = &openapiutil.GlobalParameters{Queries: map[string]*string{"Format": tea.String("XML")}}
}

func TestXMLAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	for mode, c := range map[string]*openapi.Client{
		"V3 by header": client(t, s, acceptXML), "V3 by parameter": client(t, s, formatXML), "V1 by parameter": client(t, s, formatXML, v1),
	} {
		result, err := call(c, "DescribeApiGroup", "POST", "string", map[string]string{"GroupId": search})
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		var answer struct {
			XMLName   xml.Name `xml:"DescribeApiGroupResponse"`
			RequestID string   `xml:"RequestId"`
			GroupName string
			Domains   []struct{ DomainName, BindStageName string } `xml:"CustomDomains>DomainItem"`
			Stages    []struct{ StageName string }                 `xml:"StageItems>StageInfo"`
		}
		if err := xml.Unmarshal([]byte(result["body"].(string)), &answer); err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		if answer.RequestID == "" || answer.GroupName != "search" || len(answer.Stages) != 3 || len(answer.Domains) != 1 || answer.Domains[0].BindStageName != "RELEASE" {
			t.Errorf("%s: got %+v", mode, answer)
		}
	}
	if _, err := call(client(t, s, acceptXML), "DescribeApiGroup", "POST", "json", map[string]string{"GroupId": "none"}); code(err) != "NotFoundApiGroup" {
		t.Errorf("an error in XML: got %v", err)
	}
}

func TestErrorShape(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, err := call(client(t, s), "DescribeApiGroup", "GET", "json", map[string]string{"GroupId": "none"})
	var e *tea.SDKError
	if !errors.As(err, &e) || tea.IntValue(e.StatusCode) != 404 {
		t.Fatalf("got %T %v", err, err)
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(tea.StringValue(e.Data)), &data); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"RequestId", "HostId", "Code", "Message", "Recommend"} {
		if text, _ := data[field].(string); text == "" {
			t.Errorf("%s is missing in %v", field, data)
		}
	}
}

func TestCertificateArrives(t *testing.T) {
	t.Parallel()
	s := start(t)
	l := leaf(t, "api.demo.com")
	for mode, c := range modes(t, s) {
		if _, err := call(c, "SetDomain", "POST", "json", bind()); err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		_, err := call(c, "SetDomainCertificate", "POST", "json", map[string]string{"GroupId": payments, "DomainName": "api.demo.com",
			"CertificateName": "api_demo_com", "CertificateBody": string(l.Chain), "CertificatePrivateKey": string(l.Key)})
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		calls := s.Calls()
		last := calls[len(calls)-1]
		if last.ChainDigest == "" || !s.ReceivedKey(last.PublicKeyDigest) || s.ReceivedKey("") || len(last.Params) != 3 {
			t.Errorf("%s: got %v, digests %s, %s", mode, last.Params, last.ChainDigest, last.PublicKeyDigest)
		}
		result, err := call(c, "DescribeDomain", "POST", "json", map[string]string{"GroupId": payments, "DomainName": "api.demo.com"})
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		body := result["body"].(map[string]any)
		if body["CertificatePrivateKey"] != string(l.Key) || body["CertificateBody"] != string(l.Chain) {
			t.Errorf("%s: the platform answers with the key; this did not", mode)
		}
	}
	domain := s.State()[0].Domains[0]
	if domain.CertificateName != "api_demo_com" || domain.CertificateValidEnd != l.Certificate.NotAfter.UnixMilli() || domain.Certificate.PrivateKey != "" {
		t.Errorf("got %s until %d", domain.CertificateName, domain.CertificateValidEnd)
	}
}

func TestDefaultFormatIsXMLForV1(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, body := raw(t, s, "GET", signedV1(t, s, map[string]string{"Action": "DescribeApiGroups"}))
	if !strings.HasPrefix(body, "<?xml") || !strings.Contains(body, "<TotalCount>2</TotalCount>") {
		t.Errorf("got %s", body)
	}
	_, body = raw(t, s, "GET", "")
	if !strings.Contains(body, "<Error><RequestId>") || !strings.Contains(body, "<Code>MissingAccessKeyId</Code>") {
		t.Errorf("got %s", body)
	}
}
