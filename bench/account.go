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
	if err := writeAccount(a, dir); err != nil {
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
	return samples[0], allAllowed(report)
}

// allAllowed checks that every binding of the account was judged and allowed.
func allAllowed(report string) error {
	text, err := os.ReadFile(report)
	if err != nil {
		return err
	}
	var r struct {
		Summary struct{ Bindings, Allowed int }
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	if r.Summary.Bindings != bindings || r.Summary.Allowed != bindings {
		return fmt.Errorf("the report says %+v, want all of %d bindings allowed", r.Summary, bindings)
	}
	return nil
}
