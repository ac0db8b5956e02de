package manifest

import (
	"io"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/binding"
)

// Write writes bindings that the gateway has, or that a command would make, as a
// manifest. It names no certificate: neither knows a file.
func Write(w io.Writer, bindings []binding.Binding) error {
	type suite struct {
		Name     string   `yaml:"name"`
		Versions []string `yaml:"supportVersions,omitempty"`
	}
	type suites struct {
		ConfigType string  `yaml:"configType"`
		Suites     []suite `yaml:"tlsCipherSuite,omitempty"`
	}
	type domain struct {
		DomainName       string  `yaml:"domainName"`
		GroupID          string  `yaml:"groupId,omitempty"`
		GatewayID        string  `yaml:"gatewayId,omitempty"`
		RegionID         string  `yaml:"regionId"`
		BindStageName    *string `yaml:"bindStageName,omitempty"` // empty: all environments
		CustomDomainType string  `yaml:"customDomainType,omitempty"`
		IsForce          bool    `yaml:"isForce,omitempty"`
		Redirect         *bool   `yaml:"isHttpRedirectToHttps,omitempty"`
		Protocol         string  `yaml:"protocol,omitempty"`
		ForceHTTPS       *bool   `yaml:"forceHttps,omitempty"`
		HTTP2Option      string  `yaml:"http2Option,omitempty"`
		TLSMin           string  `yaml:"tlsMin,omitempty"`
		TLSMax           string  `yaml:"tlsMax,omitempty"`
		Suites           *suites `yaml:"tlsCipherSuitesConfig,omitempty"`
		DomainScope      string  `yaml:"domainScope,omitempty"`
		GatewayType      string  `yaml:"gatewayType,omitempty"`
		ResourceGroupID  string  `yaml:"resourceGroupId,omitempty"`
	}
	file := struct {
		APIVersion string   `yaml:"apiVersion"`
		Bindings   []domain `yaml:"bindings"`
	}{APIVersion: "bindgate/v1"}
	for _, b := range bindings {
		d := domain{DomainName: b.DomainName, GroupID: b.GroupID, GatewayID: b.GatewayID, RegionID: b.RegionID, BindStageName: b.BindStageName,
			IsForce: b.IsForce, Redirect: b.IsHTTPRedirectToHTTPS, Protocol: b.Protocol, ForceHTTPS: b.ForceHTTPS, HTTP2Option: b.HTTP2Option, TLSMin: b.TLSMin, TLSMax: b.TLSMax,
			DomainScope: b.DomainScope, GatewayType: b.GatewayType, ResourceGroupID: b.ResourceGroupID}
		if c := b.TLSCipherSuites; c != nil {
			d.Suites = &suites{ConfigType: c.ConfigType}
			for _, s := range c.Suites {
				d.Suites.Suites = append(d.Suites.Suites, suite{s.Name, s.SupportVersions})
			}
		}
		if b.CustomDomainTypeGiven {
			d.CustomDomainType = b.CustomDomainType
		}
		file.Bindings = append(file.Bindings, d)
	}
	text, err := yaml.Dump(file, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false))
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}
