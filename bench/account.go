package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Cost targets of a full account.
const (
	targetWall   = 20 * time.Second
	targetMemory = 200_000_000 // bytes
	targetRate   = 1000        // bindings per second
)

// measureAccount lints a full account with all evidence against a sandbox in a
// separate process: first with the latency and the rate limit of the real
// gateway, then with neither.
func measureAccount(ctx context.Context, p programs, a authority, dir string, runs int) ([]figure, error) {
	dir = filepath.Join(dir, "account")
	if err := writeAccount(a, dir, groups, true); err != nil {
		return nil, fmt.Errorf("creating the input: %w", err)
	}
	slow, err := lintAccount(ctx, p, dir, runs, []string{"--latency", "30ms", "--rate", "100"}, nil)
	if err != nil {
		return nil, err
	}
	quick, err := lintAccount(ctx, p, dir, runs, nil, []string{"--config", "owner.yaml"})
	if err != nil {
		return nil, err
	}
	took, size := median(slow, wall), median(slow, memory)
	rate := float64(bindings) / median(quick, wall).Seconds()
	return []figure{
		{name: "full account, 30 ms, 100 calls/s: time", target: "< " + targetWall.String(), missed: took >= targetWall,
			measured: seconds(took), note: "CPU " + seconds(median(slow, cpuTime)), runs: len(slow)},
		{name: "full account, 30 ms, 100 calls/s: memory", target: "< " + megabytes(targetMemory), missed: size >= targetMemory,
			measured: megabytes(size), note: "largest resident set of the client", runs: len(slow)},
		{name: "full account, no latency, no limit", target: fmt.Sprintf("≥ %d bindings/s", targetRate), missed: rate < targetRate,
			measured: fmt.Sprintf("%.0f bindings/s", rate), runs: len(quick),
			note: fmt.Sprintf("%s, CPU %s, %s", seconds(median(quick, wall)), seconds(median(quick, cpuTime)), megabytes(median(quick, memory)))},
	}, nil
}

// lintAccount lints the account on a sandbox with the given flags.
func lintAccount(ctx context.Context, p programs, dir string, runs int, sandboxFlags, lintFlags []string) ([]sample, error) {
	s, err := startSandbox(ctx, p.bindgate, dir, sandboxFlags)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	report := filepath.Join(dir, "report.json")
	lint := command{dir: dir, env: s.env, args: append([]string{p.bindgate, "lint", "-f", "json=" + report, "bindings.yaml"}, lintFlags...)}
	samples, err := alternate(ctx, []command{lint}, 1, runs)
	if err != nil {
		return nil, err
	}
	r, err := readSummary(report)
	if err == nil && (r.Bindings != bindings || r.Allowed != bindings) {
		err = fmt.Errorf("the report says %+v, want all of %d bindings allowed", r, bindings)
	}
	return samples[0], err
}

// summary is the counts of a report.
type summary struct{ Bindings, Allowed, Bound int }

func readSummary(report string) (summary, error) {
	var r struct{ Summary summary }
	text, err := os.ReadFile(report)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	return r.Summary, err
}

// measureApply binds every domain of an account without bindings in one run, without
// latency or rate limit.
func measureApply(ctx context.Context, p programs, a authority, dir string, count int) ([]figure, error) {
	dir = filepath.Join(dir, "apply")
	if err := writeAccount(a, dir, count/(2*domainsEach), false); err != nil {
		return nil, fmt.Errorf("creating the input: %w", err)
	}
	s, err := startSandbox(ctx, p.bindgate, dir, nil)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	report := filepath.Join(dir, "report.json")
	took, err := command{dir: dir, env: s.env, args: []string{p.bindgate, "apply", "--config", "owner.yaml", "-f", "json=" + report, "bindings.yaml"}}.run(ctx)
	if err != nil {
		return nil, err
	}
	r, err := readSummary(report)
	if err == nil && (r.Bound != count || r.Bindings != count) {
		err = fmt.Errorf("the report says %+v, want all of %d bindings bound", r, count)
	}
	return []figure{{name: fmt.Sprintf("apply of %d bindings, no latency, no limit", count), runs: 1, measured: seconds(took.wall),
		note: fmt.Sprintf("CPU %s, %s", seconds(took.cpu), megabytes(took.memory))}}, err
}
