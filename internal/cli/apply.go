package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/apply"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/given"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

func newApply(env console.Env) *cobra.Command {
	var f settings.Flags
	var a applying
	c := &cobra.Command{
		Use:   "apply [PATH…]",
		Short: "Judge bindings again, make the calls, read the result back",
		Long: `Judge the bindings again and, only if every one of them is allowed or already in
effect, make the calls and read the result back. A refused binding that is already in
effect does not block the others; the exit code is still 1. With a plan that
"bindgate plan -o" saved (--plan), apply stops (exit 5) if anything differs from it. A
plan is applied once, and policies may want it approved (--approval): signed by people
and services that the owner's file names.`,
		Example: `  bindgate apply bindings.yaml
  bindgate apply --config owner.yaml --plan plan.json --approval plan.json.sig`,
		RunE: func(c *cobra.Command, args []string) error { return a.do(c.Context(), env, f, args) },
	}
	f.AddJudging(c)
	f.AddBinding(c)
	f.AddMode(c)
	a.addFlags(c, &f)
	c.Flags().StringVar(&a.planFile, "plan", "", "apply exactly what the saved plan in `FILE` holds; it names its manifests, which must lie in this tree")
	usage.List(c.Flags(), &f.Approvals, "approval", "", "approval of the saved plan, in `FILE`: a signature of ssh-keygen -Y sign, or a token of a service; repeatable")
	return c
}

// addFlags adds the flags of the commands that make calls.
func (a *applying) addFlags(c *cobra.Command, f *settings.Flags) {
	p := c.Flags()
	p.StringVar(&f.Journal, "journal", "", "journal `FILE` (default: bindgate/journal.jsonl under $XDG_STATE_HOME)")
	p.BoolVar(&a.Each, "each", false, "judge and bind one by one, going on after a refusal")
	usage.Duration(p, &a.ReadBack, "read-back", 30*time.Second, "time for the gateway to show a bound domain in effect")
	usage.Duration(p, &a.MaxAge, "max-age", 2*time.Minute, "age of DNS and gateway evidence, at most 15m, past which it is collected again before a binding's first call")
	usage.Duration(p, &a.lockWait, "lock-wait", 10*time.Second, "time to wait for another apply on the same journal")
}

// applying is one call of the command.
type applying struct {
	apply.Options
	planFile string // --plan
	lockWait time.Duration

	planned *given.Plan // nil: no plan was given
	run     *session.Run
}

func (a *applying) do(ctx context.Context, env console.Env, f settings.Flags, args []string) (err error) {
	if a.ReadBack < 0 || a.lockWait < 0 {
		return fmt.Errorf("reading --read-back and --lock-wait: got %s and %s, want positive values", a.ReadBack, a.lockWait)
	}
	if a.MaxAge <= 0 || a.MaxAge > 15*time.Minute {
		return fmt.Errorf("reading --max-age: got %s, want more than 0 and at most 15m", a.MaxAge)
	}
	args, err = a.readPlan(env, args)
	if err != nil {
		return err
	}
	if a.Each && a.planned != nil {
		return errors.New("reading flags: --each judges one by one and cannot hold to a plan; leave one of them out")
	}
	f.Confined, f.PlanFile, f.Saved = a.planned != nil, a.planFile, a.planned
	return session.Do(ctx, env, f, args, func(r *session.Run) error {
		a.run = r
		if err := a.planned.Late(env.Now()); err != nil {
			return err
		}
		if r.CertificateOnly() {
			return errors.New("reading arguments: no API group is named, so there is nothing to apply; add --group")
		}
		if err := a.openJournal(ctx, env, r.Settings); err != nil {
			return err
		}
		defer func() { _ = a.Journal.Close() }()
		if g := r.Settings.Given; g != nil && g.Plan != "" {
			if e, applied := a.Journal.Applied(g.Plan); applied {
				return exit.With(exit.Changed, fmt.Errorf("reading plan %q: it was applied at %s (entry %d of the journal), and a plan is applied once; make a new plan",
					a.planFile, e.Time.Format(time.RFC3339), e.Seq))
			}
		}
		return a.all(ctx)
	})
}

// all judges, makes the calls, journals how the run ended and reports it.
func (a *applying) all(ctx context.Context) error {
	r := a.run
	inputs, err := planInputs(r)
	if err != nil {
		return err
	}
	if g := r.Settings.Given; g != nil {
		if err := a.planned.ByOthers(g.Approvals, inputs.Authors()); err != nil {
			return err
		}
	}
	if err := a.record(journal.Run, ""); err != nil {
		return err
	}
	rep, err := r.Report()
	if err != nil {
		return err
	}
	var done tally
	var unreported error
	o := a.Options
	o.Engine, o.Inputs, o.CallTime, o.Parallel, o.Now, o.Warn = r.Engine, inputs, r.Settings.Timeout, r.Settings.Concurrency, r.Env.Now, r.Env.Complain
	if a.planned != nil {
		o.Planned = &a.planned.File
	}
	err = apply.Run(ctx, o, func(item apply.Item) {
		done.add(item)
		unreported = errors.Join(unreported, rep.Add(applied(r, item))) // a report that cannot be written stops no call
	})
	r.Bar.End()
	if err != nil && !done.sent {
		if errors.Is(err, apply.ErrChanged) {
			err = exit.With(exit.Changed, err)
		}
		a.end(exit.CodeOf(err))
		return err
	}
	if err != nil { // what was sent before it is still reported
		r.Env.Complain(err)
		done.failed = true
	}
	code := r.CredentialCode(done.code(ctx))
	a.end(code)
	if err := errors.Join(unreported, rep.Close(code == exit.Interrupted || done.interrupted, a.Journal.Head(), r.Waivers())); err != nil {
		if done.sent {
			return exit.With(exit.Failed, fmt.Errorf("the calls were made, see the journal, but %w", err))
		}
		return err
	}
	return r.Ended(rep, code)
}

// applied is an item as the report has it.
func applied(r *session.Run, item apply.Item) report.Binding {
	b, o := r.Entry(item.Verdict), item.Outcome
	b.Calls, b.Displaces = item.Calls, item.Displaces
	b.Outcome = &report.Outcome{Status: string(o.Status), Sent: o.Sent, RequestID: o.RequestID, Code: o.Code, Message: o.Message,
		Before: o.Before, Restore: o.Restore}
	return b
}

// tally is what a run of calls came to.
type tally struct {
	sent        bool // a call may have reached the gateway
	failed      bool // the run itself ended with an error
	interrupted bool
	worst       int // of the bindings that were not interrupted
}

func (t *tally) add(item apply.Item) {
	o := item.Outcome
	t.sent = t.sent || o.Sent
	switch {
	case o.Interrupted:
		t.interrupted = true
	case o.Changed && t.sent: // the run is unfinished
		t.worst = exit.Worst(t.worst, exit.Failed)
	case o.Changed:
		t.worst = exit.Worst(t.worst, exit.Changed)
	case item.Decision.Status != gate.Allowed || o.Status == bind.NotAttempted:
		t.worst = exit.Worst(t.worst, exit.OfDecision(item.Decision.Status, false))
	default:
		t.worst = exit.Worst(t.worst, codeOfOutcome(o))
	}
}

// code is what decisions and outcomes say together. An interrupted run of which
// anything was sent is unfinished; only else was it as if never begun.
func (t *tally) code(ctx context.Context) int {
	code := t.worst
	if t.failed || t.interrupted && t.sent {
		code = exit.Worst(code, exit.Failed)
	}
	if !t.sent && (t.interrupted || ctx.Err() != nil) {
		code = exit.Worst(code, exit.Interrupted)
	}
	return code
}

// record appends what happens to the run to the journal.
func (a *applying) record(kind journal.Kind, message string) error {
	e, err := apply.Entry(a.run.Engine, a.run.Settings.Actor, a.run.Settings.ConfigDigest)
	if err != nil {
		return err
	}
	e.Kind, e.Message = kind, message
	return a.Journal.Append(e)
}

// end journals how the run ended; every call has its own entry already.
func (a *applying) end(code int) {
	if err := a.record(journal.End, fmt.Sprintf("exit %d", code)); err != nil {
		a.run.Env.Complain(err)
	}
}

// codeOfOutcome returns the exit code of a binding's outcome.
func codeOfOutcome(o bind.Outcome) int {
	switch {
	case o.Changed:
		return exit.Changed
	case o.Status == bind.Bound, o.Status == bind.Unchanged:
		return exit.Clean
	}
	return exit.Failed
}

// readPlan reads the plan of --plan and returns the manifests that it names.
func (a *applying) readPlan(env console.Env, args []string) ([]string, error) {
	switch {
	case a.planFile == "":
		return args, nil
	case len(args) > 0:
		return nil, fmt.Errorf("reading arguments: got both --plan %q and %q, want the plan alone: it names its manifests", a.planFile, args[0])
	}
	var err error
	if a.planned, err = given.ReadPlan(env, a.planFile); err != nil {
		return nil, err
	}
	return a.planned.File.Manifests, nil
}

// openJournal opens and locks the journal before anything is judged, so that
// two applies never judge the same state.
func (a *applying) openJournal(ctx context.Context, env console.Env, s settings.Settings) error {
	path, err := journalPath(env, s.Journal)
	if err != nil {
		return err
	}
	if s.Journal != "" { // the default is not in a tree
		if path, err = confine.Unlinked(env.Dir, path); err != nil {
			return fmt.Errorf("opening the journal: %w", err)
		}
	}
	if err := a.run.Keep("the journal", path, path+".lock"); err != nil {
		return err
	}
	a.Journal, err = journal.Open(ctx, path, a.lockWait, env.Now)
	if err != nil {
		return err
	}
	if aside := a.Journal.SetAside(); aside != "" {
		env.Complain(fmt.Errorf("the journal ended in an unfinished line, which was moved to %q", aside))
	}
	if n := len(a.Journal.Pending()); n > 0 {
		env.Complain(fmt.Errorf("the journal has no known outcome for some calls of earlier runs (%d); the gateway's own state is judged, see `bindgate journal show`", n))
	}
	return nil
}
