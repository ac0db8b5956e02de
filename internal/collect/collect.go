// Package collect collects the evidence of every binding of a run, in parallel
// and within a deadline. Every error of a collector, including a panic,
// becomes a failed observation and never a pass.
package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/siblings"
)

// DNS observes the CNAME chain and the TXT record of the ownership proof.
type DNS interface {
	Collect(context.Context, binding.Binding) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof])
}

// Certificate observes the certificate file and the private key.
type Certificate interface {
	Collect(context.Context, binding.Binding) (evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key])
}

// Revocation observes whether the certificates of an observed path are revoked.
type Revocation interface {
	Collect(context.Context, evidence.Observation[evidence.Certificate]) evidence.Observation[evidence.Revocation]
}

// Group observes the API group and the other groups of the account.
type Group interface {
	Group(ctx context.Context, b binding.Binding, served bool) evidence.Observation[evidence.Group]
	Account(ctx context.Context, b binding.Binding, g evidence.Group, chain []string) evidence.Observation[evidence.Account]
}

// Gateway observes the cloud-native gateway, the domain on it, who serves that, its
// certificate, and the API group that it moves from.
type Gateway interface {
	Gateway(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Gateway]
	Records(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Records]
	Serving(context.Context, binding.Binding, evidence.Observation[evidence.Records]) evidence.Observation[evidence.Serving]
	Store(context.Context, binding.Binding, evidence.Observation[evidence.Records], evidence.Observation[evidence.Certificate]) evidence.Observation[evidence.Store]
	Predecessor(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Predecessor]
}

// Cutover observes the move of a domain, from what was observed of both sides.
type Cutover interface {
	Collect(context.Context, binding.Binding, *evidence.Evidence) evidence.Observation[evidence.Cutover]
}

// Collector collects evidence. If DNS, Group or Gateway is nil, the mode skips it, for
// the reason in the field Without that belongs to it. It is safe for concurrent use.
type Collector struct {
	DNS          DNS
	Certificate  Certificate
	Revocation   Revocation // nil: not observed, and judged unknown
	Group        Group
	Gateway      Gateway
	Cutover      Cutover // nil: no move is observed
	Related      *siblings.Index
	WithoutDNS   string        // why DNS is nil: "--offline"
	WithoutGroup string        // why Group and Gateway are nil
	Served       bool          // ask which certificate is served now: a plan compares it
	Timeout      time.Duration // for one binding, two thirds of it for DNS; 0: no time-out
	Now          func() time.Time
}

// Collect collects the evidence of the binding with the given number, from 0. Independent
// sources are read in parallel. The account follows, because it needs the group and the
// CNAME chain, and the certificate store, because it needs the certificate; the siblings
// are last, and groups that this run has not read are read.
func (c *Collector) Collect(ctx context.Context, number int, b binding.Binding) evidence.Evidence {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	var ev evidence.Evidence
	var work errgroup.Group
	if hasPlaceholder(b) { // the platform is asked for the filled name
		c.certificate(ctx, b, &ev)
		b = Named(b, ev.Certificate)
	} else {
		work.Go(func() error { c.certificate(ctx, b, &ev); return nil })
	}
	work.Go(func() error { c.dns(ctx, b, &ev); return nil })
	work.Go(func() error { c.group(ctx, b, &ev); return nil })
	work.Go(func() error { c.gateway(ctx, b, &ev); return nil })
	work.Go(func() error { c.records(ctx, b, &ev); return nil })
	work.Go(func() error { c.predecessor(ctx, b, &ev); return nil })
	_ = work.Wait() // errors are in the evidence
	c.store(ctx, b, &ev)
	c.account(ctx, b, &ev)
	c.displaced(ctx, b, &ev)
	c.siblings(ctx, number, &ev)
	c.cutover(ctx, b, &ev)
	skip(&ev, "no address is asked before the binding is allowed, and with --probe only", evidence.NeedProbe)
	return ev
}

func (c *Collector) siblings(ctx context.Context, number int, ev *evidence.Evidence) {
	defer guard(c.Now, "siblings", ev, evidence.NeedSiblings)
	ev.Siblings = c.Related.Of(number, func(region, id string) (evidence.Group, bool) {
		if c.Group == nil || id == "" { // it names a gateway
			return evidence.Group{}, false
		}
		g := c.Group.Group(ctx, binding.Binding{RegionID: region, GroupID: id}, false)
		return g.Facts, g.State == evidence.StateObserved && g.Facts.Found
	}, c.Now())
}

func (c *Collector) dns(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	if c.DNS == nil {
		skip(ev, c.WithoutDNS, evidence.NeedDNS, evidence.NeedProof)
		return
	}
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		share := (c.Timeout * 2 / 3).Round(time.Millisecond) // the account is read afterwards and needs time too
		ctx, cancel = context.WithTimeoutCause(ctx, share,
			fmt.Errorf("DNS took all of its %s, two thirds of the time for a binding; raise --timeout", share))
		defer cancel()
	}
	defer guard(c.Now, "DNS", ev, evidence.NeedDNS, evidence.NeedProof)
	ev.DNS, ev.Proof = c.DNS.Collect(ctx, b)
}

func (c *Collector) certificate(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	defer guard(c.Now, "certificate", ev, evidence.NeedCertificate, evidence.NeedKey)
	ev.Certificate, ev.Key = c.Certificate.Collect(ctx, b)
	if c.Revocation == nil {
		return
	}
	defer guard(c.Now, "revocation", ev, evidence.NeedRevocation)
	ev.Revocation = c.Revocation.Collect(ctx, ev.Certificate)
}

func (c *Collector) group(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	if why, left := c.withoutGroup(b); left {
		skip(ev, why, evidence.NeedGroup)
		return
	}
	defer guard(c.Now, "group", ev, evidence.NeedGroup)
	ev.Group = c.Group.Group(ctx, b, c.Served)
}

func (c *Collector) account(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	if why, left := c.withoutGroup(b); left {
		skip(ev, why, evidence.NeedAccount)
		return
	}
	if ev.Group.State != evidence.StateObserved || !ev.Group.Facts.Found {
		ev.Account = evidence.Failed[evidence.Account]("the group itself was not read", ev.Group.From, c.Now())
		return
	}
	defer guard(c.Now, "account", ev, evidence.NeedAccount)
	ev.Account = c.Group.Account(ctx, b, ev.Group.Facts, Chain(ev.DNS))
}

// maxDisplaced limits the displaced names to look up for one force; a group
// has at most ten domains.
const maxDisplaced = 50

// displaced looks up every name that a force would displace, as if it had been requested:
// a forced wildcard may displace names that still resolve to other groups.
func (c *Collector) displaced(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	switch {
	case b.GatewayID != "":
		skip(ev, namesGateway, evidence.NeedDisplaced)
		return
	case !b.IsForce:
		skip(ev, "the binding asks for no force", evidence.NeedDisplaced)
		return
	case c.DNS == nil:
		skip(ev, c.WithoutDNS, evidence.NeedDisplaced)
		return
	case ev.Account.State != evidence.StateObserved:
		m := ev.Account.Metadata
		ev.Set(m, evidence.NeedDisplaced)
		return
	}
	defer guard(c.Now, "displaced", ev, evidence.NeedDisplaced)
	var others []evidence.BoundGroup
	for _, h := range ev.Account.Facts.Conflicts() {
		if !evidence.SameName(h.Domain.DomainName, b.DomainName) {
			others = append(others, h)
		}
	}
	if len(others) > maxDisplaced {
		ev.Displaced = evidence.Failed[evidence.Displaced](
			fmt.Sprintf("the force would displace %d names, more than the limit of %d", len(others), maxDisplaced), "", c.Now())
		return
	}
	facts := evidence.Displaced{Names: make([]evidence.DisplacedName, len(others))}
	var work errgroup.Group
	work.SetLimit(8)
	for i, h := range others {
		work.Go(func() error {
			facts.Names[i] = c.displacedName(ctx, b, h)
			return nil
		})
	}
	_ = work.Wait() // they report through the facts only
	ev.Displaced = evidence.Observed(facts, ev.DNS.From, c.Now())
}

func (c *Collector) displacedName(ctx context.Context, b binding.Binding, h evidence.BoundGroup) (n evidence.DisplacedName) {
	n = evidence.DisplacedName{Name: h.Domain.DomainName, GroupID: h.GroupID}
	defer func() {
		if recover() != nil {
			n.Problem = "the DNS collector panicked; this is a defect of bindgate, please report it"
		}
	}()
	as := b
	as.DomainName, as.GroupID, as.DomainProof, as.Certificate = h.Domain.DomainName, h.GroupID, binding.ProofCNAME, nil
	if strings.EqualFold(h.Domain.CustomDomainType, binding.Intranet) {
		as.CustomDomainType = binding.Intranet
	}
	o, _ := c.DNS.Collect(ctx, as)
	n.DNS = o.Facts
	if o.State != evidence.StateObserved {
		n.Problem = o.Reason
	}
	return n
}

const (
	namesGateway = "the binding names a gateway, not an API group"
	namesGroup   = "the binding names an API group, not a gateway"
)

func (c *Collector) withoutGroup(b binding.Binding) (string, bool) {
	switch {
	case b.CertificateOnly:
		return "no group was named", true
	case b.GatewayID != "":
		return namesGateway, true
	}
	return c.WithoutGroup, c.Group == nil
}

func (c *Collector) withoutGateway(b binding.Binding) (string, bool) {
	switch {
	case b.CertificateOnly:
		return "no gateway was named", true
	case b.Unserved:
		return "no gateway serves the domain", true
	case b.GatewayID == "":
		return namesGroup, true
	}
	return c.WithoutGroup, c.Gateway == nil
}

func (c *Collector) gateway(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	if why, left := c.withoutGateway(b); left {
		skip(ev, why, evidence.NeedGateway)
		return
	}
	defer guard(c.Now, "gateway", ev, evidence.NeedGateway)
	ev.Gateway = c.Gateway.Gateway(ctx, b)
}

func (c *Collector) records(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	if why, left := c.withoutGateway(b); left {
		skip(ev, why, evidence.NeedRecords, evidence.NeedServing)
		return
	}
	defer guard(c.Now, "records", ev, evidence.NeedRecords, evidence.NeedServing)
	ev.Records = c.Gateway.Records(ctx, b)
	ev.Serving = c.Gateway.Serving(ctx, b, ev.Records)
}

func (c *Collector) predecessor(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	if why, left := c.withoutGateway(b); left {
		skip(ev, why, evidence.NeedPredecessor)
		return
	}
	defer guard(c.Now, "predecessor", ev, evidence.NeedPredecessor)
	ev.Predecessor = c.Gateway.Predecessor(ctx, b)
}

// cutover follows all that both sides of a move say.
func (c *Collector) cutover(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	switch {
	case !b.CutOver:
		skip(ev, "the binding is not of a map of a cut-over", evidence.NeedCutover)
	case c.DNS == nil:
		skip(ev, c.WithoutDNS, evidence.NeedCutover)
	case c.Gateway == nil || c.Cutover == nil:
		skip(ev, c.WithoutGroup, evidence.NeedCutover)
	default:
		defer guard(c.Now, "cut-over", ev, evidence.NeedCutover)
		ev.Cutover = c.Cutover.Collect(ctx, b, ev)
	}
}

// store follows the certificate and the records, which say what to look for.
func (c *Collector) store(ctx context.Context, b binding.Binding, ev *evidence.Evidence) {
	if why, left := c.withoutGateway(b); left {
		skip(ev, why, evidence.NeedStore)
		return
	}
	defer guard(c.Now, "certificate store", ev, evidence.NeedStore)
	ev.Store = c.Gateway.Store(ctx, b, ev.Records, ev.Certificate)
}

// Chain returns the targets of the CNAME chain of an observation, in order.
func Chain(o evidence.Observation[evidence.DNS]) []string {
	if o.State != evidence.StateObserved {
		return nil
	}
	var names []string
	for _, h := range o.Facts.Hops {
		names = append(names, h.Target)
	}
	return names
}

func hasPlaceholder(b binding.Binding) bool {
	return b.Certificate != nil && (strings.Contains(b.Certificate.Name, binding.NameNotBefore) || strings.Contains(b.Certificate.Name, binding.NameSHA256))
}

// Named returns a binding with the placeholders in the name of its certificate filled
// from the observed certificate. Without a readable one they stay, and a check refuses
// them. The result depends on the name and the leaf alone.
func Named(b binding.Binding, o evidence.Observation[evidence.Certificate]) binding.Binding {
	if !hasPlaceholder(b) || o.State != evidence.StateObserved || len(o.Facts.Chain) == 0 {
		return b
	}
	leaf, err := o.Facts.Chain[0].X509()
	if err != nil {
		return b
	}
	sum := sha256.Sum256(leaf.Raw)
	filled := *b.Certificate
	filled.Name = strings.NewReplacer(binding.NameNotBefore, leaf.NotBefore.UTC().Format("20060102"),
		binding.NameSHA256, hex.EncodeToString(sum[:6])).Replace(filled.Name)
	b.Certificate = &filled
	return b
}

// skip marks observations that the mode of the run does not collect.
func skip(ev *evidence.Evidence, why string, needs ...evidence.Need) {
	ev.Set(evidence.Metadata{State: evidence.StateNotCollected, Reason: why}, needs...)
}

// guard turns the observations of a panicking collector into failed ones. It does
// not report the value of the panic, which may hold a byte of a key.
func guard(now func() time.Time, what string, ev *evidence.Evidence, needs ...evidence.Need) {
	if recover() != nil {
		reason := fmt.Sprintf("the %s collector panicked; this is a defect of bindgate, please report it", what)
		ev.Set(evidence.Metadata{State: evidence.StateFailed, Reason: reason, At: now().UTC()}, needs...)
	}
}
