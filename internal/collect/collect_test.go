package collect

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/siblings"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// fake collectors answer with what the test gives them; a nil function panics.
type fakeDNS func(context.Context) evidence.Observation[evidence.DNS]

func (f fakeDNS) Collect(ctx context.Context, _ binding.Binding) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof]) {
	return f(ctx), evidence.NotCollected[evidence.Proof]("the binding proves itself by CNAME")
}

type fakeCertificate struct{}

func (fakeCertificate) Collect(context.Context, binding.Binding) (evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key]) {
	return evidence.NotCollected[evidence.Certificate]("none"), evidence.NotCollected[evidence.Key]("none")
}

type fakeGroup struct {
	group evidence.Observation[evidence.Group]
	chain []string
	asked int
	left  time.Duration // of the time for Account; 0: without bound
}

func (f *fakeGroup) Group(context.Context, binding.Binding, bool) evidence.Observation[evidence.Group] {
	return f.group
}

func (f *fakeGroup) Account(ctx context.Context, _ binding.Binding, _ evidence.Group, chain []string) evidence.Observation[evidence.Account] {
	f.asked++
	f.chain = chain
	if deadline, ok := ctx.Deadline(); ok {
		f.left = time.Until(deadline)
	}
	return evidence.Observed(evidence.Account{Complete: true}, "", time.Time{})
}

func reached(context.Context) evidence.Observation[evidence.DNS] {
	return evidence.Observed(evidence.DNS{Hops: []evidence.Hop{{Owner: "a", Target: "b"}, {Owner: "b", Target: "c"}}}, "", time.Time{})
}

func found() evidence.Observation[evidence.Group] {
	return evidence.Observed(evidence.Group{Found: true}, "", time.Time{})
}

func one(t *testing.T, c *Collector, b binding.Binding) evidence.Evidence {
	t.Helper()
	c.Now, c.Related = time.Now, siblings.NewIndex(slices.Values([]binding.Binding{b}))
	return c.Collect(t.Context(), 0, b)
}

func TestCollect(t *testing.T) {
	g := &fakeGroup{group: found()}
	ev := one(t, &Collector{DNS: fakeDNS(reached), Certificate: fakeCertificate{}, Group: g}, binding.Binding{})
	for _, need := range []evidence.Need{evidence.NeedDNS, evidence.NeedGroup, evidence.NeedAccount, evidence.NeedSiblings} {
		if got := ev.Of(need).State; got != evidence.StateObserved {
			t.Errorf("%s is %q, want observed", need, got)
		}
	}
	if strings.Join(g.chain, " ") != "b c" {
		t.Errorf("the account was asked with the chain %q, want b c", g.chain)
	}
}

func TestAPanicIsAFailedObservation(t *testing.T) {
	secret := "MII-a-private-key"
	ev := one(t, &Collector{DNS: fakeDNS(func(context.Context) evidence.Observation[evidence.DNS] { panic(secret) }),
		Certificate: fakeCertificate{}, Group: &fakeGroup{group: found()}}, binding.Binding{})
	if ev.DNS.State != evidence.StateFailed || ev.Proof.State != evidence.StateFailed {
		t.Errorf("after a panic DNS is %q and the proof %q, want failed", ev.DNS.State, ev.Proof.State)
	}
	if strings.Contains(ev.DNS.Reason, secret) {
		t.Errorf("the reason repeats what was panicked with: %q", ev.DNS.Reason)
	}
}

func TestLeftOut(t *testing.T) {
	ev := one(t, &Collector{Certificate: fakeCertificate{}, WithoutDNS: "--offline", WithoutGroup: "--offline"}, binding.Binding{})
	for _, need := range []evidence.Need{evidence.NeedDNS, evidence.NeedProof, evidence.NeedGroup, evidence.NeedAccount} {
		if got := ev.Of(need); got.State != evidence.StateNotCollected || got.Reason != "--offline" {
			t.Errorf("%s is %+v, want left out by --offline", need, got)
		}
	}
}

func TestTheAccountWantsTheGroup(t *testing.T) {
	for name, group := range map[string]evidence.Observation[evidence.Group]{
		"failed":    evidence.Failed[evidence.Group]("503", "", time.Time{}),
		"not found": evidence.Observed(evidence.Group{}, "", time.Time{}),
	} {
		g := &fakeGroup{group: group}
		ev := one(t, &Collector{DNS: fakeDNS(reached), Certificate: fakeCertificate{}, Group: g}, binding.Binding{})
		if ev.Account.State != evidence.StateFailed || g.asked != 0 {
			t.Errorf("%s: the account is %q after %d questions, want failed after none", name, ev.Account.State, g.asked)
		}
	}
	g := &fakeGroup{group: found()}
	ev := one(t, &Collector{DNS: fakeDNS(reached), Certificate: fakeCertificate{}, Group: g}, binding.Binding{CertificateOnly: true})
	if ev.Group.State != evidence.StateNotCollected || ev.Account.State != evidence.StateNotCollected || g.asked != 0 {
		t.Errorf("a certificate alone asked about a group: %q, %q", ev.Group.State, ev.Account.State)
	}
}

// slow answers only when its time is over, with the reason.
func slow(ctx context.Context) evidence.Observation[evidence.DNS] {
	<-ctx.Done()
	return evidence.Failed[evidence.DNS](context.Cause(ctx).Error(), "", time.Time{})
}

// DNS that uses up its time says so itself, and leaves the account its own.
func TestDNSLeavesTimeForTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &fakeGroup{group: found()}
		c := &Collector{DNS: fakeDNS(slow), Certificate: fakeCertificate{}, Group: g, Timeout: 30 * time.Second}
		ev := one(t, c, binding.Binding{})
		if ev.DNS.State != evidence.StateFailed || !strings.HasPrefix(ev.DNS.Reason, "DNS took all of its 20s") {
			t.Errorf("after the deadline DNS is %q: %q", ev.DNS.State, ev.DNS.Reason)
		}
		if ev.Account.State != evidence.StateObserved || g.left != 10*time.Second {
			t.Errorf("the account is %q with %s left, want observed with 10s", ev.Account.State, g.left)
		}
	})
}

// An interrupted run is not reported as a time-out.
func TestAnInterruptIsNoTimeout(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &Collector{DNS: fakeDNS(slow), Certificate: fakeCertificate{}, Group: &fakeGroup{group: found()}, Timeout: time.Hour, Now: time.Now}
	c.Related = siblings.NewIndex(slices.Values([]binding.Binding{{}}))
	ev := c.Collect(ctx, 0, binding.Binding{})
	if ev.DNS.State != evidence.StateFailed || ev.DNS.Reason != context.Canceled.Error() {
		t.Errorf("after an interrupt DNS is %q: %q", ev.DNS.State, ev.DNS.Reason)
	}
}

// The groups of siblings are read too, so that a check can tell whether they clash.
func TestSiblingsComeWithTheirGroups(t *testing.T) {
	both := []binding.Binding{{DomainName: "api.demo.com", GroupID: "one"}, {DomainName: "api.demo.com", GroupID: "two"}}
	group := evidence.Observed(evidence.Group{Found: true, InstanceID: "shared"}, "", time.Time{})
	c := &Collector{DNS: fakeDNS(reached), Certificate: fakeCertificate{}, Group: &fakeGroup{group: group},
		Now: time.Now, Related: siblings.NewIndex(slices.Values(both))}
	others := c.Collect(t.Context(), 1, both[1]).Siblings.Facts.Others
	if len(others) != 1 || others[0].GroupID != "one" || !others[0].GroupKnown || others[0].InstanceID != "shared" {
		t.Errorf("got the siblings %+v, want the first binding with its instance", others)
	}
}

// fakeGateway answers with what the test gives it.
type fakeGateway struct {
	records evidence.Observation[evidence.Records]
	leaf    []byte // of the certificate that Store was given
	panics  bool
	asked   int
}

func (f *fakeGateway) Gateway(context.Context, binding.Binding) evidence.Observation[evidence.Gateway] {
	f.asked++
	return evidence.Observed(evidence.Gateway{Found: true}, "", time.Time{})
}

func (f *fakeGateway) Records(context.Context, binding.Binding) evidence.Observation[evidence.Records] {
	if f.panics {
		panic("MII-a-private-key")
	}
	return f.records
}

func (f *fakeGateway) Serving(_ context.Context, _ binding.Binding, r evidence.Observation[evidence.Records]) evidence.Observation[evidence.Serving] {
	return evidence.Observed(evidence.Serving{Complete: r.Facts.Complete}, "", time.Time{})
}

func (f *fakeGateway) Store(_ context.Context, _ binding.Binding, r evidence.Observation[evidence.Records], c evidence.Observation[evidence.Certificate]) evidence.Observation[evidence.Store] {
	if len(c.Facts.Chain) > 0 {
		f.leaf = c.Facts.Chain[0].DER
	}
	return evidence.Observed(evidence.Store{Complete: r.Facts.Complete}, "", time.Time{})
}

func (f *fakeGateway) Predecessor(context.Context, binding.Binding) evidence.Observation[evidence.Predecessor] {
	return evidence.NotCollected[evidence.Predecessor]("none")
}

// slowCertificate is read last.
type slowCertificate struct{}

func (slowCertificate) Collect(context.Context, binding.Binding) (evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key]) {
	time.Sleep(time.Second)
	return evidence.Observed(evidence.Certificate{Chain: []evidence.Cert{{DER: []byte("leaf")}}}, "", time.Time{}), evidence.NotCollected[evidence.Key]("none")
}

func classicNeeds() []evidence.Need {
	return []evidence.Need{evidence.NeedGroup, evidence.NeedAccount, evidence.NeedDisplaced}
}

func gatewayNeeds() []evidence.Need {
	return []evidence.Need{evidence.NeedGateway, evidence.NeedRecords, evidence.NeedServing, evidence.NeedStore, evidence.NeedPredecessor}
}

// Each platform's evidence is collected for its own bindings; of the other it is stated that
// it was not, which no check takes for a pass.
func TestEachPlatformHasItsOwnEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, g := &fakeGateway{records: evidence.Observed(evidence.Records{Complete: true}, "", time.Time{})}, &fakeGroup{group: found()}
		c := &Collector{DNS: fakeDNS(reached), Certificate: slowCertificate{}, Group: g, Gateway: f}
		ev := one(t, c, binding.Binding{GatewayID: "gw-1", IsForce: true})
		for _, need := range gatewayNeeds()[:4] {
			if got := ev.Of(need); got.State != evidence.StateObserved {
				t.Errorf("%s is %+v, want observed", need, got)
			}
		}
		for _, need := range classicNeeds() {
			if got := ev.Of(need); got.State != evidence.StateNotCollected || got.Reason != "the binding names a gateway, not an API group" {
				t.Errorf("%s is %+v", need, got)
			}
		}
		if string(f.leaf) != "leaf" || !ev.Store.Facts.Complete || !ev.Serving.Facts.Complete {
			t.Error("the store was asked before the certificate and the records were read")
		}
		asked := f.asked
		ev = one(t, c, binding.Binding{GroupID: "g-1"})
		for _, need := range gatewayNeeds() {
			if got := ev.Of(need); got.State != evidence.StateNotCollected || got.Reason != "the binding names an API group, not a gateway" {
				t.Errorf("%s is %+v", need, got)
			}
		}
		if f.asked != asked || g.asked != 1 {
			t.Errorf("the gateway was asked %d times for a group, and the account %d times", f.asked-asked, g.asked)
		}
	})
}

func TestGatewayThatIsNotAsked(t *testing.T) {
	ev := one(t, &Collector{Certificate: fakeCertificate{}, WithoutDNS: "--offline", WithoutGroup: "--offline"}, binding.Binding{GatewayID: "gw-1"})
	for _, need := range gatewayNeeds() {
		if got := ev.Of(need); got.State != evidence.StateNotCollected || got.Reason != "--offline" {
			t.Errorf("%s is %+v", need, got)
		}
	}
	ev = one(t, &Collector{Certificate: fakeCertificate{}, Gateway: &fakeGateway{panics: true}}, binding.Binding{GatewayID: "gw-1"})
	for _, need := range gatewayNeeds()[1:3] {
		if got := ev.Of(need); got.State != evidence.StateFailed || strings.Contains(got.Reason, "MII") {
			t.Errorf("%s is %+v, want failed", need, got)
		}
	}
}

// fakeLeaf observes a certificate with a leaf.
type fakeLeaf struct{ der []byte }

func (f fakeLeaf) Collect(context.Context, binding.Binding) (evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key]) {
	return evidence.Observed(evidence.Certificate{Chain: []evidence.Cert{{DER: f.der}}}, "", time.Time{}), evidence.NotCollected[evidence.Key]("none")
}

// groupAsked keeps the binding that it is asked for.
type groupAsked struct {
	fakeGroup
	binding binding.Binding
}

func (g *groupAsked) Group(_ context.Context, b binding.Binding, _ bool) evidence.Observation[evidence.Group] {
	g.binding = b
	return found()
}

// TestNamed fills the placeholders of a name from a leaf, and from nothing else.
func TestNamed(t *testing.T) {
	root, err := ca.New(time.Date(2026, 11, 28, 23, 30, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	issued, err := root.Issue(ca.Options{Names: []string{"api.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(issued.Chain)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(block.Bytes))[:12]
	day := leaf.NotBefore.UTC().Format("20060102")
	readable := evidence.Observed(evidence.Certificate{Chain: []evidence.Cert{{DER: block.Bytes}}}, "", time.Time{})
	failed := evidence.Failed[evidence.Certificate]("gone", "", time.Time{})
	damaged := evidence.Observed(evidence.Certificate{Chain: []evidence.Cert{{DER: []byte{1}}}}, "", time.Time{})
	for _, test := range []struct {
		name string
		from evidence.Observation[evidence.Certificate]
		want string
	}{
		{"api_{sha256}", readable, "api_" + digest},
		{"api_{notBefore}_{sha256}", readable, "api_" + day + "_" + digest},
		{"api_2026", readable, "api_2026"},
		{"api_{SHA256}", readable, "api_{SHA256}"},
		{"api_{sha256}", failed, "api_{sha256}"},
		{"api_{sha256}", damaged, "api_{sha256}"},
		{"api_{sha256}", evidence.Observed(evidence.Certificate{}, "", time.Time{}), "api_{sha256}"},
	} {
		b := binding.Binding{DomainName: "{sha256}.demo.com", Certificate: &binding.Certificate{Name: test.name, Body: "{sha256}"}}
		got := Named(b, test.from)
		if got.Certificate.Name != test.want || got.Certificate.Body != "{sha256}" || got.DomainName != b.DomainName || b.Certificate.Name != test.name {
			t.Errorf("Named(%q) = %+v of %+v, want the name %q and all else as it was", test.name, got.Certificate, b.Certificate, test.want)
		}
	}
	group := &groupAsked{}
	b := binding.Binding{Certificate: &binding.Certificate{Name: "api_{sha256}"}}
	if one(t, &Collector{DNS: fakeDNS(reached), Certificate: fakeLeaf{block.Bytes}, Group: group}, b); group.binding.Certificate.Name != "api_"+digest {
		t.Errorf("the group was asked for %q, want the filled name", group.binding.Certificate.Name)
	}
}
