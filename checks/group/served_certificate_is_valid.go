package group

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// servedCertificateIsValid is group/served-certificate-is-valid.
func servedCertificateIsValid() checks.Check {
	return checks.Check{
		ID: "group/served-certificate-is-valid", Severity: checks.Error,
		Needs:    []evidence.Need{evidence.NeedGroup},
		NeedsFor: servedNeeds,
		Applies: func(b binding.Binding) (bool, string) {
			if b.Unserved {
				return false, "no gateway serves the domain"
			}
			return !b.CertificateOnly, "the certificate is judged alone, no target was named"
		},
		Judge: judgeServed,
		Doc: checks.Doc{
			Title: "The certificate in effect is valid",
			Why: "An expired certificate fails every caller although the binding is in effect. An audit judges the dates of the " +
				"certificate that the gateway reports. With --probe it also judges the certificate that the domain's addresses present " +
				"in a TLS handshake: names, dates and path to a root. In lint its findings are warnings, and it ignores the dates, if " +
				"the binding contains a new certificate. Once that is in effect, the addresses must present it.",
			Fix: "Renew the certificate and bind it with apply. If the addresses present another certificate than the gateway reports, " +
				"find out which server answers there.",
			References: []string{pageGroup, "RFC 5280 §4.1.2.5 (validity, both ends included)", "RFC 9525 §6 (names)"},
			Failing: "evidence:\n  run: {command: audit}\n  group:\n    facts:\n      domains:\n" +
				"        - {domainName: api.demo.com, certificateName: api_2025,\n" +
				"           certificateValidStart: 1731888000000,\n           certificateValidEnd: 1763424000000}",
			Passing: "evidence:\n  run: {command: audit}\n  group:\n    facts:\n      domains:\n" +
				"        - {domainName: api.demo.com, certificateName: api_2026,\n" +
				"           certificateValidStart: 1793923200000,\n           certificateValidEnd: 1801699200000}",
		},
	}
}

// served collects what is said of one domain's certificate.
type served struct {
	run      evidence.Run
	domain   evidence.Domain
	attached *evidence.Cert // the binding's own leaf, if the target reports it in effect
	target   string         // group or gateway
	findings []checks.Finding
	unknown  []string
}

func judgeServed(s checks.Subject) checks.Verdict {
	d, bound := servedBy(s)
	if !bound {
		return checks.NotApplicable("the domain is not bound to the " + target.Word(s.Binding) + " yet")
	}
	if s.Evidence.Run.Now.IsZero() {
		return checks.Unknown("the run has no clock")
	}
	j := &served{run: s.Evidence.Run, domain: d, target: target.Word(s.Binding), attached: attached(s, d)}
	holds := d.CertificateName != "" || d.CertificateID != ""
	if holds && (j.run.Command == "audit" || s.Binding.Certificate == nil) { // else it is about to be replaced
		j.dates()
	}
	switch probe := s.Evidence.Probe; {
	case probe.State == evidence.StateObserved:
		j.probed(probe.Facts, holds)
	case probe.State == evidence.StateFailed:
		j.cannotTell("probing failed: " + probe.Reason)
	case !holds:
		return checks.NotApplicable("the " + j.target + " holds no certificate for the domain: it serves plain HTTP")
	}
	switch {
	case len(j.unknown) == 0 || checks.HasError(j.findings):
		return checks.Judge(j.findings...)
	default:
		return checks.Unknown(strings.Join(j.unknown, "; "), j.findings...)
	}
}

// servedNeeds returns the evidence about what serves the domain now.
func servedNeeds(b binding.Binding) []evidence.Need {
	if ok, _ := target.Gateway(b); ok {
		return []evidence.Need{evidence.NeedRecords}
	}
	return []evidence.Need{evidence.NeedGroup}
}

// servedBy returns what the target says of the domain and its certificate. A gateway's
// record has the dates in its own words.
func servedBy(s checks.Subject) (evidence.Domain, bool) {
	if ok, _ := target.Gateway(s.Binding); !ok {
		return s.Evidence.Group.Facts.Domain(s.Binding.DomainName)
	}
	r := s.Evidence.Records.Facts.Domain
	if r == nil {
		return evidence.Domain{}, false
	}
	d := evidence.Domain{DomainName: r.Name, CertificateID: r.CertIdentifier, CertificateName: cmp.Or(r.CertName, r.CertIdentifier),
		CertificateValidStart: r.NotBefore, CertificateValidEnd: r.NotAfter}
	if c := s.Evidence.Store.Facts.Current; d.CertificateValidEnd == 0 && c != nil && c.CertIdentifier == r.CertIdentifier {
		d.CertificateValidStart, d.CertificateValidEnd = c.NotBefore, c.NotAfter
	}
	return d, true
}

// attached returns the leaf of the binding's certificate if the target reports it in
// effect; else nil.
func attached(s checks.Subject, d evidence.Domain) *evidence.Cert {
	o := s.Evidence.Certificate
	if s.Binding.Certificate == nil || o.State != evidence.StateObserved || len(o.Facts.Chain) == 0 {
		return nil
	}
	file := &o.Facts.Chain[0]
	if ok, _ := target.Gateway(s.Binding); ok {
		current, sum := s.Evidence.Store.Facts.Current, sha256.Sum256(file.DER)
		if current == nil || current.CertIdentifier != d.CertificateID || current.SHA256 != "sha256:"+hex.EncodeToString(sum[:]) {
			return nil
		}
		return file
	}
	leaf, err := file.X509()
	if err != nil || d.CertificateName != s.Binding.Certificate.Name || d.CertificateValidEnd > 0 && leaf.NotAfter.Unix() != d.CertificateValidEnd/1000 {
		return nil
	}
	return file
}

// strict reports whether the domain is expected to be served as it is now: in an audit,
// and if the binding's own certificate is in effect. Else a renewal may be under way.
func (j *served) strict() bool { return j.run.Command == "audit" || j.attached != nil }

// wrong adds an error, and a warning where a renewal may be under way.
func (j *served) wrong(fix, format string, args ...any) {
	add := checks.Warns
	if j.strict() {
		add = checks.Fails
	}
	j.findings = append(j.findings, add("/domainName", fmt.Sprintf(format, args...), fix))
}

func (j *served) warn(fix, format string, args ...any) {
	j.findings = append(j.findings, checks.Warns("/domainName", fmt.Sprintf(format, args...), fix))
}

// cannotTell makes the result undetermined; where a renewal may be under way it is advice.
func (j *served) cannotTell(why string) {
	if j.strict() {
		j.unknown = append(j.unknown, why)
		return
	}
	j.warn("run bindgate audit --probe, or look at the address", "%s", why)
}

const renew = "renew the certificate and bind it with bindgate apply"

// dates judges the certificate that the group holds by what the group says of it.
func (j *served) dates() {
	from, to := time.UnixMilli(j.domain.CertificateValidStart), time.UnixMilli(j.domain.CertificateValidEnd)
	name := fmt.Sprintf("the certificate %q that the %s holds", j.domain.CertificateName, j.target)
	if j.domain.CertificateValidEnd <= 0 {
		if j.run.Command == "audit" {
			j.unknown = append(j.unknown, "the gateway does not say when "+name+" ends")
		}
		return
	}
	j.validity(name, from, to, j.domain.CertificateValidStart > 0)
}

// validity judges a period; from counts only where it is known.
func (j *served) validity(name string, from, to time.Time, begins bool) {
	now, left := j.run.Now, to.Sub(j.run.Now)
	least := time.Duration(j.run.MinRemainingSeconds) * time.Second
	switch {
	case begins && now.Before(from):
		j.wrong("bind the certificate that is valid now", "%s is not valid before %s", name, date(from))
	case left < 0:
		j.wrong(renew, "%s expired at %s, %d days ago", name, date(to), int(-left.Hours()/24))
	case left < least:
		j.wrong(renew, "%s ends at %s: %d days are left, want at least %d (--min-remaining)", name, date(to), int(left.Hours()/24), int(least.Hours()/24))
	case begins && left < to.Sub(from)/3:
		j.warn(renew, "%s ends at %s: %d of %d days are left, less than a third", name, date(to), int(left.Hours()/24), int(to.Sub(from).Hours()/24))
	}
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// probed judges what the addresses answer.
func (j *served) probed(p evidence.Probe, holds bool) {
	for _, one := range p.Presented {
		j.presented(p.Name, one)
	}
	for _, one := range p.HTTP {
		if !holds && strings.HasPrefix(one.RedirectTo, "https:") {
			j.wrong("bind the domain with a certificate, or take the redirect away",
				"%s redirects plain HTTP to %q, and the %s holds no certificate for the domain", one.Address, one.RedirectTo, j.target)
		}
	}
	answered := len(p.Presented)+len(p.HTTP) > 0
	for _, one := range p.Failures {
		at := fmt.Sprintf("%s port %d: %s", one.Address, one.Port, one.Problem)
		switch {
		case one.Kind == evidence.ProbeNoName:
			j.wrong("see whether the binding has reached the gateway's listener, or what else answers there", "%s", at)
		case !holds: // no certificate is expected there
			j.warn("probe from a machine that may reach it", "%s; it was not judged", at)
		case one.Kind == evidence.ProbeNotAllowed:
			j.cannotTell(at + "; probeAllow in the owner's file allows it")
		case one.Kind == evidence.ProbeNoRoute && answered:
			j.warn("probe from a machine that reaches it", "%s; it was not judged", at)
		default:
			j.cannotTell(at)
		}
	}
	if !answered && len(p.Failures) == 0 {
		j.cannotTell("the probe brought no answer")
	}
}

// presented judges one chain.
func (j *served) presented(name string, p evidence.Presented) {
	where := "the certificate that " + some(p.Addresses) + " present"
	if len(p.Addresses) == 1 {
		where += "s"
	}
	leaf, err := p.Leaf()
	if err != nil {
		j.cannotTell(where + " cannot be parsed")
		return
	}
	if j.attached != nil && !bytes.Equal(leaf.Raw, j.attached.DER) {
		j.wrong("if it was attached some minutes ago, probe again; else find what answers at these addresses",
			"%s is another one than the binding's, which the %s reports in effect: it is for %s and ends at %s", where, j.target, some(leaf.DNSNames), date(leaf.NotAfter))
		return
	}
	j.validity(where, leaf.NotBefore, leaf.NotAfter, true)
	covers := func(san string) bool { return evidence.SameName(san, name) || evidence.CoversOneLabel(san, name) }
	if !slices.ContainsFunc(leaf.DNSNames, covers) {
		j.wrong("bind a certificate for the domain, or find what else answers at these addresses", "%s is for %s, not for %q", where, some(leaf.DNSNames), name)
	}
	if end := j.domain.CertificateValidEnd; end > 0 && leaf.NotAfter.Unix() != end/1000 {
		j.warn("if it was bound some minutes ago, wait; else find what answers at these addresses",
			"%s ends at %s, the one that the %s holds at %s: it is another one", where, date(leaf.NotAfter), j.target, date(time.UnixMilli(end)))
	}
	switch {
	case p.Path.Undetermined != "":
		j.cannotTell(where + " was not evaluated: " + p.Path.Undetermined)
	case p.Path.Problem != "":
		j.wrong("bind it with the intermediates of its CA; for a private CA name its root with --roots", "%s leads to no trusted root: %s", where, p.Path.Problem)
	case len(p.Path.DER) == 0:
		j.cannotTell(where + " has no path to a root in the evidence")
	}
	for i := 1; i < len(p.Path.DER); i++ {
		issuer, err := p.Path.X509(i)
		if err != nil {
			j.cannotTell(where + " has a path that cannot be parsed")
			return
		}
		if issuer.NotAfter.Before(j.run.Now) || issuer.NotBefore.After(j.run.Now) {
			j.wrong("bind it with the CA's newer intermediate", "%s has an issuer, %q, that is valid from %s to %s only",
				where, evidence.DistinguishedName(issuer.Subject), date(issuer.NotBefore), date(issuer.NotAfter))
		}
	}
}

// some lists texts, cut to what a reader can take in.
func some(texts []string) string {
	const most, longest = 5, 100
	var out []string
	for _, t := range texts[:min(len(texts), most)] {
		if len(t) > longest {
			t = strings.ToValidUTF8(t[:longest], "") + "…"
		}
		out = append(out, t)
	}
	switch {
	case len(texts) == 0:
		return "no name"
	case len(texts) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(out, ", "), len(texts)-most)
	}
	return strings.Join(out, ", ")
}
