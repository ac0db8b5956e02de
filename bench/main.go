// Command bench measures how fast bindgate is compared with similar programs,
// and prints a table. It builds all of them from this tree, creates its input
// in a temporary folder and runs real processes; the only code that it shares
// with bindgate is the CA that creates the certificates.
//
// A figure that misses its target is printed as missed and is no failure: the
// exit code is 1 only if something did not run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
)

func main() {
	runs := flag.Int("runs", 50, "alternated runs of each command on one binding")
	accountRuns := flag.Int("account-runs", 5, "runs on the full account")
	manyRuns := flag.Int("many-runs", 6, "runs on 10,000 bindings, and half as many on 100,000")
	applyBindings := flag.Int("apply-bindings", 20_000, "bindings of one run of apply, a multiple of ten")
	keep := flag.String("dir", "", "keep input and programs in this `folder`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	switch flag.Arg(0) {
	case "dns":
		err = dnsCommand(ctx, *keep, flag.Args()[1:])
	case "page":
		err = pageCommand(ctx, *keep, flag.Args()[1:])
	default:
		err = bench(ctx, *keep, *runs, *accountRuns, *manyRuns, *applyBindings)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench creates the input, measures, and prints results as it goes.
func bench(ctx context.Context, dir string, runs, accountRuns, manyRuns, applyBindings int) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "bindgate-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = temporary
	}
	p, err := build(ctx, dir)
	if err != nil {
		return err
	}
	authority, err := newAuthority()
	if err != nil {
		return err
	}
	p.print(ctx, os.Stdout)
	one, err := measureOneBinding(ctx, p, authority, dir, runs)
	if err != nil {
		return fmt.Errorf("one binding: %w", err)
	}
	full, err := measureAccount(ctx, p, authority, dir, accountRuns)
	if err != nil {
		return fmt.Errorf("full account: %w", err)
	}
	applied, err := measureApply(ctx, p, authority, dir, applyBindings)
	if err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	many, err := measureMany(ctx, p, authority, dir, manyRuns)
	if err != nil {
		return fmt.Errorf("many bindings: %w", err)
	}
	return printTable(os.Stdout, slices.Concat(one, full, applied, many))
}
