// Package rebind judges a force: what it would take away, who allows that, and
// whether the callers have left. It runs after the policies, whose verdict it reads.
package rebind

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Checks returns the checks of the family, in the order of reports.
func Checks() []checks.Check {
	return []checks.Check{forceIsAllowed(), trafficHasMoved(), forceIsNeeded()}
}

// forces is the Applies of all checks of the family.
func forces(b binding.Binding) (bool, string) {
	switch {
	case b.CertificateAlone:
		return false, "the certificate is judged alone, no binding was asked for"
	case !b.IsForce:
		return false, "the binding asks for no force"
	}
	return true, ""
}

// losers are the holders that a force would take the domain from. Without any,
// the verdict is why there is nothing to judge: that no conflict was seen, or
// that it cannot be told while groups are unread.
func losers(s checks.Subject) ([]evidence.Holder, checks.Verdict) {
	account := s.Evidence.Account.Facts
	switch conflicts := account.Conflicts(); {
	case len(conflicts) > 0:
		return conflicts, checks.Verdict{}
	case !account.Complete:
		return nil, checks.CannotTell("whether the domain would be taken from a group is not known, for not every group was read: " + account.Problem)
	}
	return nil, checks.DoesNotApply("no conflict was seen, so IsForce would not be sent")
}

// name names a group that would lose the domain.
func name(h evidence.Holder) string { return fmt.Sprintf("group %q (%s)", h.GroupName, h.GroupID) }

// pageForce is where the platform says what a force does and wants before it.
const (
	pageForce = "Alibaba Cloud API Gateway, SetDomain, IsForce (2026-03-16): https://www.alibabacloud.com/help/en/api-gateway/traditional-api-gateway/developer-reference/api-cloudapi-2016-07-14-setdomain"
	page2017  = "Alibaba Cloud API Gateway, SetDomain (2017-12-18): https://www.alibabacloud.com/help/doc-detail/43618.htm"
)
