package config

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Trust is whose signatures the owner takes, and which facts a run may be given.
type Trust struct {
	AllowedSigners string   // file in OpenSSH's format; empty: no SSH key approves a plan
	RevokedSigners string   // file of public keys; may be empty
	Services       []Issuer // whose tokens approve a plan
	CI             []Issuer // whose tokens say which job runs
	External       []External
}

// Issuer is one issuer of tokens.
type Issuer struct {
	Provider string // of CI: github or gitlab
	Name     string // the claim iss
	Audience string // of CI
	JWKS     string // file of its public keys
}

// External is one file of facts that a run may be given.
type External struct {
	Name   string
	Schema string // file with the JSON Schema of the facts
	MaxAge time.Duration
}

const (
	// githubIssuer is the issuer of GitHub's own service.
	githubIssuer = "https://token.actions.githubusercontent.com"
	// defaultAudience is the audience of CI tokens.
	defaultAudience = "bindgate"
)

var externalName = lazyregexp.New(`^[a-z][A-Za-z0-9_]*$`)

// trustKeys are the keys of the owner's file that have no flag.
func trustKeys() []string { return []string{"approvals", "ci", "external"} }

func (c *Config) trust(o strictyaml.Object) {
	if v := o.Get("approvals"); v.Given() {
		c.approvals(v.Object("allowedSigners", "revokedSigners", "services"))
	}
	for _, item := range items(o.Get("ci")) {
		c.Trust.CI = c.issuer(item, c.Trust.CI, "provider", "issuer", "audience", "jwks")
	}
	entries, ok := o.Get("external").Entries()
	if !ok {
		return
	}
	for _, e := range entries {
		if !externalName.MatchString(e.Key) || len(e.Key) > 64 {
			e.Name.Fail(fmt.Sprintf("got %.64q, want the name of facts: a small letter, then letters, digits and underscores", e.Key), "policies read it as input.external.NAME")
			continue
		}
		one := e.Value.Object("schema", "maxAge")
		x := External{Name: e.Key, Schema: first(c.path(one.Require("schema")))}
		if text := first(duration("24h")(c, one.Require("maxAge"))); text != "" {
			x.MaxAge, _ = ParseDuration(text)
		}
		c.Trust.External = append(c.Trust.External, x)
	}
}

func (c *Config) approvals(o strictyaml.Object) {
	c.Trust.AllowedSigners = first(c.path(o.Get("allowedSigners")))
	c.Trust.RevokedSigners = first(c.path(o.Get("revokedSigners")))
	if c.Trust.RevokedSigners != "" && !o.Get("allowedSigners").Given() {
		o.Get("revokedSigners").Fail("got revokedSigners without allowedSigners", "name the file of allowed signers too")
	}
	for _, item := range items(o.Get("services")) {
		c.Trust.Services = c.issuer(item, c.Trust.Services, "issuer", "jwks")
	}
}

// issuer adds the issuer of an item to a list.
func (c *Config) issuer(v strictyaml.Value, list []Issuer, keys ...string) []Issuer {
	o := v.Object(keys...)
	out := Issuer{Audience: defaultAudience, JWKS: first(c.path(o.Require("jwks")))}
	name := o.Get("issuer")
	if slices.Contains(keys, "provider") {
		out.Provider, _ = o.Require("provider").OneOf("github", "gitlab")
		if text, ok := o.Get("audience").Filled(); ok {
			out.Audience = text
		}
	}
	switch {
	case name.Given():
		out.Name, _ = name.Filled()
		if u, err := url.Parse(out.Name); out.Name != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
			name.Fail(fmt.Sprintf("got %.128q, want an https URL without user, query and fragment", out.Name), "copy the issuer of the service's tokens (iss)")
		}
	case out.Provider == "github":
		out.Name = githubIssuer
	default:
		o.Require("issuer")
	}
	if slices.ContainsFunc(list, func(other Issuer) bool { return other.Name == out.Name }) && out.Name != "" {
		o.Fail(fmt.Sprintf("the issuer %.128q is there twice", out.Name), "remove one")
	}
	return append(list, out)
}

// first is the value of a reader that gave one, or empty.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
