package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Cost targets of many bindings.
const (
	targetGrowth  = 1.1         // time of a binding among 100,000, relative to one among 1,000
	targetPeak    = 300_000_000 // bytes, for 100,000 bindings
	targetPeers   = 0.35        // of the time of zlint, openssl and conftest together
	targetRules   = 0.5         // of conftest's CPU, for the added cost of the same rules
	targetStart   = 1.0         // of conftest's CPU, for 20 policies with 1 MB of data
	peerBatch     = 500         // files per process of another program, in batches
	peerAlone     = 200         // files with one process each
	manyBindings  = 10_000
	mostBindings  = 100_000
	fewBindings   = 1_000
	startPolicies = 20
	plainManifest = "plain.yaml" // manyBindings without certificates
)

// measureGrowth compares the cost of a binding among 1,000 with one among
// 100,000.
func measureGrowth(ctx context.Context, p programs, dir string, runs int) ([]figure, error) {
	lint := func(n int) command {
		return command{dir: dir, args: []string{p.bindgate, "lint", "--offline", "--roots", "roots.pem", "-f", "jsonl=/dev/null", manifestOf(n)}}
	}
	samples, err := alternate(ctx, []command{lint(fewBindings), lint(manyBindings), lint(mostBindings)}, 0, max(runs/2, 1))
	if err != nil {
		return nil, err
	}
	each := func(i, n int) time.Duration { return median(samples[i], cpuTime) / time.Duration(n) }
	few, most := each(0, fewBindings), each(2, mostBindings)
	ratio, peak := float64(most)/float64(few), median(samples[2], memory)
	return []figure{
		{name: "100,000 bindings: CPU per binding", target: fmt.Sprintf("≤ %.1f × of 1,000", targetGrowth), missed: ratio > targetGrowth, runs: len(samples[2]),
			measured: microseconds(most), note: fmt.Sprintf("%.2f × of 1,000 (%s), 10,000: %s", ratio, microseconds(few), microseconds(each(1, manyBindings)))},
		{name: "100,000 bindings: memory", target: "≤ " + megabytes(targetPeak), missed: peak > targetPeak, runs: len(samples[2]),
			measured: megabytes(peak), note: fmt.Sprintf("1,000: %s, 10,000: %s", megabytes(median(samples[0], memory)), megabytes(median(samples[1], memory)))},
	}, nil
}

// measurePeers runs zlint, openssl and conftest on the same 10,000 files: file by file,
// as people run them, and in batches, which saves the cost of processes. File by file
// is measured with some of the files.
func measurePeers(ctx context.Context, p programs, dir string, runs int) ([]figure, error) {
	judge := func(files, perProcess int, suffix, program string) command {
		return command{dir: dir, args: []string{"sh", "-c", fmt.Sprintf("set -e; head -%d names.txt | sed 's,.*,certs/&%s,' | xargs -n %d %s >peer.out",
			files, suffix, perProcess, program)}}
	}
	commands := []command{
		{dir: dir, args: []string{p.bindgate, "lint", "--offline", "--roots", "roots.pem", "-f", "json=report.json", manifestOf(manyBindings)}},
	}
	for _, how := range []struct{ files, perProcess int }{{manyBindings, peerBatch}, {peerAlone, 1}} {
		commands = append(commands,
			judge(how.files, how.perProcess, ".pem", p.zlint),
			judge(how.files, how.perProcess, ".pem", "openssl verify -CAfile roots.pem -untrusted intermediate.pem"),
			judge(how.files, how.perProcess, ".yaml", p.conftest+" test --policy conftest.rego"))
	}
	samples, err := alternate(ctx, commands, 0, max(runs/2, 1))
	if err != nil {
		return nil, err
	}
	return []figure{
		comparedWithPeers("file by file", samples[0], samples[4:], manyBindings/peerAlone),
		comparedWithPeers(fmt.Sprintf("%d files per process", peerBatch), samples[0], samples[1:4], 1),
	}, nil
}

// comparedWithPeers compares ours with zlint, openssl and conftest, whose samples
// cover one of parts equal parts of the files.
func comparedWithPeers(how string, ours []sample, peers [][]sample, parts int) figure {
	took := median(ours, wall)
	var theirs time.Duration
	var notes []string
	for i, name := range []string{"zlint", "openssl verify", "conftest"} {
		each := median(peers[i], wall) * time.Duration(parts)
		theirs += each
		notes = append(notes, name+" "+seconds(each))
	}
	ratio := float64(took) / float64(theirs)
	return figure{name: "10,000 bindings compared with zlint, openssl, conftest, " + how, target: fmt.Sprintf("≤ %.2f × together", targetPeers),
		missed: ratio > targetPeers, runs: len(ours), measured: seconds(took), note: fmt.Sprintf("%.2f × (%s), CPU %s, %s", ratio,
			strings.Join(notes, ", "), seconds(median(ours, cpuTime)), megabytes(median(ours, memory)))}
}

// measureRules compares the added cost of five rules in a run of 10,000 bindings, and
// the start with many policies, with conftest's CPU for the same. The bindings have no
// certificates: judging those costs twenty times as much as the rules, whose cost would
// be lost in the noise.
func measureRules(ctx context.Context, p programs, dir string, runs int) ([]figure, error) {
	lint := func(manifest string, flags ...string) command {
		return command{dir: dir, args: append([]string{p.bindgate, "lint", "--offline", "--roots", "roots.pem", "-f", "jsonl=/dev/null", manifest}, flags...)}
	}
	samples, err := alternate(ctx, []command{
		lint(plainManifest),
		lint(plainManifest, "--config", "owner.yaml", "--policy", "bindgate.rego"),
		{dir: dir, args: []string{p.conftest, "test", "--policy", "conftest.rego", plainManifest}},
		lint(manifestOf(1), "--config", "owner.yaml", "--policy", "policies", "--data", "data.json"),
		{dir: dir, args: []string{p.conftest, "test", "--policy", "conftest-policies", "--data", "data.json", "--all-namespaces", manifestOf(1)}},
	}, 1, 2*runs)
	if err != nil {
		return nil, err
	}
	added := medianDifference(samples[1], samples[0])
	theirs := median(samples[2], cpuTime)
	rules := float64(added) / float64(theirs)
	start := float64(median(samples[3], cpuTime)) / float64(median(samples[4], cpuTime))
	return []figure{
		{name: "10,000 bindings: added cost of 5 rules", target: fmt.Sprintf("≤ %.1f × conftest's CPU", targetRules), missed: rules > targetRules, runs: len(samples[0]),
			measured: seconds(added), note: fmt.Sprintf("%.2f × (conftest %s)", rules, seconds(theirs))},
		{name: "start with 20 policies and 1 MB of data: CPU", target: fmt.Sprintf("≤ %.1f × conftest's", targetStart), missed: start > targetStart, runs: len(samples[3]),
			measured: milliseconds(median(samples[3], cpuTime)), note: fmt.Sprintf("%.2f × (conftest %s)", start, milliseconds(median(samples[4], cpuTime)))},
	}, nil
}

// medianDifference returns the median of the additional CPU time of each run of a over
// the preceding run of b.
func medianDifference(a, b []sample) time.Duration {
	more := make([]sample, len(a))
	for i := range a {
		more[i].cpu = a[i].cpu - b[i].cpu
	}
	return median(more, cpuTime)
}

func manifestOf(n int) string { return fmt.Sprintf("bindings-%d.yaml", n) }

func microseconds(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }

// writeMany writes manifests of several sizes for the same certificates, one
// file per binding for conftest, and the policies of both programs.
func writeMany(a authority, dir string) error {
	domains := make([]string, mostBindings)
	var text, bares strings.Builder
	sizes := map[int]bool{1: true, fewBindings: true, manyBindings: true, mostBindings: true}
	head := "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, bindStageName: RELEASE, isHttpRedirectToHttps: REDIRECT}\nbindings:\n"
	withCertificates, plain := strings.Replace(head, "REDIRECT", "true", 1), strings.Replace(head, "REDIRECT", "false", 1)
	files := map[string]string{"roots.pem": string(a.root.Root())}
	for i := range domains {
		domains[i] = fmt.Sprintf("api%d.team%d.demo.com", i, i%500)
		bare := manyBinding(domains[i], i)
		one := bare + manyCertificate(domains[i])
		text.WriteString(one)
		if sizes[i+1] {
			files[manifestOf(i+1)] = withCertificates + text.String()
		}
		if i < manyBindings {
			files[filepath.Join("certs", domains[i]+".yaml")] = withCertificates + one
			bares.WriteString(bare)
		}
	}
	if err := a.writePairs(filepath.Join(dir, "certs"), domains); err != nil {
		return err
	}
	intermediate, err := second(filepath.Join(dir, "certs", domains[0]+".pem"))
	if err != nil {
		return err
	}
	files[plainManifest] = plain + bares.String()
	files["intermediate.pem"], files["names.txt"] = intermediate, strings.Join(domains, "\n")+"\n"
	ours := func(pkg string) string {
		return strings.NewReplacer("PACKAGE", "bindgate.policy."+pkg, "IMPORT", "rego.v2", "EACH", "", "ABSENT", "input.binding.labels.owner == null", "BINDING", "input.binding").Replace(manyPolicy)
	}
	theirs := func(pkg string) string {
		return strings.NewReplacer("PACKAGE", pkg, "IMPORT", "rego.v1", "EACH", "\n\tsome b in input.bindings", "ABSENT", "not b.labels.owner", "BINDING", "b").Replace(manyPolicy)
	}
	files["owner.yaml"], files[filepath.Join("policies", "data.jsonschema")] = ownerFile, dataSchema
	files["bindgate.rego"], files["conftest.rego"] = ours("many"), theirs("main")
	for i := range startPolicies {
		pkg := fmt.Sprintf("p%d", i)
		files[filepath.Join("policies", pkg+".rego")] = ours(pkg) + dataRule
		files[filepath.Join("conftest-policies", pkg+".rego")] = theirs(pkg) + dataRule
	}
	if files["data.json"], err = oneMegabyte(); err != nil {
		return err
	}
	for _, folder := range []string{"policies", "conftest-policies"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return err
		}
	}
	return writeFiles(dir, files)
}

func manyBinding(domain string, i int) string {
	name := strings.ReplaceAll(domain, ".", "_")
	return fmt.Sprintf("  - domainName: %s\n    groupId: 927d50c0f2e54b359919923d9%07x\n"+
		"    labels: {owner: payments, changeTicket: CHG-%[2]d, service: %[3]s}\n", domain, i, name)
}

func manyCertificate(domain string) string {
	return fmt.Sprintf("    certificate: {name: %s, body: certs/%s.pem, privateKey: certs/%[2]s.key}\n", strings.ReplaceAll(domain, ".", "_"), domain)
}

// ownerFile declares the labels that the policies read.
const ownerFile = "apiVersion: bindgate/v1\nlabels: {owner: {}, changeTicket: {}, service: {}}\n"

// manyPolicy is the same for both programs except for the path of the binding, for conftest
// gets a manifest with all bindings, bindgate each binding; and for what is absent, which is
// null for bindgate and undefined for conftest.
const manyPolicy = `package PACKAGE

import IMPORT

deny contains sprintf("%s: no label names the owner", [BINDING.domainName]) if {EACH
	ABSENT
}

deny contains sprintf("%s: the ticket is missing or malformed", [BINDING.domainName]) if {EACH
	BINDING.labels.changeTicket != null
	not regex.match("^CHG-[0-9]+$", BINDING.labels.changeTicket)
}

deny contains sprintf("%s is not under demo.com", [BINDING.domainName]) if {EACH
	not endswith(BINDING.domainName, ".demo.com")
}

deny contains sprintf("%s has no group", [BINDING.domainName]) if {EACH
	count(BINDING.groupId) != 32
}

deny contains sprintf("%s is of a service of another name", [BINDING.domainName]) if {EACH
	BINDING.labels.service != null
	not startswith(BINDING.labels.service, replace(BINDING.domainName, ".", "_"))
}
`

// dataRule reads the data of oneMegabyte.
const dataRule = `
deny contains "the team has no contact" if not data.bench.owners["team-00042"].contact
`

// dataSchema declares the data of oneMegabyte to bindgate.
const dataSchema = `{"type": "object", "properties": {"bench": {"type": "object", "properties": {"owners": {"type": "object",
  "additionalProperties": {"type": "object", "required": ["contact", "suffix"], "properties": {"contact": {"type": "string"}, "suffix": {"type": "string"}}}}}}}}`

// oneMegabyte returns a JSON document of a million bytes for policies.
func oneMegabyte() (string, error) {
	owners := map[string]map[string]string{}
	for i := range 13_000 {
		owners[fmt.Sprintf("team-%05d", i)] = map[string]string{"contact": fmt.Sprintf("team-%05d@demo.com", i), "suffix": fmt.Sprintf("team%05d.demo.com", i)}
	}
	data, err := json.Marshal(map[string]any{"bench": map[string]any{"owners": owners}})
	return string(data), err
}

// second returns the second certificate of a PEM file.
func second(path string) (string, error) {
	text, err := os.ReadFile(path)
	const begin = "-----BEGIN CERTIFICATE-----"
	parts := strings.SplitAfterN(string(text), begin, 3)
	if err != nil || len(parts) < 3 {
		return "", fmt.Errorf("%q contains no second certificate: %w", path, err)
	}
	return begin + parts[2], nil
}

// openssl returns the version of the installed openssl.
func openssl(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "openssl", "version").Output()
	if err != nil {
		return "openssl: " + err.Error()
	}
	return strings.TrimSpace(string(out))
}
