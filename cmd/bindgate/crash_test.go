package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

const journalFile = "state/bindgate/journal.jsonl"

// certified is the manifest of domains that are bound with certificate and
// redirect: three calls each.
func (w *world) certified(names ...string) {
	w.Helper()
	text := "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, bindStageName: RELEASE}\nbindings:\n"
	for _, name := range names {
		leaf, err := w.authority.Issue(ca.Options{Names: []string{name}})
		w.check(err)
		w.write(name+".pem", string(leaf.Chain))
		w.write(name+".key", string(leaf.Key))
		text += fmt.Sprintf("  - domainName: %[1]s\n    groupId: %[2]s\n    isHttpRedirectToHttps: true\n"+
			"    certificate: {name: wanted, body: %[1]s.pem, privateKey: %[1]s.key}\n", name, group(0))
	}
	w.write("bindings.yaml", text)
}

// sequence is what binding one such domain takes.
func sequence() []string {
	return []string{"SetDomain IsHttpRedirectToHttps=false", "SetDomainCertificate CertificateName=wanted", "SetDomain IsHttpRedirectToHttps=true"}
}

// bound fails the test unless the domain is in effect as certified requests it.
func (w *world) bound(name string) {
	w.Helper()
	d := w.domain(group(0), name)
	if d.DomainBindingStatus != "BINDING" || d.BindStageName != "RELEASE" || d.CertificateName != "wanted" || !d.IsHTTPRedirectToHTTPS {
		w.Errorf("the gateway has %+v for %s, want it bound with certificate and redirect", d, name)
	}
}

// wrote wants the gateway to have taken exactly these changes.
func (w *world) wrote(want ...string) {
	w.Helper()
	if got := w.writes(); !slices.Equal(got, want) {
		w.Errorf("the gateway took\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// verified wants the journal's chain to hold and this many of its calls to have
// no known outcome, in `journal verify` and in what `journal show` lists.
func (w *world) verified(pending int) {
	w.Helper()
	if got := strings.Count(w.want(0, "journal", "verify").out, "no known outcome"); got != pending {
		w.Errorf("journal verify reports %d calls without a known outcome, want %d", got, pending)
	}
	open := map[string]bool{}
	for line := range strings.Lines(w.want(0, "journal", "show", "-f", "jsonl").out) {
		var e journal.Entry
		w.check(json.Unmarshal([]byte(line), &e))
		switch e.Kind {
		case journal.Intent:
			open[e.Permit] = true
		case journal.Outcome:
			delete(open, e.Permit)
		}
	}
	if len(open) != pending {
		w.Errorf("journal show lists %d intents without an outcome, want %d", len(open), pending)
	}
}

// crash is one place at which `apply` is killed, and what it leaves.
type crash struct {
	call   int  // of the sequence, from 0
	after  bool // its commit
	ledger string
}

func crashes() (all []crash) {
	for call := range sequence() {
		for _, after := range []bool{false, true} {
			for _, ledger := range []string{"kept", "deleted", "torn"} {
				all = append(all, crash{call, after, ledger})
			}
		}
	}
	return all
}

func (c crash) String() string {
	return fmt.Sprintf("call %d, after commit %t, journal %s", c.call+1, c.after, c.ledger)
}

// fault holds the call open; a count distinguishes the two SetDomain calls.
func (c crash) fault() string {
	kind := "hold-before-commit"
	if c.after {
		kind = "hold-after-commit"
	}
	return []string{"SetDomain:" + kind + ":1", "SetDomainCertificate:" + kind + ":1", "SetDomain:pass:1,SetDomain:" + kind + ":1"}[c.call]
}

// A run that is killed in the middle of a call is made good by the next one,
// from the gateway's state alone: no call that took effect is made again.
func TestApplyKilledInACall(t *testing.T) {
	t.Parallel()
	for _, c := range crashes() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.serve(groups(1), map[string]string{"api.demo.com": target(0)})
			w.certified("api.demo.com")
			w.faults(c.fault())
			p := w.start("apply")
			p.held()
			p.signal(syscall.SIGKILL)
			if e := p.wait(); e.code != -1 {
				t.Fatalf("exit code %d of a killed process\n%s", e.code, e.err)
			}
			w.faults("")
			c.leave(w)
			e := w.want(0, "apply")
			w.wrote(sequence()...)
			w.bound("api.demo.com")
			c.reports(w, e)
			if c.ledger != "kept" {
				return
			}
			if again := w.want(0, "apply", "-f", "json"); !strings.Contains(again.out, `"status":"unchanged"`) || strings.Contains(again.err, "no known") {
				t.Errorf("the third run says %s%s", again.out, again.err)
			}
			w.wrote(sequence()...)
		})
	}
}

// leave is what becomes of the journal between the runs.
func (c crash) leave(w *world) {
	w.Helper()
	switch c.ledger {
	case "kept":
		w.verified(1)
	case "deleted":
		w.check(os.RemoveAll(w.path("state")))
	case "torn":
		text, err := os.ReadFile(w.path(journalFile))
		w.check(err)
		w.write(journalFile, string(text)+`{"schema":"bindgate.journal/v1","seq":4,"ti`)
		if e := w.want(2, "journal", "verify"); !strings.Contains(e.err, "unfinished") {
			w.Errorf("journal verify says %q of a torn line", e.err)
		}
	}
}

// reports fails the test unless the run after a crash reports the state of the journal.
func (c crash) reports(w *world, e finish) {
	w.Helper()
	if got := strings.Contains(e.err, "no known outcome"); got != (c.ledger != "deleted") {
		w.Errorf("with the journal %s apply says %q", c.ledger, e.err)
	}
	if got := strings.Contains(e.err, "unfinished line"); got != (c.ledger == "torn") {
		w.Errorf("with the journal %s apply says %q", c.ledger, e.err)
	}
	w.verified(0) // the call is settled: the binding was seen to stand
}

// A force that is killed takes the domain once, from those that were judged.
func TestForceKilledInItsCall(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after commit %t", after), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := groups(2)
			s.Groups[1].Domains = []account.Domain{{DomainName: "api.demo.com", BindStageName: "RELEASE"}}
			w.serve(s, map[string]string{"api.demo.com": target(0)})
			w.write("bindings.yaml", fmt.Sprintf("apiVersion: bindgate/v1\nbindings:\n  - {domainName: api.demo.com, groupId: %q, regionId: cn-hangzhou, "+
				"bindStageName: RELEASE, isForce: true, forceFrom: [%q], labels: {owner: payments, changeTicket: CHG-1042}}\n", group(0), group(1)))
			w.faults(crash{after: after}.fault())
			p := w.start("apply")
			p.held()
			p.signal(syscall.SIGKILL)
			p.wait()
			w.faults("")
			w.want(0, "apply")
			w.wrote("SetDomain IsForce=true")
			if d := w.domain(group(0), "api.demo.com"); d.DomainBindingStatus != "BINDING" || w.domain(group(1), "api.demo.com").DomainName != "" {
				t.Errorf("the gateway has %+v, want the domain on the one group alone", w.box.State())
			}
			w.verified(0)
		})
	}
}
