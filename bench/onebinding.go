package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// targetRatio is the cost target of one binding, relative to a run of conftest.
const targetRatio = 0.6

// targetShipped is what all shipped policies may add to the CPU of one binding.
const targetShipped = 8 * time.Millisecond

// allOn turns on every shipped policy, none of which denies the binding.
const allOn = `shipped:
  freeze: {enabled: true, zone: Asia/Shanghai, dated: [{from: "2020-01-01T00:00:00Z", to: "2020-01-02T00:00:00Z", reason: past}]}
  limits: {enabled: true}
  owners: {enabled: true, domains: {payments: [demo.com]}}
  stages:
    owners: {enabled: true, allowed: [payments]}
    branches: {enabled: true, repositories: [demo/gateway]}
    approvals: {enabled: true}
`

const oneManifest = `apiVersion: bindgate/v1
bindings:
  - domainName: api.demo.com
    groupId: 927d50c0f2e54b359919923d908bb015
    regionId: cn-hangzhou
    bindStageName: RELEASE
    customDomainType: INTERNET
    isHttpRedirectToHttps: true
    certificate: {name: api_demo_com, body: certs/api.demo.com.pem, privateKey: certs/api.demo.com.key}
    labels: {owner: payments, changeTicket: CHG-1042}
`

// onePolicy is the same for both programs except for its package and the path
// of the binding: conftest gets the manifest as written, bindgate each binding.
const onePolicy = `package PACKAGE

import IMPORT

binding := INPUT

deny contains "no label names the owner" if ABSENT

deny contains "the ticket is missing or malformed" if {
	binding.labels.changeTicket != null
	not regex.match("^CHG-[0-9]+$", binding.labels.changeTicket)
}

deny contains sprintf("%s is not for RELEASE", [binding.domainName]) if binding.bindStageName != "RELEASE"

deny contains sprintf("%s does not redirect to HTTPS", [binding.domainName]) if binding.isHttpRedirectToHttps != true

deny contains sprintf("%s has a certificate of another name", [binding.domainName]) if {
	GIVEN
	not startswith(binding.certificate.name, replace(binding.domainName, ".", "_"))
}
`

// measureOneBinding lints one valid binding offline, alternating with conftest
// on the same manifest and Rego.
func measureOneBinding(ctx context.Context, p programs, a authority, dir string, runs int) ([]figure, error) {
	dir = filepath.Join(dir, "one")
	if err := writeOneBinding(a, dir); err != nil {
		return nil, fmt.Errorf("creating the input: %w", err)
	}
	conftest := func(manifest string, exit int) command {
		return command{dir: dir, exit: exit, args: []string{p.conftest, "test", "--policy", "conftest.rego", manifest}}
	}
	lint := func(manifest string, exit int, flags ...string) command {
		return command{dir: dir, exit: exit, args: append([]string{p.bindgate, "lint", "--offline", manifest}, flags...)}
	}
	// Both must refuse what the Rego denies, else it was not evaluated.
	denied := []command{conftest("denied.yaml", 1), lint("denied.yaml", 1, "--roots", "roots.pem", "--config", "owner.yaml", "--policy", "bindgate.rego")}
	if _, err := alternate(ctx, denied, 0, 1); err != nil {
		return nil, err
	}
	samples, err := alternate(ctx, []command{
		conftest("bindings.yaml", 0),
		lint("bindings.yaml", 0, "--roots", "roots.pem", "--config", "owner.yaml", "--policy", "bindgate.rego"),
		lint("bindings.yaml", 0, "--roots", "roots.pem"),
		lint("bindings.yaml", 1, "--config", "owner.yaml", "--policy", "bindgate.rego"), // Mozilla's list lacks the bench's CA
		lint("force.yaml", 0, "--roots", "roots.pem", "--config", "owner.yaml"),
		lint("force.yaml", 0, "--roots", "roots.pem", "--config", "owner.yaml", "--data", "settings.yaml"),
	}, runs/10+1, runs)
	if err != nil {
		return nil, err
	}
	shipped := medianDifference(samples[5], samples[4])
	return []figure{
		timed("one binding: conftest test", samples[0], samples[0], ""),
		timed("one binding: lint --offline, same Rego", samples[1], samples[0], atMost(targetRatio)),
		timed("one binding: lint --offline, shipped policy", samples[2], samples[0], atMost(targetRatio)),
		timed("one binding: same Rego, Mozilla's roots", samples[3], samples[0], atMost(targetRatio)),
		{name: "one forced binding: added CPU of all shipped policies", target: "≤ " + milliseconds(targetShipped), missed: shipped > targetShipped,
			runs: len(samples[5]), measured: milliseconds(shipped), note: "of " + milliseconds(median(samples[5], cpuTime))},
	}, nil
}

func atMost(ratio float64) string { return fmt.Sprintf("≤ %.1f × conftest", ratio) }

// timed returns the figure of samples compared with those of conftest.
func timed(name string, samples, conftest []sample, target string) figure {
	took := median(samples, wall)
	ratio := float64(took) / float64(median(conftest, wall))
	return figure{
		name: name, target: target, missed: target != "" && ratio > targetRatio, runs: len(samples), measured: milliseconds(took),
		note: fmt.Sprintf("%.2f × conftest, CPU %s, %s", ratio, milliseconds(median(samples, cpuTime)), megabytes(median(samples, memory))),
	}
}

func writeOneBinding(a authority, dir string) error {
	if err := a.writePairs(filepath.Join(dir, "certs"), []string{"api.demo.com"}); err != nil {
		return err
	}
	return writeFiles(dir, map[string]string{
		"roots.pem":     string(a.root.Root()),
		"bindings.yaml": oneManifest,
		"denied.yaml":   strings.Replace(oneManifest, "CHG-1042", "later", 1),
		"force.yaml":    strings.Replace(oneManifest, "    labels:", "    isForce: true\n    forceFrom: [523e8dc7bbe04613b5b1d726c2a7889d]\n    labels:", 1),
		"owner.yaml":    ownerFile,
		"settings.yaml": allOn,
		"conftest.rego": strings.NewReplacer("PACKAGE", "main", "IMPORT", "rego.v1", "ABSENT", "not binding.labels.owner", "GIVEN", "binding.certificate", "INPUT", "input.bindings[0]").Replace(onePolicy),
		"bindgate.rego": strings.NewReplacer("PACKAGE", "bindgate.policy.bench", "IMPORT", "rego.v2", "ABSENT", "binding.labels.owner == null",
			"GIVEN", "binding.certificate.given", "INPUT", "input.binding").Replace(onePolicy),
	})
}

// writeFiles writes texts by file name.
func writeFiles(dir string, texts map[string]string) error {
	for name, text := range texts {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			return err
		}
	}
	return nil
}
