//go:build realdns

package iterate_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve/lab"
)

// TestRealServers runs the scenarios on the name servers of Debian, each in turn
// in the place of every sound server of the lab, its root and top-level zones
// included. The verdicts are those of the embedded server. .ci/dns installs them.
func TestRealServers(t *testing.T) {
	t.Parallel()
	for _, kind := range []daemon{
		{"knotd", []string{"-c"}, knotConfig}, {"named", []string{"-g", "-c"}, namedConfig},
		{"nsd", []string{"-d", "-c"}, nsdConfig}, {"unbound", []string{"-d", "-c"}, unboundConfig},
	} {
		t.Run(kind.program, func(t *testing.T) {
			plan, err := lab.NewPlan(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			sound := []string{lab.RootAddress, lab.TLDAddress, lab.FirstAddress, lab.SecondAddress}
			l := lab.Start(t, plan, 0, sound...)
			for _, address := range sound {
				kind.start(t, address, l.Port, plan.Servers[address])
			}
			w := walker(t, l)
			for _, c := range append(lab.Cases(), lab.OddCases()...) {
				check(t, w, c)
			}
		})
	}
}

// daemon is a name server program that reads its configuration from a file.
type daemon struct {
	program string
	args    []string
	config  func(dir, address string, port uint16, files map[string]string) string
}

// start serves the zones of a server on an address until the test ends.
func (d daemon) start(t *testing.T, address string, port uint16, s *lab.Server) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{}
	for i, z := range s.Zones {
		files[z.Name] = filepath.Join(dir, fmt.Sprintf("%d.zone", i))
		if err := os.WriteFile(files[z.Name], []byte(z.Text()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "server.conf")
	if err := os.WriteFile(config, []byte(d.config(dir, address, port, files)), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := exec.Command(d.program, append(d.args, config)...)
	c.Stdout, c.Stderr, c.Dir = &log, &log, dir
	if err := c.Start(); err != nil {
		t.Fatalf("starting %s: %v; .ci/dns installs it", d.program, err)
	}
	stopped := make(chan struct{})
	go func() { _ = c.Wait(); close(stopped) }()
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		select {
		case <-stopped:
		case <-time.After(5 * time.Second):
			_ = c.Process.Kill()
			<-stopped
		}
		if t.Failed() {
			t.Logf("%s on %s: %s", d.program, address, log.String())
		}
	})
	for _, z := range s.Zones {
		awaitZone(t, fmt.Sprintf("%s:%d", address, port), z.Name)
	}
}

// awaitZone waits until a server answers for a zone with authority.
func awaitZone(t *testing.T, server, zone string) {
	t.Helper()
	client := dns.Client{Timeout: 200 * time.Millisecond}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		q := new(dns.Msg).SetQuestion(zone, dns.TypeSOA)
		q.RecursionDesired = false
		if m, _, err := client.Exchange(q, server); err == nil && m.Authoritative && len(m.Answer) > 0 {
			return
		}
	}
	t.Fatalf("%s does not serve %s", server, zone)
}

func eachZone(files map[string]string, format string) string {
	var b strings.Builder
	for name, file := range files {
		b.WriteString(strings.NewReplacer("NAME", name, "FILE", file).Replace(format))
	}
	return b.String()
}

func knotConfig(dir, address string, port uint16, files map[string]string) string {
	return fmt.Sprintf("server:\n  rundir: %[1]s\n  listen: %[2]s@%[3]d\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\ndatabase:\n  storage: %[1]s\n"+
		"log:\n  - target: stderr\n    any: warning\ntemplate:\n  - id: default\n    zonefile-sync: -1\n    journal-content: none\nzone:\n", dir, address, port) +
		eachZone(files, "  - domain: NAME\n    file: FILE\n")
}

func namedConfig(dir, address string, port uint16, files map[string]string) string {
	return fmt.Sprintf("options { directory %q; listen-on port %d { %s; }; listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile none; dnssec-validation no; notify no; };\ncontrols { };\n",
		dir, port, address) + eachZone(files, "zone \"NAME\" { type primary; file \"FILE\"; check-names ignore; };\n")
}

func nsdConfig(dir, address string, port uint16, files map[string]string) string {
	return fmt.Sprintf("server:\n  ip-address: %[2]s@%[3]d\n  zonesdir: %[1]q\n  pidfile: \"\"\n  username: \"\"\n  database: \"\"\n  xfrdfile: \"%[1]s/xfrd\"\n  zonelistfile: \"%[1]s/list\"\n  xfrdir: %[1]q\n  server-count: 1\n"+
		"remote-control:\n  control-enable: no\n", dir, address, port) + eachZone(files, "zone:\n  name: \"NAME\"\n  zonefile: \"FILE\"\n")
}

func unboundConfig(dir, address string, port uint16, files map[string]string) string {
	return fmt.Sprintf("server:\n  interface: %[2]s\n  port: %[3]d\n  directory: %[1]q\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  use-syslog: no\n  do-ip6: no\n  num-threads: 1\n  module-config: \"iterator\"\n"+
		"  access-control: 127.0.0.0/8 allow\n  local-zone: \"test.\" nodefault\nremote-control:\n  control-enable: no\n", dir, address, port) +
		eachZone(files, "auth-zone:\n  name: \"NAME\"\n  zonefile: \"FILE\"\n  for-downstream: yes\n  for-upstream: no\n  fallback-enabled: no\n")
}
