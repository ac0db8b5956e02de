// Package dns judges what name servers say about a binding's domain: whether
// it leads to the group, whether the way there is sound, and whether the domain
// is proved to be the caller's.
package dns

import (
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Checks returns the checks of the family, in the order of reports.
func Checks() []checks.Check {
	return []checks.Check{
		cnameReachesGroup(), ownershipIsProved(), nameExists(), cnameChainTerminates(), clientsFollowCNAME(), cnameHasNoOtherData(), isNotFlattened(), isNotBehindAProxy(),
		serversAgree(), authoritativeServersWereAsked(), resolversAgree(), targetResolves(), isNotDangling(),
		caaAllowsRenewal(), validatesDNSSEC(), ttlAllowsCutover(), httpsRecordsAgree(),
	}
}

// provesDomain returns a MustPass for one of the two proofs of a domain: the TXT
// record where the binding asks for it, else the CNAME.
func provesDomain(byTXT bool) func(binding.Binding) checks.Requirement {
	return func(b binding.Binding) checks.Requirement {
		if (b.DomainProof == binding.ProofTXT) == byTXT {
			return checks.DomainIsProved
		}
		return ""
	}
}

// Published pages that several checks rest on.
const (
	pageSetDomain2017 = "Alibaba Cloud API Gateway, SetDomain (2017-12-18): https://www.alibabacloud.com/help/doc-detail/43618.htm"
	pageBindDomain    = "Alibaba Cloud API Gateway, Bind a custom domain name to an API group: https://www.alibabacloud.com/help/en/api-gateway/traditional-api-gateway/user-guide/bind-a-domain-name-to-an-api-group"
)

const alone = "the certificate is judged alone, no binding was asked for"

// isGatewayName reports whether a name lies where API Gateway names its groups.
func isGatewayName(name string) bool {
	return strings.HasSuffix(evidence.PlainName(name), ".alicloudapi.com")
}

// ownNames are the group's own names for a network type, in the form in which names
// are compared; none for a type that is not known.
func ownNames(g evidence.Group, networkType string) []string {
	var all, names []string
	switch networkType {
	case binding.Internet:
		all = []string{g.SubDomain}
	case binding.Intranet:
		all = []string{g.VpcDomain, g.VpcSlbIntranetDomain}
	}
	for _, name := range all {
		if evidence.PlainName(name) != "" {
			names = append(names, evidence.PlainName(name))
		}
	}
	return names
}

// aliasesTo counts the aliases from the name that was asked to the first of the
// names that the chain points at; 0 if it points at none. What follows is the
// gateway's own affair. The name that was asked does not count: to be called like
// the group is not to be an alias of it.
func aliasesTo(d evidence.DNS, names []string) int {
	for i, hop := range d.Hops {
		if slices.Contains(names, evidence.PlainName(hop.Target)) {
			return i + 1
		}
	}
	return 0
}
