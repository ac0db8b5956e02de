package cutover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// successorServes is cutover/successor-serves.
func successorServes() checks.Check {
	return checks.Check{
		ID: "cutover/successor-serves", Severity: checks.Error,
		ShowsService: true,
		Needs:        []evidence.Need{evidence.NeedPredecessor, evidence.NeedRecords, evidence.NeedServing, evidence.NeedCutover},
		Applies:      moves,
		Judge:        judgeServes,
		Doc: checks.Doc{
			Title: "The gateway serves the domain before DNS moves",
			Why: "A record that looks right is not a handshake. Before DNS moves, a TLS handshake with the name at each address of the " +
				"gateway must give a certificate that is for the name, is valid now, leads to a trusted root and does not end before that of " +
				"the API group. It does not apply while the domain has to be made, changed or published first, so it keeps no call from being made.",
			Fix:        "Attach the right certificate with bindgate cutover --apply, publish the domain, and look at what answers at the gateway's addresses.",
			References: []string{pageDomain, "RFC 6066 §3 (SNI)", "RFC 9525 §6 (names of a certificate)"},
			Failing:    "base: cutover\nload: {newEntry: expired.pem, oldEntry: sound.pem}",
			Passing:    "base: cutover\nload: {newEntry: sound.pem, oldEntry: sound.pem}",
		},
	}
}

func judgeServes(s checks.Subject) checks.Verdict {
	r, b := s.Evidence.Records.Facts.Domain, s.Binding
	switch {
	case s.Evidence.Run.Now.IsZero():
		return checks.Unknown("the run has no clock")
	case r == nil:
		return checks.NotApplicable("the domain has no record on the gateway yet")
	case len(target.Changes(s, *r)) > 0:
		return checks.NotApplicable("the record of the domain is to be changed first: " + strings.Join(target.Changes(s, *r), ", "))
	case !s.Evidence.Serving.Facts.Deployed(b.GatewayID) && !s.Evidence.Serving.Facts.Complete:
		return checks.Unknown("the APIs and routes of the gateway could not all be read: " + bounded(s.Evidence.Serving.Facts.Problem))
	case !s.Evidence.Serving.Facts.Deployed(b.GatewayID):
		return checks.NotApplicable("no route or API that names the domain is deployed on the gateway yet")
	}
	o := s.Evidence.Cutover.Facts.New
	if o.State != evidence.StateObserved {
		return checks.Unknown("the addresses of the gateway were not asked: " + bounded(o.Reason))
	}
	j := &serving{s: s, now: s.Evidence.Run.Now}
	for _, p := range o.Facts.Presented {
		j.presented(o.Facts.Name, p)
	}
	if r.Protocol == "HTTPS" && len(o.Facts.HTTP) > 0 {
		j.unknown = append(j.unknown, "the gateway was asked without TLS")
	}
	for _, a := range o.Facts.HTTP {
		if r.Protocol != "HTTPS" && (a.Status == 404 || a.Status >= 500) {
			j.fail("publish the domain on a route", "%s answers %d to plain HTTP", a.Address, a.Status)
		}
	}
	for _, f := range o.Facts.Failures {
		at := fmt.Sprintf("%s port %d: %s", f.Address, f.Port, f.Problem)
		switch f.Kind {
		case evidence.ProbeNoName, evidence.ProbeNoHandshake, evidence.ProbeNotTLS, evidence.ProbeNoConnection:
			j.fail("publish the domain on the gateway with its certificate; if that is done, wait a minute and look again", "%s", at)
		case evidence.ProbeNotAllowed:
			j.unknown = append(j.unknown, at+"; probeAllow in the owner's file allows it")
		default:
			j.unknown = append(j.unknown, at)
		}
	}
	if len(o.Facts.Presented)+len(o.Facts.HTTP)+len(o.Facts.Failures) == 0 {
		j.unknown = append(j.unknown, "the probe brought no answer")
	}
	if len(j.unknown) > 0 && len(j.found) == 0 {
		return checks.Unknown(bounded(strings.Join(j.unknown, "; ")))
	}
	return checks.Judge(j.found...)
}

type serving struct {
	s       checks.Subject
	now     time.Time
	found   []checks.Finding
	unknown []string
}

func (j *serving) fail(fix, format string, args ...any) {
	j.found = append(j.found, checks.Fails("/domainName", fmt.Sprintf(format, args...), fix))
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// presented judges one chain of the gateway.
func (j *serving) presented(name string, p evidence.Presented) {
	const attach = "attach the right certificate with bindgate cutover --apply"
	where := "the certificate at " + bounded(strings.Join(p.Addresses, ", "))
	leaf, err := p.Leaf()
	if err != nil {
		j.unknown = append(j.unknown, where+" cannot be parsed")
		return
	}
	covers := func(san string) bool { return evidence.SameName(san, name) || evidence.CoversOneLabel(san, name) }
	if !slices.ContainsFunc(leaf.DNSNames, covers) {
		j.fail(attach, "%s is for %s, not for %q", where, bounded(strings.Join(leaf.DNSNames, ", ")), name)
	}
	if j.now.Before(leaf.NotBefore) || !j.now.Before(leaf.NotAfter) {
		j.fail(attach, "%s is valid from %s to %s only", where, date(leaf.NotBefore), date(leaf.NotAfter))
	}
	switch {
	case p.Path.Undetermined != "":
		j.unknown = append(j.unknown, where+" was not evaluated: "+p.Path.Undetermined)
	case p.Path.Problem != "":
		j.fail("upload it with the intermediates of its CA; for a private CA name its root with --roots", "%s leads to no trusted root: %s", where, bounded(p.Path.Problem))
	case len(p.Path.DER) == 0:
		j.unknown = append(j.unknown, where+" has no path to a root in the evidence")
	}
	for i := 1; i < len(p.Path.DER); i++ {
		issuer, err := p.Path.X509(i)
		if err != nil {
			j.unknown = append(j.unknown, where+" has a path that cannot be parsed")
			return
		}
		if issuer.NotAfter.Before(j.now) || issuer.NotBefore.After(j.now) {
			j.fail("upload it with the CA's newer intermediate", "%s has an issuer that is valid from %s to %s only", where, date(issuer.NotBefore), date(issuer.NotAfter))
		}
	}
	if old := oldEnd(j.s); leaf.NotAfter.Before(old) {
		j.fail("attach the certificate of the API group, or a newer one; then the map's file is it", "%s ends at %s, that of the API group at %s", where, date(leaf.NotAfter), date(old))
	}
}

// oldEnd returns when the certificate of the API group ends: as its handshake shows, else as
// its record says; zero: not known.
func oldEnd(s checks.Subject) (end time.Time) {
	for _, p := range s.Evidence.Cutover.Facts.Old.Facts.Presented {
		if leaf, err := p.Leaf(); err == nil && leaf.NotAfter.After(end) && s.Evidence.Cutover.Facts.Old.State == evidence.StateObserved {
			end = leaf.NotAfter
		}
	}
	d, held := s.Evidence.Predecessor.Facts.Group.Domain(s.Binding.DomainName)
	if end.IsZero() && held && d.CertificateValidEnd > 0 {
		end = time.UnixMilli(d.CertificateValidEnd)
	}
	return end
}
