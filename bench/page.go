package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// pageCommand writes the HTML report of a full account in which every seventh
// name resolves elsewhere: .ci/html tests it in a browser.
func pageCommand(ctx context.Context, dir string, args []string) error {
	flags := flag.NewFlagSet("page", flag.ContinueOnError)
	count := flags.Int("bindings", bindings, "bindings in the report")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if dir == "" || *count < 1 || *count > bindings {
		return fmt.Errorf("writing a report: want -dir FOLDER before the word page, and 1 to %d -bindings", bindings)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	bindgate := filepath.Join(dir, "bindgate")
	if err := goBuild(ctx, "-o", bindgate, "./cmd/bindgate"); err != nil {
		return err
	}
	a, err := newAuthority()
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "account")
	if err := writeAccount(a, dir, groups, true); err != nil {
		return err
	}
	if err := errors.Join(edit(filepath.Join(dir, "seed.yaml"), astray), edit(filepath.Join(dir, "bindings.yaml"), func(text string) string {
		items := strings.SplitAfterN(text, "  - domainName:", *count+2)
		return strings.TrimSuffix(strings.Join(items[:*count+1], ""), "  - domainName:")
	})); err != nil {
		return err
	}
	s, err := startSandbox(ctx, bindgate, dir, nil)
	if err != nil {
		return err
	}
	defer s.stop()
	exit := 1
	if *count < 7 {
		exit = 0
	}
	_, err = command{dir: dir, env: s.env, exit: exit, args: []string{bindgate, "lint", "-q", "--config", "owner.yaml", "-f", "text", "-f", "html=../report.html", "bindings.yaml"}}.run(ctx)
	return err
}

// astray changes the target of every seventh CNAME record.
func astray(seed string) string {
	lines, seen := strings.SplitAfter(seed, "\n"), 0
	for i, line := range lines {
		owner, _, found := strings.Cut(line, " 60 IN CNAME ")
		if !found {
			continue
		}
		if seen++; seen%7 == 0 {
			lines[i] = owner + " 60 IN CNAME old-gateway.demo.com.\n"
		}
	}
	served := fmt.Sprintf("certificateValidEnd: %d", time.Now().AddDate(0, 0, 30).UnixMilli())
	return strings.ReplaceAll(strings.Join(lines, ""), "certificateValidEnd: 1000", served)
}

// edit changes the text of a file.
func edit(path string, change func(string) string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(change(string(text))), 0o644)
}
