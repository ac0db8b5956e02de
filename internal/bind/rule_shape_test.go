package bind_test

import (
	"strings"

	"github.com/alibabacloud-go/tea/tea"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// shape is a kind of binding: what the manifest says, how the group looks
// before, and, written down by hand, the calls that must come of it.
type shape struct {
	name      string
	requested func(*binding.Binding)
	before    *account.Domain // on the binding's own group; its name is filled in
	calls     []request
}

// request is a writing call as the gateway receives it: GroupId and DomainName are
// filled in, and digests replace the bytes of certificate and key.
type request struct {
	action     string
	params     map[string]string
	chain, key string
}

func set(params ...string) request {
	r := request{action: "SetDomain", params: map[string]string{}}
	for i := 0; i < len(params); i += 2 {
		r.params[params[i]] = params[i+1]
	}
	return r
}

// certify is the call that carries the first of the leaves.
func certify() request {
	return request{action: "SetDomainCertificate", params: map[string]string{"CertificateName": "demo_2026"},
		chain: pki.Digest(leaves()[0].Chain), key: pki.Digest(leaves()[0].Certificate.RawSubjectPublicKeyInfo)}
}

var shapes = []shape{
	{"one stage", staged("RELEASE"), nil, []request{set("BindStageName", "RELEASE")}},
	{"all environments", staged(""), nil, []request{set("BindStageName", "")}},
	{"intranet", func(b *binding.Binding) {
		staged("PRE")(b)
		b.CustomDomainType, b.CustomDomainTypeGiven = binding.Intranet, true
	}, nil, []request{set("BindStageName", "PRE", "CustomDomainType", "INTRANET")}},
	{"another stage than before", staged("TEST"), &account.Domain{BindStageName: "RELEASE"}, []request{set("BindStageName", "TEST", "CustomDomainType", "INTERNET", "IsHttpRedirectToHttps", "false")}},
	{"redirect alone", func(b *binding.Binding) { b.IsHTTPRedirectToHTTPS = tea.Bool(true) }, &account.Domain{BindStageName: "TEST"},
		[]request{set("BindStageName", "TEST", "CustomDomainType", "INTERNET", "IsHttpRedirectToHttps", "true")}},
	{"in effect", staged("RELEASE"), &account.Domain{BindStageName: "RELEASE"}, nil},
	{"first certificate", certified("RELEASE"), nil, []request{set("BindStageName", "RELEASE"), certify()}},
	{"first certificate and redirect", secure("RELEASE"), nil, []request{
		set("BindStageName", "RELEASE", "IsHttpRedirectToHttps", "false"), certify(), set("BindStageName", "RELEASE", "IsHttpRedirectToHttps", "true")}},
	{"renewal", certified("RELEASE"), &account.Domain{BindStageName: "RELEASE", Certificate: certificateOf(1)}, []request{certify()}},
	{"renewal, callers' certificates end", func(b *binding.Binding) {
		certified("RELEASE")(b)
		b.ClientCertificate = &binding.ClientCertificate{None: true}
	}, &account.Domain{BindStageName: "RELEASE", Certificate: mutual(certificateOf(1))}, []request{func() request {
		r := certify()
		for _, name := range []string{"ClientCertSDnPassThrough", "SslOcspEnable", "SslOcspCacheEnable"} {
			r.params[name] = "false"
		}
		r.params["CaCertificateBody"] = ""
		return r
	}()}},
	{"force", forced("RELEASE"), nil, []request{set("BindStageName", "RELEASE", "IsForce", "true")}},
	{"force of a wildcard", func(b *binding.Binding) {
		forced("RELEASE")(b)
		b.DomainName = "*." + b.DomainName
	}, nil, []request{set("BindStageName", "RELEASE", "IsForce", "true")}},
	{"force, first certificate and redirect", func(b *binding.Binding) {
		secure("RELEASE")(b)
		b.IsForce = true
	}, nil, []request{
		set("BindStageName", "RELEASE", "IsHttpRedirectToHttps", "false", "IsForce", "true"), certify(),
		set("BindStageName", "RELEASE", "IsHttpRedirectToHttps", "true")}},
}

func certificateOf(i int) *account.Certificate {
	return &account.Certificate{Name: "demo_2026", Body: string(leaves()[i].Chain), PrivateKey: string(leaves()[i].Key)}
}

func mutual(c *account.Certificate) *account.Certificate {
	c.Mutual = account.MutualTLS{SslVerifyDepth: 1, ClientCertSDnPassThrough: true}
	return c
}

func staged(stage string) func(*binding.Binding) {
	return func(b *binding.Binding) { b.BindStageName = &stage }
}

func certified(stage string) func(*binding.Binding) {
	return func(b *binding.Binding) {
		staged(stage)(b)
		b.Certificate = &binding.Certificate{Name: "demo_2026"}
	}
}

func secure(stage string) func(*binding.Binding) {
	return func(b *binding.Binding) {
		certified(stage)(b)
		b.IsHTTPRedirectToHTTPS = tea.Bool(true)
	}
}

func forced(stage string) func(*binding.Binding) {
	return func(b *binding.Binding) {
		staged(stage)(b)
		b.IsForce = true
	}
}

// displaced is the name that a force takes from another group.
func (b *ruleBinding) displaced() string {
	if parent, wildcard := strings.CutPrefix(b.requested.DomainName, "*"); wildcard {
		return "api" + parent
	}
	return b.requested.DomainName
}

// expected are the calls of a binding, whole.
func (b *ruleBinding) expected() []request {
	var out []request
	for _, r := range b.shape.calls {
		params := map[string]string{"GroupId": b.requested.GroupID, "DomainName": b.requested.DomainName}
		for name, value := range r.params {
			params[name] = value
		}
		out = append(out, request{r.action, params, r.chain, r.key})
	}
	return out
}

// groups are the groups around binding i as they are before the run.
func (b *ruleBinding) groups(i int) []account.Group {
	instance := "instance-" + b.requested.DomainName
	mine := account.Group{GroupID: groupID(i, 0), InstanceID: instance, VpcDomain: groupID(i, 0) + "-vpc.alicloudapi.com"}
	if b.shape.before != nil {
		d := *b.shape.before
		d.DomainName = b.requested.DomainName
		mine.Domains = []account.Domain{d}
	}
	if !b.requested.IsForce {
		return []account.Group{mine}
	}
	return []account.Group{mine,
		{GroupID: groupID(i, 1), InstanceID: instance, Domains: []account.Domain{{DomainName: b.displaced(), BindStageName: "PRE"}}},
		{GroupID: groupID(i, 2), InstanceID: instance}}
}
