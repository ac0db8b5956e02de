package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/report"
)

func newLint(env Env) *cobra.Command {
	var f flags
	var changed bool
	c := &cobra.Command{
		Use:   "lint [PATH…]",
		Short: "Judge bindings; change nothing",
		Long: `Judge the bindings of manifests (files, folders, or - for standard input; the
default is the current folder), or the one that --domain and its like name.
DNS and the gateway are read unless --offline or --without leaves them out.`,
		RunE: func(c *cobra.Command, args []string) error {
			if changed {
				return lintChanged(c.Context(), env, c, f, args)
			}
			return lint(c.Context(), env, c, f, args)
		},
	}
	f.addJudging(c)
	f.addWish(c)
	f.addMode(c)
	c.Flags().StringVar(&f.writeChain, "write-chain", "", "write the certificate chain to `FILE`: PEM, in order, without key and root; a FILE that is there is left alone")
	c.Flags().BoolVar(&changed, "changed", false, "PATHs are files that changed: judge the manifests among them, and those that name another as certificate or key")
	return c
}

func lint(ctx context.Context, env Env, c *cobra.Command, f flags, args []string) error {
	r, err := begin(ctx, env, c, f, args)
	if err != nil {
		return err
	}
	defer r.close()
	return r.lint(ctx)
}

func (r *run) lint(ctx context.Context) error {
	head, verdicts, err := r.observeAndJudge(ctx, false)
	if err != nil {
		return err
	}
	if err := r.writeChain(verdicts); err != nil {
		return err
	}
	var codes []int
	for _, v := range verdicts {
		codes = append(codes, codeOfDecision(v.decision.Status, true))
	}
	return r.finish(r.report(head, verdicts), codes) // the last use of the evidence, which is most of the memory
}

// finish writes the report of a run that made no calls, and ends it with the
// code that matters most.
func (r *run) finish(rep whole, codes []int) error {
	if err := r.write(rep); err != nil {
		return err
	}
	if rep.Run.Interrupted {
		codes = append(codes, exitInterrupted)
	}
	return ended(worst(codes...))
}

// observeAndJudge judges on fresh evidence, which it may save, or on saved
// evidence. With served it also asks which certificates are served now.
func (r *run) observeAndJudge(ctx context.Context, served bool) (head report.Run, verdicts []judged, err error) {
	if r.s.evidence != "" {
		head, verdicts, err = r.replay(ctx)
	} else {
		head, verdicts, err = r.observe(ctx, served)
	}
	head.Interrupted = ctx.Err() != nil
	return head, verdicts, err
}

func (r *run) observe(ctx context.Context, served bool) (report.Run, []judged, error) {
	c, _, _, err := r.collectors(served)
	if err != nil {
		return report.Run{}, nil, err
	}
	facts := r.facts()
	bar := r.progress(len(r.set.Bindings))
	c.Progress = bar.step
	all := c.All(ctx, facts, r.set.Bindings)
	bar.end()
	if err := r.policies(); err != nil {
		return report.Run{}, nil, err
	}
	head := r.head(facts)
	if r.out.evidence != nil {
		if err := r.save(head, facts, all); err != nil {
			return report.Run{}, nil, err
		}
	}
	return head, r.judgeAll(ctx, r.set.Bindings, all), nil
}

func (r *run) save(head report.Run, facts evidence.Run, all []evidence.Evidence) error {
	saved := replay.Header{Run: facts, Offline: head.Offline, Endpoint: head.Endpoint, RootsDigest: head.RootsDigest}
	var buf bytes.Buffer
	if err := replay.Write(&buf, saved, r.set.Bindings, all); err != nil {
		return err
	}
	_, err := buf.WriteTo(r.out.evidence)
	if err = errors.Join(err, r.out.evidence.Close()); err != nil {
		return fmt.Errorf("saving the evidence: %w", err)
	}
	return nil
}

// replay judges saved evidence again, at the time and in the mode of its run.
func (r *run) replay(ctx context.Context) (report.Run, []judged, error) {
	data, err := readBounded(absolute(r.env, r.s.evidence), replay.MaxSize)
	if err != nil {
		return report.Run{}, nil, fmt.Errorf("reading --evidence: %w", err)
	}
	saved, err := replay.Read(data)
	if err != nil {
		return report.Run{}, nil, err
	}
	all, err := saved.Match(r.set.Bindings)
	if err != nil {
		return report.Run{}, nil, err
	}
	if r.s.minRemaining > 0 { // the owner's wish of today, no observation
		for i := range all {
			all[i].Run.MinRemainingSeconds = int64(r.s.minRemaining / time.Second)
		}
	}
	head := r.head(saved.Run.Run)
	head.Command = r.s.command // policies see the saved one, readers the one that they ran
	head.Offline, head.Endpoint, head.RootsDigest = saved.Run.Offline, saved.Run.Endpoint, saved.Run.RootsDigest
	return head, r.judgeAll(ctx, r.set.Bindings, all), nil
}

// head is what the report says of the run.
func (r *run) head(facts evidence.Run) report.Run {
	_, noDNS := r.s.leftOut("dns")
	_, noGroup := r.s.leftOut("group")
	return report.Run{
		Command: facts.Command, Now: facts.Now, Offline: noDNS && noGroup,
		Endpoint: r.s.endpoint, Contract: facts.Contract, DNSMode: facts.DNSMode,
		ManifestDigest: r.set.Digest, PolicyDigest: r.engine.Digest(), ConfigDigest: r.s.configDigest,
		RootsDigest: r.certificates.RootsDigest(),
	}
}

// report puts the verdicts under their head.
func (r *run) report(head report.Run, verdicts []judged) whole {
	rep := whole{Head: report.Head{Tool: report.Tool{Name: "bindgate", Version: version()}, Run: head, Catalogue: r.s.catalogue, Text: r.set.Text}}
	for _, v := range verdicts {
		rep.Bindings = append(rep.Bindings, v.report())
	}
	return rep
}

func (v judged) report() report.Binding {
	b := v.subject.Binding
	return report.Binding{
		DomainName: b.DomainName, GroupID: b.GroupID, RegionID: b.RegionID,
		BindStageName: b.BindStageName, CustomDomainType: b.CustomDomainType, Source: b.Source,
		Decision: v.decision.Status, Reasons: v.decision.Reasons, Checks: v.results,
		Evidence: report.Observed(v.subject.Evidence), Whole: &v.subject.Evidence,
	}
}

// readBounded reads a regular file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a regular file", path)
	case info.Size() > limit:
		return nil, fmt.Errorf("%q has %d bytes, want at most %d", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}
