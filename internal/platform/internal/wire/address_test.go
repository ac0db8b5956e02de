package wire

import "testing"

// Each product has its own address, unless the endpoint is a private installation.
func TestAddressOfEachProduct(t *testing.T) {
	for _, tc := range []struct {
		config Config
		of     Product
		region string
		want   string
	}{
		{Config{}, APIG, "cn-hangzhou", "https://apig.cn-hangzhou.aliyuncs.com"},
		{Config{}, APIG, "ap-southeast-1", "https://apig.ap-southeast-1.aliyuncs.com"},
		{Config{}, CAS, "cn-shanghai", "https://cas.aliyuncs.com"},
		{Config{}, CAS, "us-east-1", "https://cas.ap-southeast-1.aliyuncs.com"},
		{Config{CAS: "https://cas.aliyuncs.com"}, CAS, "us-east-1", "https://cas.aliyuncs.com"},
		{Config{APIG: "https://apig.cloud.example"}, APIG, "cn-hangzhou", "https://apig.cloud.example"},
		{Config{APIG: "https://apig.cloud.example"}, CloudAPI, "cn-hangzhou", "https://apigateway.cn-hangzhou.aliyuncs.com"},
		{Config{Endpoint: "https://api.cloud.example"}, APIG, "cn-hangzhou", "https://api.cloud.example"},
		{Config{Endpoint: "https://api.cloud.example"}, CAS, "cn-hangzhou", "https://api.cloud.example"},
		{Config{Endpoint: "https://apigateway.cn-hangzhou.aliyuncs.com"}, APIG, "cn-hangzhou", "https://apig.cn-hangzhou.aliyuncs.com"},
		{Config{Endpoint: "https://apigateway-vpc.cn-hangzhou.aliyuncs.com"}, APIG, "cn-hangzhou", "https://apig-vpc.cn-hangzhou.aliyuncs.com"},
		{Config{Endpoint: "https://apig-vpc.cn-hangzhou.aliyuncs.com"}, APIG, "cn-hangzhou", "https://apig-vpc.cn-hangzhou.aliyuncs.com"},
		{Config{Endpoint: "https://apig-vpc.cn-hangzhou.aliyuncs.com"}, CloudAPI, "cn-hangzhou", "https://apigateway-vpc.cn-hangzhou.aliyuncs.com"},
		{Config{Endpoint: "https://apig.cn-hangzhou.aliyuncs.com"}, CAS, "cn-hangzhou", "https://cas.aliyuncs.com"},
		{Config{Endpoint: "https://apig.cn-hangzhou.aliyuncs.com.evil.example"}, CAS, "cn-hangzhou", "https://apig.cn-hangzhou.aliyuncs.com.evil.example"},
	} {
		u, err := tc.config.base(tc.of, tc.region)
		if err != nil || u.String() != tc.want {
			t.Errorf("%q of %+v in %q: got %v, %v, want %s", tc.of, tc.config, tc.region, u, err, tc.want)
		}
	}
	for _, region := range []string{"", "cn.evil", "CN", "a/b", "a@b"} {
		for _, p := range []Product{CloudAPI, APIG, CAS, sts} {
			if u, err := (Config{}).base(p, region); err == nil {
				t.Errorf("%q of %q became %s", region, p, u)
			}
		}
	}
}

func TestRateOfEachProduct(t *testing.T) {
	for _, tc := range []struct {
		rate   float64
		of     Request
		want   float64
		atOnce int
	}{
		{0, Request{Action: "SetDomain"}, 90, 10}, {200, Request{Action: "SetDomain"}, 200, 22}, {-1, Request{Product: APIG, Method: "PUT"}, -1, 1},
		{0, Request{Product: APIG, Method: "GET"}, 57, 3}, {0, Request{Product: APIG, Method: "PUT"}, 28.5, 1}, {200, Request{Product: APIG, Method: "GET"}, 57, 3}, {5, Request{Product: APIG, Method: "GET"}, 5, 1},
		{0, Request{Product: CAS, Action: "GetCertificateDetail"}, 90, 10}, {0, Request{Product: CAS, Action: "ListUserCertificateOrder"}, 9, 1},
	} {
		if got, atOnce := (Config{Rate: tc.rate}).rate(tc.of); got != tc.want || atOnce != tc.atOnce {
			t.Errorf("%+v with %v: got %v and %d, want %v and %d", tc.of, tc.rate, got, atOnce, tc.want, tc.atOnce)
		}
	}
	p, err := New(Config{Credential: key(t)})
	if err != nil {
		t.Fatal(err)
	}
	limit := func(p *Pool, of Product, region string) any {
		return p.limit(Request{Product: of, Region: region, Action: "A"})
	}
	if limit(p, APIG, "a") == limit(p, APIG, "b") || limit(p, APIG, "a") == limit(p, CloudAPI, "a") || limit(p, CAS, "a") != limit(p, CAS, "b") {
		t.Error("limits are not of product and region, or those of the store are")
	}
}
