package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// classicDefaults are the keys of the classic gateway that defaults may have, too.
func classicDefaults() []string {
	return []string{"bindStageName", "customDomainType", "isHttpRedirectToHttps"}
}

// gatewayDefaults are the keys of the cloud-native gateway that defaults may have, too.
func gatewayDefaults() []string {
	return []string{"protocol", "forceHttps", "http2Option", "tlsMin", "tlsMax", "tlsCipherSuitesConfig", "domainScope", "gatewayType", "resourceGroupId"}
}

// platform keeps from the defaults what is of the binding's platform, and returns the
// keys that the binding may have and what to say of those of the other platform.
func (d decoder) platform(v strictyaml.Value, b *binding.Binding) (keys []string, refuse func(key string) (message, next string)) {
	gateway, group := v.Has("gatewayId"), v.Has("groupId")
	own := append(classicDefaults(), "isForce", "forceFrom")
	if gateway {
		own = append(gatewayDefaults(), "movesFrom")
	}
	keys = append([]string{"domainName", "groupId", "gatewayId", "regionId", "domainProof", "certificate", "clientCertificate", "labels"}, own...)
	foreign := gatewayDefaults()
	if gateway {
		foreign = classicDefaults()
		b.BindStageName, b.IsHTTPRedirectToHTTPS = nil, nil
		b.CustomDomainType, b.CustomDomainTypeGiven = binding.Internet, false
	} else {
		b.Protocol, b.ForceHTTPS, b.HTTP2Option, b.TLSMin, b.TLSMax, b.TLSCipherSuites = "", nil, "", "", "", nil
		b.DomainScope, b.GatewayType, b.ResourceGroupID = "", "", ""
	}
	b.Positions = slices.DeleteFunc(b.Positions, func(p binding.Place) bool {
		key, _, _ := strings.Cut(strings.TrimPrefix(p.Pointer, "/"), "/")
		return slices.Contains(foreign, key)
	})
	if gateway == group { // a separate error
		for _, key := range append(append(classicDefaults(), gatewayDefaults()...), "isForce", "forceFrom", "movesFrom") {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys, func(key string) (message, next string) {
		switch {
		case gateway && slices.Contains(append(classicDefaults(), "isForce", "forceFrom"), key):
			return fmt.Sprintf("%q is a key of the classic gateway, and the binding names a gatewayId", key), "remove it" + instead(key)
		case group && slices.Contains(append(gatewayDefaults(), "movesFrom"), key):
			return fmt.Sprintf("%q is a key of the cloud-native gateway, and the binding names a groupId", key), "remove it" + instead(key)
		}
		return "", ""
	}
}

// instead names the key of the other platform that means the same, if there is one.
func instead(key string) string {
	switch key {
	case "isHttpRedirectToHttps":
		return ", or write forceHttps"
	case "forceHttps":
		return ", or write isHttpRedirectToHttps"
	case "bindStageName":
		return "; there are no stages, each environment is a separate gateway"
	case "customDomainType":
		return "; an intranet name is one that leads to an intranet entry of the gateway"
	case "isForce", "forceFrom":
		return "; no domain is taken from another gateway"
	case "tlsMin", "tlsMax":
		return "; the API group's HttpsPolicy sets it"
	}
	return ""
}

// onlyClassicClients says why a key of clientCertificate has no meaning for a gateway.
func onlyClassicClients(key string) (message, next string) {
	if slices.Contains([]string{"verifyDepth", "passSubjectDN", "ocsp", "ocspCache"}, key) {
		return fmt.Sprintf("%q is a setting of the classic gateway, and the binding names a gatewayId, which has none like it", key), "remove it"
	}
	return "", ""
}

// classic reads the keys of the classic gateway.
func (d decoder) classic(o strictyaml.Object, b *binding.Binding) {
	if stage, ok := d.get(o, b, "", "bindStageName").Text(); ok {
		b.BindStageName = &stage
	}
	if network, ok := d.get(o, b, "", "customDomainType").Text(); ok {
		b.CustomDomainType, b.CustomDomainTypeGiven = network, true
	}
	if redirect, ok := d.get(o, b, "", "isHttpRedirectToHttps").Bool(); ok {
		b.IsHTTPRedirectToHTTPS = &redirect
	}
}

// gateway reads the keys of the cloud-native gateway. Values that the API's definition
// lists are read here; what they mean together is for the checks.
func (d decoder) gateway(o strictyaml.Object, b *binding.Binding) {
	for _, f := range []struct {
		key    string
		to     *string
		values []string
	}{
		{"protocol", &b.Protocol, []string{"HTTP", "HTTPS"}},
		{"http2Option", &b.HTTP2Option, []string{"Open", "Close", "GlobalConfig"}},
		{"tlsMin", &b.TLSMin, tlsVersions()},
		{"tlsMax", &b.TLSMax, tlsVersions()},
		{"domainScope", &b.DomainScope, []string{"Dedicated", "Serverless"}},
		{"gatewayType", &b.GatewayType, []string{"API", "AI"}},
	} {
		if value, ok := d.get(o, b, "", f.key).OneOf(f.values...); ok {
			*f.to = value
		}
	}
	if force, ok := d.get(o, b, "", "forceHttps").Bool(); ok {
		b.ForceHTTPS = &force
	}
	if id := d.get(o, b, "", "resourceGroupId"); id.Given() {
		b.ResourceGroupID, _ = id.Filled()
	}
	if v := d.get(o, b, "", "tlsCipherSuitesConfig"); v.Given() {
		b.TLSCipherSuites = d.suites(v, b)
	}
}

func tlsVersions() []string { return []string{"TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"} }

func (d decoder) suites(v strictyaml.Value, b *binding.Binding) *binding.CipherSuites {
	const at = "/tlsCipherSuitesConfig"
	o := v.Object("configType", "tlsCipherSuite")
	s := &binding.CipherSuites{}
	s.ConfigType, _ = d.require(o, b, at, "configType").OneOf("Default", "Custom")
	list := d.get(o, b, at, "tlsCipherSuite")
	items, _ := list.List()
	switch {
	case s.ConfigType == "Custom" && len(items) == 0:
		v.Fail("got configType Custom without a suite, want at least one", "add tlsCipherSuite, or write Default")
	case s.ConfigType == "Default" && len(items) > 0:
		list.Fail("got suites with configType Default, want none", "remove them, or write Custom")
	}
	for i, item := range items {
		each := item.Object("name", "supportVersions")
		suite := binding.CipherSuite{}
		suite.Name, _ = each.Require("name").Filled()
		versions, _ := each.Get("supportVersions").List()
		for _, version := range versions {
			text, _ := version.OneOf(tlsVersions()...)
			suite.SupportVersions = append(suite.SupportVersions, text)
		}
		note(b, fmt.Sprintf("%s/tlsCipherSuite/%d", at, i), item)
		s.Suites = append(s.Suites, suite)
	}
	return s
}

// movesFrom reads the API group that a domain moves from.
func (d decoder) movesFrom(v strictyaml.Value, b *binding.Binding) {
	if !v.Given() {
		return
	}
	const at = "/movesFrom"
	o := v.Object("groupId", "regionId")
	from := &binding.MovesFrom{RegionID: b.RegionID}
	from.GroupID, _ = d.require(o, b, at, "groupId").Filled()
	if id := d.get(o, b, at, "regionId"); id.Given() {
		if from.RegionID, _ = id.Filled(); from.RegionID != "" && !region.MatchString(from.RegionID) {
			id.Fail(fmt.Sprintf("got %.64q, want lower-case letters, digits and hyphens", from.RegionID), "write a region id such as cn-hangzhou")
		}
	}
	b.MovesFrom = from
}
