package dns

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

func authority(t *testing.T) *Collector {
	t.Helper()
	_, w := internet(t, nil)
	return NewAuthority(w, nil, "", time.Now, func() string { return "random" })
}

// internet starts the network of package lab, and a walker that connects with dial.
func internet(t *testing.T, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*lab.Lab, *iterate.Walker) {
	t.Helper()
	plan, err := lab.NewPlan(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, plan, 0)
	roots, err := iterate.ParseRoots(l.Hints)
	if err != nil {
		t.Fatal(err)
	}
	w, err := iterate.New(iterate.Config{Roots: roots, Port: l.Port, Timeout: time.Second, Tries: 2, Now: time.Now, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	return l, w
}

func TestAuthorityEvidence(t *testing.T) {
	t.Parallel()
	c := authority(t)
	observe := func(domain string) evidence.Observation[evidence.DNS] {
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, RegionID: "cn-hangzhou", Certificate: &binding.Certificate{}})
		return roundTrip(t, got)
	}
	got := observe("api.demo.com")
	if got.State != evidence.StateObserved || got.Facts.Mode != evidence.DNSAuthoritative || len(got.Facts.Servers) != 2 {
		t.Fatalf("got %+v", got)
	}
	m := got.Facts.Servers[0]
	if m.Name != "api.demo.com" || m.Zone != "demo.com" || m.NegativeTTL != 60 || len(m.Answers) != 2 || m.OtherRecords != nil {
		t.Errorf("got %+v", m)
	}
	for _, row := range m.Answers {
		if row.Status != evidence.ServerAuthoritative || row.TTL != 60 || !cmp.Equal(row.Targets, []string{sub}) || row.At.IsZero() || !cmp.Equal(row.Flags, []string{"AA"}) {
			t.Errorf("got %+v", row)
		}
	}
	if caa := got.Facts.Context.CAA; len(caa) != 3 || caa[2].Name != "com" || caa[2].Event != evidence.EventNoData {
		t.Errorf("got CAA %+v", caa)
	}
	standings := func(domain string) (out []evidence.ServerStatus) {
		for _, row := range observe(domain).Facts.Servers[0].Answers {
			out = append(out, row.Status)
		}
		return out
	}
	for domain, want := range map[string][]evidence.ServerStatus{
		"api.mixed.com":    {evidence.ServerAuthoritative, evidence.ServerAuthoritative},
		"api.partlame.com": {evidence.ServerAuthoritative, evidence.ServerLame},
		"api.partdown.com": {evidence.ServerUnreachable, evidence.ServerAuthoritative},
	} {
		if diff := cmp.Diff(want, standings(domain)); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
	}
	if rows := observe("api.mixed.com").Facts.Servers[0].Answers; rows[0].Serial != 7 || rows[1].Serial != 6 {
		t.Errorf("serials: got %+v", rows)
	}
	if got := observe("api.nomail.com").Facts.Servers[0]; got.OtherRecords != nil || !strings.Contains(got.OtherRecordsProblem, "api.nomail.com MX") {
		t.Errorf("other records, without an answer for MX: got %+v", got)
	}
	if got := observe("other-data.crooked.com").Facts.Servers[0].OtherRecords; !cmp.Equal(got, []string{"A", "TXT"}) {
		t.Errorf("other records: got %v", got)
	}
	if got := observe("unregistered.demo.com").Facts.Context.UnregisteredDomain; got != "not-registered.net" {
		t.Errorf("unregistered: got %q", got)
	}
	if got := observe("a.b.no.demo.com").Facts.Context.Missing; got != "no.demo.com" {
		t.Errorf("missing: got %q", got)
	}
	if got := observe("api.lame.com"); got.State != evidence.StateFailed || len(got.Facts.Servers) != 1 {
		t.Errorf("lame: got %+v", got)
	}
	if got := observe("api.bogus.com").Facts.Security; len(got) == 0 || got[0].Status != evidence.DNSSECBogus {
		t.Errorf("bogus: got %+v", got)
	}
}

func TestIntranetWantsAResolver(t *testing.T) {
	t.Parallel()
	got, _ := authority(t).Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", CustomDomainType: binding.Intranet})
	if got.State != evidence.StateFailed {
		t.Errorf("got %+v", got)
	}
}

// Evidence from versions without authoritative mode can still be read.
func TestOldEvidence(t *testing.T) {
	t.Parallel()
	var d evidence.DNS
	err := json.Unmarshal([]byte(`{"mode":"resolver","queryName":"a.b","hops":[],"end":{"name":"a.b","event":"nxdomain"}}`), &d)
	if err != nil || d.Context != nil || d.Servers != nil {
		t.Errorf("got %+v, %v", d, err)
	}
}

// Every authoritative server is queried for the TXT proof, which counts only if all have it.
func TestProofOfEveryAuthority(t *testing.T) {
	t.Parallel()
	l, w := internet(t, nil)
	c := NewAuthority(w, nil, "", time.Now, func() string { return "random" })
	texts := []string{"apigateway-domain-verfication=" + lab.SubDomain, "apigateway-domain-verification=" + lab.SubDomain}
	for domain, want := range map[string]evidence.Proof{
		"both.mixed.com": {Records: texts},
		"api.mixed.com":  {Partial: texts, Event: evidence.EventNoData}, // one of its two servers has nothing
		"no.mixed.com":   {Event: evidence.EventNameError},
	} {
		want.Owner = groupID + "." + domain
		_, got := c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, DomainProof: binding.ProofTXT})
		if got.State != evidence.StateObserved {
			t.Errorf("%s: got %+v", domain, got)
		}
		if diff := cmp.Diff(want, roundTrip(t, got).Facts); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
		for _, address := range []string{lab.FirstAddress, lab.OddAddress} {
			if l.Servers[address].Count(want.Owner+". TXT") == 0 {
				t.Errorf("%s was not asked for the TXT records of %s", address, want.Owner)
			}
		}
	}
}

// For a gateway the TXT record is looked for at _bindgate.<domain>, even if domainProof
// is, and its addresses at every authoritative server.
func TestGatewayAtEveryAuthority(t *testing.T) {
	t.Parallel()
	c := authority(t)
	for domain, want := range map[string]evidence.Proof{
		"both.mixed.com":   {Owner: "_bindgate.both.mixed.com", Records: []string{"gateway=gw-1"}},
		"*.both.mixed.com": {Owner: "_bindgate.both.mixed.com", Records: []string{"gateway=gw-1"}},
		"api.mixed.com":    {Owner: "_bindgate.api.mixed.com", Partial: []string{"gateway=gw-1"}, Event: evidence.EventNoData},
	} {
		_, got := c.Collect(t.Context(), binding.Binding{DomainName: domain, GatewayID: "gw-1", DomainProof: binding.ProofCNAME})
		if diff := cmp.Diff(want, roundTrip(t, got).Facts); got.State != evidence.StateObserved || diff != "" {
			t.Errorf("%s: got %+v: %s", domain, got, diff)
		}
	}
	for gateway, want := range map[string]int{"gw-1": 1, "": 0} { // a group must have a CNAME record
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: "addr.mixed.com", GatewayID: gateway, GroupID: groupID, RegionID: "cn-hangzhou"})
		d := got.Facts.Clients.Differing
		if len(d) != want || want > 0 && (d[0].Type != "A" || len(d[0].Records) != 1 || d[0].Records[0] == got.Facts.End.Addresses[0]) {
			t.Errorf("gateway %q: got %+v", gateway, d)
		}
		if asked := got.Facts.Context.Group != nil; asked != (gateway == "") {
			t.Errorf("gateway %q: the name that a group's id makes was asked for: %v", gateway, asked)
		}
	}
}

// The collector finds records that were published at the wrong name. Queries for types that a
// server does not answer do not affect the other evidence.
func TestWhatIsRecognised(t *testing.T) {
	t.Parallel()
	c := authority(t)
	collect := func(domain, proof string) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof]) {
		return c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, RegionID: "cn-hangzhou", DomainProof: proof})
	}
	got, _ := collect("doubled.demo.com", binding.ProofCNAME)
	if diff := cmp.Diff([]evidence.Lookup{{Name: "doubled.demo.com.demo.com", Records: []string{"CNAME " + sub}}}, roundTrip(t, got).Facts.Context.Misplaced); diff != "" {
		t.Errorf("an owner with the zone's name twice: %s", diff)
	}
	if got, _ := collect("no.demo.com", binding.ProofCNAME); got.Facts.Context.Misplaced != nil {
		t.Errorf("got %+v", got.Facts.Context.Misplaced)
	}
	_, proof := collect("proofs.demo.com", binding.ProofTXT)
	if diff := cmp.Diff([]evidence.Lookup{{Name: "proofs.demo.com", Records: []string{"apigateway-domain-verification=" + sub}}}, roundTrip(t, proof).Facts.Misplaced); diff != "" {
		t.Errorf("a proof at the domain itself: %s", diff)
	}
	long := strings.Repeat("abcdefg.", 30) + "demo.com"
	if _, proof := collect(long, binding.ProofTXT); proof.State != evidence.StateObserved || !strings.Contains(proof.Facts.OwnerProblem, "281 octets") {
		t.Errorf("a proof whose owner is too long: got %+v", proof)
	}
	got, _ = collect("api.nonew.com", binding.ProofCNAME)
	if m := got.Facts.Servers[0]; got.State != evidence.StateObserved || m.OtherRecords != nil || m.OtherRecordsProblem != "" || !cmp.Equal(m.OtherRecordsUnanswered, []string{"HTTPS", "CAA"}) {
		t.Errorf("a server that drops HTTPS and CAA: got %+v", got)
	}
	got, _ = collect("api.lame.com", binding.ProofCNAME)
	if !strings.Contains(got.Reason, "the zone lame.com is delegated, and no server serves it (server addresses queried: 1)") {
		t.Errorf("a zone that is loaded nowhere: got %s", got.Reason)
	}
}

// If the delegation and the zone give different addresses of a name server, resolvers use
// either, so the collector queries both.
func TestGlueAndTheZonesOwnAddress(t *testing.T) {
	t.Parallel()
	c := authority(t)
	type row struct{ address, origin, target string }
	both := func(old string) []row {
		return []row{{lab.OddAddress, evidence.OriginGlue, sub}, {lab.StaleAddress, evidence.OriginZone, old}}
	}
	for domain, want := range map[string][]row{
		"api.glued.com":   both("old.demo.com"),
		"api.moved.com":   both(sub),
		"api.sibling.com": both("old.demo.com"), // the host is of another zone
		"api.demo.com":    {{lab.FirstAddress, "", sub}, {lab.SecondAddress, "", sub}},
	} {
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, RegionID: "cn-hangzhou"})
		var rows []row
		if len(got.Facts.Servers) > 0 {
			for _, r := range roundTrip(t, got).Facts.Servers[0].Answers {
				host, _, _ := net.SplitHostPort(r.Address)
				rows = append(rows, row{host, r.Origin, strings.Join(r.Targets, " ")})
			}
		}
		if diff := cmp.Diff(want, rows, cmp.AllowUnexported(row{})); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
	}
	got, _ := c.Collect(t.Context(), binding.Binding{DomainName: "api.nsalias.com", GroupID: groupID, RegionID: "cn-hangzhou"})
	if got.State != evidence.StateFailed || !strings.Contains(got.Reason, "it has a CNAME record to ns1.servers.net") {
		t.Errorf("a server whose name is an alias: got %+v", got)
	}
}

// A proof at the end of a CNAME chain counts only if TXT queries follow the same chain.
func TestProofThatTheQuestionForTXTDoesNotFind(t *testing.T) {
	t.Parallel()
	_, got := authority(t).Collect(t.Context(), binding.Binding{DomainName: "api.split.com", GroupID: groupID, DomainProof: binding.ProofTXT})
	facts := roundTrip(t, got).Facts
	if len(facts.Differing) != 1 {
		t.Fatalf("got %+v", got)
	}
	want := evidence.ClientAnswer{Name: groupID + ".api.split.com", Type: "TXT", Server: facts.Differing[0].Server, CNAME: groupID + ".both.mixed.com", Targets: []string{"old.demo.com"}}
	if diff := cmp.Diff(want, facts.Differing[0]); diff != "" {
		t.Error(diff)
	}
}

// An address family that this machine lacks is not tested: it does not count as an error and
// does not affect the other addresses.
func TestFamilyThatIsMissing(t *testing.T) {
	t.Parallel()
	for _, lacking := range []error{syscall.EAFNOSUPPORT, syscall.ENETUNREACH} {
		_, w := internet(t, func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, lab.SecondAddress+":") {
				return nil, &net.OpError{Op: "dial", Net: network, Err: lacking}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		})
		c := NewAuthority(w, nil, "", time.Now, func() string { return "random" })
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", GroupID: groupID, RegionID: "cn-hangzhou"})
		if got.State != evidence.StateObserved || got.Facts.End.Event != evidence.EventAddress {
			t.Fatalf("%v: got %+v", lacking, got)
		}
		rows := roundTrip(t, got).Facts.Servers[0].Answers
		if len(rows) != 2 || rows[0].Status != evidence.ServerAuthoritative {
			t.Fatalf("%v: got %+v", lacking, rows)
		}
		if r := rows[1]; r.Status != evidence.ServerNotTested || r.Targets != nil || !strings.Contains(r.Problem, "no way to addresses of that family") {
			t.Errorf("%v: got %+v", lacking, r)
		}
	}
}

// In authoritative mode a resolver answers for INTRANET names, and for no others.
func TestIntranetIsAskedOfTheResolver(t *testing.T) {
	t.Parallel()
	l, w := internet(t, nil)
	vpc := strings.TrimSuffix(lab.SubDomain, ".alicloudapi.com") + "-vpc.alicloudapi.com"
	resolver := collector(t, "in.demo.com. 60 IN CNAME "+vpc+".", vpc+". 60 IN A 10.0.0.7").resolvers[0]
	closed, err := resolve.New(resolve.Config{Server: "127.0.0.1:1"}) // the next is asked, as the C library does
	if err != nil {
		t.Fatal(err)
	}
	c := NewAuthority(w, []*resolve.Client{closed, resolver}, "", time.Now, func() string { return "random" })
	got, _ := c.Collect(t.Context(), binding.Binding{DomainName: "in.demo.com", GroupID: groupID, RegionID: "cn-hangzhou", CustomDomainType: binding.Intranet})
	want := evidence.End{Name: vpc, Event: evidence.EventAddress, Addresses: []string{"10.0.0.7"}, TTL: 60}
	if got.State != evidence.StateObserved || got.Facts.Mode != evidence.DNSResolver || got.From != resolver.Server() || got.Facts.Servers != nil || !cmp.Equal(want, got.Facts.End) {
		t.Errorf("got %+v", got)
	}
	if got := l.Servers[lab.FirstAddress].Count("in.demo.com. CNAME"); got != 0 {
		t.Errorf("a public server was asked for a private name %d times", got)
	}
	for _, s := range l.Servers {
		if n := s.Asked.Load(); n != 0 {
			t.Errorf("the authorities were asked %d questions", n)
		}
	}
}

// Names of one zone that lead to the same group share cached answers: a repeated name needs
// no query, and a new name needs only the queries for itself.
func TestNoQuestionIsAskedTwice(t *testing.T) {
	t.Parallel()
	l, w := internet(t, nil)
	c := NewAuthority(w, nil, "", time.Now, func() string { return "random" })
	collect := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if got, _ := c.Collect(t.Context(), binding.Binding{DomainName: name, GroupID: groupID, RegionID: "cn-hangzhou"}); got.Facts.End.Event != evidence.EventAddress {
				t.Fatalf("%s: got %+v", name, got)
			}
		}
	}
	questions := []string{"com. NS", "demo.com. NS", "demo.com. SOA", "wild.demo.com. NS", "alicloudapi.com. NS", "alicloudapi.com. SOA"}
	for _, name := range []string{lab.SubDomain, "a.wild.demo.com", "b.wild.demo.com"} {
		for _, qtype := range []string{"CNAME", "A", "AAAA", "MX", "TXT", "HTTPS", "CAA"} {
			questions = append(questions, name+". "+qtype)
		}
	}
	counts := func() map[string]int {
		all := map[string]int{}
		for _, question := range questions {
			for _, s := range l.Servers {
				all[question] += s.Count(question)
			}
		}
		return all
	}
	collect("a.wild.demo.com", "b.wild.demo.com")
	once := counts()
	for _, question := range []string{"a.wild.demo.com. CNAME", "b.wild.demo.com. MX", lab.SubDomain + ". HTTPS", "demo.com. SOA"} {
		if once[question] == 0 {
			t.Errorf("%s was not asked", question)
		}
	}
	collect("a.wild.demo.com", "b.wild.demo.com", "c.wild.demo.com")
	if diff := cmp.Diff(once, counts()); diff != "" {
		t.Errorf("asked again: %s", diff)
	}
}
