package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/bindgate/bindgate/internal/signature"
)

// Product is an API of Alibaba Cloud.
type Product string

// The products. The zero value is CloudAPI.
const (
	CloudAPI Product = ""     // API Gateway, classic; RPC style
	APIG     Product = "APIG" // cloud-native API Gateway; ROA style
	CAS      Product = "cas"  // certificate store; RPC style

	sts Product = "Sts"
)

// version is the one published version of a product.
func (p Product) version() string {
	switch p {
	case APIG:
		return "2024-03-27"
	case CAS:
		return "2020-04-07"
	case sts:
		return stsVersion
	}
	return cloudVersion
}

// onlyJSON reports whether a product is asked for JSON and signed by V3, regardless of
// what old endpoints of the classic gateway need.
func (p Product) onlyJSON() bool { return p == APIG || p == CAS }

// cloudVersion is the one published version of the product CloudAPI.
const cloudVersion = "2016-07-14"

// host returns the host of a product in a region; vpc: the one inside a VPC, where there is one.
func (p Product) host(region string, vpc bool) string {
	name := map[Product]string{CloudAPI: "apigateway", APIG: "apig", sts: "sts"}[p]
	if p == CAS {
		// The store is one for each site. Regions abroad mostly belong to accounts of
		// the international site; Config.CAS names the other for those that do not.
		if strings.HasPrefix(region, "cn-") {
			return "cas.aliyuncs.com"
		}
		return "cas.ap-southeast-1.aliyuncs.com"
	}
	if vpc {
		name += "-vpc"
	}
	return name + "." + region + ".aliyuncs.com"
}

// productOf returns the product that a host of Alibaba Cloud serves.
func productOf(host string) Product {
	first, _, _ := strings.Cut(strings.ToLower(host), ".")
	for _, p := range []Product{APIG, CAS, sts} {
		if strings.TrimSuffix(first, "-vpc") == strings.ToLower(string(p)) {
			return p
		}
	}
	return CloudAPI
}

// base is the address that calls for a product in a region go to. An endpoint that is not
// Alibaba Cloud's own is a private installation, and is asked for every product.
func (c Config) base(p Product, region string) (*url.URL, error) {
	if len(region) > maxRegion || !regions.MatchString(region) {
		return nil, fmt.Errorf("regionId %q: want lower-case letters, digits and hyphens, such as cn-hangzhou", region)
	}
	if own := map[Product]string{sts: c.STS, APIG: c.APIG, CAS: c.CAS}[p]; own != "" {
		return parseEndpoint(own)
	}
	vpc := false
	if c.Endpoint != "" {
		given, err := parseEndpoint(c.Endpoint)
		if err != nil {
			return nil, err
		}
		host := given.Hostname()
		if !strings.HasSuffix(host, ".aliyuncs.com") || productOf(host) == p {
			return given, nil
		}
		first, _, _ := strings.Cut(host, ".")
		vpc = strings.HasSuffix(first, "-vpc")
	}
	return &url.URL{Scheme: "https", Host: p.host(region, vpc)}, nil
}

// rate returns the calls a second for an action, and how many may come at once. Both
// together are the documented limit.
func (c Config) rate(r Request) (calls float64, atOnce int) {
	documented := 100.0 // also of STS, which documents none
	switch {
	case c.Rate < 0:
		return c.Rate, 1
	case r.Action == "ListUserCertificateOrder":
		documented = 10
	case r.Product == APIG && r.method() != http.MethodGet:
		documented = 30
	case r.Product == APIG:
		documented = 60
	}
	share := 10.0
	if r.Product == APIG {
		share = 20 // an account has thousands of domains, each to be read by itself
	}
	calls = documented - documented/share
	if c.Rate > 0 {
		calls = min(calls, c.Rate)
		if !r.Product.onlyJSON() { // a quota of the classic gateway may be raised
			calls = c.Rate
		}
	}
	return calls, max(1, int(calls/(share-1)))
}

// method is POST for RPC, because Go repeats a GET by itself on a connection that breaks.
func (r Request) method() string {
	if r.Product == APIG {
		return r.Method
	}
	return http.MethodPost
}

// path returns the path of a request of ROA style, each segment escaped. A segment that a
// server could resolve to another path is refused.
func (r Request) path() (string, error) {
	if len(r.Path) == 0 {
		return "", errors.New("the request has no path")
	}
	var b strings.Builder
	for _, segment := range r.Path {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("an id in the path is %q, want an id of the platform", segment)
		}
		b.WriteString("/" + strings.ReplaceAll(url.QueryEscape(segment), "+", "%20"))
	}
	return b.String(), nil
}

// request holds the parameters. Of RPC style, all are in the form body, where no log of a
// proxy keeps them and no limit on a URL cuts them. The official definition names the
// query; both signature versions sign a form body all the same.
func (p *Pool) request(r Request) (signature.Request, error) {
	out := signature.Request{Action: r.Action, Version: r.Product.version(), Method: r.method(), Path: "/", Query: map[string]string{}, UserAgent: p.config.UserAgent}
	if r.Product == APIG {
		if len(r.Secrets) > 0 {
			return out, errors.New("a secret has no place in a URL")
		}
		var err error
		if out.Path, err = r.path(); err != nil {
			return out, err
		}
		maps.Copy(out.Query, r.Params)
		out.JSON, err = r.json()
		return out, err
	}
	if p.config.Format != "" && !r.Product.onlyJSON() {
		out.Query["Format"] = p.config.Format
	}
	out.Form = make(map[string]string, len(r.Params)+len(r.Secrets))
	maps.Copy(out.Form, r.Params)
	maps.Copy(out.Form, r.Secrets)
	return out, nil
}

// json returns the JSON object of the body, "" without one. The platform may take a null
// for "remove this", so none is ever sent.
func (r Request) json() (string, error) {
	if r.Body == nil {
		return "", nil
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	var sent any
	if err := enc.Encode(r.Body); err != nil || json.Unmarshal(out.Bytes(), &sent) != nil {
		return "", errors.New("a field has a value that JSON cannot contain")
	}
	if where := null(sent); where != "" {
		return "", fmt.Errorf("field %q has no value; omit a field that is not to be sent", where)
	}
	return strings.TrimSpace(out.String()), nil
}

// null returns the name of a field without a value, at any depth, "" if there is none.
func null(value any) string {
	switch v := value.(type) {
	case map[string]any:
		for name, item := range v {
			if item == nil {
				return name
			}
			if inner := null(item); inner != "" {
				return name + "." + inner
			}
		}
	case []any:
		for _, item := range v {
			if item == nil {
				return "[]"
			}
			if inner := null(item); inner != "" {
				return "[]." + inner
			}
		}
	}
	return ""
}
