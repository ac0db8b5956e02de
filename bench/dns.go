package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/dns"
	"github.com/bindgate/bindgate/internal/heap"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
)

const (
	targetDNS  = 1.5 // of dnsx's time for the names only
	collectors = 32  // concurrent bindings, as on the command line
	dnsAddress = "127.0.0.1"
)

// dnsCommand is `bench dns`: it measures DNS evidence from knot on loopback,
// and dnsx and dnsperf on the same names. The target is a ratio of times; the
// ratio of the CPU, which depends less on other load, is in the details.
func dnsCommand(ctx context.Context, dir string, args []string) error {
	flags := flag.NewFlagSet("dns", flag.ContinueOnError)
	names := flags.Int("names", 100_000, "names in the zone")
	each := flags.Int("each", 5, "names per group, at most 5 by the platform's quota; each group has its own name")
	runs := flags.Int("runs", 5, "alternated runs of each program")
	mode := flags.String("collect", "", "only collect evidence in this `mode`: authoritative or resolver")
	port := flags.Int("port", 0, "of the server for --collect")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *mode != "" {
		return collectDNS(ctx, dir, *mode, uint16(*port), *each)
	}
	if dir == "" {
		temporary, err := os.MkdirTemp("", "bindgate-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = temporary
	}
	figures, err := measureDNS(ctx, dir, *names, *each, *runs)
	if err != nil {
		return err
	}
	return printTable(os.Stdout, figures)
}

// dnsRow is one program of the benchmark.
type dnsRow struct {
	name, target string
	command      command
	runs         int
}

func measureDNS(ctx context.Context, dir string, names, each, runs int) ([]figure, error) {
	bindgate, dnsx := filepath.Join(dir, "bindgate"), filepath.Join(dir, "dnsx")
	if err := goBuild(ctx, "-o", bindgate, "./cmd/bindgate"); err != nil {
		return nil, err
	}
	if err := goBuild(ctx, "-modfile=tools/dns/go.mod", "-o", dnsx, "github.com/projectdiscovery/dnsx/cmd/dnsx"); err != nil {
		return nil, err
	}
	k, err := startKnot(ctx, dir, names, each)
	if err != nil {
		return nil, err
	}
	defer k.stop()
	fmt.Printf("%s, %d cores, %s/%s\n%s\n%s\n%s\n", cpu(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, versions(bindgate), dnsxVersion(dnsx), k.version)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(int(k.port))
	server := net.JoinHostPort(dnsAddress, port)
	collect := func(mode string) command {
		return command{dir: dir, args: []string{self, "-dir", dir, "dns", "-collect", mode, "-port", port, "-each", strconv.Itoa(each)}}
	}
	lint := func(flags ...string) command { // with checks and report
		return command{dir: dir, args: append([]string{bindgate, "lint", "-f", "jsonl=/dev/null", "bindings.yaml"}, flags...)}
	}
	queries := func(name int) string { // four more for the name of a group
		return fmt.Sprintf("%.1f queries a name", float64(name)+4/float64(each))
	}
	rows := []dnsRow{
		{"dnsx -a, names only, 1 query a name", "", command{dir: dir, args: []string{dnsx, "-silent", "-l", "names", "-r", server, "-a", "-o", "dnsx.out"}}, runs},
		{"DNS evidence, authoritative servers, " + queries(7), fmt.Sprintf("≤ %.1f × dnsx", targetDNS), collect("authoritative"), runs},
		{"DNS evidence, resolver, " + queries(3), fmt.Sprintf("≤ %.1f × dnsx", targetDNS), collect("resolver"), runs},
	}
	if dnsperf, err := exec.LookPath("dnsperf"); err == nil {
		rows = append(rows, dnsRow{"dnsperf, CNAME of the names", "", command{dir: dir, args: []string{dnsperf, "-s", dnsAddress, "-p", port, "-d", "queries", "-n", "1"}}, runs})
	}
	rows = append(rows, // for comparison: checks and reports dominate
		dnsRow{"lint --offline", "", lint("--offline"), 1},
		dnsRow{"lint, authoritative servers", "", lint("--without", "group,revocation", "--config", "owner.yaml"), 1},
		dnsRow{"lint, resolver", "", lint("--without", "group,revocation", "--resolver", server), 1})
	samples, served := make([][]sample, len(rows)), make([]time.Duration, len(rows))
	for round := range runs { // alternated, so that other load affects all of them alike
		for i, r := range rows {
			if round >= r.runs {
				continue
			}
			before := k.cpu()
			s, err := r.command.run(ctx)
			if err != nil {
				return nil, err
			}
			samples[i], served[i] = append(samples[i], s), served[i]+k.cpu()-before
		}
	}
	base, baseCPU := median(samples[0], wall), median(samples[0], cpuTime)
	var figures []figure
	for i, r := range rows {
		took, cpu := median(samples[i], wall), median(samples[i], cpuTime)
		ratio := float64(took) / float64(base)
		figures = append(figures, figure{name: fmt.Sprintf("%d names: %s", names, r.name), target: r.target, missed: r.target != "" && ratio > targetDNS, runs: r.runs,
			measured: seconds(took), note: fmt.Sprintf("time %.2f × dnsx; CPU %.2f × dnsx (%s); CPU of knot %s", ratio, float64(cpu)/float64(baseCPU), seconds(cpu),
				seconds(served[i]/time.Duration(r.runs)))})
	}
	return figures, nil
}

// collectDNS only collects the DNS evidence of the names in dir. A name that
// does not resolve to its group is an error: a wrong run is fast for the wrong
// reason.
func collectDNS(ctx context.Context, dir, mode string, port uint16, each int) error {
	heap.CollectRarely() // as the program does
	collector, err := collectorFor(dir, mode, port)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "names"))
	if err != nil {
		return err
	}
	names := strings.Fields(string(text))
	lost := make([]error, collectors)
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range collectors {
		all.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(names); n = int(next.Add(1)) - 1 {
				b := binding.Binding{DomainName: names[n], GroupID: groupID(n, each), RegionID: "cn-hangzhou", DomainProof: binding.ProofCNAME}
				got, _ := collector.Collect(ctx, b)
				if got.Facts.End.Event != evidence.EventAddress || len(got.Facts.Hops) != 1 || got.Facts.End.Name != groupName(b.GroupID) {
					lost[i] = fmt.Errorf("%s: got %s %+v", b.DomainName, got.Reason, got.Facts.End)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(lost...)
}

func collectorFor(dir, mode string, port uint16) (*dns.Collector, error) {
	label := func() string { return "unused" }
	switch mode {
	case "resolver":
		client, err := resolve.New(resolve.Config{Server: net.JoinHostPort(dnsAddress, strconv.Itoa(int(port)))})
		return dns.New(client, time.Now, label), err
	case "authoritative":
		hints, err := os.ReadFile(filepath.Join(dir, "hints"))
		if err != nil {
			return nil, err
		}
		roots, err := iterate.ParseRoots(string(hints))
		if err != nil {
			return nil, err
		}
		walker, err := iterate.New(iterate.Config{Roots: roots, Port: port, Now: time.Now})
		return dns.NewAuthority(walker, nil, "", time.Now, label), err
	}
	return nil, fmt.Errorf("-collect is %q; want authoritative or resolver", mode)
}

func dnsxVersion(path string) string {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "dnsx: " + err.Error()
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/projectdiscovery/dnsx" {
			return "dnsx " + d.Version
		}
	}
	return "dnsx " + info.Main.Version
}

func groupID(i, each int) string { return fmt.Sprintf("927d50c0f2e54b359919923d9%07x", i/each) }

func groupName(group string) string { return group + "-cn-hangzhou.alicloudapi.com" }

// knot is a name server that serves all zones of the names.
type knot struct {
	process *exec.Cmd
	port    uint16
	version string
}

// startKnot serves the root, com, demo.com and alicloudapi.com, and writes the
// input of the programs: names, queries, hints and bindings.yaml.
func startKnot(ctx context.Context, dir string, names, each int) (*knot, error) {
	program, err := exec.LookPath("knotd")
	if err != nil {
		if program = "/usr/sbin/knotd"; exec.CommandContext(ctx, program, "--version").Run() != nil {
			return nil, errors.New("knotd was not found; install Debian's package knot")
		}
	}
	version, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return nil, err
	}
	socket, err := new(net.ListenConfig).ListenPacket(ctx, "udp", dnsAddress+":0")
	if err != nil {
		return nil, err
	}
	k := &knot{port: socket.LocalAddr().(*net.UDPAddr).AddrPort().Port(), version: strings.TrimSpace(string(version))}
	if err := socket.Close(); err != nil {
		return nil, err
	}
	if err := writeZones(dir, k.port, names, each); err != nil {
		return nil, err
	}
	k.process = exec.CommandContext(ctx, program, "-c", filepath.Join(dir, "knot.conf"))
	k.process.Dir, k.process.Stderr = dir, os.Stderr
	if err := k.process.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var client *resolve.Client // a new one, because a client stops asking a silent server
		if client, err = resolve.New(resolve.Config{Server: net.JoinHostPort(dnsAddress, strconv.Itoa(int(k.port))), Timeout: 100 * time.Millisecond, Tries: 1}); err != nil {
			break
		}
		if m, err := client.Exchange(ctx, "demo.com", fmt.Sprintf("n%d.demo.com", names-1), 5); err == nil && len(m.Answer) == 1 {
			return k, nil
		}
	}
	k.stop()
	return nil, errors.Join(err, errors.New("knotd did not load its zones within a minute"))
}

func (k *knot) stop() {
	_ = k.process.Process.Signal(syscall.SIGTERM)
	_ = k.process.Wait() // the outcome is irrelevant
}

// cpu returns the server's CPU time so far; 0 if /proc does not show it.
func (k *knot) cpu() time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", k.process.Process.Pid))
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100 // proc(5): clock ticks
}

func writeZones(dir string, port uint16, names, each int) error {
	head := func(apex string) string {
		return fmt.Sprintf("%s 60 IN SOA ns.demo.com. hostmaster.demo.com. 1 60 60 60 60\n%[1]s 60 IN NS ns.demo.com.\n", apex)
	}
	const glue = "ns.demo.com. 60 IN A " + dnsAddress + "\n"
	var list, queries, bindings, zone, groups strings.Builder
	bindings.WriteString("apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, bindStageName: RELEASE, customDomainType: INTERNET}\nbindings:\n")
	for i := range names {
		group := groupID(i, each)
		fmt.Fprintf(&list, "n%d.demo.com\n", i)
		fmt.Fprintf(&queries, "n%d.demo.com CNAME\n", i)
		fmt.Fprintf(&bindings, "  - {domainName: n%d.demo.com, groupId: %s}\n", i, group)
		fmt.Fprintf(&zone, "n%d.demo.com. 60 IN CNAME %s.\n", i, groupName(group))
		if i%each == 0 {
			fmt.Fprintf(&groups, "%s. 60 IN A 127.0.0.9\n", groupName(group))
		}
	}
	config := fmt.Sprintf("server:\n  rundir: %[1]s\n  listen: %[2]s@%[3]d\ndatabase:\n  storage: %[1]s\n"+
		"log:\n  - target: stderr\n    any: warning\ntemplate:\n  - id: default\n    zonefile-sync: -1\n    journal-content: none\nzone:\n", dir, dnsAddress, port)
	files := map[string]string{
		"names": list.String(), "queries": queries.String(), "bindings.yaml": bindings.String(), "hints": ". 60 IN NS ns.demo.com.\n" + glue,
		"owner.yaml": fmt.Sprintf("apiVersion: bindgate/v1\nrootHints: hints\ndnsPort: %d\n", port),
		"root.zone":  head(".") + "com. 60 IN NS ns.demo.com.\n" + glue,
		"com.zone":   head("com.") + "demo.com. 60 IN NS ns.demo.com.\nalicloudapi.com. 60 IN NS ns.demo.com.\n" + glue,
		"demo.zone":  head("demo.com.") + glue + zone.String(),
		"ali.zone":   head("alicloudapi.com.") + groups.String(),
	}
	for apex, file := range map[string]string{".": "root", "com.": "com", "demo.com.": "demo", "alicloudapi.com.": "ali"} {
		config += fmt.Sprintf("  - domain: %s\n    file: %s\n", apex, filepath.Join(dir, file+".zone"))
	}
	files["knot.conf"] = config
	return writeFiles(dir, files)
}
