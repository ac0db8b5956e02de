package sources

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/internal/manifest"
)

func TestCommand(t *testing.T) {
	for args, want := range map[string]map[string]any{
		"aliyun cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName api.demo.com": {"regionId": "cn-hangzhou", "groupId": "g", "domainName": "api.demo.com"},
		"/usr/bin/aliyun cloudapi SetDomain --RegionId=cn-hangzhou --GroupId=g --DomainName=api.demo.com --BindStageName= --CustomDomainType INTRANET --IsForce true --IsHttpRedirectToHttps=false --endpoint apigateway.cn-hangzhou.aliyuncs.com --force": {"regionId": "cn-hangzhou", "groupId": "g", "domainName": "api.demo.com", "bindStageName": "",
			"customDomainType": "INTRANET", "isForce": true, "isHttpRedirectToHttps": false},
	} {
		got, missing, err := Command(strings.Fields(args), Given{})
		if err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		if diff := cmp.Diff(want, got.Values); diff != "" {
			t.Errorf("%s: %s", args, diff)
		}
		if len(missing) != 1 { // the stage of the first, the groups of the second
			t.Errorf("%s: got %q missing, want one", args, missing)
		}
	}
}

// A manifest has neither credentials nor an address: where the command has its own, that is
// said.
func TestCommandCallsElsewhere(t *testing.T) {
	for args, want := range map[string]string{
		"cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName a.demo.com --BindStageName= -p prod":                                            "the account of its --profile; run",
		"cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName a.demo.com --BindStageName= --endpoint apigateway.cn-beijing.aliyuncs.com":      "its --endpoint is another; run",
		"cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName a.demo.com --BindStageName= --endpoint apigateway-vpc.cn-hangzhou.aliyuncs.com": "",
		"apig CreateDomain --region cn-hangzhou --mode EcsRamRole --body {\"name\":\"a.demo.com\",\"protocol\":\"HTTP\"}":                                 "the account of its --mode; run",
	} {
		given := Given{}
		if strings.HasPrefix(args, "apig") {
			given.Gateway = "gw-1"
		}
		_, missing, err := Command(strings.Fields("aliyun "+args), given)
		if all := strings.Join(missing, "\n"); err != nil || (want == "") != (all == "") || !strings.Contains(all, want) {
			t.Errorf("%s: got %q, %v; want %q", args, all, err, want)
		}
	}
}

func TestCommandRefuses(t *testing.T) {
	const call = "aliyun cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName a.demo.com "
	for args, want := range map[string]string{
		"":                                      "got another command",
		"curl cloudapi SetDomain":               "got another command",
		"aliyun cloudapi DeleteDomain":          `"DeleteDomain"`,
		"aliyun ecs RunInstances":               `"ecs"`,
		call + "--Colour red":                   `the flag "--Colour"`,
		call + "red":                            `got "red"`,
		call + "--GroupId h":                    "--GroupId twice",
		call + "--BindStageName":                "has no value",
		call + "--BindStageName --force":        "has no value",
		call + "--force=yes":                    "takes no value",
		call + "--IsForce yes":                  "want true or false",
		call + "--RegionId cn-beijing":          "want one region",
		call + "--access-key-secret s3cret":     "rotate",
		call + "--sts-token=s3cret":             "rotate",
		call + "--CertificatePrivateKey=s3cret": "replace a private key",
		"aliyun cloudapi SetDomainCertificate --CertificatePrivateKey s3cret":         "replace a private key",
		"aliyun cloudapi SetDomain --region cn-hangzhou --DomainName a.demo.com":      "--GroupId is missing",
		"aliyun cloudapi SetDomain --GroupId g --DomainName a.demo.com --profile x":   "add --region",
		"aliyun cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName":     "has no value",
		call + "--Remark=-----BEGIN-PRIVATE-KEY-----s3cret-of-more-than-thirty-chars": "replace a private key",
	} {
		_, _, err := Command(strings.Fields(args), Given{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
}

func TestCommandOfAPIG(t *testing.T) {
	const body = `{"name":"api.demo.com","protocol":"HTTPS","forceHttps":true,"http2Option":"Open","tlsMin":"TLS1.2","tlsMax":"TLS 1.3","domainScope":"Dedicated","gatewayType":"API","resourceGroupId":"rg-1","certIdentifier":"1-cn-hangzhou","mTLSEnabled":false,"tlsCipherSuitesConfig":{"configType":"Custom","tlsCipherSuite":[{"name":"AES128-SHA","supportVersions":["TLS 1.2"]}]}}`
	whole := map[string]any{"domainName": "api.demo.com", "gatewayId": "gw-1", "regionId": "cn-hangzhou", "protocol": "HTTPS", "forceHttps": true, "http2Option": "Open",
		"tlsMin": "TLS 1.2", "tlsMax": "TLS 1.3", "domainScope": "Dedicated", "gatewayType": "API", "resourceGroupId": "rg-1",
		"tlsCipherSuitesConfig": map[string]any{"configType": "Custom", "tlsCipherSuite": []any{map[string]any{"name": "AES128-SHA", "supportVersions": []any{"TLS 1.2"}}}}}
	changed := map[string]any{"domainName": "api.demo.com", "gatewayId": "gw-1", "regionId": "cn-hangzhou", "tlsMin": "TLS 1.2"}
	for name, tc := range map[string]struct {
		args    []string
		domain  string
		want    map[string]any
		missing string
	}{
		"path":   {args: []string{"POST", "/v1/domains", "--region", "cn-hangzhou", "--header", "Content-Type=application/json;", "--body", body}, want: whole, missing: "certificate: clientCertificate:"},
		"action": {args: []string{"CreateDomain", "--region=cn-hangzhou", "--version", "2024-03-27", "--body=" + body}, want: whole, missing: "certificate: clientCertificate:"},
		"plugin": {args: []string{"create-domain", "--region", "cn-hangzhou", "--api-version", "2024-03-27", "--name", "api.demo.com", "--protocol", "HTTPS", "--force-https", "true", "--http2-option", "Open",
			"--tls-min", "TLS 1.2", "--tls-max", "TLS 1.3", "--domain-scope", "Dedicated", "--gateway-type", "API", "--resource-group-id", "rg-1", "--cert-identifier", "1-cn-hangzhou",
			"--tls-cipher-suites-config", `{"configType":"Custom","tlsCipherSuite":[{"name":"AES128-SHA","supportVersions":["TLS 1.2"]}]}`}, want: whole, missing: "certificate:"},
		"update by path":   {args: []string{"PUT", "/v1/domains/d-1", "--region", "cn-hangzhou", "--body", `{"tlsMin":"TLS 1.2"}`}, domain: "api.demo.com", want: changed, missing: "domainId:"},
		"update by action": {args: []string{"UpdateDomain", "--domainId", "d-1", "--region", "cn-hangzhou", "--body", `{"tlsMin":"TLS 1.2"}`}, domain: "api.demo.com", want: changed, missing: "domainId:"},
		"update by plugin": {args: []string{"update-domain", "--domain-id", "d-1", "--region", "cn-hangzhou", "--tls-min", "TLS 1.2"}, domain: "api.demo.com", want: changed, missing: "domainId:"},
		"client certificates": {args: []string{"PUT", "/v1/domains/d-1", "--region", "cn-hangzhou", "--body", `{"tlsMin":"TLS 1.2","mTLSEnabled":true,"caCertIdentifier":"2-cn-hangzhou"}`},
			domain: "api.demo.com", want: changed, missing: "domainId: clientCertificate:"},
	} {
		got, missing, err := Command(append([]string{"aliyun", "apig"}, tc.args...), Given{Gateway: "gw-1", Domain: tc.domain})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got.Values); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var keys []string
		for _, m := range missing {
			keys = append(keys, strings.Fields(m)[0])
		}
		if strings.Join(keys, " ") != tc.missing {
			t.Errorf("%s: got %q missing, want %s", name, missing, tc.missing)
		}
	}
}

func TestCommandOfAPIGRefuses(t *testing.T) {
	create := []string{"POST", "/v1/domains", "--region", "cn-hangzhou", "--body"}
	for want, args := range map[string][]string{
		`"DeleteDomain"`:            {"DeleteDomain", "--domainId", "d-1"},
		`DELETE`:                    {"DELETE", "/v1/domains/d-1"},
		`POST "/v1/routes"`:         {"POST", "/v1/routes", "--body", "{}"},
		`PUT "/v1/domains/d-1/x"`:   {"PUT", "/v1/domains/d-1/x", "--body", "{}"},
		"no path":                   {"POST"},
		"--body is missing":         {"POST", "/v1/domains", "--region", "cn-hangzhou"},
		"byte 1: it is not JSON":    append(create, "$(cat body.json)"),
		"no JSON object":            append(create, `["name"]`),
		`"name" is there twice`:     append(create, `{"name":"a.demo.com","name":"b.demo.com"}`),
		`the field "Name"`:          append(create, `{"Name":"a.demo.com"}`),
		`"tlsMin" is null`:          append(create, `{"name":"a.demo.com","tlsMin":null}`),
		"field name is missing":     append(create, `{"protocol":"HTTP"}`),
		"certIdentifier is no text": append(create, `{"name":"a.demo.com","certIdentifier":1}`),
		"neither true nor false":    append(create, `{"name":"a.demo.com","mTLSEnabled":"yes"}`),
		"text of a CA":              append(create, `{"name":"a.demo.com","clientCACert":"x"}`),
		"add --region":              {"POST", "/v1/domains", "--body", `{"name":"a.demo.com"}`},
		"argument 8":                append(create, `{"name":"a.demo.com","securityToken":"s3cret"}`),
		"argument 8 is":             append(create, `{"name":"a.demo.com","x":{"y":["-----BEGIN PRIVATE KEY-----\ns3cret\n"]}}`),
		"argument 3 announces":      {"--security_token=s3cret"},
		"argument 5 announces":      {"POST", "/v1/domains", "--AccessKeySecret", "s3cret"},
		"Content-Type":              {"POST", "/v1/domains", "--header", "Authorization=s3cret", "--body", `{"name":"a.demo.com"}`},
		`"--colour"`:                {"create-domain", "--colour", "red"},
		"want true or false":        {"create-domain", "--force-https", "maybe"},
		"--http2-option twice":      {"create-domain", "--http2-option", "Open", "--http2-option", "Close"},
		"--http-2-option twice":     {"create-domain", "--http2-option", "Open", "--http-2-option", "Close"},
		"want 2024-03-27":           {"create-domain", "--name", "a.demo.com", "--api-version", "2023-01-01"},
		"UpdateDomain does not":     {"update-domain", "--domain-id", "d-1", "--region", "cn-hangzhou", "--name", "a.demo.com"},
		"--domain-id is missing":    {"update-domain", "--region", "cn-hangzhou", "--tls-min", "TLS 1.2"},
		"add --domain":              {"update-domain", "--domain-id", "d-1", "--region", "cn-hangzhou", "--tls-min", "TLS 1.2"},
	} {
		_, _, err := Command(append([]string{"aliyun", "apig"}, args...), Given{Gateway: "gw-1"})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
	for want, given := range map[string]Given{"add --gateway": {}, "omit --domain": {Gateway: "gw-1", Domain: "b.demo.com"}} {
		if _, _, err := Command(append([]string{"aliyun", "apig"}, append(create, `{"name":"a.demo.com"}`)...), given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, _, err := Command(strings.Fields("aliyun cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName a.demo.com"), Given{Gateway: "gw-1"}); err == nil || !strings.Contains(err.Error(), "commands of apig") {
		t.Errorf("got %v", err)
	}
}

// FuzzCommand checks that no arguments make the reader panic, and that what it accepts
// names a domain, a region, and a group or a gateway.
func FuzzCommand(f *testing.F) {
	f.Add("aliyun\x00cloudapi\x00SetDomain\x00--region\x00cn-hangzhou\x00--GroupId\x00g\x00--DomainName=a.demo.com", "", "")
	f.Add("aliyun\x00apig\x00POST\x00/v1/domains\x00--region\x00cn-hangzhou\x00--body\x00{\"name\":\"a.demo.com\",\"tlsMin\":\"TLS 1.2\"}", "gw-1", "")
	f.Add("aliyun\x00apig\x00update-domain\x00--domain-id\x00d-1\x00--region\x00cn-hangzhou\x00--tls-min\x00TLS 1.2", "gw-1", "a.demo.com")
	f.Fuzz(func(t *testing.T, args, gateway, domain string) {
		entry, _, err := Command(strings.Split(args, "\x00"), Given{Gateway: gateway, Domain: domain})
		if err != nil {
			return
		}
		for _, key := range []string{"domainName", "regionId"} {
			if _, ok := entry.Values[key].(string); !ok {
				t.Fatalf("%q: no %s", args, key)
			}
		}
		_, group := entry.Values["groupId"].(string)
		if _, has := entry.Values["gatewayId"].(string); has == group {
			t.Fatalf("%q: got %v, want a group or a gateway", args, entry.Values)
		}
		_, _ = manifest.FromEntries("command", nil, nil, []manifest.Entry{entry}, manifest.Options{})
	})
}
