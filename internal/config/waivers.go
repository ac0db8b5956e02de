package config

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
	"github.com/bindgate/bindgate/internal/waiver"
)

var policyRule = lazyregexp.New(`^bindgate\.policy(\.[A-Za-z_][A-Za-z0-9_]*)+/[a-z0-9_-]+$`)

// waivers reads the waivers of the owner. When they end is for the caller to compare
// with the clock of the run.
func (c *Config) waivers(v strictyaml.Value) (out []waiver.Waiver) {
	for _, item := range items(v) {
		o := item.Object("check", "rule", "domain", "owner", "reason", "until")
		line, column := item.Place()
		w := waiver.Waiver{At: fmt.Sprintf("%s:%d:%d", c.Path, line, column)}
		check, rule := o.Get("check"), o.Get("rule")
		if check.Given() == rule.Given() {
			item.Fail("got a waiver with both or neither of check and rule, want one of them", "write check: CHECK, or rule: bindgate.policy.NAME/ID")
			continue
		}
		if id, ok := check.Filled(); ok && isCheckID(check, id) {
			w.Check = id
		}
		if id, ok := rule.Filled(); ok {
			if !policyRule.MatchString(id) {
				rule.Fail(fmt.Sprintf("got %.64q, want the id of a policy rule", id), "write bindgate.policy.NAME/ID, with the custom.id of the rule")
			}
			w.Rule = id
		}
		if domain, ok := o.Require("domain").Filled(); ok {
			if !waiver.ValidDomain(domain) {
				o.Get("domain").Fail(fmt.Sprintf("got %.64q, want a domain name, in which * matches one label; the last two labels are words", domain), "write one such as api.demo.com or '*.demo.com'")
			}
			w.Domain = domain
		}
		w.Owner, _ = o.Require("owner").Filled()
		w.Reason, _ = o.Require("reason").Filled()
		if until, ok := o.Require("until").Filled(); ok {
			at, err := time.Parse(time.RFC3339, until)
			if err != nil {
				o.Get("until").Fail(fmt.Sprintf("got %.64q, want a time of RFC 3339", until), "write one such as 2026-12-31T00:00:00Z, in quotes")
			}
			w.Until = at.UTC()
		}
		out = append(out, w)
	}
	return out
}
