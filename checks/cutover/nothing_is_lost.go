package cutover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// nothingIsLost is cutover/nothing-is-lost.
func nothingIsLost() checks.Check {
	return checks.Check{
		ID: "cutover/nothing-is-lost", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedPredecessor, evidence.NeedCutover},
		Applies: moves,
		Judge:   judgeLoss,
		Doc: checks.Doc{
			Title: "What the cloud-native gateway does not have is given up on purpose",
			Why: "The cloud-native gateway has no stages, no patterns of wildcard domains, no OCSP for client certificates, no pass-through " +
				"of their subject, no limit of their chain's length and no network type of a domain; and one domain is one record, where several API groups with " +
				"different base paths could hold a name. What relied on one of these stops to work when DNS moves.",
			Fix:        "Replace it, or add its name to accept in the map: stage, wildcard-patterns, intranet, base-path, subject-dn, ocsp, verify-depth, unknown-fields.",
			References: []string{pageCompare, "Alibaba Cloud, API Gateway, SetDomain, SetWildcardDomainPatterns and SetDomainCertificate (2016-07-14)"},
			Failing:    "base: cutover\nbinding: {movesFrom: {accept: null}}",
			Passing:    "base: cutover",
		},
	}
}

// loss is something that the domain has and the successor cannot have.
type loss struct{ name, what string }

func judgeLoss(s checks.Subject) checks.Verdict {
	d, none := held(s)
	if none != nil {
		return *none
	}
	c := s.Evidence.Cutover.Facts
	losses, unknown := lost(s, d, c)
	var found []checks.Finding
	for _, l := range losses {
		if !s.Binding.MovesFrom.Accepts(l.name) {
			found = append(found, checks.Fails("/movesFrom", l.what, fmt.Sprintf("replace it, or accept the loss in the map: accept: [%s]", l.name)))
		}
	}
	for i, name := range s.Binding.MovesFrom.Accept {
		judgedHere := !slices.Contains([]string{binding.LossSuites, binding.LossHTTP2, binding.LossOldClients}, name)
		if judgedHere && len(unknown) == 0 && !slices.ContainsFunc(losses, func(l loss) bool { return l.name == name }) {
			found = append(found, checks.Warns(fmt.Sprintf("/movesFrom/accept/%d", i), fmt.Sprintf("%q is accepted, and the domain has nothing of that kind to lose", name), "remove it"))
		}
	}
	if len(unknown) > 0 && !checks.HasError(found) {
		return checks.Unknown(strings.Join(unknown, "; "), found...)
	}
	return checks.Judge(found...)
}

// lost returns what is lost, and why it is not known whether more is.
func lost(s checks.Subject, d evidence.Domain, c evidence.Cutover) (losses []loss, unknown []string) {
	add := func(is bool, name, format string, args ...any) {
		if is {
			losses = append(losses, loss{name, fmt.Sprintf(format, args...)})
		}
	}
	accepts := s.Binding.MovesFrom.Accepts
	add(d.BindStageName != "", binding.LossStage, "the domain is bound to the stage %q, and a gateway has no stages", bounded(d.BindStageName))
	add(d.WildcardDomainPatterns != "", binding.LossPatterns, "the domain has wildcard patterns (%s), which a gateway does not have", bounded(d.WildcardDomainPatterns))
	add(intranet(d), binding.LossIntranet, "the domain is for private networks (INTRANET); a gateway's domain is private only if DNS leads to an intranet entry alone")
	add(len(d.UnknownFields) > 0, binding.LossFields, "the record of the domain has fields that bindgate does not know: %s", bounded(strings.Join(d.UnknownFields, ", ")))
	var others []string
	for _, g := range c.Account.Facts.BoundGroups {
		if evidence.SameName(g.Domain.DomainName, s.Binding.DomainName) {
			others = append(others, fmt.Sprintf("%s (base path %q)", g.GroupID, bounded(g.BasePath)))
		}
	}
	add(len(others) > 0, binding.LossBasePath, "further API groups hold the domain: %s; the gateway must serve their paths too", bounded(strings.Join(others, ", ")))
	if a := c.Account; len(others) == 0 && !accepts(binding.LossBasePath) && (a.State != evidence.StateObserved || !a.Facts.Complete) {
		unknown = append(unknown, "whether further API groups hold the domain is not known: "+bounded(a.Reason+a.Facts.Problem))
	}
	mutual := c.Served.Facts.ClientCertificates
	if c.Served.State == evidence.StateObserved && mutual != nil {
		add(mutual.PassSubjectDN, binding.LossSubjectDN, "backends receive the subject of client certificates, and a gateway passes none")
		add(mutual.OCSP || mutual.OCSPCache, binding.LossOCSP, "client certificates are checked by OCSP, and a gateway does not do that")
		add(mutual.VerifyDepth > 1, binding.LossVerifyDepth, "chains of client certificates may have %d CA certificates; what a gateway accepts is not documented", mutual.VerifyDepth)
	} else if presented, asks := requests(c.Old); presented && asks {
		for _, l := range []string{binding.LossSubjectDN, binding.LossOCSP, binding.LossVerifyDepth} {
			if !accepts(l) {
				unknown = append(unknown, "the domain requests client certificates, and no answer of the gateway shows its settings for them; accept "+l+" if none relies on it")
			}
		}
	}
	return losses, unknown
}

// requests reports whether handshakes came about, and whether one of the servers requests
// a client certificate.
func requests(o evidence.Observation[evidence.Probe]) (presented, asks bool) {
	if o.State != evidence.StateObserved {
		return false, false
	}
	for _, p := range o.Facts.Presented {
		presented, asks = true, asks || p.RequestsClientCertificate
	}
	return presented, asks
}
