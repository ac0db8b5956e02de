package manifest

import (
	"io"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/binding"
)

// Write writes bindings that the gateway has as a manifest. It names no
// certificate: the gateway knows no file.
func Write(w io.Writer, bindings []binding.Binding) error {
	type domain struct {
		DomainName       string `yaml:"domainName"`
		GroupID          string `yaml:"groupId"`
		RegionID         string `yaml:"regionId"`
		BindStageName    string `yaml:"bindStageName"` // empty: all environments
		CustomDomainType string `yaml:"customDomainType,omitempty"`
		Redirect         bool   `yaml:"isHttpRedirectToHttps,omitempty"`
	}
	file := struct {
		APIVersion string   `yaml:"apiVersion"`
		Bindings   []domain `yaml:"bindings"`
	}{APIVersion: "bindgate/v1"}
	for _, b := range bindings {
		d := domain{DomainName: b.DomainName, GroupID: b.GroupID, RegionID: b.RegionID, BindStageName: *b.BindStageName,
			Redirect: b.IsHTTPRedirectToHTTPS != nil}
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
