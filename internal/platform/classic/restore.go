package classic

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

// restore returns commands of the aliyun client that undo the calls. For a certificate it
// returns a comment line, because restoring it needs the private key.
func restore(b binding.Binding, p plan.Plan) []string {
	if len(p.Calls) == 0 {
		return nil
	}
	var out []string
	if p.Before == nil {
		out = append(out, command("DeleteDomain", b.RegionID, "GroupId", b.GroupID, "DomainName", b.DomainName))
	} else {
		out = append(out, bindAgain(b.RegionID, b.GroupID, *p.Before, false)...)
	}
	for _, h := range p.Displaces {
		region := h.RegionID
		if region == "" {
			region = b.RegionID
		}
		out = append(out, bindAgain(region, h.GroupID, h.Domain, true)...)
	}
	return out
}

// bindAgain returns the commands that bind a domain with its former settings.
func bindAgain(region, group string, d evidence.Domain, force bool) []string {
	args := []string{"GroupId", group, "DomainName", d.DomainName, "BindStageName", d.BindStageName}
	if d.CustomDomainType != "" {
		args = append(args, "CustomDomainType", d.CustomDomainType)
	}
	args = append(args, "IsHttpRedirectToHttps", fmt.Sprint(d.IsHTTPRedirectToHTTPS))
	if force {
		args = append(args, "IsForce", "true")
	}
	out := []string{command("SetDomain", region, args...)}
	if d.CertificateName != "" {
		out = append(out, fmt.Sprintf("# then attach certificate %s to %s on group %s again with SetDomainCertificate; its key is needed",
			plan.Quote(d.CertificateName), plan.Quote(d.DomainName), plan.Quote(group)))
	}
	return out
}

func command(action, region string, args ...string) string {
	words := []string{"aliyun", "cloudapi", action, "--region", plan.Quote(region)}
	for i := 0; i+1 < len(args); i += 2 {
		words = append(words, "--"+args[i], plan.Quote(args[i+1]))
	}
	return strings.Join(words, " ")
}
