package write_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/write"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const keyPEM = "-----BEGIN PRIVATE KEY-----\nTUFSS0VES0VZ\n-----END PRIVATE KEY-----\n"

var sound = write.Material{Chain: []byte("CHAIN"), Key: []byte(keyPEM),
	FileDigest: "sha256:f", ChainDigest: "sha256:c", PublicKeyDigest: "sha256:p"}

// permit is one of an allowed decision: SetDomain without redirect,
// SetDomainCertificate, SetDomain with redirect. change may make another of it.
func permit(t *testing.T, change ...func(*checks.Subject)) gate.Permit {
	t.Helper()
	yes, everything := true, ""
	s := checks.Subject{
		Binding: binding.Binding{DomainName: "api.demo.com", GroupID: "g1", RegionID: "cn-hangzhou",
			CustomDomainType: binding.Internet, BindStageName: &everything, IsHTTPRedirectToHTTPS: &yes,
			Certificate: &binding.Certificate{Name: "api_demo"}},
		Evidence: evidence.Evidence{
			Run:         evidence.Run{Live: true, Contract: evidence.Contract2026},
			Group:       evidence.Observed(evidence.Group{Found: true, GroupID: "g1"}, "", time.Time{}),
			Certificate: evidence.Observed(evidence.Certificate{FileDigest: "sha256:f", ChainDigest: "sha256:c"}, "", time.Time{}),
			Key:         evidence.Observed(evidence.Key{PublicKeyDigest: "sha256:p"}, "", time.Time{}),
		},
	}
	for _, c := range change {
		c(&s)
	}
	var list []checks.Check
	var results []checks.Result
	for _, r := range []checks.Requirement{checks.TargetExists, checks.DomainIsProved} {
		list = append(list, checks.Check{ID: string(r), MustPass: checks.Proves(r)})
		results = append(results, checks.Result{ID: string(r), Status: checks.StatusPass})
	}
	p, err := gate.Decide(list, nil, s, results, checks.Error).Permit()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func writer(e *apitest.Edge, m write.Material, err error) *write.Writer {
	return write.New(e.Transport(), func(binding.Binding) (write.Material, error) { return m, err })
}

func refusal(status int, code string) apitest.Answer {
	return apitest.Answer{Status: status, Body: apitest.Refusal(code, "m")}
}

func TestThePermitsCallsAndNothingElse(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, map[string][]apitest.Answer{
		"SetDomain":            {apitest.OK(map[string]any{"DomainBindingStatus": "BINDING", "SubDomain": "s"})},
		"SetDomainCertificate": {apitest.OK(nil)},
	})
	w, p := writer(e, sound, nil), permit(t)
	if err := w.Ready(p); err != nil {
		t.Fatal(err)
	}
	first, err := w.Next(apitest.Soon(t), p)
	if err != nil || first.RequestID != "REQ-1" || first.Action != "SetDomain" {
		t.Fatalf("got %+v, %v", first, err)
	}
	for range 2 {
		if _, err := w.Next(apitest.Soon(t), p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, gate.ErrRedeemed) {
		t.Errorf("a fourth call: got %v", err)
	}
	if _, err := w.Again(apitest.Soon(t), p); !errors.Is(err, gate.ErrNotUnknown) {
		t.Errorf("again: got %v", err)
	}
	if _, err := w.Next(apitest.Soon(t), gate.Permit{}); !errors.Is(err, gate.ErrNoPermit) {
		t.Errorf("the zero permit: got %v", err)
	}
	want := []string{
		"SetDomain map[BindStageName:[] DomainName:[api.demo.com] GroupId:[g1] IsHttpRedirectToHttps:[false]]",
		"SetDomainCertificate map[CertificateBody:[CHAIN] CertificateName:[api_demo] CertificatePrivateKey:[" + keyPEM + "] DomainName:[api.demo.com] GroupId:[g1]]",
		"SetDomain map[BindStageName:[] DomainName:[api.demo.com] GroupId:[g1] IsHttpRedirectToHttps:[true]]",
	}
	calls := e.Calls()
	if len(calls) != len(want) {
		t.Fatalf("%d calls, want %d", len(calls), len(want))
	}
	for i, c := range calls {
		if got := fmt.Sprintf("%s %v", c.Action, c.Query); got != want[i] {
			t.Errorf("call %d: got %s, want %s", i, got, want[i])
		}
	}
}

func TestChangedMaterialIsNotSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*write.Material) error{
		"file":   func(m *write.Material) error { m.FileDigest = "sha256:x"; return nil },
		"chain":  func(m *write.Material) error { m.ChainDigest = "sha256:x"; return nil },
		"key":    func(m *write.Material) error { m.PublicKeyDigest = ""; return nil },
		"no key": func(m *write.Material) error { m.Key = nil; return nil },
		"CA":     func(m *write.Material) error { m.ClientCADigest = "sha256:x"; return nil },
		"gone":   func(*write.Material) error { return errors.New("no such file") },
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {apitest.OK(nil)}})
		m := sound
		loadErr := change(&m)
		w, p := writer(e, m, loadErr), permit(t)
		if err := w.Ready(p); err == nil || (loadErr == nil) != errors.Is(err, write.ErrChanged) || len(e.Calls()) != 0 {
			t.Errorf("%s: Ready: got %v after %d calls", name, err, len(e.Calls()))
		}
		if _, err := w.Next(apitest.Soon(t), p); err != nil {
			t.Fatal(err)
		}
		_, err := w.Next(apitest.Soon(t), p)
		if err == nil || (loadErr == nil) != errors.Is(err, write.ErrChanged) || errors.Is(err, write.ErrOutcomeUnknown) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, gate.ErrRedeemed) {
			t.Errorf("%s: the permit gave more: %v", name, err)
		}
		if n := len(e.Calls()); n != 1 {
			t.Errorf("%s: %d calls, want the first only", name, n)
		}
	}
}

func TestRefusalsSpendThePermit(t *testing.T) {
	t.Parallel()
	for _, a := range []apitest.Answer{refusal(400, "DomainNotResolved"), refusal(403, "NoPermission"),
		refusal(404, "NotFoundApiGroup"), refusal(400, "SignatureDoesNotMatch")} {
		e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {a}})
		w, p := writer(e, sound, nil), permit(t)
		reply, err := w.Next(apitest.Soon(t), p)
		if err == nil || errors.Is(err, write.ErrOutcomeUnknown) || reply.Code == "" || reply.RequestID != "REQ-2" {
			t.Errorf("got %+v, %v", reply, err)
		}
		if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, gate.ErrRedeemed) {
			t.Errorf("the permit gave more: %v", err)
		}
		if n := len(e.Calls()); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	}
}

func TestWhatTheServerPutOffIsSentAgain(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {refusal(400, "Throttling.User"),
		refusal(503, "ServiceUnavailable"), refusal(400, "RepeatedCommit"), apitest.OK(nil)}})
	if reply, err := writer(e, sound, nil).Next(apitest.Soon(t), permit(t)); err != nil || reply.Attempts != 4 || len(e.Calls()) != 4 {
		t.Errorf("got %v after %d calls, %d attempts", err, len(e.Calls()), reply.Attempts)
	}
}

// Only a force is given up after a few tries.
func TestThrottledCallsAreTriedForLong(t *testing.T) {
	t.Parallel()
	answers := slices.Repeat([]apitest.Answer{refusal(400, "Throttling.User")}, 7)
	e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": append(answers, apitest.OK(nil))})
	if _, err := writer(e, sound, nil).Next(t.Context(), permit(t)); err != nil || len(e.Calls()) != 8 {
		t.Errorf("got %v after %d calls", err, len(e.Calls()))
	}
}

// The CA of callers' certificates is sent as it was judged.
func TestTheClientCAIsSent(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {apitest.OK(nil)}, "SetDomainCertificate": {apitest.OK(nil)}})
	m := sound
	m.ClientCA, m.ClientCADigest = []byte("CA"), "sha256:ca"
	w, p := writer(e, m, nil), permit(t, func(s *checks.Subject) {
		s.Binding.ClientCertificate = &binding.ClientCertificate{CA: "ca.pem"}
		s.Evidence.Certificate.Facts.ClientCA = &evidence.ClientCA{Digest: "sha256:ca"}
	})
	for range 2 {
		if _, err := w.Next(apitest.Soon(t), p); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.Calls()[1].Query.Get("CaCertificateBody"); got != "CA" {
		t.Errorf("got %q", got)
	}
}

// A call is for the account that was judged: a key that is not known to be of it signs nothing.
func TestTheAccountThatWasJudgedIsAskedFor(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {apitest.OK(nil)}})
	p := permit(t, func(s *checks.Subject) {
		s.Evidence.Run.Identity = &evidence.Identity{AccountID: "1234567890123456"}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := writer(e, sound, nil).Next(ctx, p)
	if err == nil || errors.Is(err, write.ErrOutcomeUnknown) || len(e.Calls()) != 0 || !strings.Contains(err.Error(), `account "1234567890123456"`) {
		t.Errorf("got %v after %d calls", err, len(e.Calls()))
	}
}

// A refusal says nothing of the try before it, which was put off.
func TestRefusedAfterItWasPutOffIsUnknown(t *testing.T) {
	t.Parallel()
	for _, then := range []string{"NoPermission", "DomainNotResolved", "Throttling.User"} {
		e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {refusal(503, "ServiceUnavailable"), refusal(400, then)}})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // what is throttled is tried until then
		defer cancel()
		reply, err := writer(e, sound, nil).Next(ctx, permit(t))
		if !errors.Is(err, write.ErrOutcomeUnknown) || reply.Code != then {
			t.Errorf("%s: got %v, code %q", then, err, reply.Code)
		}
	}
}

// What a force takes away was read just before: it is not tried for long.
func TestAForceIsPutOffAFewTimesOnly(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {refusal(400, "Throttling.User")}})
	p := permit(t, func(s *checks.Subject) {
		s.Binding.IsForce = true
		s.Evidence.Account = evidence.Observed(evidence.Account{Complete: true, BoundGroups: []evidence.BoundGroup{{GroupRef: evidence.GroupRef{GroupID: "g2"}, Conflicts: true}}}, "", time.Time{})
	})
	if _, err := writer(e, sound, nil).Next(apitest.Soon(t), p); err == nil || len(e.Calls()) != 5 || e.Calls()[0].Query.Get("IsForce") != "true" {
		t.Errorf("got %v after %d calls", err, len(e.Calls()))
	}
}

func TestThrottledUntilTheDeadlineIsARefusal(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {refusal(400, "Throttling")}})
	slow := e.Transport(func(c *api.Config) { c.Pause = time.Hour })
	w, p := write.New(slow, nil), permit(t)
	if _, err := w.Next(apitest.Soon(t), p); err == nil || errors.Is(err, write.ErrOutcomeUnknown) || len(e.Calls()) != 1 {
		t.Errorf("got %v after %d calls", err, len(e.Calls()))
	}
	if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, gate.ErrRedeemed) {
		t.Errorf("the permit gave more: %v", err)
	}
}

// "Not now" does not say that nothing was done, so it is no refusal.
func TestBusyUntilTheDeadlineIsUnknown(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ServiceUnavailable", "RepeatedCommit"} {
		e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {refusal(503, code)}})
		slow := e.Transport(func(c *api.Config) { c.Pause = time.Hour })
		w, p := write.New(slow, nil), permit(t)
		if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, write.ErrOutcomeUnknown) || len(e.Calls()) != 1 {
			t.Errorf("%s: got %v after %d calls", code, err, len(e.Calls()))
		}
		if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, gate.ErrOutcomePending) {
			t.Errorf("%s: the permit gave more: %v", code, err)
		}
	}
}

func TestUnknownOutcomesWaitForAReadBack(t *testing.T) {
	t.Parallel()
	cancelled := make(chan struct{})
	for name, a := range map[string]apitest.Answer{
		"broken":        {Break: true},
		"fault":         refusal(500, "InternalError"),
		"bare fault":    {Status: 502, Body: "<html>"},
		"HTML":          {Body: "<html>"},
		"not an answer": {Body: "{}"},
		"cancelled":     {Hold: func(r *http.Request) { close(cancelled); <-r.Context().Done() }, Break: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {a, apitest.OK(nil)}})
			w, p := writer(e, sound, nil), permit(t)
			ctx, cancel := context.WithCancel(apitest.Soon(t))
			defer cancel()
			if name == "cancelled" {
				go func() { <-cancelled; cancel() }()
			}
			if _, err := w.Next(ctx, p); !errors.Is(err, write.ErrOutcomeUnknown) || len(e.Calls()) != 1 {
				t.Fatalf("got %v after %d calls", err, len(e.Calls()))
			}
			if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, gate.ErrOutcomePending) {
				t.Errorf("the permit went on: %v", err)
			}
			if _, err := w.Again(apitest.Soon(t), p); err != nil || len(e.Calls()) != 2 {
				t.Errorf("again: got %v after %d calls", err, len(e.Calls()))
			}
		})
	}
}

func TestAPanicLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, map[string][]apitest.Answer{"SetDomain": {apitest.OK(nil)}})
	w := write.New(e.Transport(), func(binding.Binding) (write.Material, error) { panic("x") })
	p := permit(t)
	if _, err := w.Next(apitest.Soon(t), p); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = w.Next(apitest.Soon(t), p)
	}()
	if _, err := w.Next(apitest.Soon(t), p); !errors.Is(err, gate.ErrOutcomePending) {
		t.Errorf("got %v", err)
	}
}

func TestMaterialDoesNotPrintItsKey(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(format, sound); strings.Contains(s, "TUFSS0VE") {
			t.Errorf("%s: %s", format, s)
		}
	}
}
