package apig

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// versions are the TLS versions in the spelling that is sent, oldest first.
func versions() []string { return []string{"TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"} }

// version returns the place of a TLS version in versions; -1: it is none.
func version(text string) int { return slices.Index(versions(), evidence.TLSVersion(text)) }

// tlsRangeIsStated is apig/tls-range-is-stated.
func tlsRangeIsStated() checks.Check {
	return checks.Check{
		ID: "apig/tls-range-is-stated", Severity: checks.Error,
		Applies: func(b binding.Binding) (bool, string) {
			if ok, why := target.Gateway(b); !ok {
				return ok, why
			}
			return b.Protocol != protocolHTTP, "the binding states protocol HTTP"
		},
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if b.TLSMin != "" && b.TLSMax != "" {
				return nil
			}
			return []evidence.Need{evidence.NeedRecords}
		},
		Judge: judgeTLSRange,
		Doc: checks.Doc{
			Title: "The domain's TLS versions are stated and in order",
			Why: "A domain whose TLS versions are not stated takes TLS 1.0 to 1.3. The two oldest are deprecated, and the classic gateway's " +
				"policies often start at 1.2, so a move to this gateway would lower the bar. A range whose minimum is above its maximum has " +
				"no version.",
			Fix:        "Write tlsMin: TLS 1.2 and tlsMax: TLS 1.3, unless old clients need more.",
			References: []string{pageUpdateDomain, "RFC 8996 (deprecating TLS 1.0 and TLS 1.1)"},
			Failing:    "base: apig\nbinding: {tlsMin: TLS 1.3, tlsMax: TLS 1.2}",
			Passing:    "base: apig",
		},
	}
}

func judgeTLSRange(s checks.Subject) checks.Verdict {
	b, r := s.Binding, record(s)
	if protocol(s) == protocolHTTP {
		return checks.NotApplicable("the domain has protocol HTTP")
	}
	least, most := b.TLSMin, b.TLSMax
	if r != nil {
		least, most = cmp.Or(least, r.TLSMin), cmp.Or(most, r.TLSMax)
	}
	var found []checks.Finding
	for _, f := range []struct{ name, value, is string }{{"tlsMin", least, "TLS 1.0"}, {"tlsMax", most, "TLS 1.3"}} {
		switch {
		case f.value == "":
			found = append(found, checks.Warns("/"+f.name, fmt.Sprintf("%s is not stated, which means %s", f.name, f.is), "write tlsMin: TLS 1.2 and tlsMax: TLS 1.3"))
		case version(f.value) < 0:
			found = append(found, checks.Fails("/"+f.name, fmt.Sprintf("got %s %q, want one of TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3", f.name, bounded(f.value)), "write it as TLS 1.2, with the space"))
		}
	}
	if checks.HasError(found) {
		return checks.Judge(found...)
	}
	low, high := version(cmp.Or(least, "TLS 1.0")), version(cmp.Or(most, "TLS 1.3"))
	switch {
	case low > high:
		found = append(found, checks.Fails("/tlsMin", fmt.Sprintf("tlsMin %s is above tlsMax %s, so no TLS version is left", versions()[low], versions()[high]), "exchange them"))
	case least != "" && low < version("TLS 1.2"):
		found = append(found, checks.Warns("/tlsMin", fmt.Sprintf("tlsMin is %s, which is deprecated (RFC 8996)", versions()[low]), "write tlsMin: TLS 1.2, unless old clients need less").Writing("TLS 1.2"))
	}
	return checks.Judge(found...)
}
