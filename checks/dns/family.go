// Package dns judges what name servers say about a binding's domain: whether
// it leads to its target, whether the way there is sound, and whether the domain
// is proved to be the caller's.
package dns

import (
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Checks returns the checks of the family, in the order of reports.
func Checks() []checks.Check {
	return []checks.Check{
		cnameReachesGroup(), cnameReachesGateway(), ownershipIsProved(), nameExists(), cnameChainTerminates(), clientsFollowCNAME(), cnameHasNoOtherData(), isNotFlattened(), isNotBehindAProxy(),
		serversAgree(), authoritativeServersWereAsked(), resolversAgree(), targetResolves(), isNotDangling(),
		caaAllowsRenewal(), validatesDNSSEC(), ttlAllowsCutover(), httpsRecordsAgree(),
	}
}

// provesDomain returns a MustPass for one of the two proofs of a group's domain: the TXT
// record where the binding asks for it, else the CNAME. apig/domain-is-proved proves a
// gateway's.
func provesDomain(byTXT bool) func(binding.Binding) checks.Requirement {
	return func(b binding.Binding) checks.Requirement {
		if b.GatewayID == "" && (b.DomainProof == binding.ProofTXT) == byTXT {
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
