package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// sandbox is `bindgate sandbox` in a separate process.
type sandbox struct {
	process *exec.Cmd
	env     []string // of its clients
}

// startSandbox starts a sandbox with dir's seed and waits until it serves.
func startSandbox(ctx context.Context, bindgate, dir string, flags []string) (*sandbox, error) {
	args := append([]string{"sandbox", "--seed", "seed.yaml", "--roots", "roots.pem"}, flags...)
	s := &sandbox{process: exec.CommandContext(ctx, bindgate, args...), env: os.Environ()}
	s.process.Dir, s.process.Stderr = dir, os.Stderr
	output, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		pair, _ := strings.CutPrefix(lines.Text(), "export ")
		s.env = append(s.env, strings.ReplaceAll(pair, "'", ""))
		if strings.HasPrefix(pair, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=") { // the last one
			return s, nil
		}
	}
	s.stop()
	return nil, errors.New("starting the sandbox: it ended before it printed its address")
}

// stop terminates the sandbox; the outcome is irrelevant.
func (s *sandbox) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
}
