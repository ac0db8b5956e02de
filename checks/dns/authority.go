package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// public: INTRANET names live in private zones, which no authority on the
// Internet can answer for.
func public(b binding.Binding) (bool, string) {
	if b.CertificateOnly {
		return false, alone
	}
	return b.CustomDomainType != binding.Intranet, "an INTRANET name lives in a private zone, which is asked through its resolver only"
}

// fromAuthority is nil when the evidence comes from the authorities and can be
// judged, else the verdict.
func fromAuthority(d evidence.DNS) *checks.Verdict {
	switch {
	case d.Mode == evidence.DNSResolver:
		v := checks.NotApplicable("resolver mode: only the zone's own servers can tell; run without --resolver")
		return &v
	case d.Mode != evidence.DNSAuthoritative || len(d.Servers) == 0:
		return cannotTell("the evidence does not say what the authoritative servers answered")
	}
	return readable(d)
}

// ourServers are the matrices of the names that lead to the gateway's own, with
// the gateway's left out: what its servers do is its own affair.
func ourServers(s checks.Subject) []evidence.ServerAnswers {
	return slices.DeleteFunc(slices.Clone(s.Evidence.DNS.Facts.Servers), func(m evidence.ServerAnswers) bool { return target.OwnAffair(s.Binding, m.Name) })
}

// saying words a row's answer.
func saying(r evidence.ServerAnswer) string {
	switch {
	case len(r.Targets) > 0:
		return "CNAME " + some(r.Targets)
	case r.RCode == "NXDOMAIN":
		return "NXDOMAIN"
	}
	return "no CNAME"
}

// server names a row's address.
func server(r evidence.ServerAnswer) string {
	if r.Address == "" {
		return r.Server
	}
	return fmt.Sprintf("%s (%s)", r.Server, r.Address)
}

// authoritative are the rows that say something about the name.
func authoritative(m evidence.ServerAnswers) []evidence.ServerAnswer {
	return slices.DeleteFunc(slices.Clone(m.Answers), func(r evidence.ServerAnswer) bool { return r.Status != evidence.ServerAuthoritative })
}

// reaches reports whether the chain leads to the target.
func reaches(s checks.Subject) bool {
	t := target.Of(s)
	return t.Observed && t.Reaches(s.Evidence.DNS.Facts)
}

// list joins words with semicolons.
func list(parts []string) string { return strings.Join(parts, "; ") }
