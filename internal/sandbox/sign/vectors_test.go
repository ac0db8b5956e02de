package sign

import (
	"net/http"
	"net/url"
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
