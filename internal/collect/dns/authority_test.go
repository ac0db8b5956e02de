package dns

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

func authority(t *testing.T) *Collector {
	t.Helper()
	_, w := internet(t, nil)
	return NewAuthority(w, nil, time.Now, func() string { return "random" })
}

// internet is the small one of package lab with a walker, which dials as it is told.
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
	c := authority(t)
	observe := func(domain string) evidence.Observation[evidence.DNS] {
		got, _ := c.Collect(t.Context(), binding.Binding{DomainName: domain, GroupID: groupID, RegionID: "cn-hangzhou", Certificate: &binding.Certificate{}})
		return roundTrip(t, got)
	}
	got := observe("api.demo.com")
	if got.State != evidence.StateObserved || got.Facts.Mode != evidence.DNSAuthority || len(got.Facts.Servers) != 2 {
		t.Fatalf("got %+v", got)
	}
	m := got.Facts.Servers[0]
	if m.Name != "api.demo.com" || m.Zone != "demo.com" || m.NegativeTTL != 60 || len(m.Rows) != 2 || m.Beside != nil {
		t.Errorf("got %+v", m)
	}
	for _, row := range m.Rows {
		if row.Standing != evidence.StandingAuthoritative || row.TTL != 60 || !cmp.Equal(row.Targets, []string{sub}) || row.At.IsZero() || !cmp.Equal(row.Flags, []string{"AA"}) {
			t.Errorf("got %+v", row)
		}
	}
	if caa := got.Facts.Around.CAA; len(caa) != 3 || caa[2].Name != "com" || caa[2].Event != evidence.EventNoData {
		t.Errorf("got CAA %+v", caa)
	}
	standings := func(domain string) (out []evidence.RowStanding) {
		for _, row := range observe(domain).Facts.Servers[0].Rows {
			out = append(out, row.Standing)
		}
		return out
	}
	for domain, want := range map[string][]evidence.RowStanding{
		"api.mixed.com":    {evidence.StandingAuthoritative, evidence.StandingAuthoritative},
		"api.partlame.com": {evidence.StandingAuthoritative, evidence.StandingLame},
		"api.partdown.com": {evidence.StandingUnreachable, evidence.StandingAuthoritative},
	} {
		if diff := cmp.Diff(want, standings(domain)); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
	}
	if rows := observe("api.mixed.com").Facts.Servers[0].Rows; rows[0].Serial != 7 || rows[1].Serial != 6 {
		t.Errorf("serials: got %+v", rows)
	}
	if got := observe("api.nomail.com").Facts.Servers[0]; got.Beside != nil || !strings.Contains(got.BesideProblem, "api.nomail.com MX") {
		t.Errorf("beside, when MX cannot be asked for: got %+v", got)
	}
	if got := observe("beside.crooked.com").Facts.Servers[0].Beside; !cmp.Equal(got, []string{"A", "TXT"}) {
		t.Errorf("beside: got %v", got)
	}
	if got := observe("unregistered.demo.com").Facts.Around.Orphaned; got != "nobody-has-this.net" {
		t.Errorf("orphaned: got %q", got)
	}
	if got := observe("a.b.no.demo.com").Facts.Around.Missing; got != "no.demo.com" {
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
	got, _ := authority(t).Collect(t.Context(), binding.Binding{DomainName: "api.demo.com", CustomDomainType: binding.Intranet})
	if got.State != evidence.StateFailed {
		t.Errorf("got %+v", got)
	}
}

// Evidence of before authority mode can still be read.
func TestOldEvidence(t *testing.T) {
	var d evidence.DNS
	err := json.Unmarshal([]byte(`{"mode":"resolver","queryName":"a.b","hops":[],"end":{"name":"a.b","event":"nxdomain"}}`), &d)
	if err != nil || d.Around != nil || d.Servers != nil {
		t.Errorf("got %+v, %v", d, err)
	}
}
