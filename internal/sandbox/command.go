package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Exports writes NAME=value pairs, one per line, quoted as single shell words.
func Exports(pairs []string) string {
	var b strings.Builder
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if strings.ContainsFunc(value, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:", r)
		}) {
			value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		fmt.Fprintf(&b, "export %s=%s\n", name, value)
	}
	return b.String()
}

// Process is the environment of a command that runs against the sandbox.
type Process struct {
	Dir     string   // working directory, absolute
	Environ []string // the sandbox's variables are added
	Path    string   // folders with commands, as in PATH
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
}

// Run runs a command in the sandbox's environment and returns its exit code. If
// ctx ends, the command is terminated.
func (s *Sandbox) Run(ctx context.Context, command []string, p Process) (code int, err error) {
	path, err := p.executable(command[0])
	if err != nil {
		return 0, err
	}
	c := exec.CommandContext(ctx, path, command[1:]...)
	c.Args[0] = command[0]
	// A session token of the user would not match the sandbox's key.
	c.Env = slices.DeleteFunc(slices.Clone(p.Environ), func(pair string) bool {
		return strings.HasPrefix(pair, "ALIBABA_CLOUD_SECURITY_TOKEN=")
	})
	c.Env = append(c.Env, s.Env()...)
	c.Dir, c.Stdin, c.Stdout, c.Stderr = p.Dir, p.Stdin, p.Stdout, p.Stderr
	c.Cancel = func() error {
		err := c.Process.Signal(syscall.SIGTERM)
		if runtime.GOOS == "windows" { // which has no such signal
			err = c.Process.Kill()
		}
		return err
	}
	c.WaitDelay = 10 * time.Second
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// executable returns the file of a command: a path relative to the working
// directory, or a name in an absolute folder of Path. On Windows, where no mode marks a
// program, ".exe" is added to a name without an extension.
func (p Process) executable(name string) (string, error) {
	file, isProgram := name, func(mode fs.FileMode) bool { return mode.IsRegular() && mode&0o111 != 0 }
	if runtime.GOOS == "windows" {
		isProgram = fs.FileMode.IsRegular
		if filepath.Ext(name) == "" {
			file += ".exe"
		}
	}
	if filepath.Base(name) != name {
		if filepath.IsAbs(name) {
			return file, nil
		}
		return filepath.Join(p.Dir, file), nil
	}
	for _, dir := range filepath.SplitList(p.Path) {
		path := filepath.Join(dir, file)
		if info, err := os.Stat(path); err == nil && filepath.IsAbs(dir) && isProgram(info.Mode()) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%q: %w", name, exec.ErrNotFound)
}
