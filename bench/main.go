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
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	runs := flag.Int("runs", 50, "alternated runs of each command on one binding")
	accountRuns := flag.Int("account-runs", 5, "runs on the full account")
	manyRuns := flag.Int("many-runs", 6, "runs on 10,000 bindings, and half as many on 100,000")
	applyBindings := flag.Int("apply-bindings", 20_000, "bindings of one run of apply, a multiple of ten")
	keep := flag.String("dir", "", "keep input and programs in this `folder`")
	parts := flag.String("parts", "one,account,apply,growth,peers,rules", "what to measure, `names` separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	switch flag.Arg(0) {
	case "dns":
		err = dnsCommand(ctx, *keep, flag.Args()[1:])
	case "page":
		err = pageCommand(ctx, *keep, flag.Args()[1:])
	case "policies":
		err = policiesCommand(ctx, *keep, flag.Args()[1:])
	case "measure": // by the bench itself
		err = measureCommand(ctx, flag.Args()[1:])
	default:
		err = bench(ctx, *keep, *runs, *accountRuns, *manyRuns, *applyBindings, *parts)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// part is a part of the measurement with a name that -parts selects it by.
type part struct {
	name    string
	measure func() ([]figure, error)
}

// bench creates the input, measures the selected parts, and prints each part's
// figures once they are known.
func bench(ctx context.Context, dir string, runs, accountRuns, manyRuns, applyBindings int, selected string) error {
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
	many := filepath.Join(dir, "many")
	parts := []part{
		{"one", func() ([]figure, error) { return measureOneBinding(ctx, p, authority, dir, runs) }},
		{"account", func() ([]figure, error) { return measureAccount(ctx, p, authority, dir, accountRuns) }},
		{"apply", func() ([]figure, error) { return measureApply(ctx, p, authority, dir, applyBindings) }},
		{"growth", func() ([]figure, error) { return measureGrowth(ctx, p, many, manyRuns) }},
		{"peers", func() ([]figure, error) { return measurePeers(ctx, p, many, manyRuns) }},
		{"rules", func() ([]figure, error) { return measureRules(ctx, p, many, manyRuns) }},
	}
	written := false
	for _, part := range parts {
		if !slices.Contains(strings.Split(selected, ","), part.name) {
			continue
		}
		if slices.Contains([]string{"growth", "peers", "rules"}, part.name) && !written { // they share their input
			if err := writeMany(authority, many); err != nil {
				return fmt.Errorf("creating the input of %s: %w", part.name, err)
			}
			written = true
		}
		figures, err := part.measure()
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		if err := printTable(os.Stdout, figures); err != nil {
			return err
		}
	}
	return nil
}
