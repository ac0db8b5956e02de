package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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
//
// The command is a child of a small process, "bench measure": Linux counts the largest
// resident set of the process that starts a program as the program's own.
func (c command) run(ctx context.Context) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = read.Close() }()
	x := exec.CommandContext(ctx, self, append([]string{"measure"}, c.args...)...)
	var output bytes.Buffer
	x.Dir, x.Env, x.Stdout, x.Stderr, x.ExtraFiles = c.dir, c.env, &output, &output, []*os.File{write}
	err = x.Start()
	_ = write.Close()
	if err != nil {
		return sample{}, fmt.Errorf("%q: %w", c.args, err)
	}
	var m measured
	failed := json.NewDecoder(read).Decode(&m)
	if err := errors.Join(failed, x.Wait()); err != nil || m.Exit != c.exit {
		return sample{}, fmt.Errorf("%q: got exit code %d (%v), want %d:\n%s", c.args, m.Exit, err, c.exit, output.Bytes())
	}
	return sample{wall: m.Wall, cpu: m.CPU, memory: m.Memory}, nil
}

// measured is what "bench measure" writes to its file 3.
type measured struct {
	Exit      int
	Wall, CPU time.Duration
	Memory    int64
}

// measureCommand runs a command and writes what it cost.
func measureCommand(ctx context.Context, args []string) error {
	x := exec.CommandContext(ctx, args[0], args[1:]...)
	x.Stdout, x.Stderr = os.Stdout, os.Stderr
	start := time.Now()
	err := x.Run()
	m := measured{Wall: time.Since(start)}
	if x.ProcessState == nil {
		return err
	}
	m.Exit, m.CPU = x.ProcessState.ExitCode(), x.ProcessState.UserTime()+x.ProcessState.SystemTime()
	if usage, ok := x.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.Memory = int64(usage.Maxrss)
		if runtime.GOOS != "darwin" {
			m.Memory *= 1024 // getrusage(2): kilobytes, on macOS bytes
		}
	}
	return json.NewEncoder(os.NewFile(3, "result")).Encode(m)
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
