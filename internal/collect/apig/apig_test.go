package apig_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/apig"
)

// fake answers with what it holds, and notes what the store was asked for.
type fake struct {
	err           error
	groups        map[string]evidence.Group
	leaf, current string
	stores        int
}

func (f *fake) Gateway(context.Context, binding.Binding) (evidence.Gateway, error) {
	return evidence.Gateway{Found: true}, f.err
}

func (f *fake) Records(context.Context, binding.Binding) (evidence.Records, error) {
	return evidence.Records{Complete: true}, f.err
}

func (f *fake) Serving(_ context.Context, _, id string) (evidence.Serving, error) {
	return evidence.Serving{Complete: true, Routes: []evidence.Route{{RouteID: id}}}, f.err
}

func (f *fake) Store(_ context.Context, _ binding.Binding, leaf, current string) (evidence.Store, error) {
	f.leaf, f.current = leaf, current
	f.stores++
	return evidence.Store{Complete: true}, f.err
}

func (f *fake) Group(_ context.Context, region, id string) (evidence.Group, error) {
	return f.groups[region+" "+id], f.err
}

func (f *fake) Endpoint(region string) string { return "https://" + region }

var at = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

func collector(f *fake) *apig.Collector { return apig.New(f, f, func() time.Time { return at }) }

func TestErrorsAreFailedObservations(t *testing.T) {
	b := binding.Binding{DomainName: "a.demo.com", GatewayID: "gw-1", RegionID: "cn-hangzhou", Certificate: &binding.Certificate{}, MovesFrom: &binding.MovesFrom{GroupID: "g"}}
	records := evidence.Observed(evidence.Records{Domain: &evidence.Record{DomainID: "d-1", CertIdentifier: "1-x"}}, "", at)
	for _, err := range []error{nil, errors.New("ListDomains: no permission; allow apig:ListDomains")} {
		c := collector(&fake{err: err})
		var ev evidence.Evidence
		ev.Gateway, ev.Records, ev.Serving = c.Gateway(t.Context(), b), c.Records(t.Context(), b), c.Serving(t.Context(), b, records)
		ev.Store, ev.Predecessor = c.Store(t.Context(), b, records, evidence.Observation[evidence.Certificate]{}), c.Predecessor(t.Context(), b)
		for _, need := range []evidence.Need{evidence.NeedGateway, evidence.NeedRecords, evidence.NeedServing, evidence.NeedStore, evidence.NeedPredecessor} {
			got := ev.Of(need)
			want := evidence.Metadata{State: evidence.StateObserved, At: at, From: got.From}
			if err != nil {
				want.State, want.Reason = evidence.StateFailed, err.Error()
			}
			if got != want {
				t.Errorf("%s: got %+v, want %+v", need, got, want)
			}
		}
	}
}

// Without the record nothing says what serves it, and which certificate is in effect.
func TestWhatDependsOnTheRecord(t *testing.T) {
	f := &fake{}
	c, b := collector(f), binding.Binding{GatewayID: "gw-1"}
	none := evidence.Failed[evidence.Records]("x", "", at)
	if s := c.Serving(t.Context(), b, none); s.State != evidence.StateFailed {
		t.Errorf("got %+v", s)
	}
	if s := c.Store(t.Context(), b, none, evidence.Observation[evidence.Certificate]{}); s.State != evidence.StateFailed || f.stores != 0 {
		t.Errorf("got %+v", s)
	}
	absent := evidence.Observed(evidence.Records{Complete: false, Problem: "p"}, "", at)
	if s := c.Serving(t.Context(), b, absent); s.State != evidence.StateObserved || s.Facts.Complete || s.Facts.Problem != "p" || len(s.Facts.Routes) != 0 {
		t.Errorf("got %+v", s)
	}
	if s := c.Store(t.Context(), b, absent, evidence.Observation[evidence.Certificate]{}); s.State != evidence.StateObserved || f.stores != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestTheStoreIsAskedForTheLeafAndTheOneInEffect(t *testing.T) {
	f := &fake{}
	b := binding.Binding{GatewayID: "gw-1", Certificate: &binding.Certificate{Name: "n"}}
	records := evidence.Observed(evidence.Records{Domain: &evidence.Record{CertIdentifier: "1-x"}}, "", at)
	cert := evidence.Observed(evidence.Certificate{Chain: []evidence.Cert{{DER: []byte("leaf")}, {DER: []byte("issuer")}}}, "", at)
	collector(f).Store(t.Context(), b, records, cert)
	sum := sha256.Sum256([]byte("leaf"))
	if want := "sha256:" + hex.EncodeToString(sum[:]); f.leaf != want || f.current != "1-x" {
		t.Errorf("got %q and %q, want %q", f.leaf, f.current, want)
	}
	collector(f).Store(t.Context(), b, records, evidence.Failed[evidence.Certificate]("x", "", at))
	if f.leaf != "" {
		t.Errorf("a certificate that was not read has the digest %q", f.leaf)
	}
}

func TestPredecessor(t *testing.T) {
	f := &fake{groups: map[string]evidence.Group{"cn-shanghai g": {Found: true, Domains: []evidence.Domain{{DomainName: "A.demo.com"}, {DomainName: "*.b.demo.com"}}}}}
	for name, want := range map[string]bool{"a.demo.com": true, "x.b.demo.com": false, "c.demo.com": false} {
		got := collector(f).Predecessor(t.Context(), binding.Binding{DomainName: name, RegionID: "cn-hangzhou", MovesFrom: &binding.MovesFrom{GroupID: "g", RegionID: "cn-shanghai"}})
		if got.State != evidence.StateObserved || !got.Facts.Group.Found || got.Facts.Serves != want || got.From != "https://cn-shanghai" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got := collector(f).Predecessor(t.Context(), binding.Binding{}); got.State != evidence.StateNotCollected {
		t.Errorf("got %+v", got)
	}
}
