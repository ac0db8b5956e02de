// Package cutover judges a domain that moves from an API group of the classic gateway to
// a cloud-native gateway. Its checks apply to bindings of a map only. Those about what the
// successor will be keep a call from being made; successor-serves judges what is in effect
// and keeps no call from being made that would change it.
package cutover

import (
	"cmp"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Checks returns the checks of the family, in the order of reports.
func Checks() []checks.Check {
	return []checks.Check{regionHasAGateway(), nothingIsLost(), tlsIsNotWeaker(), mutualTLSIsCarried(), successorServes(), oldStaysForTheTTL()}
}

const (
	pageMigration = "Alibaba Cloud, API Gateway, notice of the end of the classic gateway: purchases stopped 2026-08-23, renewals end 2027-03-21, off 2027-09-21"
	pageCompare   = "Alibaba Cloud, cloud-native API Gateway, Migrate from API Gateway: what has no counterpart"
	pageDomain    = "Alibaba Cloud, cloud-native API Gateway, Create a domain name: https://www.alibabacloud.com/help/en/api-gateway/cloud-native-api-gateway/user-guide/create-a-domain-name"
	pageSetHTTPS  = "Alibaba Cloud, API Gateway, ModifyApiGroup (2016-07-14): HttpsPolicy"
)

// moves is the Applies of the family.
func moves(b binding.Binding) (bool, string) {
	return b.CutOver && b.MovesFrom != nil && b.GatewayID != "", "the binding is not of a map of a cut-over"
}

// held returns the domain on the API group, or the verdict where there is none to compare
// with.
func held(s checks.Subject) (evidence.Domain, *checks.Verdict) {
	group := s.Evidence.Predecessor.Facts.Group
	if group.Found && group.GroupID != s.Binding.MovesFrom.GroupID {
		return evidence.Domain{}, verdict(checks.Unknown("the evidence is about another API group than the map names"))
	}
	d, found := group.Domain(s.Binding.DomainName)
	if !found {
		return d, verdict(checks.NotApplicable("the API group no longer holds the domain: there is nothing to compare with"))
	}
	return d, nil
}

func verdict(v checks.Verdict) *checks.Verdict { return &v }

// after returns the record that the domain has once the binding is in effect: what the
// binding does not state stays as it is.
func after(s checks.Subject) evidence.Record {
	r := evidence.Record{DomainScope: "Dedicated"}
	if s.Evidence.Records.State == evidence.StateObserved && s.Evidence.Records.Facts.Domain != nil {
		r = *s.Evidence.Records.Facts.Domain
	}
	b := s.Binding
	r.Protocol, r.HTTP2Option = cmp.Or(b.Protocol, r.Protocol), cmp.Or(b.HTTP2Option, r.HTTP2Option)
	r.TLSMin, r.TLSMax = cmp.Or(b.TLSMin, r.TLSMin, "TLS 1.0"), cmp.Or(b.TLSMax, r.TLSMax, "TLS 1.3") // the platform's defaults
	if b.ForceHTTPS != nil {
		r.ForceHTTPS = *b.ForceHTTPS
	}
	if c := b.TLSCipherSuites; c != nil {
		r.Suites = &evidence.Suites{ConfigType: c.ConfigType}
		for _, suite := range c.Suites {
			r.Suites.Suites = append(r.Suites.Suites, evidence.Suite(suite))
		}
	}
	return r
}

// intranet reports whether the domain is for private networks.
func intranet(d evidence.Domain) bool { return strings.EqualFold(d.CustomDomainType, binding.Intranet) }

// bounded shortens a text from outside.
func bounded(text string) string {
	const most = 120
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
