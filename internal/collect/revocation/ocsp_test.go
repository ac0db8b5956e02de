package revocation

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Bindings that share a certificate share the response until it is out of date,
// and share a failure for the whole run.
func TestOCSPIsAskedOnce(t *testing.T) {
	w := newWorld(t, true)
	now := pkitest.Now()
	sound := func(rw http.ResponseWriter, _ *http.Request) {
		der, err := ocsp.CreateResponse(w.ca.Certificate, w.ca.Certificate, ocsp.Response{Status: ocsp.Good,
			SerialNumber: w.leaf.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(time.Hour)}, w.ca.Key)
		if err != nil {
			t.Error(err)
		}
		_, _ = rw.Write(der)
	}
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		want   evidence.RevocationStatus
		later  int32 // questions after the response expired
	}{
		{"good", sound, evidence.RevocationGood, 2},
		{"broken", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }, evidence.RevocationUnknown, 1},
	} {
		now = pkitest.Now()
		w.asked.Store(0)
		w.answer = tc.answer
		collector, err := New(Config{Private: true, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := collector.Collect(t.Context(), w.seen()).Facts.Certificates; len(got) == 0 || got[0].Status != tc.want {
					t.Errorf("%s: got %+v, want %s", tc.name, got, tc.want)
				}
			})
		}
		all.Wait()
		if asked := w.asked.Load(); asked != 1 {
			t.Errorf("%s: asked %d times, want once", tc.name, asked)
		}
		now = now.Add(2 * time.Hour)
		if got := collector.Collect(t.Context(), w.seen()).Facts.Certificates[0]; got.Status != tc.want || w.asked.Load() != tc.later {
			t.Errorf("%s, two hours later: got %+v after %d questions, want %s after %d", tc.name, got, w.asked.Load(), tc.want, tc.later)
		}
	}
}
