package dns

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// service is a platform that customers alias their names to.
type service struct {
	name     string
	domains  []string // under which it names its customers' resources
	takeable bool     // a name there that was given up can become another customer's
	fronts   bool     // it is in front of sites on purpose: protection or acceleration
}

// services are well-known platforms, by the domains under which customers get a
// name to alias theirs to. Sources: Alibaba's help pages 27144 and 119474 for its
// CDN (*.*kunlun*.com, cdngslb.com); the others by common knowledge, which is why
// they only choose words. What can be taken is what EdOverflow's
// can-i-take-over-xyz (fingerprints.json, read 2026-11) calls vulnerable or an
// edge case.
func services() []service {
	return []service{
		{name: "Amazon S3 or Elastic Beanstalk", domains: []string{"s3.amazonaws.com", "elasticbeanstalk.com"}, takeable: true},
		{name: "Microsoft Azure", domains: []string{"azurewebsites.net", "cloudapp.net", "cloudapp.azure.com", "trafficmanager.net", "azureedge.net", "azurefd.net",
			"blob.core.windows.net", "web.core.windows.net", "azure-api.net", "azurecontainer.io"}, takeable: true},
		{name: "GitHub Pages", domains: []string{"github.io"}, takeable: true},
		{name: "Heroku", domains: []string{"herokuapp.com", "herokudns.com", "herokussl.com"}, takeable: true},
		{name: "Netlify", domains: []string{"netlify.app", "netlify.com", "netlifyglobalcdn.com"}, takeable: true},
		{name: "Vercel", domains: []string{"vercel-dns.com", "vercel.app", "now.sh"}},
		{name: "Amazon CloudFront", domains: []string{"cloudfront.net"}, fronts: true},
		{name: "Amazon Web Services", domains: []string{"amazonaws.com", "awsglobalaccelerator.com", "awsapprunner.com"}},
		{name: "Akamai", domains: []string{"edgekey.net", "edgesuite.net", "akamaiedge.net", "akamaized.net", "akamai.net", "akadns.net"}, fronts: true},
		{name: "Fastly", domains: []string{"fastly.net", "fastlylb.net"}, fronts: true},
		{name: "Cloudflare", domains: []string{"cdn.cloudflare.net"}, fronts: true},
		{name: "Cloudflare's hosting", domains: []string{"pages.dev", "workers.dev"}},
		{name: "Google Cloud", domains: []string{"googlehosted.com", "storage.googleapis.com", "appspot.com", "run.app", "web.app", "firebaseapp.com"}},
		{name: "Alibaba Cloud's CDN", domains: []string{"alicdn.com", "cdngslb.com", "tbcache.com"}, fronts: true},
		{name: "Alibaba Cloud", domains: []string{"aliyuncs.com"}},
		{name: "Tencent Cloud's CDN", domains: []string{"dnsv1.com", "cdntip.com", "tdnsv5.com", "tencentcdn.net"}, fronts: true},
		{name: "Tencent Cloud", domains: []string{"myqcloud.com"}},
		{name: "Huawei Cloud's CDN or WAF", domains: []string{"cdnhwc1.com", "cdnhwc2.com", "cdnhwc3.com", "hwcloudlive.com", "huaweicloudwaf.com"}, fronts: true},
		{name: "Huawei Cloud", domains: []string{"myhuaweicloud.com"}},
	}
}

// product is a product of Alibaba Cloud in front of sites, with many domains
// of one pattern.
type product struct {
	name   string
	prefix string // of the label before .com, followed by digits
	within string // or anywhere in it
}

func (p product) has(label string) bool {
	if p.within != "" {
		return strings.Contains(label, p.within)
	}
	rest, ok := strings.CutPrefix(label, p.prefix)
	return ok && strings.Trim(rest, "0123456789") == ""
}

// numbered are these products. Sources: help page 27144 (*.*kunlun*.com); examples in the
// published interfaces of waf-openapi (yundunwaf5.com), ddoscoo (aliyunddos1014.com) and
// Ga (aliyunga0019.com).
func numbered() []product {
	return []product{
		{name: "Alibaba Cloud's CDN", within: "kunlun"},
		{name: "Alibaba Cloud's Web Application Firewall", prefix: "yundunwaf"},
		{name: "Alibaba Cloud's Anti-DDoS", prefix: "aliyunddos"},
		{name: "Alibaba Cloud's Global Accelerator", prefix: "aliyunga"},
	}
}

// serviceOf is the platform that a name belongs to.
func serviceOf(name string) (service, bool) {
	name = evidence.PlainName(name)
	all := services()
	if bucket(name) {
		return all[0], true
	}
	if rest, ok := strings.CutSuffix(name, ".com"); ok {
		if label := rest[strings.LastIndex(rest, ".")+1:]; label != rest {
			for _, p := range numbered() {
				if p.has(label) {
					return service{name: p.name, fronts: true}, true
				}
			}
		}
	}
	for _, s := range all {
		for _, d := range s.domains {
			if name == d || strings.HasSuffix(name, "."+d) {
				return s, true
			}
		}
	}
	return service{}, false
}

// bucket reports whether a name is that of a bucket of S3 in some region:
// b.s3.eu-west-1.amazonaws.com, b.s3-website-us-east-1.amazonaws.com.
func bucket(name string) bool {
	rest, ok := strings.CutSuffix(name, ".amazonaws.com")
	return ok && (strings.Contains("."+rest+".", ".s3.") || strings.Contains("."+rest, ".s3-website"))
}

// strangers are the targets of the chain in the zones of others, one for each
// registrable domain, up to the platform's own names.
func strangers(s checks.Subject) []string {
	d := s.Evidence.DNS.Facts
	seen := []string{registrable(d.QueryName)}
	var targets []string
	for _, hop := range d.Hops {
		if target.OwnAffair(s.Binding, hop.Target) {
			break
		}
		if zone := registrable(hop.Target); !slices.Contains(seen, zone) {
			seen, targets = append(seen, zone), append(targets, evidence.PlainName(hop.Target))
		}
	}
	return targets
}

// registrable is the domain under which a name was registered; a public suffix
// is its own.
func registrable(name string) string {
	if zone, err := publicsuffix.EffectiveTLDPlusOne(evidence.PlainName(name)); err == nil {
		return zone
	}
	return evidence.PlainName(name)
}
