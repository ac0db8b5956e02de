package config

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Policy is one entry of the key policy, and where it is.
type Policy struct {
	Text         string     // as written
	Ref          bundle.Ref // with an absolute path
	Line, Column int
}

// Registry is how a registry of policies is asked. Paths are absolute.
type Registry struct {
	Username, PasswordFile string
	CA                     string   // roots of its certificate; empty: the system's
	Hosts                  []string // other hosts that receive its credentials
}

// Signers are whose signature `policy lock` takes for a new digest.
type Signers struct {
	AllowedSigners string // file in OpenSSH's format; empty: no SSH key signs
	RevokedSigners string // file of public keys; may be empty
	Bundle         map[string]bundle.Key
}

// distributionKeys are the keys of the owner's file about where policies come from.
func distributionKeys() []string { return []string{"registries", "policySigners"} }

func (c *Config) distribution(o strictyaml.Object) {
	c.Registries = c.registries(o.Get("registries"))
	if v := o.Get("policySigners"); v.Given() {
		c.PolicySigners = c.policySigners(v.Object("allowedSigners", "revokedSigners", "bundle"))
	}
}

// policies are paths, which become absolute, and references of registries.
func (c *Config) policies(v strictyaml.Value) (refs []string) {
	for _, item := range items(v) {
		text, ok := item.Filled()
		if !ok {
			continue
		}
		ref, err := bundle.ParseRef(text)
		if err != nil {
			item.Fail(err.Error(), "")
			continue
		}
		if !ref.OCI() {
			ref.Path = confine.Absolute(c.Dir, ref.Path)
		}
		p := Policy{Text: text, Ref: ref}
		p.Line, p.Column = item.Place()
		c.Policies = append(c.Policies, p)
		refs = append(refs, ref.String())
	}
	return refs
}

var registryHost = lazyregexp.New(`^[a-z0-9.:\[\]-]+$`)

func (c *Config) registries(v strictyaml.Value) map[string]Registry {
	if !v.Given() {
		return nil
	}
	entries, _ := v.Entries()
	out := make(map[string]Registry, len(entries))
	for _, e := range entries {
		if !registryHost.MatchString(e.Key) {
			e.Name.Fail(fmt.Sprintf("got %.64q, want the host of a registry in lower case, with its port if it is not 443", e.Key), "write one such as registry.example.com")
		}
		o := e.Value.Object("username", "passwordFile", "ca", "hosts")
		var host Registry
		host.Username, _ = o.Get("username").Filled()
		host.PasswordFile = path1(c, o.Get("passwordFile"))
		host.CA = path1(c, o.Get("ca"))
		if o.Get("username").Given() != o.Get("passwordFile").Given() {
			e.Value.Fail("got one of username and passwordFile, want both or neither", "a password is never in this file itself")
		}
		for _, item := range items(o.Get("hosts")) {
			name, ok := item.Filled()
			if ok && !registryHost.MatchString(name) {
				item.Fail(fmt.Sprintf("got %.64q, want a host in lower case, with its port if it is not 443", name), "write one such as auth.example.com")
			}
			host.Hosts = append(host.Hosts, name)
		}
		out[e.Key] = host
	}
	return out
}

// path1 is a path; empty if it is absent or wrong.
func path1(c *Config, v strictyaml.Value) string {
	if got := c.path(v); v.Given() && len(got) == 1 {
		return got[0]
	}
	return ""
}

func (c *Config) policySigners(o strictyaml.Object) Signers {
	s := Signers{AllowedSigners: path1(c, o.Get("allowedSigners")), RevokedSigners: path1(c, o.Get("revokedSigners"))}
	if s.RevokedSigners != "" && s.AllowedSigners == "" {
		o.Get("revokedSigners").Fail("got revokedSigners without allowedSigners", "name the file of allowed signers, too")
	}
	v := o.Get("bundle")
	if !v.Given() {
		return s
	}
	entries, _ := v.Entries()
	s.Bundle = make(map[string]bundle.Key, len(entries))
	for _, e := range entries {
		k := e.Value.Object("key", "algorithm", "scope")
		var key bundle.Key
		key.Algorithm, _ = k.Require("algorithm").OneOf(bundle.Algorithms()...)
		key.Scope, _ = k.Get("scope").Filled()
		if file := path1(c, k.Require("key")); file != "" {
			text, err := confine.ReadBounded(file, 64<<10)
			if err == nil {
				err = publicKey(text)
			}
			if err != nil {
				k.Get("key").Fail("reading the key: "+err.Error(), "name a public key in PEM, as `openssl pkey -pubout` writes it")
			}
			key.PEM = string(text)
		}
		s.Bundle[e.Key] = key
	}
	return s
}

// publicKey fails for anything but one public key: a private one has no place here.
func publicKey(text []byte) error {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
		return fmt.Errorf("it is not one block PUBLIC KEY")
	}
	_, err := x509.ParsePKIXPublicKey(block.Bytes)
	return err
}

// Relock returns the owner's file with the text of one policy replaced, and nothing
// else changed. The result must say what the old file says, but for that policy.
func Relock(path string, text []byte, old Policy, now string) ([]byte, error) {
	lines := strings.SplitAfter(string(text), "\n")
	if old.Line < 1 || old.Line > len(lines) {
		return nil, fmt.Errorf("writing %q: line %d is not there any more", path, old.Line)
	}
	line := lines[old.Line-1]
	skip := min(max(old.Column-1, 0), len(line))
	at := strings.Index(line[skip:], old.Text)
	if at < 0 {
		return nil, fmt.Errorf("writing %q: line %d does not hold %q as plain text; write %q there", path, old.Line, old.Text, now)
	}
	lines[old.Line-1] = line[:skip] + strings.Replace(line[skip:], old.Text, now, 1)
	out := []byte(strings.Join(lines, ""))
	before, err := ParseOwner(path, text)
	if err != nil {
		return nil, err
	}
	after, err := ParseOwner(path, out)
	if err != nil {
		return nil, err
	}
	for i, p := range before.Policies {
		want := p.Text
		if p.Line == old.Line && p.Column == old.Column {
			want = now
		}
		if len(after.Policies) != len(before.Policies) || after.Policies[i].Text != want {
			return nil, fmt.Errorf("writing %q: line %d cannot be changed alone; write %q there", path, old.Line, now)
		}
	}
	same := func(a, b Setting) bool {
		return a.Key == b.Key && (a.Key == "policy" || slices.Equal(a.Values, b.Values))
	}
	if !slices.EqualFunc(before.Settings, after.Settings, same) {
		return nil, fmt.Errorf("writing %q: line %d cannot be changed alone; write %q there", path, old.Line, now)
	}
	return out, nil
}
