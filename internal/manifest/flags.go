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
	Domain, Group, Region string
	Stage                 *string // "" given: all environments
	Type                  string
	Force                 bool
	ForceFrom             []string
	Redirect              *bool
	Proof                 string
	Certificate           string // path
	CertificateName       string
	PrivateKey            string // path
	PrivateKeyEnv         string
	PassphraseEnv         string
	Labels                map[string]string
}

// FromFlags makes the set of the one binding that flags name. Paths and
// variables are the user's own choice and are not confined. Without a group
// only the certificate is judged (Binding.CertificateAlone). Errors carry the
// flag in the place of the file.
func FromFlags(f Flags, o Options) (*Set, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if errs := f.check(o.AllowEnv); len(errs) > 0 {
		return nil, errs
	}
	b := f.binding()
	data, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("digesting the flags: %w", err)
	}
	sum := sha256.Sum256(data)
	return &Set{
		Bindings: []binding.Binding{b},
		Files:    confine.Anywhere(),
		Digest:   "sha256:" + hex.EncodeToString(sum[:]),
		folders:  map[string]string{"": o.WorkDir},
	}, nil
}

// Of makes a set of bindings that were read elsewhere, such as from the gateway.
// They name no files. dir is the working directory.
func Of(bindings []binding.Binding, dir string) (*Set, error) {
	data, err := json.Marshal(bindings)
	if err != nil {
		return nil, fmt.Errorf("digesting the bindings: %w", err)
	}
	sum := sha256.Sum256(data)
	return &Set{Bindings: bindings, Files: confine.Anywhere(), Digest: "sha256:" + hex.EncodeToString(sum[:]),
		folders: map[string]string{"": dir}}, nil
}

func (f Flags) binding() binding.Binding {
	b := binding.Binding{
		DomainName: f.Domain, GroupID: f.Group, RegionID: f.Region,
		BindStageName: f.Stage, IsForce: f.Force, ForceFrom: f.ForceFrom,
		CustomDomainType: binding.Internet, CustomDomainTypeGiven: f.Type != "",
		DomainProof: binding.ProofCNAME, IsHTTPRedirectToHTTPS: f.Redirect,
		Labels: f.Labels, CertificateAlone: f.Group == "",
	}
	if f.Type != "" {
		b.CustomDomainType = f.Type
	}
	if f.Proof != "" {
		b.DomainProof = f.Proof
	}
	if f.Certificate != "" {
		b.Certificate = &binding.Certificate{Name: f.CertificateName, Body: f.Certificate}
		if f.PrivateKey != "" || f.PrivateKeyEnv != "" {
			b.Certificate.PrivateKey = &binding.SecretRef{File: f.PrivateKey, Env: f.PrivateKeyEnv, PassphraseEnv: f.PassphraseEnv}
		}
	}
	return b
}

// flagText is one text that a flag gave.
type flagText struct{ flag, text string }

func (f Flags) paths() []flagText {
	return []flagText{{"--certificate", f.Certificate}, {"--private-key", f.PrivateKey}}
}

func (f Flags) variables() []flagText {
	return []flagText{{"--private-key-env", f.PrivateKeyEnv}, {"--passphrase-env", f.PassphraseEnv}}
}

func (f Flags) texts() []flagText {
	texts := []flagText{
		{"--domain", f.Domain}, {"--group", f.Group}, {"--region", f.Region}, {"--type", f.Type},
		{"--proof", f.Proof}, {"--certificate-name", f.CertificateName},
	}
	if f.Stage != nil {
		texts = append(texts, flagText{"--stage", *f.Stage})
	}
	for _, group := range f.ForceFrom {
		texts = append(texts, flagText{"--force-from", group})
	}
	for _, key := range slices.Sorted(maps.Keys(f.Labels)) {
		texts = append(texts, flagText{"--label", key}, flagText{"--label", f.Labels[key]})
	}
	return slices.Concat(texts, f.paths(), f.variables())
}

// check holds flags to what a manifest must hold to.
func (f Flags) check(allowEnv []string) Errors {
	var errs Errors
	fail := func(flag, message, next string) {
		errs = append(errs, &Error{File: flag, Message: message, Next: next})
	}
	for _, t := range f.texts() {
		if strictyaml.IsKeyText(t.text) {
			fail(t.flag, "got the text of a key or certificate", "write it to a file and name the file")
		}
	}
	if len(errs) > 0 {
		return errs // before any other message repeats a key
	}
	for _, t := range f.texts() {
		if r, bad := strictyaml.Hidden(t.text); bad {
			fail(t.flag, fmt.Sprintf("got a text with the control character %U, want one line of plain text", r), "remove it")
		}
	}
	for _, t := range f.paths() {
		if message, next := notAPath(t.text); message != "" {
			fail(t.flag, message, next)
		}
	}
	for _, t := range f.variables() {
		switch {
		case t.text != "" && !variable.MatchString(t.text):
			fail(t.flag, notAVariable, nameNotValue)
		case t.text != "" && !readable(t.text, allowEnv) && !shown.MatchString(t.text):
			fail(t.flag, "got a name that may be a secret itself, want one in capitals with an underscore, such as KEY_PASSPHRASE",
				nameNotValue+", or allow it with --allow-env GLOB")
		}
	}
	f.checkBinding(fail)
	f.checkCertificate(fail)
	return errs
}

func (f Flags) checkBinding(fail func(flag, message, next string)) {
	if f.Domain == "" {
		fail("--domain", "it is missing", "name the domain to bind")
	}
	if f.Group == "" && f.Certificate == "" {
		fail("--group", "it is missing", "name the API group, or only a --certificate to judge that alone")
	}
	if f.Group != "" && !region.MatchString(f.Region) {
		fail("--region", fmt.Sprintf("got %.64q, want lower-case letters, digits and hyphens", f.Region), "write a region id such as cn-hangzhou")
	}
	if f.Proof != "" && f.Proof != binding.ProofCNAME && f.Proof != binding.ProofTXT {
		fail("--proof", fmt.Sprintf("got %.64q, want cname or txt", f.Proof), "")
	}
}

func (f Flags) checkCertificate(fail func(flag, message, next string)) {
	key := f.PrivateKey != "" || f.PrivateKeyEnv != ""
	if f.PrivateKey != "" && f.PrivateKeyEnv != "" {
		fail("--private-key", "got --private-key-env besides, want one of them", "remove the other")
	}
	if f.PassphraseEnv != "" && !key {
		fail("--passphrase-env", "got no private key, want one besides", "add --private-key, which for PKCS#12 names the same file as --certificate")
	}
	if f.Certificate == "" && (key || f.CertificateName != "") {
		fail("--certificate", "it is missing", "name the certificate's file")
	}
}
