package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// command is one program with its arguments, to be run repeatedly.
type command struct {
	dir  string
	env  []string // nil: the bench's environment
	args []string
	exit int // the expected exit code
}

// sample is the cost of one run.
type sample struct {
	wall   time.Duration // from before its start until after its exit
	cpu    time.Duration // user and system
	memory int64         // largest resident set, bytes
}

// run runs the command once. An unexpected exit code is an error: a wrong run
// is fast for the wrong reason.
func (c command) run(ctx context.Context) (sample, error) {
	x := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	var output bytes.Buffer
	x.Dir, x.Env, x.Stdout, x.Stderr = c.dir, c.env, &output, &output
	start := time.Now()
	err := x.Run()
	s := sample{wall: time.Since(start)}
	if x.ProcessState == nil || x.ProcessState.ExitCode() != c.exit {
		return s, fmt.Errorf("%q: got %v, want exit code %d:\n%s", c.args, err, c.exit, output.Bytes())
	}
	s.cpu = x.ProcessState.UserTime() + x.ProcessState.SystemTime()
	if usage, ok := x.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = int64(usage.Maxrss)
		if runtime.GOOS != "darwin" {
			s.memory *= 1024 // getrusage(2): kilobytes, on macOS bytes
		}
	}
	return s, nil
}

// alternate runs the commands in turn, so that other load affects all of them
// alike. The first rounds warm the caches and are not counted.
func alternate(ctx context.Context, commands []command, warm, rounds int) ([][]sample, error) {
	samples := make([][]sample, len(commands))
	for round := range warm + rounds {
		for i, c := range commands {
			s, err := c.run(ctx)
			if err != nil {
				return nil, err
			}
			if round >= warm {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return samples, nil
}

// median returns the median of of(sample).
func median[T int64 | time.Duration](samples []sample, of func(sample) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func wall(s sample) time.Duration    { return s.wall }
func cpuTime(s sample) time.Duration { return s.cpu }
func memory(s sample) int64          { return s.memory }
