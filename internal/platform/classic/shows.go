package classic

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

// Shows reports whether the state of a group contains every parameter of a call and the
// bytes of its certificate. The caller uses it to decide the outcome of a call that got no
// answer.
func Shows(c plan.Call, domain string, g evidence.Group) bool {
	d, ok := g.Domain(domain)
	if !ok {
		return false
	}
	for name, want := range c.Params {
		if !shows(name, want, d) {
			return false
		}
	}
	if c.Material != nil {
		return g.Served != nil && g.Served.ChainDigest == c.Material.ChainDigest && showsClients(c, g.Served.ClientCertificates)
	}
	return true
}

// showsClients reports whether the settings of mutual TLS equal those of a call. It returns
// true if the gateway does not report them: a call takes effect completely or not at all,
// and Shows compares the certificate.
func showsClients(c plan.Call, got *evidence.ClientCertificates) bool {
	pass, stated := c.Params["ClientCertSDnPassThrough"]
	if got == nil || !stated {
		return true
	}
	depth, given := c.Params["SslVerifyDepth"]
	return got.CADigest == c.Material.ClientCADigest && strconv.FormatBool(got.PassSubjectDN) == pass &&
		strconv.FormatBool(got.OCSP) == c.Params["SslOcspEnable"] && strconv.FormatBool(got.OCSPCache) == c.Params["SslOcspCacheEnable"] &&
		(!given || strconv.Itoa(got.VerifyDepth) == depth)
}

// Lost returns the settings that a call was to keep and that the domain no longer has.
func Lost(c plan.Call, d evidence.Domain) (words []string) {
	for _, name := range c.Keeps {
		if !shows(name, c.Params[name], d) {
			words = append(words, fmt.Sprintf("%s is no longer %q, the value that the update was to keep", name, c.Params[name]))
		}
	}
	return words
}

func shows(name, want string, d evidence.Domain) bool {
	switch name {
	case "BindStageName":
		return d.BindStageName == want || (want != "" && d.BindStageAlias == want)
	case "CustomDomainType":
		return strings.EqualFold(d.CustomDomainType, want) || (d.CustomDomainType == "" && want == binding.Internet)
	case "IsHttpRedirectToHttps":
		return strconv.FormatBool(d.IsHTTPRedirectToHTTPS) == want
	case "CertificateName":
		return d.CertificateName == want
	case "GroupId", "DomainName":
		return true // the group and the domain that were read
	case ClientCAParam, "SslVerifyDepth", "ClientCertSDnPassThrough", "SslOcspEnable", "SslOcspCacheEnable":
		return true // showsClients compares them
	case "IsForce":
		return true // the caller reads the displaced groups again before a repeat
	}
	return false
}
