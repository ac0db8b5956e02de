package cli

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/demo/moves"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/resolve/lab"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// moving is an account of eight domains that move, with two name servers.
type moving struct {
	*testing.T
	dir   string
	box   *sandbox.Sandbox
	owner string
	env   []string
	now   func() time.Time
}

func newMoving(t *testing.T, assume ...string) *moving {
	t.Helper()
	m := &moving{T: t, dir: t.TempDir(), now: time.Now, owner: "owner.yaml"}
	m.check(moves.Write(m.dir, time.Now()))
	m.serve(assume...)
	m.zones(moves.Zones(false))
	return m
}

func (m *moving) check(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *moving) write(name, text string) {
	m.Helper()
	m.check(os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600))
}

func (m *moving) read(name string) string {
	m.Helper()
	data, err := os.ReadFile(filepath.Join(m.dir, name))
	m.check(err)
	return string(data)
}

func (m *moving) edit(name, old, text string) {
	m.Helper()
	was := m.read(name)
	if !strings.Contains(was, old) {
		m.Fatalf("%s has no %q", name, old)
	}
	m.write(name, strings.Replace(was, old, text, 1))
}

// serve starts the sandbox with seed.yaml.
func (m *moving) serve(assume ...string) {
	m.Helper()
	seed, err := account.ParseSeed([]byte(m.read("seed.yaml")), m.dir)
	m.check(err)
	o := sandbox.Options{Seed: seed, Now: time.Now, Roots: filepath.Join(m.dir, "ca.pem")}
	o.Assume, err = sandbox.ParseAssumptions(assume)
	m.check(err)
	m.box, err = sandbox.Start(m.Context(), o)
	m.check(err)
	m.Cleanup(func() { m.check(m.box.Close()) })
	m.env = slices.DeleteFunc(m.box.Env(), func(pair string) bool { return strings.HasPrefix(pair, "BINDGATE_RESOLVER=") })
}

// zones starts the name servers.
func (m *moving) zones(first, second string) {
	m.Helper()
	hosts := map[string]string{"ns1.servers.net": "", "ns2.servers.net": ""}
	plan, err := lab.CustomPlan([]lab.Custom{
		{Apex: "servers.net", At: lab.FirstAddress, Hosts: map[string]string{"ns1.servers.net": lab.FirstAddress},
			Text: "ns1 60 IN A " + lab.FirstAddress + "\nns2 60 IN A " + lab.SecondAddress + "\n"},
		{Apex: "demo.com", At: lab.FirstAddress, Hosts: hosts, Text: first},
		{Apex: "demo.com", At: lab.SecondAddress, Text: second},
		{Apex: "aliyuncs.com", At: lab.FirstAddress, Hosts: map[string]string{"ns1.servers.net": ""}, Text: moves.NewEntry + ". 60 IN A 203.0.113.1\n"},
	})
	m.check(err)
	l := lab.Start(m.T, plan, 0)
	m.write("hints", l.Hints)
	m.write("owner.yaml", fmt.Sprintf("apiVersion: bindgate/v1\nrootHints: hints\ndnsPort: %d\nroots: ca.pem\nprobeAllow: [203.0.113.0/24, 192.0.2.0/24]\n", l.Port))
	m.write("resolv.conf", "")
}

func (m *moving) bindgate(args ...string) (code int, out string) {
	m.Helper()
	var stdout, stderr bytes.Buffer
	environ := append(slices.Clone(m.env), "XDG_STATE_HOME="+m.dir)
	env := console.Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: m.now, Dir: m.dir, LookupEnv: console.Lookup(environ), Environ: environ,
		ResolvConf: filepath.Join(m.dir, "resolv.conf")}
	code = Run(m.Context(), args, env)
	return code, stdout.String() + stderr.String()
}

// follow runs cutover on map.yaml and returns the report by domain.
func (m *moving) follow(more ...string) (map[string]report.Binding, report.Report, string) {
	m.Helper()
	args := append([]string{"cutover", "--map", "map.yaml", "--config", m.owner,
		"--without", "revocation", "-f", "text", "-f", "json=out.json"}, more...)
	_, out := m.bindgate(args...)
	var r report.Report
	if err := json.Unmarshal([]byte(m.read("out.json")), &r); err != nil {
		m.Fatalf("%v: %s", err, out)
	}
	by := map[string]report.Binding{}
	for _, b := range r.Bindings {
		by[b.DomainName] = b
	}
	return by, r, out
}

// Eight domains are in eight states, the seventh by an earlier report.
func TestCutoverStates(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	m.zones(moves.Zones(true))
	m.follow()
	m.check(os.Rename(filepath.Join(m.dir, "out.json"), filepath.Join(m.dir, "first.json")))
	m.zones(moves.Zones(false))
	m.follow("--since", "first.json")
	m.check(os.Rename(filepath.Join(m.dir, "out.json"), filepath.Join(m.dir, "second.json")))
	m.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	by, r, out := m.follow("--since", "second.json", "-f", "html=board.html", "-f", "markdown=board.md")
	for i, name := range moves.Names() {
		p := by[name].Cutover
		if p == nil || p.State != cutover.State(i+1) {
			t.Errorf("%s: got %+v, want state %d", name, p, i+1)
		}
	}
	if t.Failed() {
		t.Fatal(out)
	}
	if c := r.Run.Classic; c == nil || c.DaysToEnd-c.DaysToRenewal != 184 {
		t.Errorf("days: got %+v", c)
	}
	for _, want := range []string{"5 moving:", "ns2.servers.net 127.0.53.12: old", "aliyun cloudapi DeleteDomain --region cn-hangzhou --GroupId 927d50c0f2e54b359919923d908bb015 --DomainName kept.demo.com",
		"ready.demo.com. 60 IN CNAME", "cutover/mutual-tls-is-carried"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in: %s", want, out)
		}
	}
	if !by["moved.demo.com"].Cutover.LastCacheEnds.IsZero() {
		t.Errorf("moved: got %+v, and no report saw it before", by["moved.demo.com"].Cutover)
	}
	for file, want := range map[string]string{"board.html": "<summary>partner.demo.com</summary>", "board.md": "| 7 old binding may go | kept.demo.com |"} {
		if !strings.Contains(m.read(file), want) {
			t.Errorf("%s: no %q", file, want)
		}
	}
}

// apply runs cutover --apply on a map.
func (m *moving) apply(file string) (int, string) {
	m.Helper()
	return m.bindgate("cutover", "--map", file, "--apply", "--config", "owner.yaml",
		"--read-back", "2s", "-f", "text", "-f", "json=applied.json")
}

// actions returns what changing calls the sandbox answered.
func (m *moving) actions() (names []string) {
	for _, c := range m.box.Calls() {
		if !strings.HasPrefix(c.Action, "Get") && !strings.HasPrefix(c.Action, "List") && !strings.HasPrefix(c.Action, "Describe") {
			names = append(names, c.Action)
		}
	}
	return names
}

// A domain whose client CA the map leaves out is refused; with it, its successor is made
// and nothing else is done. An update that leaves the CA out keeps it, whether the platform
// replaces the record or merges into it.
func TestCutoverApply(t *testing.T) {
	t.Parallel()
	for _, world := range []string{"replace", "merge"} {
		m := newMoving(t, "update-domain="+world)
		first, _, _ := strings.Cut(m.read("map.yaml"), "  - domainName: older")
		m.write("one.yaml", first)
		code, out := m.apply("one.yaml")
		if code != exit.Refused || !strings.Contains(out, "cutover/mutual-tls-is-carried") || len(m.actions()) > 0 {
			t.Fatalf("%s: a lost client CA: exit code %d, calls %v: %s", world, code, m.actions(), out)
		}
		m.edit("one.yaml", "http2Option: Open}", "http2Option: Open, clientCertificate: none}")
		if code, out = m.apply("one.yaml"); code != exit.Refused || len(m.actions()) > 0 {
			t.Fatalf("%s: a client CA that is stated to be off: exit code %d, calls %v: %s", world, code, m.actions(), out)
		}
		m.edit("one.yaml", "clientCertificate: none", "clientCertificate: {ca: clients-ca.pem}")
		if code, out = m.apply("one.yaml"); code != exit.Clean || !slices.Equal(m.actions(), []string{"UploadUserCertificate", "CreateDomain"}) {
			t.Fatalf("%s: exit code %d, calls %v: %s", world, code, m.actions(), out)
		}
		m.edit("one.yaml", "tlsMax: TLS 1.3", "tlsMax: TLS 1.2")
		m.edit("one.yaml", ", clientCertificate: {ca: clients-ca.pem}", "")
		if code, out = m.apply("one.yaml"); code != exit.Clean || !slices.Equal(m.actions(), []string{"UploadUserCertificate", "CreateDomain", "UpdateDomain"}) {
			t.Fatalf("%s: the update: exit code %d, calls %v: %s", world, code, m.actions(), out)
		}
		domains := m.box.StateAPIG().Domains
		d := domains[slices.IndexFunc(domains, func(d apig.Domain) bool { return d.Name == "partner.demo.com" })]
		if !d.MTLSEnabled || d.ClientCACert == "" || d.TLSMax != "TLS 1.2" {
			t.Errorf("%s: got %+v", world, d)
		}
		if code, out = m.apply("one.yaml"); code != exit.Clean || len(m.actions()) != 3 {
			t.Errorf("%s: again: exit code %d, calls %v: %s", world, code, m.actions(), out)
		}
	}
}

// liar serves a certificate to everybody, and returns its address.
func (m *moving) liar(leaf ca.Leaf) string {
	m.Helper()
	pair, err := tls.X509KeyPair(leaf.Chain, leaf.Key)
	m.check(err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	m.check(err)
	m.Cleanup(func() { m.check(l.Close()) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// Whatever the record says, what the gateway's addresses present decides: no certificate
// that is wrong lets DNS move, and one that is served to moved callers is reported as broken.
func TestCutoverBelievesHandshakes(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	own, err := ca.New(time.Now())
	m.check(err)
	issue := func(o ca.Options) ca.Leaf {
		leaf, err := own.Issue(o)
		m.check(err)
		return leaf
	}
	now := time.Now()
	m.write("ca.pem", m.read("ca.pem")+string(own.Root()))
	stranger, err := ca.New(now)
	m.check(err)
	untrusted, err := stranger.Issue(ca.Options{Names: []string{"*.demo.com"}})
	m.check(err)
	for want, leaf := range map[string]ca.Leaf{
		"is for www.demo.com, not for": issue(ca.Options{Names: []string{"www.demo.com"}}),
		"is valid from":                issue(ca.Options{Names: []string{"*.demo.com"}, NotBefore: now.AddDate(0, 0, -9), NotAfter: now.AddDate(0, 0, -1)}),
		"that of the API group at":     issue(ca.Options{Names: []string{"*.demo.com"}, NotAfter: now.AddDate(0, 0, 9)}),
		"leads to no trusted root":     untrusted,
	} {
		at := m.liar(leaf)
		m.env = append(slices.DeleteFunc(m.env, func(pair string) bool { return strings.HasPrefix(pair, "BINDGATE_PROBE_GATEWAY=") }), "BINDGATE_PROBE_GATEWAY="+at)
		by, _, _ := m.follow()
		ready, moved := by["ready.demo.com"].Cutover, by["moved.demo.com"].Cutover
		if ready.State != cutover.Prepared || !strings.Contains(strings.Join(ready.Because, "\n"), want) {
			t.Errorf("%s: got %+v", want, ready)
		}
		if moved.State != cutover.Moved || !strings.Contains(strings.Join(moved.Breaks, "\n"), want) {
			t.Errorf("%s: got %+v", want, moved)
		}
	}
}

// What was not observed is no state: without the permission, with one silent name server,
// and by one resolver.
func TestCutoverCannotTell(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	by, _, out := m.follow("--without", "group")
	if p := by["ready.demo.com"].Cutover; p == nil || p.State != cutover.Unknown || len(p.Because) == 0 || len(p.Next) > 0 {
		t.Errorf("without the gateways: got %+v: %s", p, out)
	}
	m.write("resolver.yaml", "apiVersion: bindgate/v1\nroots: ca.pem\nprobeAllow: [203.0.113.0/24, 192.0.2.0/24]\n")
	m.owner = "resolver.yaml"
	by, _, out = m.follow("--resolver", m.box.Resolver())
	m.owner = "owner.yaml"
	if p := by["ready.demo.com"].Cutover; p == nil || p.State != cutover.Serves {
		t.Errorf("by a resolver, which does not show the TTL: got %+v", p)
	}
	if p := by["kept.demo.com"].Cutover; p == nil {
		t.Errorf("by a resolver: %s", out)
	} else if p.State != cutover.Moved || !strings.Contains(strings.Join(p.Because, "\n"), "authoritative") {
		t.Errorf("by a resolver: got %+v", p)
	}
	faults, err := sandbox.ParseFaults("DescribeApiGroup:status=503")
	m.check(err)
	m.check(m.box.SetFaults(faults))
	by, _, _ = m.follow()
	for name, b := range by {
		if b.Cutover.State != cutover.Unknown || b.Decision == "allowed" {
			t.Errorf("%s without its API group: got %s, %+v", name, b.Decision, b.Cutover)
		}
	}
}

// A wait that ends before the servers agree claims nothing.
func TestCutoverWaits(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	by, _, out := m.follow("--wait", "1s")
	if p := by["moving.demo.com"].Cutover; p.State != cutover.Moving || p.LastCacheEnds.IsZero() || !strings.Contains(out, "waiting for DNS") {
		t.Errorf("got %+v: %s", p, out)
	}
	if p := by["moved.demo.com"].Cutover; p.State != cutover.Moved || !p.LastCacheEnds.IsZero() {
		t.Errorf("got %+v", p)
	}
}

// The sandbox's own name server, named as a root, shows all states but the fifth, for which
// two servers are needed, and the seventh, for which time has to pass.
func TestCutoverOnTheSandboxAlone(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	_, port, err := net.SplitHostPort(m.box.Resolver())
	m.check(err)
	m.write("hints", ". 60 IN NS ns.root.\nns.root. 60 IN A 127.0.0.1\n")
	m.write("owner.yaml", "apiVersion: bindgate/v1\nrootHints: hints\ndnsPort: "+port+"\nroots: ca.pem\nprobeAllow: [203.0.113.0/24, 198.51.100.0/24]\n")
	by, _, out := m.follow()
	want := []cutover.State{cutover.NotPrepared, cutover.Prepared, cutover.Serves, cutover.MayMove, cutover.Moved, cutover.Moved, cutover.Moved, cutover.Done}
	for i, name := range moves.Names() {
		if p := by[name].Cutover; p == nil || p.State != want[i] {
			t.Errorf("%s: got %+v, want %s: %s", name, p, want[i], out)
		}
	}
}

// A map of an account loads again, and keeps TLS as it is.
func TestCutoverWritesAMap(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	code, out := m.bindgate("cutover", "--from", "cn-hangzhou", "--to", "gw-pay", "-o", "found.yaml")
	if code != exit.Clean || !strings.Contains(out, "7 domains") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	text := m.read("found.yaml")
	for _, want := range []string{"domainName: ready.demo.com", "tlsMin: TLS 1.2", "tlsMax: TLS 1.2", "http2Option: Open", "body: certs/ready.demo.com.pem"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in: %s", want, text)
		}
	}
	if strings.Contains(text, "PRIVATE") {
		t.Error("the map has a key")
	}
	if code, out = m.bindgate("lint", "--offline", "found.yaml"); code != exit.Clean {
		t.Errorf("the map that was written: exit code %d: %s", code, out)
	}
	if code, out = m.bindgate("cutover", "--from", "cn-hangzhou", "--to", "gw-pay", "-o", "found.yaml"); code != exit.Usage || m.read("found.yaml") != text {
		t.Errorf("over a file that exists: exit code %d: %s", code, out)
	}
}

func TestCutoverUsage(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	m.write("bindings.yaml", "apiVersion: bindgate/v1\nbindings: [{domainName: a.demo.com, groupId: g, regionId: cn-hangzhou}]\n")
	m.write("report.json", `{"schema":"bindgate.report/v1","bindings":[]}`)
	m.write("later.json", `{"schema":"bindgate.report/v1","run":{"now":"2999-01-01T00:00:00Z"}}`)
	for args, want := range map[string]string{
		"":                         "--map is missing",
		"--from cn-hangzhou":       "--to is missing",
		"--to gw-pay":              "--from is missing",
		"--map map.yaml --from cn": "use one or the other",
		"--map map.yaml --apply --since report.json": "use one or the other",
		"--apply --from cn-hangzhou --to gw-pay":     "need --map",
		"--map bindings.yaml":                        "want a map with domains",
		"--map map.yaml --since report.json":         "of no domain that moves",
		"--map map.yaml --since later.json":          "name an earlier report",
		"--map map.yaml --since map.yaml":            "no json report",
		"--map map.yaml --apply --offline":           "apply",
		"--map map.yaml -f json=map.yaml":            "is the manifest too",
	} {
		if code, out := m.bindgate(append([]string{"cutover"}, strings.Fields(args)...)...); code != exit.Usage || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, want %q in: %s", args, code, want, out)
		}
	}
}

// An audit of the classic gateway says the days that are left, one of the other does not.
func TestAuditSaysTheDays(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	for platform, want := range map[string]bool{"classic": true, "apig": false} {
		_, out := m.bindgate("audit", "--region", "cn-hangzhou", "--platform", platform, "--config", "owner.yaml", "-f", "text", "-f", "json=audit.json")
		var r report.Report
		if err := json.Unmarshal([]byte(m.read("audit.json")), &r); err != nil {
			m.check(errors.Join(err, errors.New(out)))
		}
		if strings.Contains(out, "(until 2027-03-21)") != want || (r.Run.Classic != nil) != want {
			t.Errorf("%s: got %+v and %s", platform, r.Run.Classic, out)
		}
	}
}

// Saved evidence gives the same states again, without a connection.
func TestCutoverReplays(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	first, _, _ := m.follow("--evidence-out", "evidence.json")
	m.check(m.box.SetFaults(nil))
	calls := len(m.box.Calls())
	code, out := m.bindgate("cutover", "--map", "map.yaml", "--config", "owner.yaml", "--evidence", "evidence.json", "-f", "text", "-f", "json=out.json")
	var r report.Report
	m.check(json.Unmarshal([]byte(m.read("out.json")), &r))
	if len(r.Bindings) != len(first) || len(m.box.Calls()) != calls {
		t.Fatalf("exit code %d, %d bindings and %d calls: %s", code, len(r.Bindings), len(m.box.Calls())-calls, out)
	}
	for _, b := range r.Bindings {
		if was := first[b.DomainName].Cutover; b.Cutover.State != was.State || strings.Join(b.Cutover.Because, "") != strings.Join(was.Because, "") {
			t.Errorf("%s: got %+v, was %+v", b.DomainName, b.Cutover, was)
		}
	}
}

// A map goes where a manifest goes: its plan is saved and applied.
func TestCutoverPlan(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	first, _, _ := strings.Cut(m.read("map.yaml"), "  - domainName: older")
	m.write("one.yaml", strings.Replace(first, "http2Option: Open}", "http2Option: Open, clientCertificate: {ca: clients-ca.pem}}", 1))
	if code, out := m.bindgate("plan", "--config", "owner.yaml", "-o", "plan.json", "one.yaml"); code != exit.Clean || len(m.actions()) > 0 {
		t.Fatalf("plan: exit code %d, calls %v: %s", code, m.actions(), out)
	}
	code, out := m.bindgate("apply", "--config", "owner.yaml", "--plan", "plan.json", "--read-back", "2s")
	if code != exit.Clean || !slices.Equal(m.actions(), []string{"UploadUserCertificate", "CreateDomain"}) {
		t.Fatalf("apply: exit code %d, calls %v: %s", code, m.actions(), out)
	}
}
