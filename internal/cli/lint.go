package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/report"
)

func newLint(env console.Env) *cobra.Command {
	var f settings.Flags
	var changed, staged bool
	c := &cobra.Command{
		Use:   "lint [PATH…]",
		Short: "Judge bindings; change nothing",
		Long: `Judge the bindings of manifests (files, folders, or - for standard input; the
default is the current folder), those of a Terraform plan, or the one that
--domain and its like name.
DNS and the gateway are read unless --offline or --without leaves them out.`,
		Example: `  bindgate lint --offline bindings.yaml
  bindgate lint --domain api.demo.com --group GROUP --region cn-hangzhou --stage RELEASE`,
		RunE: func(c *cobra.Command, args []string) error {
			if f.Terraform != "" && (changed || staged) {
				return errors.New("reading arguments: --terraform names one file; omit --changed and --staged")
			}
			if changed || staged {
				return lintChanged(c.Context(), env, c, f, args, staged)
			}
			return lint(c.Context(), env, c, f, args)
		},
	}
	f.AddJudging(c)
	f.AddBinding(c)
	f.AddMode(c)
	f.AddProbe(c)
	c.Flags().StringVar(&f.Terraform, "terraform", "", "judge the bindings of a plan in `FILE`, which `terraform show -json` printed; --region, --gateway, --proof, --label and --certificate add what it cannot say")
	c.Flags().StringVar(&f.WriteChain, "write-chain", "", "write the certificate chain to `FILE`: PEM, in order, without key and root; a FILE that is there is left alone")
	c.Flags().BoolVar(&changed, "changed", false, "PATHs are files that changed: judge the manifests among them and those that name another, with what Git says is staged or gone")
	c.Flags().BoolVar(&staged, "staged", false, "judge what the staged change concerns, as Git's index holds it; takes no PATH")
	return c
}

func lint(ctx context.Context, env console.Env, c *cobra.Command, f settings.Flags, args []string) (err error) {
	r, err := begin(ctx, env, c, f, args)
	if err != nil {
		return err
	}
	defer func() { r.close(err) }()
	return r.lint(ctx)
}

// lint judges and reports every binding, and ends the run with the code that
// matters most.
func (r *run) lint(ctx context.Context) error {
	rep, err := r.report()
	if err != nil {
		return err
	}
	var code int
	err = r.judge(ctx, judge.Scope{}, func(v judge.Verdict) error {
		if err := r.writeChain(v); err != nil {
			return err
		}
		one := r.entry(v)
		if r.after.Add(one) {
			code = exit.Worst(code, exit.OfDecision(v.Decision.Status, true))
		}
		return rep.Add(one)
	})
	if err != nil {
		return err
	}
	for _, b := range r.engine.Bindings().NotRun {
		code = exit.Worst(code, exit.CannotTell)
		if err := rep.Add(notRun(b)); err != nil {
			return err
		}
	}
	return r.finish(ctx, rep, code)
}

// finish ends the report of a run that made no calls, and the run.
func (r *run) finish(ctx context.Context, rep *report.Several, code int) error {
	rep.Compare(r.after.Compared(ctx.Err() == nil))
	if err := rep.Close(ctx.Err() != nil, "", r.waivers()); err != nil {
		return err
	}
	if ctx.Err() != nil {
		code = exit.Worst(code, exit.Interrupted)
	}
	return exit.Ended(r.credentialCode(code))
}

// credentialCode is the code of a run that cannot tell, unless the gateway did not take
// the credentials: that will not change by trying again.
func (r *run) credentialCode(code int) int {
	err := r.engine.Refused()
	if code != exit.CannotTell || err == nil {
		return code
	}
	r.env.Complain(fmt.Errorf("asking the gateway: %w\nnext: see %s", err, report.GuideCredentials))
	return exit.Usage
}

// saveEvidence begins the file of --evidence-out; nil where there is none.
func (r *run) saveEvidence(facts judge.Run) (*replay.Writer, error) {
	if r.out.evidence == nil {
		return nil, nil
	}
	return replay.NewWriter(r.out.evidence, replay.Header{Run: facts.Run, Offline: facts.Offline,
		Endpoint: facts.Endpoint, RootsDigest: facts.RootsDigest})
}

// writeChain writes the canonical chain of the one binding: leaf first, then its
// issuers, without the root. A file that holds no readable certificate leaves
// nothing to write, and its finding says why.
func (r *run) writeChain(v judge.Verdict) error {
	facts := v.Evidence.Certificate.Facts
	if r.s.WriteChain == "" || len(facts.Chain) == 0 {
		return nil
	}
	ders := make([][]byte, 0, len(facts.Chain))
	for _, c := range facts.Chain {
		ders = append(ders, c.DER)
	}
	text, err := pki.InOrder(ders, facts.Path.DER)
	if err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	if err := confine.WriteNew(r.env.Dir, r.s.WriteChain, text, 0o644); err != nil {
		return fmt.Errorf("writing --write-chain: %w", err)
	}
	return nil
}
