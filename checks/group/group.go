// Package group judges the gateway's state against a binding: whether its API
// group is there, and whether the domain is free to be bound to it.
package group

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Checks returns the checks of the family, in the order of reports.
func Checks() []checks.Check {
	return []checks.Check{exists(), domainIsFree(), allGroupsWereListed(), hasDomainQuota(), bindingIsInEffect(), updateKeepsSettings(), servedCertificateIsValid(), accountIsKnown()}
}

// describe names a group that holds a domain, and the environment in which.
func describe(h evidence.BoundGroup) string {
	stage := "all environments"
	if h.Domain.BindStageName != "" {
		stage = "stage " + h.Domain.BindStageName
	}
	return fmt.Sprintf("group %q (%s, %s)", h.GroupName, h.GroupID, stage)
}

// networkType is a domain's, which old answers leave out for INTERNET.
func networkType(d evidence.Domain) string {
	if d.CustomDomainType == "" {
		return binding.Internet
	}
	return d.CustomDomainType
}

// Published pages that the checks rest on.
const (
	pageGroup  = "Alibaba Cloud API Gateway, DescribeApiGroup (2026-01-26): https://www.alibabacloud.com/help/en/api-gateway/developer-reference/api-cloudapi-2016-07-14-describeapigroup"
	pageGroups = "Alibaba Cloud API Gateway, DescribeApiGroups and the RAM action it needs (2024-03-01): https://www.alibabacloud.com/help/doc-detail/43616.htm"
	pageBind   = "Alibaba Cloud API Gateway, Bind a custom domain name to an API group: https://www.alibabacloud.com/help/en/api-gateway/traditional-api-gateway/user-guide/bind-a-domain-name-to-an-api-group"
	pageForce  = "Alibaba Cloud API Gateway, SetDomain, IsForce (2026-03-16): https://www.alibabacloud.com/help/en/api-gateway/traditional-api-gateway/developer-reference/api-cloudapi-2016-07-14-setdomain"
)
