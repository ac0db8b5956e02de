package cli

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

// closedNetwork writes the owner's file of a network with separate root servers.
func closedNetwork(t *testing.T, l *lab.Lab) string {
	t.Helper()
	dir := t.TempDir()
	owner := filepath.Join(dir, "owner.yaml")
	for path, text := range map[string]string{
		filepath.Join(dir, "hints"): l.Hints,
		owner:                       fmt.Sprintf("apiVersion: bindgate/v1\nrootHints: hints\ndnsPort: %d\n", l.Port),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return owner
}

// Without --resolver the authorities are asked, from the roots that are named.
func TestAuthorityMode(t *testing.T) {
	t.Parallel()
	plan, err := lab.NewPlan(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, plan, 0)
	owner := closedNetwork(t, l)
	dir := filepath.Dir(owner)
	run := func(domain, resolvConf string, more ...string) (code int, out string) {
		var stdout, stderr bytes.Buffer
		env := console.Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Dir: dir,
			LookupEnv: func(string) (string, bool) { return "", false }, ResolvConf: resolvConf}
		code = Run(t.Context(), append([]string{"lint", "-v", "--without", "group,revocation", "--config", owner,
			"--domain", domain, "--group", "927d50c0f2e54b359919923d908bb015", "--region", "cn-hangzhou", "--stage", "RELEASE"}, more...), env)
		return code, strings.Join(strings.Fields(stdout.String()+stderr.String()), " ")
	}
	resolvers := resolvConf(t, dir, validator(t, l))
	for domain, want := range map[string]struct {
		code int
		text []string
	}{
		"api.bogus.com":          {exit.Refused, []string{"fail dns/dnssec-is-valid", "a validating resolver refuses it too"}},
		"api.demo.com":           {exit.Clean, []string{"pass dns/servers-agree", "pass dns/authoritative-servers-were-asked", "pass dns/dnssec-is-valid", "pass dns/resolvers-agree", "api.demo.com → (60 s) 927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com → 127.0.53.80"}},
		"api.mixed.com":          {exit.Refused, []string{"fail dns/servers-agree", "odd.servers.net 127.0.53.13:", "(300 s) old.demo.com"}},
		"other-data.crooked.com": {exit.Refused, []string{"fail dns/cname-has-no-other-data"}},
		"apexalias.com":          {exit.Refused, []string{"is the apex of its zone and has a CNAME record"}},
		"no.demo.com":            {exit.Refused, []string{"fail dns/name-exists"}},
		"self.demo.com":          {exit.Refused, []string{"fail dns/cname-chain-terminates"}},
		"dangling.demo.com":      {exit.Refused, []string{"fail dns/is-not-dangling"}},
		"unregistered.demo.com":  {exit.Refused, []string{"the domain not-registered.net does not exist"}},
		"api.lame.com":           {exit.CannotTell, []string{"unknown dns/servers-agree"}},
	} {
		code, out := run(domain, resolvers)
		if code != want.code {
			t.Errorf("%s: exit code %d, want %d: %s", domain, code, want.code, out)
		}
		for _, text := range want.text {
			if !strings.Contains(out, text) {
				t.Errorf("%s: no %q in: %s", domain, text, out)
			}
		}
	}
	code, out := run("api.demo.com", resolvers, "--type", "INTRANET")
	if code != exit.Clean || !strings.Contains(out, "pass dns/cname-chain-terminates") {
		t.Errorf("an INTRANET name is asked of the system's resolver: exit code %d: %s", code, out)
	}
	missing := filepath.Join(dir, "none")
	if code, out = run("api.demo.com", missing); code != exit.Clean || !strings.Contains(out, "unknown dns/resolvers-agree no resolver was asked in addition to the authoritative servers: reading the system's resolvers: open "+missing) {
		t.Errorf("the file is missing: exit code %d: %s", code, out)
	}
	if code, out = run("api.demo.com", missing, "--type", "INTRANET"); code != exit.CannotTell || !strings.Contains(out, "reading the system's resolvers: open "+missing) {
		t.Errorf("the file is missing, and the name is INTRANET: exit code %d: %s", code, out)
	}
}

// resolvConf writes a resolv.conf(5) that names a resolver; a port is an extension.
func resolvConf(t *testing.T, dir, resolver string) string {
	t.Helper()
	path := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(path, []byte("nameserver "+resolver+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// validator starts a validating resolver for a lab: it answers as the lab's servers do,
// and fails for bogus.com unless the query has the CD bit.
func validator(t *testing.T, l *lab.Lab) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		m.RecursionAvailable = true
		if name := r.Question[0].Name; strings.HasSuffix(name, "bogus.com.") && !r.CheckingDisabled {
			m.Rcode = dns.RcodeServerFailure
		} else {
			m.Rcode, m.Answer = l.Resolve(name, r.Question[0].Qtype)
		}
		_ = w.WriteMsg(m)
	})}
	started, stopped := make(chan struct{}), make(chan error, 1)
	server.NotifyStartedFunc = func() { close(started) }
	go func() { stopped <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-stopped); err != nil {
			t.Error(err)
		}
	})
	return conn.LocalAddr().String()
}

// The process itself reads the system's own file.
func TestSystemNamesTheResolvers(t *testing.T) {
	t.Parallel()
	if got := console.System().ResolvConf; got != "/etc/resolv.conf" {
		t.Errorf("got %q", got)
	}
}
