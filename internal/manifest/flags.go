package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Flags name one binding without a manifest. An empty string or a nil pointer
// is a flag that was not given.
type Flags struct {
	Domain, Region    string
	Group, Gateway    string  // one of them
	Stage             *string // "" given: all environments
	Type              string
	Force             bool
	ForceFrom         []string
	Redirect          *bool
	Proof             string
	Certificate       string // path
	CertificateName   string
	PrivateKey        string // path
	PrivateKeyEnv     string
	PassphraseEnv     string
	ClientCertificate string // none, or the path of a CA
	Labels            map[string]string

	// Of the cloud-native gateway.
	Protocol, TLSMin, CASID string
	ForceHTTPS              *bool
}

// FromFlags makes the set of the one binding that flags name. Paths and
// variables are the user's own choice and are not confined. Without a group
// only the certificate is judged (Binding.CertificateOnly). Errors carry the
// flag in the place of the file.
func FromFlags(f Flags, o Options) (*Set, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if errs := f.check(); len(errs) > 0 {
		return nil, errs
	}
	file := f.value().File()
	b := decoder{flags: true, allowEnv: o.AllowEnv}.binding(file.Documents()[0], builtIn())
	if errs := file.Errors(); errs != nil {
		return nil, errs
	}
	b.CertificateOnly = f.Group == "" && f.Gateway == ""
	return given([]binding.Binding{b}, b, o.WorkDir)
}

// Of makes a set of bindings that were read elsewhere, such as from the gateway.
// They name no files. dir is the working directory.
func Of(bindings []binding.Binding, dir string) (*Set, error) { return given(bindings, bindings, dir) }

// given makes a set of bindings that no manifest holds, with the digest of source.
func given(bindings []binding.Binding, source any, dir string) (*Set, error) {
	data, err := json.Marshal(source)
	if err != nil {
		return nil, fmt.Errorf("digesting the bindings: %w", err)
	}
	sum := sha256.Sum256(data)
	return &Set{given: bindings, bindings: len(bindings), Files: confine.Anywhere(), Digest: "sha256:" + hex.EncodeToString(sum[:]),
		folders: map[string]string{"": dir}}, nil
}

// value is the mapping that a manifest would hold for the flags.
func (f Flags) value() *strictyaml.Flags {
	v := strictyaml.NewFlags()
	for _, t := range []struct {
		flag, text string
		path       []string
	}{
		{"--domain", f.Domain, []string{"domainName"}},
		{"--group", f.Group, []string{"groupId"}},
		{"--gateway", f.Gateway, []string{"gatewayId"}},
		{"--protocol", f.Protocol, []string{"protocol"}},
		{"--tls-min", f.TLSMin, []string{"tlsMin"}},
		{"--cas-id", f.CASID, []string{"certificate", "casId"}},
		{"--type", f.Type, []string{"customDomainType"}},
		{"--proof", f.Proof, []string{"domainProof"}},
		{"--certificate", f.Certificate, []string{"certificate", "body"}},
		{"--certificate-name", f.CertificateName, []string{"certificate", "name"}},
		{"--private-key", f.PrivateKey, []string{"certificate", "privateKey", "file"}},
		{"--private-key-env", f.PrivateKeyEnv, []string{"certificate", "privateKey", "env"}},
		{"--passphrase-env", f.PassphraseEnv, []string{"certificate", "privateKey", "passphraseEnv"}},
	} {
		if t.text != "" {
			v.Text(t.flag, t.text, t.path...)
		}
	}
	switch f.ClientCertificate {
	case "":
	case "none":
		v.Text("--client-certificate", "none", "clientCertificate")
	default:
		v.Text("--client-certificate", f.ClientCertificate, "clientCertificate", "ca")
	}
	if f.ForceHTTPS != nil {
		v.Bool("--force-https", *f.ForceHTTPS, "forceHttps")
	}
	if f.Group != "" || f.Gateway != "" || f.Region != "" {
		v.Text("--region", f.Region, "regionId")
	}
	if f.Stage != nil {
		v.Text("--stage", *f.Stage, "bindStageName")
	}
	if f.Redirect != nil {
		v.Bool("--redirect", *f.Redirect, "isHttpRedirectToHttps")
	}
	if f.Force {
		v.Bool("--force", true, "isForce")
	}
	if len(f.ForceFrom) > 0 {
		v.Texts("--force-from", f.ForceFrom, "forceFrom")
	}
	for _, key := range slices.Sorted(maps.Keys(f.Labels)) {
		v.Text("--label", f.Labels[key], "labels", key)
	}
	return v
}

// check says which flags are missing and which do not go together.
func (f Flags) check() Errors {
	var errs Errors
	fail := func(flag, message, next string) {
		errs = append(errs, &Error{File: flag, Message: message, Next: next})
	}
	if f.Domain == "" {
		fail("--domain", "it is missing", "name the domain to bind")
	}
	switch {
	case f.Group != "" && f.Gateway != "":
		fail("--gateway", "got --group too, want one of them", "name the API group of the classic gateway, or the cloud-native gateway")
	case f.Group == "" && f.Gateway == "" && f.Certificate == "":
		fail("--group", "it is missing", "name the API group, or --gateway for the cloud-native gateway, or only a --certificate to judge that alone")
	}
	key := f.PrivateKey != "" || f.PrivateKeyEnv != ""
	if f.PrivateKey != "" && f.PrivateKeyEnv != "" {
		fail("--private-key", "got --private-key-env too, want one of them", "remove the other")
	}
	if f.PassphraseEnv != "" && !key {
		fail("--passphrase-env", "got no private key, want one too", "add --private-key, which for PKCS#12 names the same file as --certificate")
	}
	if f.Certificate == "" && (key || f.CertificateName != "" || f.ClientCertificate != "") {
		fail("--certificate", "it is missing", "name the certificate's file")
	}
	return errs
}
