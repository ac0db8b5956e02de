package wire

import "testing"

func TestAddressOfSTS(t *testing.T) {
	for _, tc := range []struct{ endpoint, sts, want string }{
		{"", "", "https://sts.cn-hangzhou.aliyuncs.com"},
		{"https://apigateway.cn-hangzhou.aliyuncs.com", "", "https://sts.cn-hangzhou.aliyuncs.com"},
		{"https://apigateway-vpc.cn-hangzhou.aliyuncs.com", "", "https://sts-vpc.cn-hangzhou.aliyuncs.com"},
		{"https://api.cloud.example", "", "https://api.cloud.example"}, // the keys of a private cloud go nowhere else
		{"https://apigateway.cn-hangzhou.aliyuncs.com.evil.example", "", "https://apigateway.cn-hangzhou.aliyuncs.com.evil.example"},
		{"http://127.0.0.1:8080", "", "http://127.0.0.1:8080"},
		{"https://api.cloud.example", "https://sts.cloud.example", "https://sts.cloud.example"},
	} {
		u, err := Config{Endpoint: tc.endpoint, STS: tc.sts}.base(sts, "cn-hangzhou")
		if err != nil || u.String() != tc.want {
			t.Errorf("%+v: got %v, %v", tc, u, err)
		}
	}
	if _, err := (Config{}).base(sts, "x.evil.example/"); err == nil {
		t.Error("a region that is no label became a host")
	}
}
