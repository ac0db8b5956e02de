package bind_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

const (
	setDomain = "SetDomain BindStageName=RELEASE "
	setForced = "SetDomain BindStageName=RELEASE IsForce=true "
	setPlain  = "SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=false "
	setSecure = "SetDomain BindStageName=RELEASE IsHttpRedirectToHttps=true "
	setCert   = "SetDomainCertificate CertificateName=demo_2026 "
)

// scenario is one binding, what happens around its redemption, and what must
// come of it.
type scenario struct {
	name      string
	groups    func(own, other *account.Group)
	requested []func(*binding.Binding)
	meanwhile func(*world) // between judging and calling
	faults    string       // from then on
	onceOnly  bool         // there is no time for a second try of what the gateway puts off
	inVain    bool         // the read back sees no effect
	hook      func(*world, journal.Entry) error
	want      bind.Outcome // Status, Code and the flags; Restore: any or none
	message   string
	writes    []string
	journal   string
}

func bound(domains ...account.Domain) func(own, _ *account.Group) {
	return func(own, _ *account.Group) { own.Domains = domains }
}

func conflicting(_, other *account.Group) {
	other.Domains = []account.Domain{{DomainName: domain, BindStageName: "TEST"}}
}

func serving(i int, name string) account.Domain {
	l := leaves()[i]
	return account.Domain{DomainName: domain, BindStageName: "RELEASE",
		Certificate: &account.Certificate{Name: name, Body: string(l.Chain), PrivateKey: string(l.Key)}}
}

// failing is a hook that fails at the nth entry of a kind.
func failing(kind journal.Kind, n int) func(*world, journal.Entry) error {
	return func(_ *world, e journal.Entry) error {
		if e.Kind == kind {
			n--
		}
		if n == 0 {
			return errDisk
		}
		return nil
	}
}

var undo = []string{"something"}

func TestOne(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(soundScenarios(), refusalScenarios(), doubtScenarios(), changeScenarios(), journalScenarios()) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s.groups)
			if s.onceOnly {
				w.pause = time.Hour
			}
			if s.inVain {
				w.wait = inVain
			}
			if s.onceOnly || s.inVain {
				w.newRun(w.journal)
			}
			permit := w.permit(requested(s.requested...))
			if s.meanwhile != nil {
				s.meanwhile(w)
			}
			w.faults(s.faults)
			if s.hook != nil {
				w.journal.hook = func(e journal.Entry) error { return s.hook(w, e) }
			}
			s.check(t, w, w.bind(context.Background(), permit)[0])
		})
	}
}

func (s scenario) check(t *testing.T, w *world, got bind.Outcome) {
	t.Helper()
	if got.Status != s.want.Status || got.Code != s.want.Code || got.Changed != s.want.Changed ||
		got.Stopped != s.want.Stopped || got.Sent != s.want.Sent || (got.Restore == nil) != (s.want.Restore == nil) {
		t.Errorf("got %+v, want %+v", got, s.want)
	}
	if !strings.Contains(got.Message, s.message) || s.message == "" && got.Message != "" {
		t.Errorf("message %q, want %q", got.Message, s.message)
	}
	if writes := w.writes(); !slices.Equal(writes, s.writes) {
		t.Errorf("writes\n\t%q, want\n\t%q", writes, s.writes)
	}
	if !w.readBetween() {
		t.Errorf("a call was repeated before the state was read back: %+v", w.received())
	}
	if w.journal.String() != s.journal {
		t.Errorf("journal %q, want %q", w.journal, s.journal)
	}
}

// TestUpdatesKeepWhatIsNotNamed holds that an update changes the redirect alone,
// whether the platform keeps or resets what an update does not send.
func TestUpdatesKeepWhatIsNotNamed(t *testing.T) {
	t.Parallel()
	for _, resets := range []bool{false, true} {
		w := newWorldWhere(t, sandbox.Assumptions{Assumptions: account.Assumptions{UpdateResets: resets, LowerCase: resets}},
			bound(account.Domain{DomainName: domain, BindStageName: "TEST", Certificate: serving(0, "demo_2026").Certificate}))
		o := w.bind(context.Background(), w.permit(requested(unstaged, withRedirect)))[0]
		if o.Status != bind.Bound {
			t.Errorf("resets %t: got %+v", resets, o)
		}
		d := w.sandbox.State()[0].Domains[0]
		if d.BindStageName != "TEST" || !d.IsHTTPRedirectToHTTPS || d.CustomDomainType != "INTERNET" || d.CertificateName != "demo_2026" {
			t.Errorf("resets %t: got %+v", resets, d)
		}
	}
}

func soundScenarios() []scenario {
	done := bind.Outcome{Status: bind.Bound, Sent: true, Restore: undo}
	return []scenario{
		{name: "bound", want: done, writes: []string{setDomain + "OK"}, journal: "intent done"},
		{name: "unchanged", groups: bound(account.Domain{DomainName: domain, BindStageName: "RELEASE"}), want: bind.Outcome{Status: bind.Unchanged}},
		{name: "renewal", groups: bound(serving(1, "demo_2025")), requested: []func(*binding.Binding){withCertificate},
			want: done, writes: []string{setCert + "OK"}, journal: "intent done"},
		{name: "renewal under the same name", groups: bound(serving(1, "demo_2026")), requested: []func(*binding.Binding){withCertificate},
			want: done, writes: []string{setCert + "OK"}, journal: "intent done"},
		{name: "first certificate and redirect", requested: []func(*binding.Binding){withCertificate, withRedirect},
			want: done, writes: []string{setPlain + "OK", setCert + "OK", setSecure + "OK"}, journal: "intent done intent done intent done"},
		{name: "force", groups: conflicting, requested: []func(*binding.Binding){withForce},
			want: done, writes: []string{setForced + "OK"}, journal: "intent done"},
		{name: "throttled, then taken", faults: "SetDomain:throttle:2",
			want: done, writes: []string{setDomain + "Throttling.User", setDomain + "Throttling.User", setDomain + "OK"}, journal: "intent done"},
		{name: "bound and never in effect", inVain: true, groups: bound(account.Domain{DomainName: domain, DomainBindingStatus: "BOUND"}),
			want:    bind.Outcome{Status: bind.Incomplete, Sent: true, Restore: undo},
			message: `domainBindingStatus is "BOUND", want "BINDING"`, writes: []string{setPlain + "OK"}, journal: "intent done"},
	}
}

func refusalScenarios() []scenario {
	full := []func(*binding.Binding){withCertificate, withRedirect}
	return []scenario{
		{name: "the certificate is too long", requested: []func(*binding.Binding){withCertificate}, faults: "SetDomainCertificate:status=413",
			want: bind.Outcome{Status: bind.Incomplete, Stopped: true, Sent: true, Restore: undo}, message: "too large (HTTP 413)",
			writes: []string{setDomain + "OK", setCert + "Request Entity Too Large"}, journal: "intent done intent failed"},
		{name: "the first call is too long", faults: "SetDomain:status=414", want: bind.Outcome{Status: bind.Failed, Sent: true}, message: "nothing was done",
			writes: []string{setDomain + "Request URI Too Long"}, journal: "intent failed"},
		{name: "the first call is refused", requested: full, faults: "SetDomain:code=DomainNotResolved",
			want: bind.Outcome{Status: bind.Failed, Code: "DomainNotResolved", Sent: true}, message: "DomainNotResolved",
			writes: []string{setPlain + "DomainNotResolved"}, journal: "intent failed"},
		{name: "the second call is refused", requested: full, faults: "SetDomainCertificate:code=InvalidCertificateBody",
			want: bind.Outcome{Status: bind.Incomplete, Code: "InvalidCertificateBody", Stopped: true, Sent: true, Restore: undo}, message: "InvalidCertificateBody",
			writes: []string{setPlain + "OK", setCert + "InvalidCertificateBody"}, journal: "intent done intent failed"},
		{name: "the last call is refused", requested: full, faults: "SetDomain:pass:1,SetDomain:code=NoPermission",
			want: bind.Outcome{Status: bind.Incomplete, Code: "NoPermission", Stopped: true, Sent: true, Restore: undo}, message: "allow apigateway:SetDomain",
			writes: []string{setPlain + "OK", setCert + "OK", setSecure + "NoPermission"}, journal: "intent done intent done intent failed"},
	}
}

func doubtScenarios() []scenario {
	done := bind.Outcome{Status: bind.Bound, Sent: true, Restore: undo}
	unknown := bind.Outcome{Status: bind.Unknown, Sent: true, Restore: undo}
	return []scenario{
		{name: "reset before the commit", faults: "SetDomain:reset-before-commit:1", want: done,
			writes: []string{setDomain + "reset-before-commit", setDomain + "OK"}, journal: "intent unknown intent done"},
		{name: "a page of HTML", faults: "SetDomain:html:1", want: done,
			writes: []string{setDomain + "html", setDomain + "OK"}, journal: "intent unknown intent done"},
		{name: "reset after the commit", faults: "SetDomain:reset-after-commit:1", want: done,
			writes: []string{setDomain + "reset-after-commit"}, journal: "intent unknown done"},
		{name: "reset after the commit of a force", groups: conflicting, requested: []func(*binding.Binding){withForce}, faults: "SetDomain:reset-after-commit:1", want: done,
			writes: []string{setForced + "reset-after-commit"}, journal: "intent unknown done"},
		{name: "reset after the commit of a certificate", requested: []func(*binding.Binding){withCertificate}, faults: "SetDomainCertificate:reset-after-commit:1", want: done,
			writes: []string{setDomain + "OK", setCert + "reset-after-commit"}, journal: "intent done intent unknown done"},
		{name: "half an answer", faults: "SetDomain:truncated:1", want: done, writes: []string{setDomain + "truncated"}, journal: "intent unknown done"},
		{name: "the previous state shows no effect", groups: bound(account.Domain{DomainName: domain, BindStageName: "RELEASE", DomainBindingStatus: "BOUND"}),
			faults: "SetDomain:reset-before-commit:1", want: bind.Outcome{Status: bind.Incomplete, Sent: true, Restore: undo}, message: "domainBindingStatus",
			writes: []string{setPlain + "reset-before-commit", setPlain + "OK"}, journal: "intent unknown intent done"},
		{name: "refused when it is repeated", faults: "SetDomain:reset-before-commit:1,SetDomain:code=DomainNotResolved",
			want: bind.Outcome{Status: bind.Failed, Code: "DomainNotResolved", Sent: true, Restore: undo}, message: "could still take effect late",
			writes: []string{setDomain + "reset-before-commit", setDomain + "DomainNotResolved"}, journal: "intent unknown intent failed"},
		{name: "put off although it took effect", faults: "SetDomain:code-after-commit=ServiceUnavailable", onceOnly: true, want: done,
			writes: []string{setDomain + "ServiceUnavailable"}, journal: "intent unknown done"},
		{name: "put off although it took effect, then refused", faults: "SetDomain:code-after-commit=ServiceUnavailable:1,SetDomain:code=NoPermission",
			want: done, writes: []string{setDomain + "ServiceUnavailable", setDomain + "NoPermission"}, journal: "intent unknown done"},
		{name: "put off, then refused", faults: "SetDomain:code=ServiceUnavailable:1,SetDomain:code=DomainNotResolved",
			want: bind.Outcome{Status: bind.Failed, Code: "DomainNotResolved", Sent: true, Restore: undo}, message: "DomainNotResolved",
			writes: []string{setDomain + "ServiceUnavailable", setDomain + "DomainNotResolved"}, journal: "intent unknown failed"},
		{name: "put off without end", faults: "SetDomain:code=RepeatedCommit", onceOnly: true,
			want: bind.Outcome{Status: bind.Failed, Code: "RepeatedCommit", Sent: true, Restore: undo}, message: "busy (RepeatedCommit",
			writes: []string{setDomain + "RepeatedCommit"}, journal: "intent unknown failed"},
		{name: "reset without end", faults: "SetDomain:reset-before-commit", want: unknown, message: "the state does not show its effect",
			writes: slices.Repeat([]string{setDomain + "reset-before-commit"}, 4), journal: "intent unknown intent unknown intent unknown intent unknown"},
		{name: "unknown and unreadable", faults: "SetDomain:reset-after-commit:1,DescribeApiGroup:status=503", want: unknown, message: "reading back",
			writes: []string{setDomain + "reset-after-commit"}, journal: "intent unknown"},
		{name: "accepted and unreadable", inVain: true, faults: "DescribeApiGroup:html", want: unknown, message: "could not be read back",
			writes: []string{setDomain + "OK"}, journal: "intent done"},
	}
}

func changeScenarios() []scenario {
	changed := bind.Outcome{Status: bind.NotAttempted, Changed: true}
	onTest := bound(account.Domain{DomainName: domain, BindStageName: "TEST", Certificate: serving(0, "demo_2026").Certificate})
	redirectAlone := []func(*binding.Binding){unstaged, withRedirect}
	forced := []func(*binding.Binding){withForce}
	return []scenario{
		{name: "another group took the domain", groups: conflicting, requested: forced, want: changed, message: third,
			meanwhile: func(w *world) { w.anotherClient("SetDomain", "GroupId", third, "IsForce", "true") }},
		{name: "one more group took a name that clashes", groups: func(_, other *account.Group) { other.Domains = []account.Domain{{DomainName: "*.demo.com"}} },
			requested: forced, want: changed, message: "api.demo.com of group " + other,
			meanwhile: func(w *world) { w.anotherClient("SetDomain", "GroupId", other) }},
		{name: "the displaced group has unbound the domain", groups: conflicting, requested: forced, want: changed, message: "now displace []",
			meanwhile: func(w *world) { w.anotherClient("DeleteDomain", "GroupId", other) }},
		{name: "the displaced group's environment changed", groups: conflicting, requested: forced, want: changed, message: "still bound, but with another",
			meanwhile: func(w *world) { w.anotherClient("SetDomain", "GroupId", other, "BindStageName", "RELEASE") }},
		{name: "the settings of client certificates cannot be read", groups: bound(serving(1, "demo_2025")), requested: []func(*binding.Binding){withCertificate},
			faults: "DescribeDomain:code=Forbidden.RAM", want: bind.Outcome{Status: bind.Failed}, message: "reading the state again that the calls start from"},
		{name: "the identity cannot be read", faults: "GetCallerIdentity:code=NoPermission",
			want: bind.Outcome{Status: bind.Failed}, message: "reading again who makes the calls"},
		{name: "the displaced groups cannot be read", groups: conflicting, requested: forced, faults: "DescribeApiGroups:code=Forbidden.RAM",
			want: bind.Outcome{Status: bind.Failed}, message: "so it was not sent"},
		{name: "the displaced groups change after an unknown outcome", groups: conflicting, requested: forced, faults: "SetDomain:reset-before-commit:1",
			hook: func(w *world, e journal.Entry) error {
				if e.Status == "unknown" {
					w.anotherClient("DeleteDomain", "GroupId", other)
				}
				return nil
			},
			want: bind.Outcome{Status: bind.Unknown, Sent: true, Restore: undo}, message: "then the world changed",
			writes: []string{setForced + "reset-before-commit"}, journal: "intent unknown"},
		{name: "the stage that is kept changed", groups: onTest, requested: redirectAlone, want: changed, message: `BindStageName is no longer "TEST"`,
			meanwhile: func(w *world) { w.anotherClient("SetDomain", "GroupId", own, "BindStageName", "PRE") }},
		{name: "the domain whose stage is kept is gone", groups: onTest, requested: redirectAlone, want: changed, message: "no longer bound",
			meanwhile: func(w *world) { w.anotherClient("DeleteDomain", "GroupId", own) }},
		{name: "what is kept cannot be read", groups: onTest, requested: redirectAlone, faults: "DescribeApiGroup:code=Forbidden.RAM",
			want: bind.Outcome{Status: bind.Failed}, message: "so the call was not sent"},
		{name: "the stage that is kept changed after a doubt", groups: onTest, requested: redirectAlone, faults: "SetDomain:reset-before-commit:1",
			hook: func(w *world, e journal.Entry) error {
				if e.Status == "unknown" {
					w.anotherClient("SetDomain", "GroupId", own, "BindStageName", "PRE")
				}
				return nil
			},
			want: bind.Outcome{Status: bind.Unknown, Sent: true, Restore: undo}, message: "then the world changed",
			writes: []string{"SetDomain BindStageName=TEST IsHttpRedirectToHttps=true reset-before-commit", "SetDomain BindStageName=PRE OK"}, journal: "intent unknown"},
		{name: "the certificate changed", requested: []func(*binding.Binding){withCertificate}, want: changed, message: "changed since it was judged",
			meanwhile: func(w *world) { w.files.now = materialOf(leaves()[1]) }},
		{name: "the certificate is gone", requested: []func(*binding.Binding){withCertificate}, want: bind.Outcome{Status: bind.Failed}, message: "no space left",
			meanwhile: func(w *world) { w.files.err = errDisk }},
		{name: "the certificate changed after the first call", requested: []func(*binding.Binding){withCertificate},
			hook: func(w *world, e journal.Entry) error {
				w.files.now = materialOf(leaves()[1])
				return nil
			},
			want: bind.Outcome{Status: bind.Incomplete, Changed: true, Stopped: true, Sent: true, Restore: undo}, message: "changed since it was judged",
			writes: []string{setDomain + "OK"}, journal: "intent done intent failed"},
	}
}

func journalScenarios() []scenario {
	full := []func(*binding.Binding){withCertificate, withRedirect}
	stopped := bind.Outcome{Status: bind.Incomplete, Stopped: true, Sent: true, Restore: undo}
	return []scenario{
		{name: "no intent can be journalled", hook: failing(journal.Intent, 1), want: bind.Outcome{Status: bind.Failed}, message: "so it was not sent"},
		{name: "no second intent can be journalled", requested: full, hook: failing(journal.Intent, 2), want: stopped, message: "so it was not sent",
			writes: []string{setPlain + "OK"}, journal: "intent done"},
		{name: "the outcome cannot be journalled", requested: full, hook: failing(journal.Outcome, 1), want: stopped, message: "journalling the outcome",
			writes: []string{setPlain + "OK"}, journal: "intent"},
		{name: "the last outcome cannot be journalled", hook: failing(journal.Outcome, 1), want: stopped, message: "journalling the outcome",
			writes: []string{setDomain + "OK"}, journal: "intent"},
		{name: "a refusal cannot be journalled", faults: "SetDomain:code=DomainNotResolved", hook: failing(journal.Outcome, 1),
			want: bind.Outcome{Status: bind.Failed, Code: "DomainNotResolved", Sent: true}, message: "then journalling the outcome",
			writes: []string{setDomain + "DomainNotResolved"}, journal: "intent"},
		{name: "a doubt cannot be journalled", faults: "SetDomain:reset-after-commit", hook: failing(journal.Outcome, 1),
			want: bind.Outcome{Status: bind.Unknown, Sent: true, Restore: undo}, message: "then journalling the outcome",
			writes: []string{setDomain + "reset-after-commit"}, journal: "intent"},
		{name: "the end of a doubt cannot be journalled", faults: "SetDomain:reset-after-commit", hook: failing(journal.Outcome, 2),
			want: stopped, message: "journalling the outcome", writes: []string{setDomain + "reset-after-commit"}, journal: "intent unknown"},
	}
}
