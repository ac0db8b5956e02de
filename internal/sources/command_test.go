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
		"/usr/bin/aliyun cloudapi SetDomain -p prod --RegionId=cn-hangzhou --GroupId=g --DomainName=api.demo.com --BindStageName= --CustomDomainType INTRANET --IsForce true --IsHttpRedirectToHttps=false --endpoint apigateway.cn-hangzhou.aliyuncs.com --force": {"regionId": "cn-hangzhou", "groupId": "g", "domainName": "api.demo.com", "bindStageName": "",
			"customDomainType": "INTRANET", "isForce": true, "isHttpRedirectToHttps": false},
	} {
		got, missing, err := Command(strings.Fields(args))
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

func TestCommandRefuses(t *testing.T) {
	const call = "aliyun cloudapi SetDomain --region cn-hangzhou --GroupId g --DomainName a.demo.com "
	for args, want := range map[string]string{
		"":                                      "got another command",
		"curl cloudapi SetDomain":               "got another command",
		"aliyun cloudapi DeleteDomain":          `"DeleteDomain"`,
		"aliyun apig CreateDomain":              `"apig"`,
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
		_, _, err := Command(strings.Fields(args))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
}

// FuzzCommand checks that no arguments make the reader panic, and that what it accepts
// names a domain, a group and a region.
func FuzzCommand(f *testing.F) {
	f.Add("aliyun\x00cloudapi\x00SetDomain\x00--region\x00cn-hangzhou\x00--GroupId\x00g\x00--DomainName=a.demo.com")
	f.Fuzz(func(t *testing.T, args string) {
		entry, _, err := Command(strings.Split(args, "\x00"))
		if err != nil {
			return
		}
		for _, key := range []string{"domainName", "groupId", "regionId"} {
			if _, ok := entry.Values[key].(string); !ok {
				t.Fatalf("%q: no %s", args, key)
			}
		}
		_, _ = manifest.FromEntries("command", nil, []manifest.Entry{entry}, manifest.Options{})
	})
}
