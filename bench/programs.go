package main

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// programs are the paths of the measured programs.
type programs struct{ bindgate, conftest, zlint string }

// build compiles all programs.
func build(ctx context.Context, dir string) (programs, error) {
	p, err := buildWithConftest(ctx, dir)
	if err != nil {
		return p, err
	}
	p.zlint = filepath.Join(dir, "zlint")
	return p, goBuild(ctx, "-o", p.zlint, "github.com/zmap/zlint/v3/cmd/zlint") // in the version that bindgate links
}

// buildWithConftest compiles bindgate, and conftest in the version pinned in
// tools/peers/go.mod. It must run in the folder bench.
func buildWithConftest(ctx context.Context, dir string) (programs, error) {
	p := programs{bindgate: filepath.Join(dir, "bindgate"), conftest: filepath.Join(dir, "conftest")}
	if err := goBuild(ctx, "-o", p.bindgate, "./cmd/bindgate"); err != nil {
		return p, err
	}
	return p, goBuild(ctx, "-modfile=tools/peers/go.mod", "-o", p.conftest, "github.com/open-policy-agent/conftest")
}

// goBuild compiles a program as the projects release theirs: without C libraries and
// symbols.
func goBuild(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, "go", append([]string{"build", "-buildvcs=auto", "-trimpath", "-ldflags=-s -w"}, args...)...)
	c.Dir, c.Stderr, c.Env = "..", os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if err := c.Run(); err != nil {
		return fmt.Errorf("building %s: %w", args[len(args)-1], err)
	}
	return nil
}

// print prints the programs, their versions and the machine.
func (p programs) print(ctx context.Context, w io.Writer) {
	fmt.Fprintf(w, "%s, %d cores, %s/%s\n", cpu(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, path := range []string{p.bindgate, p.conftest, p.zlint} {
		fmt.Fprintln(w, versions(path))
	}
	fmt.Fprintln(w, openssl(ctx))
}

// versions returns the versions that a program was built from, as a line.
func versions(path string) string {
	v, err := linkedVersions(path)
	if err != nil {
		return filepath.Base(path) + ": " + err.Error()
	}
	return fmt.Sprintf("%s %s, opa %s, %s", filepath.Base(path), v.self, v.opa, v.golang)
}

// linked are the versions that a program was built from.
type linked struct{ self, opa, golang string }

func linkedVersions(path string) (linked, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return linked{}, err
	}
	v := linked{self: info.Main.Version, golang: info.GoVersion}
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/open-policy-agent/opa":
			v.opa = d.Version
		case "github.com/open-policy-agent/conftest":
			v.self = d.Version // built as a dependency of tools/peers
		}
	}
	return v, nil
}

// cpu returns the CPU model, if the system reports it.
func cpu() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	defer func() { _ = f.Close() }() // read only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return "unknown CPU"
}
