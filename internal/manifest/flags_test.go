package manifest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/manifest"
)

func TestFromFlags(t *testing.T) {
	stage, redirect := "", false
	dir := folder(t, map[string]string{"key": "k"})
	set, err := manifest.FromFlags(manifest.Flags{
		Domain: "api.demo.com", Group: "g", Region: "cn-hangzhou", Stage: &stage, Type: "INTRANET", Force: true, ForceFrom: []string{"h"},
		Redirect: &redirect, Proof: "txt", Certificate: "c.pem", CertificateName: "name", PrivateKey: "key", PassphraseEnv: "ANY_NAME",
		Labels: map[string]string{"owner": "me"},
	}, manifest.Options{WorkDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := binding.Binding{
		DomainName: "api.demo.com", GroupID: "g", RegionID: "cn-hangzhou", BindStageName: &stage, CustomDomainType: "INTRANET",
		CustomDomainTypeGiven: true, IsForce: true, ForceFrom: []string{"h"}, IsHTTPRedirectToHTTPS: &redirect, DomainProof: "txt",
		Certificate: &binding.Certificate{Name: "name", Body: "c.pem", PrivateKey: &binding.SecretRef{File: "key", PassphraseEnv: "ANY_NAME"}},
		Labels:      map[string]string{"owner": "me"},
	}
	if diff := cmp.Diff(want, first(t, set)); diff != "" {
		t.Errorf("binding (-want +got):\n%s", diff)
	}
	if file, err := set.Files.Read(set.Folder(first(t, set)), "key", 9); err != nil || string(file.Bytes) != "k" {
		t.Errorf("reading what flags name: %v", err)
	}
}

func TestFromFlagsDefaults(t *testing.T) {
	set, err := manifest.FromFlags(manifest.Flags{Domain: "d", Certificate: "c.pem", PrivateKeyEnv: "KEY_PEM"}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := first(t, set)
	if !b.CertificateOnly || b.CustomDomainType != "INTERNET" || b.CustomDomainTypeGiven || b.DomainProof != "cname" ||
		b.BindStageName != nil || b.IsHTTPRedirectToHTTPS != nil || b.Certificate.PrivateKey.Env != "KEY_PEM" {
		t.Errorf("got %+v", b)
	}
}

func TestFromFlagsRefuses(t *testing.T) {
	sound := manifest.Flags{Domain: "d", Group: "g", Region: "r"}
	change := func(f func(*manifest.Flags)) manifest.Flags { c := sound; f(&c); return c }
	escape, der := "\x1b[2J", "MI"+strings.Repeat("Ab", 40)
	for want, flags := range map[string]manifest.Flags{
		"--domain: it is missing; name the domain to bind\n--group: it is missing; name the API group, or --gateway for the cloud-native gateway, or only a --certificate to judge that alone": {},
		`--region: got "", want lower-case`:                           {Domain: "d", Group: "g"},
		`--region: got "a.b/", want lower-case`:                       change(func(f *manifest.Flags) { f.Region = "a.b/" }),
		`--proof: got "dns", want one of cname, txt`:                  change(func(f *manifest.Flags) { f.Proof = "dns" }),
		"--stage: got a string with the control character":            change(func(f *manifest.Flags) { f.Stage = &escape }),
		"--label: got a string with the control character":            change(func(f *manifest.Flags) { f.Labels = map[string]string{"a": escape} }),
		"--force-from: got a string with the control":                 change(func(f *manifest.Flags) { f.ForceFrom = []string{escape} }),
		"--private-key: got the text of a key":                        change(func(f *manifest.Flags) { f.Certificate, f.PrivateKey = "c", der }),
		"--private-key: got --private-key-env too":                    change(func(f *manifest.Flags) { f.Certificate, f.PrivateKey, f.PrivateKeyEnv = "c", "k", "KEY_PEM" }),
		"--private-key-env: got a string that is not a variable name": change(func(f *manifest.Flags) { f.Certificate, f.PrivateKeyEnv = "c", "a b" }),
		"--passphrase-env: got a name that may be a secret":           change(func(f *manifest.Flags) { f.Certificate, f.PrivateKey, f.PassphraseEnv = "c", "k", "hunter2Correct" }),
		"--region: got the text of a key or certificate":              change(func(f *manifest.Flags) { f.Region = der }),
		"--passphrase-env: got no private key":                        change(func(f *manifest.Flags) { f.Certificate, f.PassphraseEnv = "c", "BINDGATE_P" }),
		"--certificate: it is missing; name the certificate":          change(func(f *manifest.Flags) { f.PrivateKey = "k" }),
	} {
		_, err := manifest.FromFlags(flags, manifest.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), der) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}
