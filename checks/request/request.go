// Package request judges what is asked for: the values of a binding, by
// themselves, before anything is asked of DNS or the gateway. A few of its
// checks look at evidence too, where the values alone do not decide.
package request

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// Checks returns the checks of the family, in the order of reports.
func Checks() []checks.Check {
	return []checks.Check{
		stageIsValid(), networkTypeIsValid(), domainIsWellFormed(), domainIsRegistrable(), contractSupportsFields(),
		domainIsBoundOnce(), redirectHasCertificate(), groupIDIsWellFormed(), regionIsKnown(), forceIsExplained(), stageIsExplicit(),
		certificateNameIsValid(), hasNoPlaceholders(), labelsAreDeclared(),
	}
}

// setsDomain is the Applies of checks about values that only SetDomain carries.
func setsDomain(b binding.Binding) (bool, string) {
	if b.CertificateOnly {
		return false, "the certificate is judged alone, no binding was asked for"
	}
	return true, ""
}

// setsGroup is setsDomain for values of an API group.
func setsGroup(b binding.Binding) (bool, string) {
	if ok, why := setsDomain(b); !ok {
		return ok, why
	}
	return target.Group(b)
}

// namesDomain is the Applies of checks about the domain name.
func namesDomain(b binding.Binding) (bool, string) {
	if b.CertificateOnly && b.DomainName == "" {
		return false, "the certificate is judged alone, for no domain"
	}
	return true, ""
}

// Published pages that several checks rest on.
const (
	pageSetDomain     = "Alibaba Cloud API Gateway, SetDomain (2026-03-16): https://www.alibabacloud.com/help/en/api-gateway/traditional-api-gateway/developer-reference/api-cloudapi-2016-07-14-setdomain"
	pageSetDomain2017 = "Alibaba Cloud API Gateway, SetDomain (2017-12-18): https://www.alibabacloud.com/help/doc-detail/43618.htm"
	pageUpdateDomain  = "Alibaba Cloud, cloud-native API Gateway, UpdateDomain (2024-03-27): https://www.alibabacloud.com/help/en/api-gateway/cloud-native-api-gateway/developer-reference/api-apig-2024-03-27-updatedomain"
	pageBindDomain    = "Alibaba Cloud API Gateway, Bind a custom domain name to an API group: https://www.alibabacloud.com/help/en/api-gateway/traditional-api-gateway/user-guide/bind-a-domain-name-to-an-api-group"
)
