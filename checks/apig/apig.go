// Package apig judges a binding for a cloud-native gateway: the gateway, the record of the
// domain, its certificate in the certificate store, and the proof of the domain, of which
// the platform checks nothing when the record is made.
package apig

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// Checks returns the checks of the family, in the order of reports.
func Checks() []checks.Check {
	return []checks.Check{
		gatewayExists(), domainIsProved(), recordIsUpdatable(), updateKeepsSettings(), protocolFitsTheScope(), httpsHasACertificate(),
		certificateIDIsTheFile(), certificateIDIsUsable(), certificateNameIsFree(), tlsRangeIsStated(), suitesFitTheKey(), mtlsHasItsCA(),
		wildcardDepthIsStated(), nameIsHeldOnce(), domainIsPublished(),
	}
}

// Protocols and scopes of a domain.
const (
	protocolHTTP    = "HTTP"
	protocolHTTPS   = "HTTPS"
	scopeDedicated  = "Dedicated"
	scopeServerless = "Serverless"
)

// Published pages and code that the checks rest on.
const (
	pageCreateDomain = "Alibaba Cloud, cloud-native API Gateway, Create a domain name: https://www.alibabacloud.com/help/en/api-gateway/cloud-native-api-gateway/user-guide/create-a-domain-name"
	pageUpdateDomain = "Alibaba Cloud, cloud-native API Gateway, UpdateDomain (2024-03-27): https://www.alibabacloud.com/help/en/api-gateway/cloud-native-api-gateway/developer-reference/api-apig-2024-03-27-updatedomain"
	pageGetDomain    = "Alibaba Cloud, cloud-native API Gateway, GetDomain and ListDomains (2024-03-27): fields of the record"
	pageGetGateway   = "Alibaba Cloud, cloud-native API Gateway, GetGateway and ListGateways (2024-03-27): status, expireTimestamp, subDomainInfos, loadBalancers"
	pageListSSLCerts = "Alibaba Cloud, cloud-native API Gateway, ListSslCerts (2024-03-27): domainMatchCert, isChainCompleted"
	pageStore        = "Alibaba Cloud, Certificate Management Service, GetCertificateDetail (2020-04-07): ExistPrivateKey, Serial, FingerPrint, NotAfter"
	codeProvider     = "Official Terraform provider, alicloud_apig_domain and its acceptance tests (2026-08-21): https://github.com/aliyun/terraform-provider-alicloud"
)

// withCASID is the Applies of checks about a certificate of the store that a binding
// names.
func withCASID(b binding.Binding) (bool, string) {
	if ok, why := target.Gateway(b); !ok {
		return ok, why
	}
	return b.Certificate != nil && b.Certificate.CASID != "", "the binding names no casId: its certificate is found in the store by its digest, or uploaded"
}

// record returns the record of the domain; nil: there is none, or it was not observed.
func record(s checks.Subject) *evidence.Record {
	if s.Evidence.Records.State != evidence.StateObserved {
		return nil
	}
	return s.Evidence.Records.Facts.Domain
}

// protocol returns the protocol that the domain has after the binding; empty: not known.
func protocol(s checks.Subject) string {
	if r := record(s); r != nil {
		return cmp.Or(s.Binding.Protocol, r.Protocol)
	}
	return s.Binding.Protocol
}

// scope returns the scope that the domain has after the binding.
func scope(s checks.Subject) string {
	if r := record(s); r != nil && r.DomainScope != "" {
		return cmp.Or(s.Binding.DomainScope, r.DomainScope)
	}
	return cmp.Or(s.Binding.DomainScope, scopeDedicated)
}

// leaf returns the first certificate of the binding's file, or the verdict if there is
// none.
func leaf(s checks.Subject) (*x509.Certificate, *checks.Verdict) {
	chain := s.Evidence.Certificate.Facts.Chain
	if len(chain) == 0 {
		return nil, cannotTell("the evidence contains no certificate; see certificate/is-readable")
	}
	parsed, err := chain[0].X509()
	if err != nil {
		return nil, cannotTell("the certificate of the evidence cannot be parsed")
	}
	return parsed, nil
}

func cannotTell(why string) *checks.Verdict {
	v := checks.Unknown(why)
	return &v
}

// bounded shortens a text from outside.
func bounded(text string) string {
	const most = 120
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// some lists texts, cut to what a reader can take in.
func some(texts []string) string {
	const most = 5
	if len(texts) == 0 {
		return "no name"
	}
	list := bounded(strings.Join(texts[:min(len(texts), most)], ", "))
	if len(texts) > most {
		list += fmt.Sprintf(" and %d more", len(texts)-most)
	}
	return list
}
