package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/report"
)

// outcomes returns each binding's domain and outcome.
func (e finish) outcomes(w *world) (all []string) {
	w.Helper()
	var r report.Report
	w.check(json.Unmarshal([]byte(e.out), &r))
	for _, b := range r.Bindings {
		all = append(all, b.DomainName+" "+b.Outcome.Status)
	}
	return all
}

// ends wants the process to end with this code and these outcomes.
func (p *process) ends(code int, outcomes ...string) finish {
	p.w.Helper()
	e := p.wait()
	if e.code != code {
		p.w.Errorf("exit code %d, want %d\n%s%s", e.code, code, e.out, e.err)
	}
	if got := e.outcomes(p.w); !slices.Equal(got, outcomes) {
		p.w.Errorf("got %q, want %q", got, outcomes)
	}
	return e
}

// twoDomains is a world with two certified domains, a. before b.
func twoDomains(t *testing.T, faults string) *world {
	t.Helper()
	w := newWorld(t)
	w.serve(groups(1), map[string]string{"a.demo.com": target(0), "b.demo.com": target(0)})
	w.certified("a.demo.com", "b.demo.com")
	w.faults(faults)
	return w
}

// An interrupted run finishes the current sequence, so that no domain is
// incomplete, and begins no other. It ends with 4: calls were made, and
// not every binding is in effect.
func TestInterruptInACall(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"together": {"apply", "-f", "json"},
		"each":     {"apply", "-f", "json", "--each"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := twoDomains(t, "SetDomain@a.demo.com:hold-before-commit,SetDomainCertificate@a.demo.com:hold-after-commit")
			p := w.begin(flags...)
			first := p.held()
			p.interrupt() // as main does at a signal; a signal itself may arrive after the sequence
			first.Release()
			for range len(sequence()) - 1 {
				p.held().Release()
			}
			p.ends(4, "a.demo.com bound", "b.demo.com not-attempted")
			w.wrote(sequence()...)
			w.bound("a.demo.com")
			w.verified(0)
			w.want(0, "apply")
			w.bound("b.demo.com")
		})
	}
}

func TestInterruptBeforeACall(t *testing.T) {
	t.Parallel()
	for command, signal := range map[string]os.Signal{
		"lint": syscall.SIGINT, "plan": syscall.SIGTERM, "apply": syscall.SIGINT, "apply --each": syscall.SIGTERM,
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			w := twoDomains(t, "DescribeApiGroup:hold-before-commit:1")
			p := w.start(append(strings.Fields(command), "-f", "json")...)
			p.held()
			p.signal(signal)
			if e := p.wait(); e.code != 130 {
				t.Errorf("exit code %d, want 130\n%s%s", e.code, e.out, e.err)
			} else if strings.HasPrefix(command, "apply") {
				p.ends(130, "a.demo.com not-attempted", "b.demo.com not-attempted")
				w.verified(0)
			}
			w.wrote()
		})
	}
}

// A source of credentials that does not answer is not waited for.
func TestInterruptBeforeCredentials(t *testing.T) {
	t.Parallel()
	asked, never := make(chan struct{}, 1), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-never
	}))
	defer server.Close()
	defer close(never)
	for _, command := range []string{"lint", "apply", "audit --region cn-hangzhou"} {
		w := twoDomains(t, "")
		w.env = slices.DeleteFunc(slices.Clone(w.env), func(pair string) bool { return strings.HasPrefix(pair, "ALIBABA_CLOUD_ACCESS_KEY") })
		w.env = append(w.env, "ALIBABA_CLOUD_CREDENTIALS_URI="+server.URL, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED=true")
		p := w.start(strings.Fields(command)...)
		<-asked
		p.signal(syscall.SIGINT)
		if e := p.wait(); e.code != 130 || !strings.Contains(e.err, "interrupted") {
			t.Errorf("%s: exit code %d, want 130\n%s%s", command, e.code, e.out, e.err)
		}
		w.wrote()
	}
}

// A second signal ends the process at once; the next run makes it good.
func TestSecondInterrupt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve(groups(1), map[string]string{"api.demo.com": target(0)})
	w.certified("api.demo.com")
	w.faults("SetDomainCertificate:hold-before-commit:1")
	p := w.start("apply")
	p.held()
	for ended := false; !ended; {
		_ = p.cmd.Process.Signal(syscall.SIGINT) // it may have ended
		select {
		case <-p.ended:
			ended = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	if e := p.wait(); e.code != -1 {
		t.Errorf("exit code %d, want the signal's\n%s", e.code, e.err)
	}
	w.want(0, "apply")
	w.wrote(sequence()...)
	w.bound("api.demo.com")
}
