package bind_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/group"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/classic/client"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8") // most of the tests wait for a time-out
	goleak.VerifyTestMain(m)
}

// tick is the time between two reads of a state that does not change: it costs processor
// time, and what is in effect is seen at the first read.
const tick = 100 * time.Millisecond

// inVain is the time for a read back that sees no effect, of calls without doubt.
const inVain = time.Second

// The groups of every world; all on one instance and base path.
const (
	own    = "927d50c0f2e54b359919923d908bb015"
	other  = "523e8dc7bbe04613b5b1d726c2a7889d"
	third  = "0a0a8dc7bbe04613b5b1d726c2a7880b"
	region = "cn-hangzhou"
	domain = "api.demo.com"

	accountID = "1234567890123456" // of the sandbox's access key
	arn       = "acs:ram::" + accountID + ":user/sandbox"
)

// leaves are two certificates for every name below demo.com, minted once.
var leaves = sync.OnceValue(func() [2]ca.Leaf {
	root, err := ca.New(time.Now())
	if err != nil {
		panic(err)
	}
	var out [2]ca.Leaf
	for i := range out {
		if out[i], err = root.Issue(ca.Options{Names: []string{"*.demo.com"}}); err != nil {
			panic(err)
		}
	}
	return out
})

// materialOf is a leaf as its files would be read.
func materialOf(l ca.Leaf) certificate.Material {
	return certificate.Material{Chain: l.Chain, Key: l.Key, FileDigest: pki.Digest(l.Chain), ChainDigest: pki.Digest(l.Chain),
		PublicKeyDigest: pki.Digest(l.Certificate.RawSubjectPublicKeyInfo)}
}

// files are what a manifest's certificate files hold now.
type files struct {
	now certificate.Material
	err error
}

func (f *files) Material(binding.Binding) (certificate.Material, error) { return f.now, f.err }

// record is a journal in memory. Before it keeps an entry it asks the hook.
type record struct {
	entries []journal.Entry
	hook    func(journal.Entry) error
}

func (r *record) Append(e journal.Entry) error {
	if r.hook != nil {
		if err := r.hook(e); err != nil {
			return err
		}
	}
	r.entries = append(r.entries, e)
	return nil
}

// String is one word an entry: "intent", or the status of an outcome.
func (r *record) String() string {
	var out []string
	for _, e := range r.entries {
		if e.Kind == journal.Intent {
			out = append(out, "intent")
		} else {
			out = append(out, e.Status)
		}
	}
	return strings.Join(out, " ")
}

// world is a sandbox with a binder that works on it.
type world struct {
	t       testing.TB
	sandbox *sandbox.Sandbox
	files   *files
	journal *record
	reader  *client.Reader
	groups  *group.Collector
	binder  *bind.Binder
	pause   time.Duration      // before a second try of what the gateway puts off; 0: 1 ms
	wait    time.Duration      // for the read back; 0: 4 s
	judged  *evidence.Identity // that permits are of
	before  int                // calls that the sandbox had received when the binder began
}

// newWorld starts a sandbox with three groups; change may give them domains.
// TXT records prove every name of the tests for each of the groups.
func newWorld(t testing.TB, change func(own, other *account.Group)) *world {
	t.Helper()
	return newWorldWhere(t, sandbox.Assumptions{}, change)
}

// newWorldWhere is newWorld under assumptions about the platform.
func newWorldWhere(t testing.TB, assume sandbox.Assumptions, change func(own, other *account.Group)) *world {
	t.Helper()
	groups := []account.Group{{GroupID: own}, {GroupID: other}, {GroupID: third}}
	if change != nil {
		change(&groups[0], &groups[1])
	}
	var zone strings.Builder
	for _, g := range groups {
		for _, name := range []string{"api", "www", "old"} {
			fmt.Fprintf(&zone, "%s.%s.demo.com. IN TXT \"apigateway-domain-verification=%s-%s.alicloudapi.com\"\n", g.GroupID, name, g.GroupID, region)
		}
	}
	s, err := sandbox.Start(context.Background(), sandbox.Options{Seed: account.Seed{Groups: groups, Zone: zone.String()},
		Now: time.Now, AccessKeyID: "testid", AccessKeySecret: "testsecret", Assume: assume})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, sandbox: s, files: &files{now: materialOf(leaves()[0])}, journal: &record{},
		judged: &evidence.Identity{AccountID: accountID, ARN: arn}}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.newRun(w.journal)
	return w
}

// newRun makes a binder that remembers nothing of an earlier one.
func (w *world) newRun(j bind.Journal) {
	transport, err := api.NewTransport(api.Config{Endpoint: w.sandbox.Endpoint(), Credential: apitest.Credential(w.t),
		Rate: -1, Timeout: 10 * time.Second, Tries: 1, Pause: cmp.Or(w.pause, time.Millisecond)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(transport.Close)
	w.reader = client.NewReader(transport)
	w.groups = group.New(w.reader, time.Now, 4)
	w.binder = bind.New(bind.Config{Transport: transport, Materials: w.files, Reader: w.reader, Displaced: w.groups, Journal: j,
		Deadline: cmp.Or(w.wait, 4*time.Second), Interval: tick, CallTime: 10 * time.Second, Grace: time.Second})
}

// request returns a binding of api.demo.com to the group own, for RELEASE.
func requested(change ...func(*binding.Binding)) binding.Binding {
	b := binding.Binding{DomainName: domain, GroupID: own, RegionID: region, BindStageName: tea.String("RELEASE"),
		CustomDomainType: binding.Internet, DomainProof: binding.ProofTXT}
	for _, c := range change {
		c(&b)
	}
	return b
}

func withCertificate(b *binding.Binding) { b.Certificate = &binding.Certificate{Name: "demo_2026"} }
func withRedirect(b *binding.Binding)    { b.IsHTTPRedirectToHTTPS = tea.Bool(true) }
func unstaged(b *binding.Binding)        { b.BindStageName = nil }
func withForce(b *binding.Binding)       { b.IsForce = true }

func named(name string) func(*binding.Binding) {
	return func(b *binding.Binding) { b.DomainName = name }
}

// permit observes the current state and returns a permit for a binding.
func (w *world) permit(b binding.Binding) gate.Permit {
	w.t.Helper()
	ctx := apitest.Soon(w.t)
	s := checks.Subject{Binding: b}
	s.Evidence.Run = evidence.Run{Live: true, Contract: evidence.Contract2026, Identity: w.judged}
	s.Evidence.Group = w.groups.Group(ctx, b, true)
	s.Evidence.Account = w.groups.Account(ctx, b, s.Evidence.Group.Facts, nil)
	m := w.files.now
	facts := evidence.Certificate{FileDigest: m.FileDigest, ChainDigest: m.ChainDigest}
	if m.ClientCADigest != "" {
		facts.ClientCA = &evidence.ClientCA{Digest: m.ClientCADigest}
	}
	s.Evidence.Certificate = evidence.Observed(facts, "", time.Time{})
	s.Evidence.Key = evidence.Observed(evidence.Key{PublicKeyDigest: m.PublicKeyDigest}, "", time.Time{})
	var list []checks.Check
	var results []checks.Result
	for _, r := range []checks.Requirement{checks.TargetExists, checks.DomainIsProved} {
		list = append(list, checks.Check{ID: string(r), MustPass: checks.Proves(r)})
		results = append(results, checks.Result{ID: string(r), Status: checks.StatusPass})
	}
	p, err := gate.Decide(list, nil, s, results, checks.Error).Permit()
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// bind redeems permits; what the sandbox received before does not count.
func (w *world) bind(ctx context.Context, permits ...gate.Permit) []bind.Outcome {
	w.before = len(w.sandbox.Calls())
	return redeemed(ctx, w.binder, permits)
}

// redeemed redeems permits in their order.
func redeemed(ctx context.Context, b *bind.Binder, permits []gate.Permit) (outcomes []bind.Outcome) {
	next := b.Sequence()
	for _, p := range permits {
		outcomes = append(outcomes, next(ctx, p))
	}
	return outcomes
}

func (w *world) faults(spec string) {
	w.t.Helper()
	f, err := sandbox.ParseFaults(spec)
	if err == nil {
		err = w.sandbox.SetFaults(f)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// anotherClient calls the platform past bindgate, about api.demo.com.
func (w *world) anotherClient(action string, params ...string) {
	w.t.Helper()
	if err := past(w.sandbox, action, append(params, "DomainName", domain)...); err != nil {
		w.t.Fatal(err)
	}
}

// past makes one call with the official SDK core; params are names and values.
func past(s *sandbox.Sandbox, action string, params ...string) error {
	client, err := openapi.NewClient(&openapiutil.Config{AccessKeyId: tea.String("testid"), AccessKeySecret: tea.String("testsecret"),
		Endpoint: tea.String(strings.TrimPrefix(s.Endpoint(), "http://")), Protocol: tea.String("http")})
	if err != nil {
		return err
	}
	query := map[string]*string{}
	for pair := range slices.Chunk(params, 2) {
		query[pair[0]] = tea.String(pair[1])
	}
	_, err = client.CallApi(&openapiutil.Params{Action: tea.String(action), Version: tea.String("2016-07-14"), Protocol: tea.String("HTTP"),
		Pathname: tea.String("/"), Method: tea.String("POST"), AuthType: tea.String("AK"), Style: tea.String("RPC"),
		ReqBodyType: tea.String("formData"), BodyType: tea.String("json")},
		&openapiutil.OpenApiRequest{Query: query}, &dara.RuntimeOptions{ReadTimeout: tea.Int(3000), ConnectTimeout: tea.Int(3000)})
	return err
}

// received are the calls of the binder.
func (w *world) received() []sandbox.Received { return ended(w.t, w.sandbox)[w.before:] }

// ended are the calls that a sandbox received, all ended. A call goes on when its client is
// interrupted, and how it ended is noted just after its connection was reset, which the
// client may see first.
func ended(t testing.TB, s *sandbox.Sandbox) []sandbox.Received {
	t.Helper()
	for range 60_000 { // a minute
		calls := s.Calls()
		if !slices.ContainsFunc(calls, func(c sandbox.Received) bool { return c.Code == "" }) {
			return calls
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("a call is still under way")
	return nil
}

// writes are the writing calls that the sandbox received from the binder.
func (w *world) writes() []string {
	var out []string
	for _, c := range w.received() {
		if !strings.HasPrefix(c.Action, "Set") {
			continue
		}
		line := c.Action
		for _, name := range []string{"DomainName", "BindStageName", "IsForce", "IsHttpRedirectToHttps", "CertificateName"} {
			if v, sent := c.Params[name]; sent && v != domain {
				line += " " + name + "=" + v
			}
		}
		out = append(out, line+" "+c.Code)
	}
	return out
}

// readBetween reports whether the group was read before each repeat of a call
// that the gateway had not put off.
func (w *world) readBetween() bool {
	var last sandbox.Received
	putOff := []string{"Throttling.User", "ServiceUnavailable", "RepeatedCommit"} // sent again at once, read back at the end
	read := true
	for _, c := range w.received() {
		switch {
		case c.Action == "DescribeApiGroup":
			read = true
		case strings.HasPrefix(c.Action, "Set"):
			if c.Action == last.Action && maps.Equal(c.Params, last.Params) && !read && !slices.Contains(putOff, last.Code) {
				return false
			}
			last, read = c, false
		}
	}
	return true
}

// held says which group holds a domain; empty: none.
func (w *world) held(name string) string {
	for _, g := range w.sandbox.State() {
		for _, d := range g.Domains {
			if d.DomainName == name {
				return g.GroupID
			}
		}
	}
	return ""
}

var errDisk = errors.New("no space left on device")
