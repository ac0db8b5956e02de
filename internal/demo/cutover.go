package demo

import (
	"context"
	"crypto/tls"
	_ "embed" // the naive and the fixed move are files that people can read
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"

	"github.com/bindgate/bindgate/internal/demo/moves"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

var (
	//go:embed scenario/naive.yaml
	naiveMove string
	//go:embed scenario/partner.yaml
	fixedMove string
)

const (
	// ResolvConf names no resolver: the demo asks its own name servers alone.
	ResolvConf = "resolv.conf"

	mapName   = "map.yaml"
	fixedName = "partner.yaml"
	hints     = ". 60 IN NS ns1.root.\n. 60 IN NS ns2.root.\nns1.root. 60 IN A 127.0.0.1\nns2.root. 60 IN %s %s\n"
	oldTTL    = 2 // seconds, of the record that kept.demo.com had
)

// RunCutover shows eight domains that move to the cloud-native gateway, in eight states, and
// a naive move that loses the CA of a domain's clients. agree reports whether every domain
// is in its state and the sandbox received exactly the calls that are allowed.
func RunCutover(ctx context.Context, o Options) (agree bool, err error) {
	f, err := openFolder(o.Dir, o.Temp)
	if err != nil {
		return false, err
	}
	agree, err = o.move(ctx, f)
	if cerr := f.close(); err == nil {
		err = cerr
	}
	return agree && err == nil, err
}

// moveStep is one command, with its exit code and the calls that it may make.
type moveStep struct {
	args  []string
	code  int
	calls []string
}

func (o Options) move(ctx context.Context, f folder) (agree bool, err error) {
	if err := moves.Write(f.path, o.Now()); err != nil {
		return false, err
	}
	if err := f.write(fixedName, fixedMove); err != nil {
		return false, err
	}
	first, second, err := o.servers(ctx, f)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, first.Close(), second.Close()) }()
	p := &printer{w: o.Out, color: o.Color}
	p.line("Eight domains move from the classic gateway to the cloud-native one. A sandbox")
	p.line("simulates both at %s, and two name servers.", first.Endpoint())
	if o.Name != "" {
		p.line("All files are kept in %s.", o.Name)
	}
	follow := []string{"cutover", "--map", mapName, "--config", "owner.yaml"}
	step := func(s moveStep) (wrong []string, err error) {
		sent := len(writes(first))
		p.command(s.args)
		code := o.Bindgate(ctx, f.path, withoutResolver(first), s.args...)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("running the demo: interrupted: %w", ctx.Err())
		}
		p.exit(code)
		if code != s.code {
			wrong = append(wrong, fmt.Sprintf("`bindgate %s` ended with %d, want %d", strings.Join(s.args, " "), code, s.code))
		}
		if got := writes(first)[sent:]; !slices.Equal(got, s.calls) {
			wrong = append(wrong, fmt.Sprintf("`bindgate %s` made the calls %q, want %q", strings.Join(s.args, " "), got, s.calls))
		}
		return wrong, nil
	}
	var wrong []string
	for _, stage := range []struct {
		text   string
		before func() error
		step   moveStep
	}{
		{"Before kept.demo.com moves:", nil, moveStep{slices.Concat(follow, []string{"-q", "-f", "json=1.json"}), exitRefused, nil}},
		{"Its record is changed at both servers:", func() error { return o.records(first, second, false) },
			moveStep{slices.Concat(follow, []string{"-q", "--since", "1.json", "-f", "json=2.json"}), exitRefused, nil}},
		{fmt.Sprintf("After its TTL of %d s (the demo has no resolver, only servers, so that\ndns/resolvers-agree is unknown; it blocks nothing):", oldTTL), func() error { return pause(ctx, (oldTTL+1)*time.Second) },
			moveStep{slices.Concat(follow, []string{"--since", "2.json", "-f", "text", "-f", "json=" + reportName, "-f", "html=board.html"}), exitRefused, nil}},
		{"The map names no CA for the clients of partner.demo.com, so nothing is sent:", nil,
			moveStep{[]string{"cutover", "--map", mapName, "--config", "owner.yaml", "--apply", "-q", "--journal", journalName, "-f", "json=applied.json"}, exitRefused, nil}},
		{"A map that names it:", nil,
			moveStep{[]string{"cutover", "--map", fixedName, "--config", "owner.yaml", "--apply", "--journal", journalName, "-f", "json=fixed.json"}, 0,
				[]string{"UploadUserCertificate", "CreateDomain"}}},
	} {
		p.line("\n%s", stage.text)
		if stage.before != nil {
			if err := stage.before(); err != nil {
				return false, err
			}
		}
		more, err := step(stage.step)
		if err != nil {
			return false, err
		}
		wrong = append(wrong, more...)
	}
	states, err := readStates(f.join(reportName))
	if err != nil {
		return false, err
	}
	naive, err := o.naive(ctx, f, second)
	if err != nil {
		return false, err
	}
	agree = p.moved(states, naive, requiresClients(first), wrong)
	return agree, p.err
}

// servers starts the sandbox, and a second one that is the second name server.
func (o Options) servers(ctx context.Context, f folder) (first, second *sandbox.Sandbox, err error) {
	text, err := os.ReadFile(f.join(seedName))
	if err != nil {
		return nil, nil, err
	}
	seed, err := account.ParseSeed(text, f.path)
	if err != nil {
		return nil, nil, err
	}
	options := sandbox.Options{Seed: seed, Now: o.Now, Roots: f.join(rootsName)}
	if first, err = sandbox.Start(ctx, options); err != nil {
		return nil, nil, err
	}
	_, port, err := net.SplitHostPort(first.Resolver())
	if err != nil {
		return nil, nil, errors.Join(err, first.Close())
	}
	kind, ip := "A", "127.0.0.2"
	options.DNSAddr = net.JoinHostPort(ip, port)
	if second, err = sandbox.Start(ctx, options); err != nil { // macOS has one IPv4 address on loopback
		kind, ip = "AAAA", "::1"
		options.DNSAddr = net.JoinHostPort(ip, port)
		if second, err = sandbox.Start(ctx, options); err != nil {
			return nil, nil, errors.Join(err, first.Close())
		}
	}
	err = errors.Join(
		f.write(ResolvConf, ""),
		f.write("hints", fmt.Sprintf(hints, kind, ip)),
		f.write("owner.yaml", "apiVersion: bindgate/v1\nrootHints: hints\ndnsPort: "+port+"\nroots: "+rootsName+"\nprobeAllow: [203.0.113.0/24, 198.51.100.0/24]\n"),
		o.records(first, second, true))
	if err != nil {
		return nil, nil, errors.Join(err, first.Close(), second.Close())
	}
	return first, second, nil
}

// records sets the records of demo.com at both name servers.
func (o Options) records(first, second *sandbox.Sandbox, before bool) error {
	one, two := moves.Zones(before)
	for server, zone := range map[*sandbox.Sandbox]string{first: one, second: two} {
		for line := range strings.Lines(zone) {
			owner, _, _ := strings.Cut(line, " ")
			if strings.HasPrefix(owner, "kept.") {
				line = strings.Replace(line, " 60 ", fmt.Sprintf(" %d ", oldTTL), 1)
			}
			if err := server.SetRecords(owner, line); err != nil {
				return err
			}
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("running the demo: interrupted: %w", ctx.Err())
	case <-time.After(d):
		return nil
	}
}

func withoutResolver(box *sandbox.Sandbox) []string {
	return slices.DeleteFunc(box.Env(), func(pair string) bool { return strings.HasPrefix(pair, "BINDGATE_RESOLVER=") })
}

// writes returns the actions that changed something.
func writes(box *sandbox.Sandbox) (actions []string) {
	for _, c := range box.Calls() {
		if c.Committed || !isRead(c.Action) {
			actions = append(actions, c.Action)
		}
	}
	return actions
}

// moveState is the state of one domain, as any other program reads it from the report.
type moveState struct {
	DomainName string `json:"domainName"`
	Cutover    struct {
		State int    `json:"state"`
		Name  string `json:"name"`
	} `json:"cutover"`
}

func readStates(path string) ([]moveState, error) {
	var r struct {
		Bindings []moveState `json:"bindings"`
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	return r.Bindings, nil
}

// naive moves a domain with its certificate and nothing else on another sandbox, and
// reports whether a client without a certificate is let in there.
func (o Options) naive(ctx context.Context, f folder, box *sandbox.Sandbox) (open bool, err error) {
	all, refused, err := bindPlainly(ctx, f, naiveMove, box)
	if err != nil || len(refused) > 0 {
		return false, err
	}
	client, err := newObserver(f, box, box.StateAPIG())
	if err != nil {
		return false, err
	}
	_, err = client.get(ctx, "https://"+all[0].DomainName, tls.VersionTLS13)
	return err == nil, ctx.Err()
}

// requiresClients reports whether the successor of partner.demo.com has the CA of clients.
func requiresClients(box *sandbox.Sandbox) bool {
	for _, d := range box.StateAPIG().Domains {
		if d.Name == moves.Names()[0] {
			return d.MTLSEnabled && d.ClientCACert != ""
		}
	}
	return false
}

// moved prints the states and every difference.
func (p *printer) moved(states []moveState, open, closed bool, wrong []string) (agree bool) {
	p.line("\n%s\n", p.paint("Eight domains, eight states:", color.Bold))
	for i, name := range moves.Names() {
		mark, got := p.paint("✓", color.FgGreen), moveState{}
		for _, s := range states {
			if s.DomainName == name {
				got = s
			}
		}
		if got.Cutover.State != i+1 {
			mark = p.paint("✗", color.FgRed)
			wrong = append(wrong, fmt.Sprintf("%s: got state %d %q, want %d", name, got.Cutover.State, got.Cutover.Name, i+1))
		}
		p.line("%s %-17s %d %s", mark, name, got.Cutover.State, got.Cutover.Name)
	}
	p.line("\n%s\n", p.paint("partner.demo.com requires client certificates today. Its successor:", color.Bold))
	for _, way := range []struct {
		how      string
		open, ok bool
	}{
		{"plain client, certificate alone", open, open},
		{"bindgate, with the CA in the map", !closed, closed},
	} {
		mark, meets := p.paint("✓", color.FgGreen), "clients without a certificate are refused"
		if way.open {
			meets = anyone
		}
		if !way.ok {
			mark = p.paint("✗", color.FgRed)
			wrong = append(wrong, "the successor of partner.demo.com by "+way.how+": "+meets)
		}
		p.line("%s %-32s  %s", mark, way.how, meets)
	}
	p.line("")
	if len(wrong) == 0 {
		p.line("%s", p.paint("All agree: every domain is in its state, and the sandbox received the two calls", color.FgGreen))
		p.line("%s", p.paint("of the fixed map and no other. Nothing was published, deleted or changed in DNS.", color.FgGreen))
		return true
	}
	p.line("%s", p.paint("Differences:", color.FgRed, color.Bold))
	for _, text := range wrong {
		p.line("- %s", text)
	}
	return false
}
