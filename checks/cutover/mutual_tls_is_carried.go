package cutover

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

const atClients = "/clientCertificate"

// mutualTLSIsCarried is cutover/mutual-tls-is-carried.
func mutualTLSIsCarried() checks.Check {
	return checks.Check{
		ID: "cutover/mutual-tls-is-carried", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedPredecessor, evidence.NeedRecords, evidence.NeedCutover},
		Applies: moves,
		Judge:   judgeMutual,
		Doc: checks.Doc{
			Title: "A domain that requests client certificates still does after the move",
			Why: "If the CA of client certificates is left behind, the successor answers every caller, and no error shows it: those with a " +
				"certificate are served as before. No documented answer of the classic gateway shows the setting, so a TLS handshake at " +
				"the API group is evidence too. It cannot be accepted as a loss.",
			Fix:        "State clientCertificate in the map, with the CA that the API group has; or none, if handshakes show that it requests no certificates.",
			References: []string{"RFC 8446 §4.3.2 (CertificateRequest)", "Alibaba Cloud, cloud-native API Gateway, UpdateDomain (2024-03-27): mTLSEnabled, clientCACert", pageCompare},
			Failing:    "base: cutover\nevidence: {cutover: {facts: {served: {facts: {clientCertificates: {caDigest: 'sha256:00', verifyDepth: 1}}}}}}",
			Passing:    "base: cutover",
		},
	}
}

func judgeMutual(s checks.Subject) checks.Verdict {
	d, none := held(s)
	if none != nil {
		return *none
	}
	if d.CertificateName == "" && d.CertificateID == "" {
		return checks.NotApplicable("the API group holds no certificate for the domain, so it requests none of its callers")
	}
	b, c := s.Binding, s.Evidence.Cutover.Facts
	record := s.Evidence.Records.Facts.Domain
	will := record != nil && record.MTLSEnabled
	if b.ClientCertificate != nil {
		will = !b.ClientCertificate.None
	}
	group := s.Evidence.Predecessor.Facts.Group
	shown := c.Served.State == evidence.StateObserved && c.Served.Facts.ClientCertificates != nil
	presented, asks := requests(c.Old)
	on := asks || shown || group.MayRequestClientCertificates(b.DomainName)
	silent := c.Old.State != evidence.StateObserved || len(c.Old.Facts.Failures) > 0 || !presented
	switch {
	case on && !will:
		return checks.Judge(checks.Fails(atClients, fmt.Sprintf("the API group requests client certificates for %q, and the successor would answer every caller", b.DomainName),
			"set clientCertificate in the map, with the CA of the API group"))
	case !on && silent && !will:
		return checks.Unknown("whether the API group requests client certificates is not known, because not every address of it made a handshake: " + why(c.Old))
	case !will:
		return checks.Pass()
	}
	return carried(s, record)
}

// carried judges a successor that requests client certificates.
func carried(s checks.Subject, record *evidence.Record) checks.Verdict {
	var found []checks.Finding
	c, stated := s.Evidence.Cutover.Facts, s.Evidence.Certificate.Facts.ClientCA
	if mutual := c.Served.Facts.ClientCertificates; mutual != nil && mutual.CADigest != "" && stated != nil && stated.Digest != "" && mutual.CADigest != stated.Digest {
		found = append(found, checks.Fails(atClients+"/ca", fmt.Sprintf("the CA of client certificates in %q is not that of the API group", stated.Source),
			"name the CA of the API group; change CAs before or after the move"))
	}
	if record == nil || len(target.Changes(s, *record)) > 0 || !s.Evidence.Serving.Facts.Deployed(s.Binding.GatewayID) {
		return checks.Judge(found...)
	}
	open := slices.ContainsFunc(c.New.Facts.Presented, func(p evidence.Presented) bool { return !p.RequestsClientCertificate })
	if c.New.State == evidence.StateObserved && open {
		found = append(found, checks.Fails(atClients, "the record says that client certificates are required, and the gateway requests none in the handshake",
			"do not move DNS; look at mTLSEnabled and clientCACert of the record"))
	}
	return checks.Judge(found...)
}

// why returns why a probe does not tell all.
func why(o evidence.Observation[evidence.Probe]) string {
	switch {
	case o.State == evidence.StateFailed || o.State == evidence.StateNotCollected:
		return bounded(o.Reason)
	case len(o.Facts.Failures) > 0:
		f := o.Facts.Failures[0]
		return bounded(fmt.Sprintf("%s port %d: %s", f.Address, f.Port, f.Problem))
	}
	return "the probe brought no answer"
}
