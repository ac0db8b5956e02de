package group

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var clock = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// fake is a region of groups; an id in errs is answered with that error, and so
// is a question that the fake has no answer to.
type fake struct {
	mu     sync.Mutex
	groups []evidence.Group
	errs   map[string]error
	served *evidence.Served
	asked  []string
}

func (f *fake) ask(what, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
	return f.errs[key]
}

func (f *fake) Endpoint(string) string { return "https://gateway" }

func (f *fake) Group(_ context.Context, _, id string) (evidence.Group, error) {
	if err := f.ask("Group "+id, id); err != nil {
		return evidence.Group{}, err
	}
	for _, g := range f.groups {
		if g.GroupID == id {
			return g, nil
		}
	}
	return evidence.Group{}, nil
}

func (f *fake) GroupNow(ctx context.Context, region, id string) (evidence.Group, error) {
	return f.Group(ctx, region, id)
}

func (f *fake) Groups(context.Context, string) ([]evidence.GroupRef, error) {
	if err := f.ask("Groups", "list"); err != nil {
		return nil, err
	}
	var refs []evidence.GroupRef
	for _, g := range f.groups {
		refs = append(refs, g.Ref())
	}
	return refs, nil
}

func (f *fake) GroupsNow(ctx context.Context, region string) ([]evidence.GroupRef, error) {
	return f.Groups(ctx, region)
}

func (f *fake) Served(context.Context, string, string, string) (evidence.Served, error) {
	if err := f.ask("Served", "served"); err != nil || f.served == nil {
		return evidence.Served{}, errors.Join(err, errors.New("no certificate was scripted"))
	}
	return *f.served, nil
}

// some is a group on an instance and base path with domains.
func some(id, instance, base string, domains ...string) evidence.Group {
	g := evidence.Group{Found: true, GroupID: id, GroupName: "name-" + id, InstanceID: instance, BasePath: base,
		SubDomain: id + ".alicloudapi.com", VpcDomain: id + "-vpc.alicloudapi.com"}
	for _, d := range domains {
		g.Domains = append(g.Domains, evidence.Domain{DomainName: d, CertificateName: "cert_1"})
	}
	return g
}

func request(domain string) binding.Binding {
	return binding.Binding{DomainName: domain, GroupID: "own", RegionID: "cn-hangzhou", Certificate: &binding.Certificate{Name: "cert_1"}}
}

func collector(f *fake) *Collector { return New(f, func() time.Time { return clock }, 4) }

var (
	refused   = &api.Error{Kind: api.NoPermission, Action: "DescribeApiGroup", Permission: "apigateway:DescribeApiGroup on acs:apigateway:cn-hangzhou:*:apigroup/b"}
	errBroken = errors.New("connection reset")
)

func TestGroup(t *testing.T) {
	own := some("own", "i", "/", "api.demo.com")
	withServed := own
	withServed.Served = &evidence.Served{CertificateName: "cert_1", ChainDigest: "sha256:1"}
	other := request("api.demo.com")
	other.Certificate = &binding.Certificate{Name: "cert_2"}
	plain := request("api.demo.com")
	plain.Certificate = nil
	for name, tc := range map[string]struct {
		fake   *fake
		b      binding.Binding
		served bool
		want   evidence.Observation[evidence.Group]
	}{
		"plain":           {&fake{groups: []evidence.Group{own}}, request("api.demo.com"), false, evidence.Observed(own, "https://gateway", clock)},
		"served":          {&fake{groups: []evidence.Group{own}, served: withServed.Served}, request("API.demo.com"), true, evidence.Observed(withServed, "https://gateway", clock)},
		"another name":    {&fake{groups: []evidence.Group{own}, served: withServed.Served}, other, true, evidence.Observed(withServed, "https://gateway", clock)},
		"another, unread": {&fake{groups: []evidence.Group{own}, errs: map[string]error{"served": errBroken}}, other, true, evidence.Observed(own, "https://gateway", clock)},
		"not bound yet":   {&fake{groups: []evidence.Group{own}}, request("new.demo.com"), true, evidence.Observed(own, "https://gateway", clock)},
		"not bound, no right": {&fake{groups: []evidence.Group{own}, errs: map[string]error{"served": refused}}, request("new.demo.com"), true,
			evidence.Failed[evidence.Group](errors.Join(refused, errors.New("no certificate was scripted")).Error(), "https://gateway", clock)},
		"another name, no right": {&fake{groups: []evidence.Group{own}, errs: map[string]error{"served": refused}}, other, true,
			evidence.Failed[evidence.Group](errors.Join(refused, errors.New("no certificate was scripted")).Error(), "https://gateway", clock)},
		"no certificate, no right": {&fake{groups: []evidence.Group{own}, errs: map[string]error{"served": refused}}, plain, true, evidence.Observed(own, "https://gateway", clock)},
		"not found":                {&fake{}, request("api.demo.com"), true, evidence.Observed(evidence.Group{}, "https://gateway", clock)},
		"no group":                 {&fake{}, binding.Binding{CertificateOnly: true}, true, evidence.NotCollected[evidence.Group](noGroup)},
		"broken":                   {&fake{errs: map[string]error{"own": errBroken}}, request("api.demo.com"), false, evidence.Failed[evidence.Group]("connection reset", "https://gateway", clock)},
		"broken certificate":       {&fake{groups: []evidence.Group{own}, errs: map[string]error{"served": errBroken}}, request("api.demo.com"), true, evidence.Failed[evidence.Group]("connection reset\nno certificate was scripted", "https://gateway", clock)},
	} {
		got := collector(tc.fake).Group(t.Context(), tc.b, tc.served)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHolders(t *testing.T) {
	own := in("cn-hangzhou", some("own", "i", "/", "api.demo.com", "*.demo.com"))
	for name, tc := range map[string]struct {
		domain string
		other  evidence.Group
		want   string // the holders' domains, "!" where they conflict
	}{
		"free":                     {"api.demo.com", some("b", "i", "/", "web.demo.com", "api.demo.org"), ""},
		"the same":                 {"api.demo.com", some("b", "i", "/", "api.demo.com"), "api.demo.com!"},
		"other case, final dot":    {"api.demo.com", some("b", "i", "/", "API.Demo.com."), "API.Demo.com.!"},
		"asked for in other case":  {"API.demo.com.", some("b", "i", "/", "api.demo.com"), "api.demo.com!"},
		"a wildcard in other case": {"*.DEMO.com", some("b", "i", "/", "x.demo.com"), "x.demo.com!"},
		"another region":           {"api.demo.com", in("cn-beijing", some("b", "i", "/", "api.demo.com")), "api.demo.com"},
		"the same region":          {"api.demo.com", in("cn-hangzhou", some("b", "i", "/", "api.demo.com")), "api.demo.com!"},
		"a region that is unnamed": {"api.demo.com", in("", some("b", "i", "/", "api.demo.com")), "api.demo.com!"},
		"empty base path":          {"api.demo.com", some("b", "i", "", "api.demo.com"), "api.demo.com!"},
		"other base path":          {"api.demo.com", some("b", "i", "/v2", "api.demo.com"), "api.demo.com"},
		"base path without a lead": {"api.demo.com", some("b", "i", "//", "api.demo.com"), "api.demo.com!"},
		"other instance":           {"api.demo.com", some("b", "j", "/", "api.demo.com"), "api.demo.com"},
		"unnamed instance":         {"api.demo.com", some("b", "", "/", "api.demo.com"), "api.demo.com!"},
		"a wildcard over it":       {"api.demo.com", some("b", "i", "/", "*.demo.com"), "*.demo.com!"},
		"a wildcard two above":     {"api.eu.demo.com", some("b", "i", "/", "*.demo.com"), "*.demo.com!"},
		"the wildcard's own apex":  {"demo.com", some("b", "i", "/", "*.demo.com"), ""},
		"names under a wildcard":   {"*.demo.com", some("b", "i", "/", "x.demo.com", "demo.com", "a.b.demo.com", "*.demo.com"), "*.demo.com! a.b.demo.com! x.demo.com!"},
	} {
		f := &fake{groups: []evidence.Group{own, tc.other}}
		o := collector(f).Account(t.Context(), request(tc.domain), own, nil)
		if o.State != evidence.StateObserved || !o.Facts.Complete || o.Facts.GroupsRead != 2 {
			t.Errorf("%s: got %+v", name, o)
		}
		if got := domains(o.Facts.BoundGroups); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

// in is a group in a region.
func in(region string, g evidence.Group) evidence.Group {
	g.RegionID = region
	return g
}

func TestConflict(t *testing.T) {
	for name, c := range map[string]struct {
		a, b evidence.Group
		want bool
	}{
		"the same":                  {in("r", some("a", "i", "/")), in("r", some("b", "i", "/")), true},
		"another region":            {in("r", some("a", "i", "/")), in("s", some("b", "i", "/")), false},
		"one region is not named":   {in("", some("a", "i", "/")), in("s", some("b", "i", "/")), true},
		"another instance":          {some("a", "i", "/"), some("b", "j", "/"), false},
		"one instance is not named": {some("a", "", "/"), some("b", "j", "/"), true},
		"another base path":         {some("a", "i", "/"), some("b", "i", "/v2"), false},
	} {
		if conflict(c.a, c.b) != c.want || conflict(c.b, c.a) != c.want {
			t.Errorf("%s: got %t and %t, want %t", name, conflict(c.a, c.b), conflict(c.b, c.a), c.want)
		}
	}
}

func domains(holders []evidence.BoundGroup) string {
	var out []string
	for _, h := range holders {
		mark := ""
		if h.Conflicts {
			mark = "!"
		}
		out = append(out, h.Domain.DomainName+mark)
	}
	return strings.Join(out, " ")
}

func TestAliasedTo(t *testing.T) {
	f := &fake{groups: []evidence.Group{some("own", "i", "/"), some("b", "i", "/"), some("c", "i", "/")}}
	for _, tc := range []struct {
		chain []string
		want  string
	}{
		{nil, ""},
		{[]string{"x.demo.com", "foreign.alicloudapi.com"}, ""},
		{[]string{"b.alicloudapi.com"}, "b"},
		{[]string{"B-VPC.alicloudapi.com.", "edge.example.net"}, "b"},
		{[]string{"b.alicloudapi.com", "c.alicloudapi.com"}, "c"},
		{[]string{"b.alicloudapi.com", "own.alicloudapi.com"}, ""},
	} {
		got := collector(f).Account(t.Context(), request("api.demo.com"), f.groups[0], tc.chain).Facts.CNAMETarget
		if (got == nil) != (tc.want == "") || (got != nil && got.GroupID != tc.want) {
			t.Errorf("%q: got %+v, want %q", tc.chain, got, tc.want)
		}
	}
}

func TestWhatCouldNotBeRead(t *testing.T) {
	own := some("own", "i", "/")
	groups := []evidence.Group{own, some("a", "i", "/", "api.demo.com"), some("b", "i", "/", "api.demo.com")}
	for name, tc := range map[string]struct {
		errs    map[string]error
		own     evidence.Group
		state   evidence.State
		problem string
		holders int
	}{
		"no permission to list":  {map[string]error{"list": refused}, own, evidence.StateObserved, "apigateway:DescribeApiGroup on", 0},
		"no permission for one":  {map[string]error{"b": refused}, own, evidence.StateObserved, "2 of 3 groups were read", 1},
		"wrapped":                {map[string]error{"b": fmt.Errorf("reading: %w", refused)}, own, evidence.StateObserved, "apigroup/b", 1},
		"the listing broke":      {map[string]error{"list": errBroken}, own, evidence.StateFailed, "", 0},
		"one group broke":        {map[string]error{"b": errBroken}, own, evidence.StateFailed, "", 0},
		"the own group is amiss": {nil, evidence.Group{}, evidence.StateFailed, "", 0},
	} {
		o := collector(&fake{groups: groups, errs: tc.errs}).Account(t.Context(), request("api.demo.com"), tc.own, nil)
		f := o.Facts
		if o.State != tc.state || f.Complete || !strings.Contains(f.Problem, tc.problem) || len(f.BoundGroups) != tc.holders {
			t.Errorf("%s: got %+v", name, o)
		}
		if o.State == evidence.StateFailed && o.Reason == "" {
			t.Errorf("%s: failed without a reason", name)
		}
	}
}

func TestTheRegionIsReadOnceAndOnlyWhenNeeded(t *testing.T) {
	own := some("own", "i", "/")
	f := &fake{groups: []evidence.Group{own, some("a", "i", "/")}}
	c := collector(f)
	if o := c.Account(t.Context(), binding.Binding{CertificateOnly: true}, own, nil); o.State != evidence.StateNotCollected || len(f.asked) != 0 {
		t.Fatalf("a certificate alone: got %+v after %q", o, f.asked)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { c.Account(t.Context(), request("api.demo.com"), own, nil) })
	}
	wg.Wait()
	if len(f.asked) != 3 {
		t.Errorf("asked %q, want the list and each group once", f.asked)
	}
}

func TestACancelledCollectionFails(t *testing.T) {
	own := some("own", "i", "/")
	f := &fake{groups: []evidence.Group{own}, errs: map[string]error{"list": context.Canceled}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := collector(f)
	if o := c.Account(ctx, request("api.demo.com"), own, nil); o.State != evidence.StateFailed {
		t.Errorf("got %+v", o)
	}
	f.errs = nil
	if o := c.Account(t.Context(), request("api.demo.com"), own, nil); o.State != evidence.StateObserved {
		t.Errorf("the next binding: got %+v", o)
	}
}

func TestLosers(t *testing.T) {
	own := some("own", "i", "/")
	f := &fake{groups: []evidence.Group{own, some("a", "i", "/", "api.demo.com"), some("b", "i", "/v2", "api.demo.com"), some("c", "i", "/", "*.demo.com"), some("d", "i", "/")}}
	c := collector(f)
	c.Account(t.Context(), request("api.demo.com"), own, nil)
	displaced := func(want string) {
		t.Helper()
		if got, err := c.DisplacedGroups(t.Context(), request("api.demo.com"), own); err != nil || domains(got) != want {
			t.Errorf("got %q, %v, want %q", domains(got), err, want)
		}
	}
	f.asked = nil
	displaced("api.demo.com! *.demo.com!")
	if len(f.asked) != 6 {
		t.Errorf("asked %q, want the list and every group", f.asked)
	}
	f.groups[1].Domains = nil
	displaced("*.demo.com!") // one group has unbound the domain
	f.groups[4].Domains = []evidence.Domain{{DomainName: "api.demo.com"}}
	displaced("*.demo.com! api.demo.com!") // one that held nothing took it
	f.groups = append(f.groups, some("e", "i", "/", "api.demo.com"))
	displaced("*.demo.com! api.demo.com! api.demo.com!") // one that was not there took it
}

func TestLosersOfARegionThatIsNotReadWhole(t *testing.T) {
	own := some("own", "i", "/")
	for key, err := range map[string]error{"list": errBroken, "a": errBroken, "c": refused} {
		f := &fake{groups: []evidence.Group{own, some("a", "i", "/", "api.demo.com"), some("c", "i", "/")}}
		c := collector(f)
		c.Account(t.Context(), request("api.demo.com"), own, nil)
		f.errs = map[string]error{key: err}
		if got, err := c.DisplacedGroups(t.Context(), request("api.demo.com"), own); err == nil {
			t.Errorf("%s: got %q without an error", key, domains(got))
		}
	}
	if _, err := collector(&fake{errs: map[string]error{"list": refused}}).DisplacedGroups(t.Context(), request("api.demo.com"), own); err == nil {
		t.Error("a region that cannot be listed gave displaced groups")
	}
}

// BenchmarkAccount is 200 groups of ten domains, as one of 2,000 bindings sees them.
func BenchmarkAccount(b *testing.B) {
	f := &fake{}
	for i := range 200 {
		g := some(fmt.Sprint("g", i), "i", "/")
		for j := range 10 {
			g.Domains = append(g.Domains, evidence.Domain{DomainName: fmt.Sprintf("d%d-%d.z%d.com", i, j, i)})
		}
		f.groups = append(f.groups, g)
	}
	c, own := collector(f), some("own", "i", "/")
	for b.Loop() {
		c.Account(b.Context(), request("d3-4.z3.com"), own, []string{"g3.alicloudapi.com"})
	}
}

// A listing without the binding's own group is no whole one: what hides that
// group may hide others, and a force would take the domain from them.
func TestAListingWithoutTheOwnGroupIsNotComplete(t *testing.T) {
	f := &fake{groups: []evidence.Group{some("other", "i", "/", "api.demo.com")}}
	own := some("own", "i", "/")
	account := collector(f).Account(t.Context(), request("api.demo.com"), own, nil)
	if account.State != evidence.StateObserved || account.Facts.Complete || !strings.Contains(account.Facts.Problem, `lacks the binding's own group "own"`) {
		t.Errorf("got %s, complete %t, %q; want observed and not complete", account.State, account.Facts.Complete, account.Facts.Problem)
	}
	if _, err := collector(f).DisplacedGroups(t.Context(), request("api.demo.com"), own); err == nil {
		t.Error("the groups that a force displaces were taken from a listing without the own group")
	}
}
