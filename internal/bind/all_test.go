package bind_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

func statuses(outcomes []bind.Outcome) string {
	var out []string
	for _, o := range outcomes {
		out = append(out, string(o.Status))
	}
	return strings.Join(out, " ")
}

// Of www, api and old, old is already in effect.
func TestAllStopsAtTheFirstThatFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults string
		want   string
		writes int
	}{
		"none fails":           {"", "bound bound unchanged", 2},
		"refused":              {"SetDomain@www.demo.com:code=InvalidICPLicense", "failed not-attempted unchanged", 1},
		"unknown":              {"SetDomain:reset-before-commit", "unknown not-attempted unchanged", 4},
		"half done":            {"SetDomainCertificate:code=InvalidCertificateBody", "incomplete not-attempted unchanged", 2},
		"the second one fails": {"SetDomain@api.demo.com:code=InvalidICPLicense", "bound failed unchanged", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, bound(account.Domain{DomainName: "old.demo.com", BindStageName: "RELEASE"}))
			first := requested(named("www.demo.com"))
			if name == "half done" {
				withCertificate(&first)
			}
			permits := []gate.Permit{w.permit(first), w.permit(requested()), w.permit(requested(named("old.demo.com")))}
			w.faults(tc.faults)
			got := w.bind(context.Background(), permits...)
			if statuses(got) != tc.want || len(w.writes()) != tc.writes {
				t.Errorf("got %q after %q, want %q after %d writes", statuses(got), w.writes(), tc.want, tc.writes)
			}
			if got[1].Status == bind.NotAttempted && !strings.Contains(got[1].Message, `the binding of "www.demo.com", earlier in the run`) {
				t.Errorf("message %q", got[1].Message)
			}
		})
	}
}

// A binding that is made but not in effect yet does not stop the others.
func TestAllGoesOnAfterAnEffectThatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bound(account.Domain{DomainName: "www.demo.com", DomainBindingStatus: "BOUND"}))
	w.wait = 2 * inVain // the second binding is to be seen in effect
	w.newRun(w.journal)
	got := w.bind(context.Background(), w.permit(requested(named("www.demo.com"))), w.permit(requested()))
	if statuses(got) != "incomplete bound" {
		t.Errorf("got %q", statuses(got))
	}
}

// An account that was not judged binds nothing, nor does another than was judged.
func TestTheAccountMustHaveBeenJudged(t *testing.T) {
	t.Parallel()
	const unknown, other = "the account of the credentials is unknown", "the credentials now belong to"
	for name, c := range map[string]struct {
		judged  *evidence.Identity
		status  bind.Status
		message string
	}{
		"not judged":       {nil, bind.Failed, unknown},
		"without account":  {&evidence.Identity{ARN: arn}, bind.Failed, unknown},
		"without STS":      {&evidence.Identity{NoSTS: true}, bind.NotAttempted, other},
		"another account":  {&evidence.Identity{AccountID: "6543210987654321", ARN: arn}, bind.NotAttempted, other},
		"another identity": {&evidence.Identity{AccountID: accountID, ARN: arn + "s"}, bind.NotAttempted, other},
	} {
		w := newWorld(t, nil)
		w.judged = c.judged
		got := w.bind(context.Background(), w.permit(requested()))[0]
		if got.Status != c.status || got.Sent || len(w.writes()) != 0 || len(w.journal.entries) != 0 || !strings.Contains(got.Message, c.message) {
			t.Errorf("%s: got %+v after %q", name, got, w.writes())
		}
	}
}

func TestTimesThatAreNotGiven(t *testing.T) {
	t.Parallel()
	b := bind.New(bind.Config{})
	if b.Deadline != 30*time.Second || b.Interval != 500*time.Millisecond || b.CallTime != 30*time.Second || b.Grace != 5*time.Second {
		t.Errorf("got %v, %v, %v, %v", b.Deadline, b.Interval, b.CallTime, b.Grace)
	}
}

func TestCancelledBeforeABinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bound(account.Domain{DomainName: "old.demo.com", BindStageName: "RELEASE"}))
	permits := []gate.Permit{w.permit(requested()), w.permit(requested(named("old.demo.com")))}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := w.bind(ctx, permits...)
	if statuses(got) != "not-attempted unchanged" || !got[0].Interrupted || got[0].Sent || len(w.received()) != 0 || len(w.journal.entries) != 0 {
		t.Errorf("got %+v after %d calls, journal %q", got, len(w.received()), w.journal)
	}
}

func TestCancelledInTheMiddleOfASequence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	w.journal.hook = func(e journal.Entry) error {
		if e.Status == "done" {
			cancel() // after the first call
		}
		return nil
	}
	got := w.bind(ctx, w.permit(requested(withCertificate, withRedirect)), w.permit(requested(named("www.demo.com"))))
	want := []string{setPlain + "OK", setCert + "OK", setSecure + "OK"}
	if statuses(got) != "bound not-attempted" || !got[1].Interrupted || !slices.Equal(w.writes(), want) {
		t.Errorf("got %+v after %q", got, w.writes())
	}
}

func TestTheZeroPermitSendsNothingAndStopsTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	got := w.bind(context.Background(), gate.Permit{}, w.permit(requested()))
	if statuses(got) != "failed not-attempted" || got[0].Message != gate.ErrNoPermit.Error() || len(w.writes()) != 0 || len(w.journal.entries) != 0 {
		t.Errorf("got %+v after %q, journal %q", got, w.writes(), w.journal)
	}
}

func TestAPermitIsRedeemedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.permit(requested(withCertificate, withRedirect))
	got := w.bind(context.Background(), p)
	again := w.bind(context.Background(), p)
	if statuses(got) != "bound" || statuses(again) != "failed" || again[0].Sent || !strings.Contains(again[0].Message, gate.ErrRedeemed.Error()) || len(w.writes()) != 0 {
		t.Errorf("got %+v, then %+v after %q", got, again, w.writes())
	}
}

// A permit whose calls were begun elsewhere is not continued.
func TestAPermitThatWasBegunIsNotFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.permit(requested(withCertificate))
	if _, err := p.Take(); err != nil {
		t.Fatal(err)
	}
	p.Done()
	got := w.bind(context.Background(), p)
	if statuses(got) != "failed" || got[0].Sent || len(w.writes()) != 0 || len(w.journal.entries) != 0 {
		t.Errorf("got %+v after %q", got, w.writes())
	}
}
