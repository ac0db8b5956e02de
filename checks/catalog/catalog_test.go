package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

func TestIDs(t *testing.T) {
	form := regexp.MustCompile(`^[a-z-]+/[a-z0-9-]+$`)
	families := []string{"request", "certificate", "dns", "group", "apig", "cutover", "rebind", "policy"}
	seen := map[string]bool{}
	last := 0
	for _, c := range All() {
		if !form.MatchString(c.ID) {
			t.Errorf("%q: want family/statement", c.ID)
		}
		if seen[c.ID] {
			t.Errorf("%s is in the list twice", c.ID)
		}
		seen[c.ID] = true
		at := slices.Index(families, c.Family())
		if at < last {
			t.Errorf("%s: the family is none of %v, or out of that order", c.ID, families)
		}
		last = at
		if c.Core && c.Severity != checks.Error {
			t.Errorf("%s is core and does not block", c.ID)
		}
	}
}

// TestSeverities lists the severities that the design requires. An advisory
// check that blocks stops people needlessly; a blocking one that advises lets
// harm through.
func TestSeverities(t *testing.T) {
	want := map[string]string{
		"request/stage-is-valid":                      "E core",
		"request/network-type-is-valid":               "E core",
		"request/domain-is-well-formed":               "E core",
		"request/domain-is-registrable":               "E",
		"request/contract-supports-fields":            "E core",
		"request/domain-is-bound-once":                "E",
		"request/redirect-has-certificate":            "E",
		"request/group-id-is-well-formed":             "W",
		"request/certificate-name-is-valid":           "E",
		"request/has-no-placeholders":                 "E",
		"request/labels-are-declared":                 "E",
		"request/region-is-known":                     "W",
		"request/force-is-explained":                  "W",
		"request/stage-is-explicit":                   "W",
		"certificate/chain-is-ordered":                "W",
		"certificate/chain-is-trusted":                "E core",
		"certificate/covers-domain":                   "E core",
		"certificate/crl-files-are-usable":            "E",
		"certificate/file-is-clean":                   "W",
		"certificate/has-enough-scts":                 "E",
		"certificate/contains-no-expired-certificate": "W",
		"certificate/contains-no-private-key":         "E",
		"certificate/is-within-limits":                "E",
		"certificate/is-valid-now":                    "E core",
		"certificate/is-not-revoked":                  "E",
		"certificate/is-readable":                     "E core",
		"certificate/key-is-accepted-by-gateway":      "W",
		"certificate/key-is-protected":                "W",
		"certificate/key-is-readable":                 "E core",
		"certificate/key-is-consistent":               "E",
		"certificate/key-is-strong":                   "E",
		"certificate/key-matches":                     "E core",
		"certificate/lasts-long-enough":               "W",
		"certificate/leaf-comes-first":                "E core",
		"certificate/leaf-is-a-server-certificate":    "E",
		"certificate/lifetime-is-allowed":             "E",
		"certificate/lints-clean":                     "E",
		"certificate/must-staple-is-possible":         "W",
		"certificate/names-are-well-formed":           "E",
		"certificate/client-ca-is-usable":             "E",
		"certificate/keeps-mutual-tls":                "E",
		"certificate/replaces-safely":                 "E",
		"certificate/revocation-was-checked":          "W",
		"dns/cname-reaches-group":                     "E core",
		"dns/cname-reaches-gateway":                   "E",
		"dns/ownership-is-proved":                     "E core",
		"dns/cname-chain-terminates":                  "E core",
		"dns/clients-follow-cname":                    "E",
		"dns/name-exists":                             "E",
		"dns/cname-has-no-other-data":                 "E",
		"dns/is-not-flattened":                        "E",
		"dns/is-not-behind-a-proxy":                   "W",
		"dns/servers-agree":                           "E",
		"dns/authoritative-servers-were-asked":        "W",
		"dns/resolvers-agree":                         "W",
		"dns/target-resolves":                         "E",
		"dns/is-not-dangling":                         "E",
		"dns/caa-allows-renewal":                      "W",
		"dns/dnssec-is-valid":                         "E",
		"dns/ttl-allows-cutover":                      "W",
		"dns/https-records-agree":                     "W",
		"group/exists":                                "E core",
		"group/domain-is-free":                        "E core",
		"group/all-groups-were-listed":                "W",
		"group/has-domain-quota":                      "W",
		"group/served-certificate-is-valid":           "E",
		"group/binding-is-in-effect":                  "W",
		"group/update-keeps-settings":                 "E",
		"group/account-is-known":                      "E core",
		"apig/gateway-exists":                         "E core",
		"apig/domain-is-proved":                       "E core",
		"apig/record-is-updatable":                    "E",
		"apig/update-keeps-settings":                  "E",
		"apig/protocol-fits-the-scope":                "E",
		"apig/https-has-a-certificate":                "E",
		"apig/certificate-id-is-the-file":             "E core",
		"apig/certificate-id-is-usable":               "E",
		"apig/certificate-name-is-free":               "E",
		"apig/tls-range-is-stated":                    "E",
		"apig/suites-fit-the-key":                     "E",
		"apig/mtls-has-its-ca":                        "E",
		"apig/wildcard-depth-is-stated":               "W",
		"apig/name-is-held-once":                      "E",
		"apig/domain-is-published":                    "W",
		"cutover/region-has-a-gateway":                "E",
		"cutover/nothing-is-lost":                     "E",
		"cutover/tls-is-not-weaker":                   "E",
		"cutover/mutual-tls-is-carried":               "E",
		"cutover/successor-serves":                    "E",
		"cutover/old-stays-for-the-ttl":               "W",
		"rebind/force-is-allowed":                     "E core",
		"rebind/traffic-has-moved":                    "E",
		"rebind/force-is-needed":                      "W",
		"policy/no-denials":                           "E core",
	}
	got := map[string]string{}
	for _, c := range All() {
		got[c.ID] = map[checks.Severity]string{checks.Error: "E", checks.Warning: "W"}[c.Severity]
		if c.Core {
			got[c.ID] += " core"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRoles lists the checks that the gate, the policies and --wait depend on.
func TestRoles(t *testing.T) {
	want := map[string][]string{
		"request": {"request/stage-is-valid", "request/network-type-is-valid", "request/domain-is-well-formed", "request/contract-supports-fields"},
		"target":  {"group/exists"},
		"cname":   {"dns/cname-reaches-group"},
		"txt":     {"dns/ownership-is-proved"},
		"gateway": {"request/network-type-is-valid", "request/domain-is-well-formed", "request/contract-supports-fields", "apig/gateway-exists", "apig/domain-is-proved"},
		"policy":  {"rebind/force-is-allowed", "rebind/traffic-has-moved", "rebind/force-is-needed", "policy/no-denials"},
		"visible": {"dns/cname-reaches-group", "dns/cname-reaches-gateway", "dns/ownership-is-proved", "dns/name-exists", "dns/clients-follow-cname", "dns/servers-agree",
			"dns/resolvers-agree", "apig/domain-is-proved"},
		"not core": nil,
	}
	got := map[string][]string{"not core": nil}
	for _, c := range All() {
		in := func(role string, has bool) {
			if has {
				got[role] = append(got[role], c.ID)
			}
		}
		cname, txt := c.Requirement(binding.Binding{}), c.Requirement(binding.Binding{DomainProof: binding.ProofTXT})
		in("request", cname == checks.RequestIsValid && txt == cname)
		in("target", cname == checks.TargetExists && txt == cname)
		in("cname", cname == checks.DomainIsProved)
		in("txt", txt == checks.DomainIsProved)
		in("gateway", c.Requirement(binding.Binding{GatewayID: "gw"}) != "")
		in("policy", c.AfterPolicy)
		in("visible", c.ShowsPropagation)
		in("not core", c.MustPass != nil && !c.Core)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// For every kind of binding, core checks prove that the target exists and that the domain
// is the caller's, each of them once, and they apply to it.
func TestEveryBindingIsProved(t *testing.T) {
	for name, b := range map[string]binding.Binding{
		"a group, by CNAME":                {GroupID: "g", DomainProof: binding.ProofCNAME},
		"a group, by TXT":                  {GroupID: "g", DomainProof: binding.ProofTXT},
		"a group, with no proof":           {GroupID: "g"},
		"a gateway":                        {GatewayID: "gw", DomainProof: binding.ProofCNAME},
		"a gateway, with the proof by TXT": {GatewayID: "gw", DomainProof: binding.ProofTXT},
		"a gateway that a domain moves to": {GatewayID: "gw", MovesFrom: &binding.MovesFrom{GroupID: "g"}},
		"both, which a check refuses":      {GatewayID: "gw", GroupID: "g"},
	} {
		proved := map[checks.Requirement][]string{}
		for _, c := range All() {
			if r := c.Requirement(b); r != "" {
				proved[r] = append(proved[r], c.ID)
				if c.Applies != nil {
					if applies, why := c.Applies(b); !applies {
						t.Errorf("%s: %s proves %q and does not apply: %s", name, c.ID, r, why)
					}
				}
				if !c.Core {
					t.Errorf("%s: %s proves %q and is not core", name, c.ID, r)
				}
			}
		}
		for _, r := range []checks.Requirement{checks.TargetExists, checks.DomainIsProved} {
			if len(proved[r]) != 1 {
				t.Errorf("%s: %q is proved by %v, want one check", name, r, proved[r])
			}
		}
	}
}

// A check of one kind of target does not apply to bindings of the other.
func TestChecksOfATarget(t *testing.T) {
	for _, c := range All() {
		for prefix, b := range map[string]binding.Binding{"apig/": {GroupID: "g"}, "rebind/": {GatewayID: "gw", IsForce: true}} {
			if !strings.HasPrefix(c.ID, prefix) {
				continue
			}
			if applies, why := c.Applies(b); applies || why == "" {
				t.Errorf("%s applies to %+v", c.ID, b)
			}
		}
	}
}

func TestPasses(t *testing.T) {
	before, after := Passes([]checks.Check{{ID: "a/a"}, {ID: "a/b", AfterPolicy: true}, {ID: "a/c"}, {ID: "policy/d"}})
	if diff := cmp.Diff([]string{"a/a", "a/c", "policy/d"}, ids(before)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a/b"}, ids(after)); diff != "" {
		t.Error(diff)
	}
}

func ids(list []checks.Check) (out []string) {
	for _, c := range list {
		out = append(out, c.ID)
	}
	return out
}

// extra returns a check that an embedding program may add.
func extra() checks.Check {
	return checks.Check{ID: "acme/name-is-short", Severity: checks.Error, Judge: func(checks.Subject) checks.Verdict { return checks.Pass() }}
}

func TestWith(t *testing.T) {
	advice := extra()
	advice.ID, advice.Severity, advice.AfterPolicy = "acme/name-is-known", checks.Warning, true
	list, err := With(extra(), advice)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(ids(All()), extra().ID, advice.ID), ids(list)); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		change func(*checks.Check)
		want   string
	}{
		"an id of the catalogue":     {func(c *checks.Check) { c.ID = "group/exists" }, `the family "group" belongs to the catalogue`},
		"a family of the catalogue":  {func(c *checks.Check) { c.ID = "policy/acme" }, `the family "policy" belongs to the catalogue`},
		"an id that is given twice":  {func(*checks.Check) {}, "two checks have this id"},
		"no family":                  {func(c *checks.Check) { c.ID = "short" }, "family/statement"},
		"a folder above":             {func(c *checks.Check) { c.ID = "acme/../x" }, "family/statement"},
		"no severity":                {func(c *checks.Check) { c.ID, c.Severity = "acme/x", "" }, `severity ""`},
		"no judgement":               {func(c *checks.Check) { c.ID, c.Judge = "acme/x", nil }, "no Judge function"},
		"a proof that the target is": {func(c *checks.Check) { c.ID, c.MustPass = "acme/x", checks.Proves(checks.TargetExists) }, "remove MustPass"},
		"a proof of the domain":      {func(c *checks.Check) { c.ID, c.MustPass = "acme/x", checks.Proves(checks.DomainIsProved) }, "remove MustPass"},
	} {
		second := extra()
		c.change(&second)
		if list, err := With(extra(), second); err == nil || list != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v with %d checks, want an error with %q", name, err, len(list), c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	list, err := With(extra())
	if err != nil {
		t.Fatal(err)
	}
	for want, severities := range map[string]checks.Severities{
		"": {"certificate/chain-is-ordered": checks.Error, "dns/servers-agree": checks.Warning, "group/exists": checks.Error, extra().ID: checks.Warning},
		`no check has the id "dns/server-agrees"; did you mean "dns/servers-agree"?`:                 {"dns/server-agrees": checks.Error},
		`no check has the id "acme/name-is-shirt"; did you mean "acme/name-is-short"?`:               {"acme/name-is-shirt": checks.Error},
		"no check has the id \"weather/is-fine\"; see `bindgate checks list`":                        {"weather/is-fine": checks.Error},
		`"group/exists" is a core check and cannot be lowered; remove it from severities`:            {"group/exists": checks.Warning},
		`"dns/cname-reaches-group" is a core check and cannot be lowered; remove it from severities`: {"dns/cname-reaches-group": checks.Warning, "group/exists": checks.Warning},
		`"dns/servers-agree" has the severity "off"; want error or warning`:                          {"dns/servers-agree": "off"},
	} {
		got := ""
		if err := Validate(list, severities); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%v: got %q, want %q", severities, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	for _, c := range All() {
		if got, ok := Find(c.ID); !ok || got.ID != c.ID {
			t.Errorf("%s: got %q, %v", c.ID, got.ID, ok)
		}
	}
	if _, ok := Find("request/stage"); ok {
		t.Error("found request/stage")
	}
}

func TestSuggest(t *testing.T) {
	for id, want := range map[string]string{
		"request/stage-is-vaild":     "request/stage-is-valid",
		"stage-is-valid":             "request/stage-is-valid",
		"certificate/stage-is-valid": "request/stage-is-valid",
		"Request/Stage-Is-Valid":     "request/stage-is-valid",
		"request":                    "",
		"":                           "",
		"/":                          "",
		"weather/is-fine":            "",
	} {
		if got := Suggest(All(), id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}
