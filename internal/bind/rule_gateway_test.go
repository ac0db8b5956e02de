package bind_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/bind"
	collectapig "github.com/bindgate/bindgate/internal/collect/apig"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/platform/api"
	apigclient "github.com/bindgate/bindgate/internal/platform/apig/client"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

var gatewayCases = flag.Int("rule.gateways", 60, "cases of the rule for the cloud-native gateway")

const gatewayID = "gw-pay"

// gatewayBinding is a binding of a case, and what goes wrong with it.
type gatewayBinding struct {
	binding.Binding
	before  *apig.Domain      // the domain when the case begins; nil: there is none
	stored  bool              // the store has the certificate
	trouble map[string]string // by evidence: error, missing, left out, see gatewayTroubles
	result  string            // what is wrong with the results of the checks
	changes string            // what another client does between the judgement and the calls
}

// gatewayCase is a case of the rule.
type gatewayCase struct {
	world    []string
	faults   string
	bindings []*gatewayBinding
	bystands []apig.Domain
	journal  int // the entry that cannot be written; 0: all can
	live     bool
}

// What can go wrong in a case.
var (
	gatewayWorlds = []string{"update-domain=merge", "empty-text=keeps", "apig-errors=ok", "success-code=success", "tls-names=plain", "total-count=number",
		"http2-default=Close", "duplicate-name=refused", "page-size=50", "list-by-gateway=all", "digest-case=lower", "detail-fingerprint=sha256", "domain-status=everywhere", "timestamp-names=older", "unset-fields=absent", "bound-status=published", "unknown-certificate=refused",
		"missing-code=prefixed", "https-without-certificate=refused"}
	apigFaults = []string{"reset-after-commit:1", "reset-before-commit:1", "throttle:1", "status=503:1", "status=500:1", "status=502:2", "html:1", "malformed:1",
		"truncated:1", "code=APIG.ErrorCode.Forbidden", "code-after-commit=APIG.ErrorCode.InternalError:1", "code=Conflict.AppClusterIsAlreadyInChanging:1"}
	gatewayTargets  = []string{"apig/CreateDomain", "apig/UpdateDomain", "cas/UploadUserCertificate", "apig/GetDomain", "apig/ListDomains", "apig/ListSslCerts", "cas/GetCertificateDetail"}
	gatewayTroubles = []string{"error", "missing", "left out", "panic"}
	gatewayResults  = []string{"fail", "unknown", "missing", "doubled", "not applicable", "not run"}
	gatewayChanges  = []string{"settings", "deleted", "created", "files", "doubled", "certificate"}
)

// rarely draws a value in about a quarter of the cases.
func rarely(t *rapid.T, label string, of []string) string {
	if rapid.IntRange(0, 3).Draw(t, label+"?") > 0 {
		return ""
	}
	return rapid.SampledFrom(of).Draw(t, label)
}

func drawGatewayCase(t *rapid.T) *gatewayCase {
	c := &gatewayCase{live: rapid.IntRange(0, 19).Draw(t, "live") > 0}
	for _, w := range gatewayWorlds {
		if rapid.Bool().Draw(t, w) {
			c.world = append(c.world, w)
		}
	}
	if fault := rarely(t, "fault", apigFaults); fault != "" {
		c.faults = rapid.SampledFrom(gatewayTargets).Draw(t, "target") + ":" + fault
	}
	if rapid.IntRange(0, 9).Draw(t, "journal?") == 0 {
		c.journal = rapid.IntRange(1, 4).Draw(t, "journal")
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "bindings") {
		c.bindings = append(c.bindings, drawGatewayBinding(t, i))
		c.bystands = append(c.bystands, drawDomain(t, fmt.Sprintf("other%d.demo.com", i)))
	}
	return c
}

// drawDomain draws the record of a domain with a name.
func drawDomain(t *rapid.T, name string) apig.Domain {
	d := apig.Domain{Name: name, Protocol: "HTTPS", CertIdentifier: "1-cn-hangzhou", ForceHTTPS: rapid.Bool().Draw(t, "forceHttps"),
		TLSMin:      rapid.SampledFrom([]string{"TLS 1.0", "TLS 1.2"}).Draw(t, "tlsMin"),
		TLSMax:      rapid.SampledFrom([]string{"TLS 1.2", "TLS 1.3"}).Draw(t, "tlsMax"),
		HTTP2Option: rapid.SampledFrom([]string{"Open", "Close"}).Draw(t, "http2Option")}
	if rapid.Bool().Draw(t, "mTLS") {
		d.MTLSEnabled, d.ClientCACert, d.CACertIdentifier = true, string(leaves()[1].Chain), "2-cn-hangzhou"
	}
	if rapid.Bool().Draw(t, "suites") {
		d.CipherSuites = &apig.Suites{ConfigType: "Custom", List: []apig.Suite{{Name: "ECDHE-ECDSA-AES128-GCM-SHA256", SupportVersions: []string{"TLS 1.2"}}}}
	}
	return d
}

func drawGatewayBinding(t *rapid.T, i int) *gatewayBinding {
	b := &gatewayBinding{Binding: binding.Binding{DomainName: fmt.Sprintf("d%d.demo.com", i), GatewayID: gatewayID, RegionID: region,
		CustomDomainType: binding.Internet, DomainProof: binding.ProofTXT, Protocol: "HTTPS"}, trouble: map[string]string{}}
	force := rapid.Bool().Draw(t, "force https")
	b.ForceHTTPS = &force
	if rapid.Bool().Draw(t, "exists") {
		d := drawDomain(t, b.DomainName)
		b.before = &d
	}
	if rapid.Bool().Draw(t, "states tlsMin") {
		b.TLSMin = rapid.SampledFrom([]string{"TLS 1.1", "TLS 1.2"}).Draw(t, "min")
	}
	if rapid.Bool().Draw(t, "states http2") {
		b.HTTP2Option = rapid.SampledFrom([]string{"Open", "Close"}).Draw(t, "http2")
	}
	if b.before == nil || rapid.Bool().Draw(t, "certificate") {
		b.Certificate = &binding.Certificate{Name: fmt.Sprintf("demo_%d", i), PrivateKey: &binding.SecretRef{File: "key"}}
		switch rapid.IntRange(0, 4).Draw(t, "stored") {
		case 0:
			b.stored = true
		case 1:
			b.stored, b.Certificate.CASID = true, "3-cn-hangzhou"
		case 2:
			b.Certificate.CASID = "1-cn-hangzhou" // of another certificate
		}
		switch rapid.IntRange(0, 7).Draw(t, "clients") {
		case 0:
			b.ClientCertificate = &binding.ClientCertificate{None: true}
		case 1:
			b.ClientCertificate = &binding.ClientCertificate{CA: "ca"}
		case 2:
			b.ClientCertificate = &binding.ClientCertificate{CA: "ca", CASID: "2-cn-hangzhou"}
		case 3:
			b.ClientCertificate = &binding.ClientCertificate{CA: "ca", CASID: "3-cn-hangzhou"} // of another CA, or of none
		}
	}
	for _, what := range []string{"gateway", "records", "store", "certificate"} {
		if rapid.IntRange(0, 24).Draw(t, what+"?") == 0 {
			b.trouble[what] = rapid.SampledFrom(gatewayTroubles).Draw(t, what)
		}
	}
	if rapid.IntRange(0, 11).Draw(t, "result?") == 0 {
		b.result = rapid.SampledFrom(gatewayResults).Draw(t, "result")
	}
	if rapid.IntRange(0, 7).Draw(t, "change?") == 0 {
		b.changes = rapid.SampledFrom(gatewayChanges).Draw(t, "change")
	}
	return b
}

// TestRuleOfGateways is the rule for the cloud-native gateway, in both worlds of what its
// pages leave open: every write is the next call of a permit whose intent was journalled,
// nothing is written without an allowed decision, and nothing is changed that no binding
// names: no other domain, and no field that the binding does not state.
func TestRuleOfGateways(t *testing.T) {
	if err := flag.Set("rapid.checks", fmt.Sprint(*gatewayCases)); err != nil {
		t.Fatal(err)
	}
	seen := map[bind.Status]int{}
	rapid.Check(t, func(rt *rapid.T) {
		c := drawGatewayCase(rt)
		for _, o := range c.run(t, rt) {
			seen[o.Status]++
		}
	})
	t.Logf("outcomes: %v", seen)
	if *gatewayCases >= 60 && (seen[bind.Bound] == 0 || seen[bind.NotAttempted]+seen[bind.Failed] == 0) {
		t.Errorf("the cases are one-sided: %v", seen)
	}
}

// troubled are the collectors of a case.
type troubled struct {
	*collectapig.Collector
	of func(string) *gatewayBinding
}

func (c troubled) Gateway(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Gateway] {
	return trouble(ctx, c.of(b.DomainName).trouble["gateway"], func() evidence.Observation[evidence.Gateway] { return c.Collector.Gateway(ctx, b) })
}

func (c troubled) Records(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Records] {
	return trouble(ctx, c.of(b.DomainName).trouble["records"], func() evidence.Observation[evidence.Records] { return c.Collector.Records(ctx, b) })
}

func (c troubled) Store(ctx context.Context, b binding.Binding, r evidence.Observation[evidence.Records], cert evidence.Observation[evidence.Certificate]) evidence.Observation[evidence.Store] {
	return trouble(ctx, c.of(b.DomainName).trouble["store"], func() evidence.Observation[evidence.Store] { return c.Collector.Store(ctx, b, r, cert) })
}

// gatewayFiles is what the certificate files of a case hold, then and now.
type gatewayFiles struct{ of func(string) *gatewayBinding }

func (f gatewayFiles) Material(b binding.Binding) (certificate.Material, error) {
	m := materialOf(leaves()[0])
	switch own := f.of(b.DomainName); {
	case b.Certificate == nil:
		return certificate.Material{}, errors.New("the binding has no certificate")
	case own.changes == "files":
		m = materialOf(leaves()[1])
	}
	if statesCA(b) {
		m.ClientCA, m.ClientCADigest = clientCA(), pki.Digest(clientCA())
	}
	return m, nil
}

// clientCA is the CA of client certificates in the file of a binding.
func clientCA() []byte { return pki.CanonicalChain([][]byte{leaves()[1].Certificate.Raw}) }

func statesCA(b binding.Binding) bool { return b.ClientCertificate != nil && !b.ClientCertificate.None }

// observe collects the evidence of a binding.
func (c *gatewayCase) observe(ctx context.Context, b *gatewayBinding, from troubled) (s checks.Subject) {
	s = checks.Subject{Binding: b.Binding}
	ev := &s.Evidence
	guarded := func(need evidence.Need, collect func()) {
		defer func() {
			if recover() != nil {
				ev.Set(evidence.Metadata{State: evidence.StateFailed, Reason: "panic"}, need)
			}
		}()
		collect()
	}
	guarded(evidence.NeedCertificate, func() {
		if b.Certificate == nil {
			return
		}
		m := materialOf(leaves()[0])
		ev.Key = evidence.Observed(evidence.Key{PublicKeyDigest: m.PublicKeyDigest}, "", time.Time{})
		facts := evidence.Certificate{FileDigest: m.FileDigest, ChainDigest: m.ChainDigest, Chain: []evidence.Cert{evidence.NewCert(leaves()[0].Certificate, 0, 0)}}
		if statesCA(b.Binding) {
			facts.ClientCA = &evidence.ClientCA{Digest: pki.Digest(clientCA()), Chain: []evidence.Cert{evidence.NewCert(leaves()[1].Certificate, 0, 0)}}
		}
		ev.Certificate = trouble(ctx, b.trouble["certificate"], saw(facts))
	})
	guarded(evidence.NeedGateway, func() { ev.Gateway = from.Gateway(ctx, b.Binding) })
	guarded(evidence.NeedRecords, func() { ev.Records = from.Records(ctx, b.Binding) })
	guarded(evidence.NeedStore, func() { ev.Store = from.Store(ctx, b.Binding, ev.Records, ev.Certificate) })
	return s
}

// results are those of a catalogue of the two required checks, with what is wrong with them.
func (b *gatewayBinding) results() (list []checks.Check, out []checks.Result) {
	for _, r := range []checks.Requirement{checks.TargetExists, checks.DomainIsProved} {
		list = append(list, checks.Check{ID: string(r), MustPass: checks.Proves(r)})
		out = append(out, checks.Result{ID: string(r), Status: checks.StatusPass})
	}
	switch b.result {
	case "fail":
		out[1].Status = checks.StatusFail
	case "unknown":
		out[1].Status = checks.StatusUnknown
	case "missing":
		out = out[:1]
	case "doubled":
		out = append(out, out[1])
	case "not applicable":
		out[1].Status = checks.StatusNotApplicable
	case "not run":
		out[1].Status = checks.StatusNotRun
	}
	return list, out
}

// seed is the account when the case begins.
func (c *gatewayCase) seed() account.Seed {
	seed := account.Seed{APIG: apig.Seed{Gateways: []apig.Gateway{{GatewayID: gatewayID, Name: "pay"}}, Domains: slices.Clone(c.bystands)}}
	second, first := leaves()[1], leaves()[0]
	seed.Certificates = []certstore.Certificate{{ID: 1, Name: "first", Body: string(second.Chain), PrivateKey: string(second.Key)},
		{ID: 2, Name: "ca", Body: string(second.Chain), PrivateKey: string(second.Key)}}
	for _, b := range c.bindings {
		if b.before != nil {
			seed.APIG.Domains = append(seed.APIG.Domains, *b.before)
		}
		if b.stored && len(seed.Certificates) == 2 {
			seed.Certificates = append(seed.Certificates, certstore.Certificate{ID: 3, Name: "stored", Body: string(first.Chain), PrivateKey: string(first.Key)})
		}
	}
	return seed
}

// another client changes something between the judgement and the calls.
func (c *gatewayCase) change(s *sandbox.Sandbox, b *gatewayBinding) {
	s.EditAPIG(func(state *apig.Seed) {
		i := slices.IndexFunc(state.Domains, func(d apig.Domain) bool { return d.Name == b.DomainName })
		switch {
		case b.changes == "created" && i < 0, b.changes == "doubled":
			state.Domains = append(state.Domains, apig.Domain{DomainID: "d-another-" + b.DomainName, Name: b.DomainName, Protocol: "HTTP", DomainScope: "Dedicated",
				CipherSuites: &apig.Suites{ConfigType: "Default"}})
		case i < 0:
		case b.changes == "settings":
			state.Domains[i].TLSMax = map[string]string{"TLS 1.2": "TLS 1.3", "TLS 1.3": "TLS 1.2"}[state.Domains[i].TLSMax]
		case b.changes == "certificate":
			state.Domains[i].CertIdentifier = "2-cn-hangzhou"
		case b.changes == "deleted":
			state.Domains = slices.Delete(state.Domains, i, i+1)
		}
	})
}

func (c *gatewayCase) run(t *testing.T, rt *rapid.T) []bind.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	assume, err := sandbox.ParseAssumptions(c.world)
	if err != nil {
		rt.Fatal(err)
	}
	s, err := sandbox.Start(ctx, sandbox.Options{Seed: c.seed(), Now: time.Now, AccessKeyID: firstKey, AccessKeySecret: "testsecret", Assume: assume})
	if err != nil {
		rt.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			rt.Fatal(err)
		}
	}()
	transport, err := api.NewTransport(api.Config{Endpoint: s.Endpoint(), Credential: apitest.Credential(t), Rate: -1, Tries: 2, Pause: time.Millisecond, Timeout: 5 * time.Second})
	if err != nil {
		rt.Fatal(err)
	}
	defer transport.Close()
	find := func(name string) *gatewayBinding {
		return c.bindings[slices.IndexFunc(c.bindings, func(b *gatewayBinding) bool { return b.DomainName == name })]
	}
	identity, err := api.Identity(ctx, transport, region)
	if err != nil {
		rt.Fatal(err)
	}
	from := troubled{collectapig.New(apigclient.NewReader(transport, 4), nil, time.Now), find}
	var permits []gate.Permit
	for _, b := range c.bindings {
		subject := c.observe(ctx, b, from)
		subject.Evidence.Run = evidence.Run{Live: c.live, Contract: evidence.Contract2026, Identity: &identity, Now: time.Now()}
		list, results := b.results()
		p, err := gate.Decide(list, nil, subject, results, checks.Error).Permit()
		if may := c.mayHavePermit(b); (err == nil) && !may {
			rt.Fatalf("%s has a permit, %+v", b.DomainName, b)
		} else if err != nil && may && c.sound(b) {
			rt.Fatalf("%s has no permit: %v", b.DomainName, err)
		}
		permits = append(permits, p)
	}
	for _, b := range c.bindings {
		c.change(s, b)
	}
	begin := s.StateAPIG()
	if c.faults != "" {
		f, err := sandbox.ParseFaults(c.faults)
		if err != nil {
			rt.Fatal(err)
		}
		if err := s.SetFaults(f); err != nil {
			rt.Fatal(err)
		}
	}
	log := &record{}
	log.hook = func(journal.Entry) error {
		if c.journal > 0 && len(log.entries)+1 == c.journal {
			return errDisk
		}
		return nil
	}
	base := len(s.Calls())
	deadline := 400 * time.Millisecond
	if c.faults == "" { // what is in effect is seen, on a busy machine too
		deadline = 10 * time.Second
	}
	b := bind.New(bind.Config{Transport: transport, Materials: gatewayFiles{find}, Reader: apigclient.NewReader(transport, 4), Journal: log, Now: time.Now,
		Deadline: deadline, Interval: 20 * time.Millisecond, CallTime: 5 * time.Second})
	outcomes := redeemed(ctx, b, permits)
	for i, p := range permits { // nothing is redeemed twice
		if outcomes[i].Status != bind.Bound {
			continue
		}
		if again := b.One(ctx, p); again.Status == bind.Bound {
			rt.Fatalf("a permit was redeemed twice: %+v", again)
		}
	}
	_ = s.SetFaults(nil)
	c.checkGatewayWrites(rt, s.Calls()[base:], log, permits)
	c.checkGatewayState(rt, begin, s.StateAPIG(), s.Certificates(), permits, outcomes)
	return outcomes
}

// mayHavePermit reports whether a decision about a binding may permit calls.
func (c *gatewayCase) mayHavePermit(b *gatewayBinding) bool {
	bad := b.trouble["gateway"] != "" || b.trouble["records"] != "" || b.result != "" || !c.live
	if b.Certificate != nil {
		bad = bad || b.trouble["store"] != "" || b.trouble["certificate"] != "" || b.Certificate.CASID == "1-cn-hangzhou" ||
			statesCA(b.Binding) && b.ClientCertificate.CASID == "3-cn-hangzhou"
	}
	return !bad
}

// sound reports whether nothing goes wrong with a binding, which then must be bound.
func (c *gatewayCase) sound(b *gatewayBinding) bool {
	return c.faults == "" && c.journal == 0 && b.changes == "" && c.mayHavePermit(b) && len(b.trouble) == 0
}

// checkGatewayWrites is the rule.
func (c *gatewayCase) checkGatewayWrites(t *rapid.T, calls []sandbox.Received, log *record, permits []gate.Permit) {
	var intents []journal.Entry
	for _, e := range log.entries {
		if e.Kind == journal.Intent {
			intents = append(intents, e)
		}
	}
	for _, got := range calls {
		upload := got.Product == "cas" && got.Action == "UploadUserCertificate"
		if got.PublicKeyDigest != "" && !upload {
			t.Fatalf("%s carries a private key", got.Action)
		}
		if !upload && (got.Product != "apig" || strings.HasPrefix(got.Action, "Get") || strings.HasPrefix(got.Action, "List") || got.Action == "DescribeRegions") ||
			got.Product == "cas" && !upload {
			continue
		}
		if len(got.InURL) > 0 && !slices.Equal(got.InURL, []string{"domainId"}) {
			t.Fatalf("%s has %q in its URL", got.Action, got.InURL)
		}
		i := slices.IndexFunc(intents, func(e journal.Entry) bool {
			return e.Call.Action == got.Action && sameParams(e.Call.Params, got.Params)
		})
		if i < 0 {
			t.Fatalf("%s %v has no intent in the journal", got.Action, got.Params)
		}
		owner := slices.IndexFunc(permits, func(p gate.Permit) bool { return p.ID() != "" && p.ID() == intents[i].Permit })
		if owner < 0 || !c.mayHavePermit(c.bindings[owner]) || c.bindings[owner].changes == "files" && c.bindings[owner].Certificate != nil && len(permits[owner].Plan().Calls) > 1 {
			t.Fatalf("%s %v belongs to no permit that may be redeemed", got.Action, got.Params)
		}
		if m := materialOf(leaves()[0]); upload && (got.ChainDigest != m.ChainDigest || got.PublicKeyDigest != m.PublicKeyDigest) {
			t.Fatal("another certificate or key was uploaded")
		}
	}
}

// sameParams compares what was planned with what the sandbox logged: an object is JSON
// there too, and a client CA is no parameter of the plan.
func sameParams(planned, got map[string]string) bool {
	got = maps.Clone(got)
	for name, value := range planned {
		a, b := any(value), any(got[name])
		if strings.HasPrefix(value, "{") {
			var x, y any
			if json.Unmarshal([]byte(value), &x) != nil || json.Unmarshal([]byte(got[name]), &y) != nil {
				return false
			}
			a, b = x, y
		}
		if name == "clientCACert" { // the log has its digest
			a = pki.Digest([]byte(value))
		}
		if !reflect.DeepEqual(a, b) {
			return false
		}
		delete(got, name)
	}
	if _, kept := planned["clientCACert"]; !kept && got["clientCACert"] == pki.Digest(clientCA()) { // of the file
		delete(got, "clientCACert")
	}
	return len(got) == 0
}

// checkGatewayState compares the account before the calls with the account after them.
func (c *gatewayCase) checkGatewayState(t *rapid.T, begin, end apig.Seed, store []certstore.Certificate, permits []gate.Permit, outcomes []bind.Outcome) {
	stripped := func(d apig.Domain) apig.Domain { d.UpdateTimestamp = 0; return d }
	byName := func(of apig.Seed, name string) (out []apig.Domain) {
		for _, d := range of.Domains {
			if d.Name == name {
				out = append(out, stripped(d))
			}
		}
		return out
	}
	for _, d := range c.bystands {
		if was, is := byName(begin, d.Name), byName(end, d.Name); !reflect.DeepEqual(was, is) {
			t.Fatalf("a domain that no binding names changed: %+v, was %+v", is, was)
		}
	}
	if !reflect.DeepEqual(begin.HTTPAPIs, end.HTTPAPIs) || !reflect.DeepEqual(begin.Gateways, end.Gateways) {
		t.Fatal("a route, a deployment or a gateway changed")
	}
	for i, b := range c.bindings {
		was, is := byName(begin, b.DomainName), byName(end, b.DomainName)
		if permits[i].ID() == "" && !reflect.DeepEqual(was, is) {
			t.Fatalf("%s changed without a permit: %+v, was %+v", b.DomainName, is, was)
		}
		if len(is) > 1 && len(is) != len(was) {
			t.Fatalf("%s now exists %d times", b.DomainName, len(is))
		}
		if len(was) == 1 && len(is) == 1 {
			c.checkUnstated(t, b, was[0], is[0], store)
		}
		o := outcomes[i]
		if o.Status == bind.Bound || o.Status == bind.Unchanged && b.changes == "" { // unchanged is what was judged
			c.checkStated(t, b, is, store)
		}
		same := reflect.DeepEqual(was, is)
		if same && o.Status == bind.Bound || !same && slices.Contains([]bind.Status{bind.Failed, bind.NotAttempted, bind.Unchanged}, o.Status) {
			t.Fatalf("%s: the outcome is %s, and the domain is %+v, was %+v", b.DomainName, o.Status, is, was)
		}
		if c.sound(b) && permits[i].ID() != "" && o.Status != bind.Bound && o.Status != bind.Unchanged && !c.stoppedBefore(i, outcomes) {
			t.Fatalf("%s: nothing went wrong, and the outcome is %+v", b.DomainName, o)
		}
	}
}

// stoppedBefore reports whether an earlier binding of the run ended it.
func (c *gatewayCase) stoppedBefore(i int, outcomes []bind.Outcome) bool {
	return slices.ContainsFunc(outcomes[:i], func(o bind.Outcome) bool {
		return o.Status == bind.Failed || o.Status == bind.Unknown || o.Changed || o.Stopped || o.Status == bind.Incomplete
	})
}

// checkUnstated: what the binding does not state is what it was.
func (c *gatewayCase) checkUnstated(t *rapid.T, b *gatewayBinding, was, is apig.Domain, store []certstore.Certificate) {
	want := was
	if b.TLSMin != "" && is.TLSMin == b.TLSMin {
		want.TLSMin = is.TLSMin
	}
	if b.HTTP2Option != "" && is.HTTP2Option == b.HTTP2Option {
		want.HTTP2Option = is.HTTP2Option
	}
	if is.Protocol == b.Protocol {
		want.Protocol = is.Protocol
	}
	if is.ForceHTTPS == *b.ForceHTTPS {
		want.ForceHTTPS = is.ForceHTTPS
	}
	if b.Certificate != nil && c.isOwn(is.CertIdentifier, store) {
		want.CertIdentifier = is.CertIdentifier
	}
	if b.ClientCertificate != nil && requiresClients(b.Binding, is) && (is.CACertIdentifier == was.CACertIdentifier || is.CACertIdentifier == b.ClientCertificate.CASID) {
		want.MTLSEnabled, want.ClientCACert, want.CACertIdentifier = is.MTLSEnabled, is.ClientCACert, is.CACertIdentifier
	}
	if !reflect.DeepEqual(want, is) {
		t.Fatalf("%s is now %+v, want %+v", b.DomainName, is, want)
	}
}

// requiresClients reports whether a domain requires the client certificates that a binding
// states: which fields an update clears is not known.
func requiresClients(b binding.Binding, d apig.Domain) bool {
	if c := b.ClientCertificate; !c.None {
		return d.MTLSEnabled && d.ClientCACert == string(clientCA()) && (c.CASID == "" || d.CACertIdentifier == c.CASID)
	}
	return !d.MTLSEnabled
}

// checkStated: what the binding states is in effect.
func (c *gatewayCase) checkStated(t *rapid.T, b *gatewayBinding, is []apig.Domain, store []certstore.Certificate) {
	if len(is) != 1 {
		t.Fatalf("%s is reported as in effect, and exists %d times", b.DomainName, len(is))
	}
	d := is[0]
	if d.Protocol != b.Protocol || d.ForceHTTPS != *b.ForceHTTPS || b.TLSMin != "" && d.TLSMin != b.TLSMin || b.HTTP2Option != "" && d.HTTP2Option != b.HTTP2Option ||
		b.Certificate != nil && !c.isOwn(d.CertIdentifier, store) || b.Certificate != nil && b.Certificate.CASID != "" && d.CertIdentifier != b.Certificate.CASID ||
		b.ClientCertificate != nil && !requiresClients(b.Binding, d) {
		t.Fatalf("%s is reported as in effect, and is %+v", b.DomainName, d)
	}
}

// isOwn reports whether an identifier is of the certificate of the case's files.
func (c *gatewayCase) isOwn(id string, store []certstore.Certificate) bool {
	return slices.ContainsFunc(store, func(s certstore.Certificate) bool {
		return cmp.Or(s.Identifier, fmt.Sprintf("%d-cn-hangzhou", s.ID)) == id && s.Leaf != nil && s.Leaf.Equal(leaves()[0].Certificate)
	})
}
