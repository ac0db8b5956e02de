package judge

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/policy"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// wanted is a binding that is not in effect: one SetDomain for RELEASE.
func wanted(name string, change ...func(*checks.Subject)) checks.Subject {
	stage := "RELEASE"
	s := checks.Subject{
		Binding: binding.Binding{DomainName: name, GroupID: "g1", RegionID: "cn-hangzhou", BindStageName: &stage,
			CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME},
		Evidence: evidence.Evidence{
			Run:         evidence.Run{Contract: evidence.Contract2026, Now: noon, Live: true},
			Certificate: evidence.NotCollected[evidence.Certificate]("none"), Key: evidence.NotCollected[evidence.Key]("none"),
			Group:   evidence.Observed(evidence.Group{Found: true, GroupID: "g1"}, "gateway", noon),
			Account: evidence.Observed(evidence.Account{Complete: true}, "gateway", noon),
		},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func withCertificate(s *checks.Subject) {
	s.Binding.Certificate = &binding.Certificate{Name: "new", Body: "c.pem", PrivateKey: &binding.SecretRef{File: "c.key"}}
	s.Evidence.Certificate = evidence.Observed(evidence.Certificate{FileDigest: "sha256:f", ChainDigest: "sha256:c"}, "c.pem", noon)
	s.Evidence.Key = evidence.Observed(evidence.Key{PublicKeyDigest: "sha256:k"}, "c.key", noon)
}

// bound has the domain on TEST, with an old certificate.
func bound(s *checks.Subject) {
	s.Evidence.Group.Facts.Domains = []evidence.Domain{{DomainName: strings.ToUpper(s.Binding.DomainName), DomainBindingStatus: "BINDING",
		BindStageName: "TEST", IsHTTPRedirectToHTTPS: true, CertificateName: "old"}}
	s.Evidence.Group.Facts.Served = &evidence.Served{CertificateName: "old", ChainDigest: "sha256:o"}
}

func taking(names ...string) func(*checks.Subject) {
	return func(s *checks.Subject) {
		s.Binding.IsForce = true
		for i, name := range names {
			s.Evidence.Account.Facts.BoundGroups = append(s.Evidence.Account.Facts.BoundGroups, evidence.BoundGroup{Conflicts: true,
				GroupRef: evidence.GroupRef{GroupID: fmt.Sprintf("g%d", i%2+2)}, Domain: evidence.Domain{DomainName: name}})
		}
	}
}

func inEffect(s *checks.Subject) {
	s.Evidence.Group.Facts.Domains = []evidence.Domain{{DomainName: s.Binding.DomainName, DomainBindingStatus: "BINDING", BindStageName: "RELEASE"}}
}

func sum(all ...checks.Subject) *Totals {
	t := NewTotals(noon)
	for _, s := range all {
		t.Add(s)
	}
	return t.End()
}

func run() []checks.Subject {
	return []checks.Subject{
		wanted("a.demo.com"),
		wanted("b.demo.com", withCertificate, bound),
		wanted("*.c.demo.com", taking("Y.c.demo.com", "x.c.demo.com", "x.c.demo.com")),
		wanted("d.demo.com", inEffect),
		wanted("e.demo.com", func(s *checks.Subject) { s.Evidence.Group.Facts = evidence.Group{} }),
		wanted("f.demo.com", func(s *checks.Subject) { s.Binding.BindStageName = nil }),
		wanted("g.demo.com", func(s *checks.Subject) { stage := "TEST"; s.Binding.BindStageName = &stage }),
	}
}

func TestTotals(t *testing.T) {
	all := run()
	o := sum(all...).Of(1, all[1])
	want := policy.Plan{
		Bindings: 7, Unchanged: 1, Unplanned: 1, Calls: policy.PlanCalls{Total: 6, SetDomain: 5, SetDomainCertificate: 1}, Forces: 1, Release: 4,
		DisplacedNames: []string{"x.c.demo.com", "y.c.demo.com"}, DisplacedGroups: []string{"g2", "g3"},
		Own: policy.OwnPlan{Planned: true, Calls: policy.PlanCalls{Total: 2, SetDomain: 1, SetDomainCertificate: 1},
			Before: &policy.DomainState{DomainBindingStatus: "BINDING", CustomDomainType: "INTERNET", BindStageName: "TEST",
				IsHTTPRedirectToHTTPS: true, CertificateName: "old", CertificateDigest: "sha256:o"},
			After: &policy.DomainState{DomainBindingStatus: "BINDING", CustomDomainType: "INTERNET", BindStageName: "RELEASE",
				IsHTTPRedirectToHTTPS: true, CertificateName: "new", CertificateDigest: "sha256:c"}},
	}
	if o.State != evidence.StateObserved {
		t.Fatalf("got %+v", o.Metadata)
	}
	if d := cmp.Diff(want, o.Facts); d != "" {
		t.Error(d)
	}
	own := sum(all...).Of(2, all[2]).Facts.Own
	if d := cmp.Diff([]policy.DisplacedName{{DomainName: "x.c.demo.com", GroupID: "g2"}, {DomainName: "x.c.demo.com", GroupID: "g3"}, {DomainName: "y.c.demo.com", GroupID: "g2"}}, own.Displaces); d != "" || !own.Forces {
		t.Errorf("forces %t, %s", own.Forces, d)
	}
}

func TestTotalsDoNotDependOnTheOrder(t *testing.T) {
	all := run()
	want := sum(all...).Of(0, all[0]).Facts
	want.Own = policy.OwnPlan{}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		got := sum(all...).Of(0, all[0]).Facts
		got.Own = policy.OwnPlan{}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
}

// What cannot be counted makes the totals unknown for every binding, in any order.
func TestTotalsThatAreNotKnown(t *testing.T) {
	failed := evidence.StateFailed
	for name, c := range map[string]struct {
		change func(*checks.Subject)
		state  evidence.State
		words  string
	}{
		"group skipped": {func(s *checks.Subject) { s.Evidence.Group = evidence.NotCollected[evidence.Group]("--offline") }, evidence.StateNotCollected, `needs group evidence of "z.demo.com": --offline`},
		"group failed":  {func(s *checks.Subject) { s.Evidence.Group = evidence.Failed[evidence.Group]("503", "", noon) }, failed, `needs group evidence of "z.demo.com": 503`},
		"group missing": {func(s *checks.Subject) { s.Evidence.Group = evidence.Observation[evidence.Group]{} }, failed, "it is missing"},
		"account of a force failed": {func(s *checks.Subject) {
			s.Binding.IsForce, s.Evidence.Account = true, evidence.Failed[evidence.Account]("503", "", noon)
		}, failed, "needs account evidence"},
		"account of a force incomplete": {func(s *checks.Subject) {
			s.Binding.IsForce, s.Evidence.Account.Facts = true, evidence.Account{Problem: "no right"}
		}, failed, "no right"},
		"certificate failed": {func(s *checks.Subject) {
			withCertificate(s)
			s.Evidence.Certificate = evidence.Failed[evidence.Certificate]("I/O", "", noon)
		}, failed, "needs certificate evidence"},
		"key failed": {func(s *checks.Subject) {
			withCertificate(s)
			s.Evidence.Key = evidence.Failed[evidence.Key]("I/O", "", noon)
		}, failed, "needs key evidence"},
		"account without a force": {func(s *checks.Subject) { s.Evidence.Account = evidence.Failed[evidence.Account]("503", "", noon) }, evidence.StateObserved, ""},
	} {
		t.Run(name, func(t *testing.T) {
			good, bad := wanted("a.demo.com"), wanted("z.demo.com", c.change)
			for _, all := range [][]checks.Subject{{good, bad}, {bad, good}} {
				for number, s := range all {
					if o := sum(all...).Of(number, s); o.State != c.state || !strings.Contains(o.Reason, c.words) {
						t.Errorf("got %+v, want %s and %q", o.Metadata, c.state, c.words)
					}
				}
			}
		})
	}
	skipped := wanted("y.demo.com", func(s *checks.Subject) { s.Evidence.Group = evidence.NotCollected[evidence.Group]("--offline") })
	broken := wanted("z.demo.com", func(s *checks.Subject) { s.Evidence.Group = evidence.Failed[evidence.Group]("503", "", noon) })
	for _, sums := range []*Totals{sum(skipped, broken), sum(broken, skipped)} {
		if o := sums.Of(0, skipped); o.State != evidence.StateNotCollected {
			t.Errorf("got %+v, want what the mode left out to come first", o.Metadata)
		}
	}
	if o := (*Totals)(nil).Of(0, skipped); o.State != evidence.StateMissing {
		t.Errorf("got %+v without totals, want nothing observed", o.Metadata)
	}
}

// A binding that would now be sent something else than was counted is not judged on
// the old totals.
func TestTotalsNoLongerHold(t *testing.T) {
	all := []checks.Subject{wanted("a.demo.com"), wanted("b.demo.com")}
	sums := sum(all...)
	for name, s := range map[string]checks.Subject{
		"forces now":         wanted("a.demo.com", taking("a.demo.com")),
		"in effect now":      wanted("a.demo.com", inEffect),
		"no longer planned":  wanted("a.demo.com", func(s *checks.Subject) { s.Evidence.Group.Facts = evidence.Group{} }),
		"has another before": wanted("a.demo.com", bound),
	} {
		if o := sums.Of(0, s); o.State != evidence.StateFailed || !strings.Contains(o.Reason, "run again") {
			t.Errorf("%s: got %+v", name, o.Metadata)
		}
	}
	if o := sums.Of(2, all[0]); o.State != evidence.StateFailed {
		t.Errorf("a binding beyond the run: got %+v", o.Metadata)
	}
	later := all[1]
	later.Evidence.Run.Now = noon.Add(time.Hour)
	if o := sums.Of(1, later); o.State != evidence.StateObserved || !o.At.Equal(noon) {
		t.Errorf("later: got %+v, want the totals of the run", o.Metadata)
	}
}

// What the second pass judges is what the first one observed.
func TestKeptEvidenceIsTheSame(t *testing.T) {
	for _, s := range run() {
		kept := &evidenceStore{run: s.Evidence.Run}
		packed, err := kept.pack(s.Evidence)
		if err != nil {
			t.Fatal(err)
		}
		kept.packed = [][]byte{packed}
		if d := cmp.Diff(s.Evidence, kept.observe(t.Context(), 0, s.Binding)); d != "" {
			t.Error(d)
		}
		again := kept.observe(t.Context(), 0, s.Binding) // it was dropped
		for _, need := range evidence.Needs() {
			if m := again.Of(need); m.State != evidence.StateFailed {
				t.Errorf("%s: got %+v, want a failed observation", need, m)
			}
		}
	}
}
