package catalog

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
)

func TestIDs(t *testing.T) {
	form := regexp.MustCompile(`^[a-z-]+/[a-z0-9-]+$`)
	families := []string{"request", "certificate", "dns", "group", "rebind", "policy"}
	seen := map[string]bool{}
	last := 0
	for _, c := range All() {
		if !form.MatchString(c.ID) {
			t.Errorf("%q: want family/statement", c.ID)
		}
		if seen[c.ID] {
			t.Errorf("%s stands twice in the list", c.ID)
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

// TestSeverities holds the rows that the catalogue of the design asks for. An
// advisory check that blocks stops people for nothing; a blocking one that
// advises lets harm through.
func TestSeverities(t *testing.T) {
	want := map[string]string{
		"request/stage-is-valid":                   "E core",
		"request/network-type-is-valid":            "E core",
		"request/domain-is-well-formed":            "E core",
		"request/domain-is-registrable":            "E",
		"request/is-expressible":                   "E core",
		"request/domain-is-bound-once":             "E",
		"request/redirect-has-certificate":         "E",
		"request/group-id-is-well-formed":          "W",
		"request/force-is-explained":               "W",
		"request/stage-is-explicit":                "W",
		"certificate/chain-is-ordered":             "W",
		"certificate/chain-is-trusted":             "E core",
		"certificate/covers-domain":                "E core",
		"certificate/file-is-clean":                "W",
		"certificate/has-enough-scts":              "E",
		"certificate/holds-no-private-key":         "E",
		"certificate/is-bounded":                   "E",
		"certificate/is-in-validity":               "E core",
		"certificate/is-not-revoked":               "E",
		"certificate/is-readable":                  "E core",
		"certificate/key-is-accepted-by-gateway":   "W",
		"certificate/key-is-guarded":               "W",
		"certificate/key-is-readable":              "E core",
		"certificate/key-is-sound":                 "E",
		"certificate/key-is-strong":                "E",
		"certificate/key-matches":                  "E core",
		"certificate/lasts-long-enough":            "W",
		"certificate/leaf-comes-first":             "E core",
		"certificate/leaf-is-a-server-certificate": "E",
		"certificate/lifetime-is-allowed":          "E",
		"certificate/lints-clean":                  "E",
		"certificate/must-staple-is-possible":      "W",
		"certificate/names-are-well-formed":        "E",
		"certificate/replaces-safely":              "W",
		"certificate/revocation-was-checked":       "W",
		"dns/cname-reaches-group":                  "E core",
		"dns/ownership-is-proved":                  "E core",
		"dns/chain-is-sound":                       "E core",
		"dns/name-exists":                          "E",
		"dns/cname-stands-alone":                   "E",
		"dns/is-not-flattened":                     "E",
		"dns/servers-agree":                        "E",
		"dns/authority-was-asked":                  "W",
		"dns/resolvers-agree":                      "W",
		"dns/target-resolves":                      "E",
		"dns/is-not-dangling":                      "E",
		"dns/caa-allows-renewal":                   "W",
		"dns/dnssec-is-valid":                      "E",
		"dns/ttl-allows-cutover":                   "W",
		"dns/https-records-agree":                  "W",
		"group/exists":                             "E core",
		"group/domain-is-free":                     "E core",
		"group/all-groups-were-listed":             "W",
		"group/has-room":                           "W",
		"group/binding-is-healthy":                 "W",
		"rebind/force-is-allowed":                  "E core",
		"rebind/traffic-has-moved":                 "E",
		"rebind/force-is-needed":                   "W",
		"policy/no-denials":                        "E core",
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

func TestPasses(t *testing.T) {
	list := []checks.Check{{ID: "request/a"}, {ID: "rebind/b"}, {ID: "policy/c"}, {ID: "rebinding/d"}, {ID: "group/e"}}
	first, second := Passes(list)
	ids := func(list []checks.Check) (out []string) {
		for _, c := range list {
			out = append(out, c.ID)
		}
		return out
	}
	if diff := cmp.Diff([]string{"request/a", "rebinding/d", "group/e"}, ids(first)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"rebind/b", "policy/c"}, ids(second)); diff != "" {
		t.Error(diff)
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
		if got := Suggest(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}
