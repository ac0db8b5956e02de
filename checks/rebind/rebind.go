// Package rebind judges a force: which groups it would displace, which policies
// allow that, and whether clients have moved. It runs after the policies, whose
// verdict it reads.
package rebind

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// Checks returns the checks of the family, in report order.
func Checks() []checks.Check {
	return []checks.Check{forceIsAllowed(), trafficHasMoved(), forceIsNeeded()}
}

// forces is the Applies of all checks of the family.
func forces(b binding.Binding) (bool, string) {
	switch ok, why := target.Group(b); {
	case b.CertificateOnly:
		return false, "only the certificate is judged, without a binding"
	case !ok:
		return false, why
	case !b.IsForce:
		return false, "the binding does not set isForce"
	}
	return true, ""
}

// displacedGroups returns the groups that a force would displace. If there are
// none, the verdict is the reason: there is no conflict, or groups are unread.
func displacedGroups(s checks.Subject) ([]evidence.BoundGroup, checks.Verdict) {
	account := s.Evidence.Account.Facts
	switch conflicts := account.Conflicts(); {
	case len(conflicts) > 0:
		return conflicts, checks.Verdict{}
	case !account.Complete:
		return nil, checks.Unknown("it is unknown whether the force would displace a group, because not every group was read: " + account.Problem)
	}
	return nil, checks.NotApplicable("there is no conflict, so IsForce would not be sent")
}

// name formats a group that would be displaced.
func name(h evidence.BoundGroup) string { return fmt.Sprintf("group %q (%s)", h.GroupName, h.GroupID) }

// pageForce documents what a force does and its preconditions.
const (
	pageForce = "Alibaba Cloud API Gateway, SetDomain, IsForce (2026-03-16): https://www.alibabacloud.com/help/en/api-gateway/traditional-api-gateway/developer-reference/api-cloudapi-2016-07-14-setdomain"
	page2017  = "Alibaba Cloud API Gateway, SetDomain (2017-12-18): https://www.alibabacloud.com/help/doc-detail/43618.htm"
)
