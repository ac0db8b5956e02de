package dns

import (
	"strings"
	"testing"
)

func TestServiceOf(t *testing.T) {
	for name, want := range map[string]string{
		"b.s3.amazonaws.com":                    "Amazon S3 or Elastic Beanstalk",
		"b.s3.eu-west-1.amazonaws.com":          "Amazon S3 or Elastic Beanstalk",
		"B.S3-website.eu-west-1.amazonaws.com.": "Amazon S3 or Elastic Beanstalk",
		"x.elb.eu-west-1.amazonaws.com":         "Amazon Web Services",
		"s3.evil.com":                           "",
		"api.demo.com.w.kunlunaq.com":           "Alibaba Cloud's CDN",
		"x.yundunwaf5.com":                      "Alibaba Cloud's Web Application Firewall",
		"x.yundunwafs.com":                      "",
		"yundunwaf5.com":                        "",
		"x.aliyunddos1014.com":                  "Alibaba Cloud's Anti-DDoS",
		"ga-bp1.aliyunga0019.com":               "Alibaba Cloud's Global Accelerator",
		"kunlun.demo.com":                       "",
		"a.w.kunlun.net":                        "",
		"d111.cloudfront.net":                   "Amazon CloudFront",
		"notcloudfront.net":                     "",
		"me.github.io":                          "GitHub Pages",
		"com":                                   "",
		"":                                      "",
	} {
		if got, known := serviceOf(name); got.name != want || known != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", name, got.name, known, want)
		}
	}
}

func TestServiceDomainsAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range services() {
		for _, d := range s.domains {
			if seen[d] || d != strings.ToLower(d) || strings.HasPrefix(d, ".") || !strings.Contains(d, ".") {
				t.Errorf("%s: got %q", s.name, d)
			}
			seen[d] = true
		}
	}
}
