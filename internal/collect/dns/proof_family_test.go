package dns

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

// The TXT proof is asked of every authority, and counts where all have it.
func TestProofOfEveryAuthority(t *testing.T) {
	l, w := internet(t, nil)
	c := NewAuthority(w, nil, time.Now, func() string { return "random" })
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

// An address family that this machine lacks is not tested: neither broken nor
// in the way of what the others say.
func TestFamilyThatIsMissing(t *testing.T) {
	for _, lacking := range []error{syscall.EAFNOSUPPORT, syscall.ENETUNREACH} {
		_, w := internet(t, func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, lab.SecondAddress+":") {
				return nil, &net.OpError{Op: "dial", Net: network, Err: lacking}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		})
		c := NewAuthority(w, nil, time.Now, func() string { return "random" })
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", GroupID: groupID, RegionID: "cn-hangzhou"})
		if got.State != evidence.StateObserved || got.Facts.End.Event != evidence.EventAddress {
			t.Fatalf("%v: got %+v", lacking, got)
		}
		rows := roundTrip(t, got).Facts.Servers[0].Rows
		if len(rows) != 2 || rows[0].Standing != evidence.StandingAuthoritative {
			t.Fatalf("%v: got %+v", lacking, rows)
		}
		if r := rows[1]; r.Standing != evidence.StandingNotTested || r.Targets != nil || !strings.Contains(r.Problem, "no way to addresses of that family") {
			t.Errorf("%v: got %+v", lacking, r)
		}
	}
}

// Beside authority mode a resolver answers for INTRANET names, and for no others.
func TestIntranetIsAskedOfTheResolver(t *testing.T) {
	l, w := internet(t, nil)
	vpc := strings.TrimSuffix(lab.SubDomain, ".alicloudapi.com") + "-vpc.alicloudapi.com"
	resolver := collector(t, "in.demo.com. 60 IN CNAME "+vpc+".", vpc+". 60 IN A 10.0.0.7").resolver
	c := NewAuthority(w, []*resolve.Client{resolver}, time.Now, func() string { return "random" })
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
