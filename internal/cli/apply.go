package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/plan"
)

func newApply(env Env) *cobra.Command {
	var f flags
	var a apply
	c := &cobra.Command{
		Use:   "apply [PATH…|PLAN]",
		Short: "Judge bindings afresh, then make the calls, then read back",
		Long: `Judge the bindings afresh and, only if every one of them is allowed or stands
already, make the calls and read back what stands. A refused binding that stands
already keeps no other from being bound, but the run ends with 1. Given a plan that
"bindgate plan -o" saved, it stops (exit 5) if anything differs from it.`,
		RunE: func(c *cobra.Command, args []string) error { return a.do(c.Context(), env, c, f, args) },
	}
	f.addJudging(c)
	f.addWish(c)
	f.addMode(c)
	c.Flags().StringVar(&f.journal, "journal", "", "journal `FILE` (default: bindgate/journal.jsonl under $XDG_STATE_HOME)")
	c.Flags().BoolVar(&a.each, "each", false, "judge and bind one by one, going on after a refusal")
	c.Flags().DurationVar(&a.readBack, "read-back", 30*time.Second, "time for the gateway to show a bound domain in effect")
	c.Flags().DurationVar(&a.lockWait, "lock-wait", 10*time.Second, "time to wait for another apply on the same journal")
	return c
}

// apply is one call of the command.
type apply struct {
	each     bool
	readBack time.Duration
	lockWait time.Duration

	planned *plan.File // nil: no plan was given
	journal *journal.Journal
	run     *run
}

func (a *apply) do(ctx context.Context, env Env, c *cobra.Command, f flags, args []string) error {
	if a.readBack < 0 || a.lockWait < 0 {
		return fmt.Errorf("reading --read-back and --lock-wait: got %s and %s, want positive values", a.readBack, a.lockWait)
	}
	args, err := a.readPlan(env, args)
	if err != nil {
		return err
	}
	if a.run, err = begin(ctx, env, c, f, args); err != nil {
		return err
	}
	defer a.run.close()
	if a.run.alone() {
		return errors.New("reading arguments: no API group is named, so there is nothing to apply; add --group")
	}
	if err := a.openJournal(ctx, env, a.run.s); err != nil {
		return err
	}
	defer func() { _ = a.journal.Close() }()
	code, sent, rep, err := a.all(ctx, args)
	if err != nil {
		return err
	}
	if err := a.run.write(rep); err != nil {
		if sent {
			return withCode(exitFailed, fmt.Errorf("the calls were made, see the journal, but %w", err))
		}
		return err
	}
	return ended(code)
}

// readPlan takes a saved plan for what it is and gives the manifests it names.
func (a *apply) readPlan(env Env, args []string) ([]string, error) {
	if len(args) != 1 || args[0] == "-" {
		return args, nil
	}
	path := absolute(env, args[0])
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > plan.MaxFileSize {
		return args, nil // the manifest's reader says what is wrong
	}
	data, err := os.ReadFile(path)
	if err != nil || !plan.IsFile(data) {
		return args, nil
	}
	file, err := plan.ReadFile(data)
	if err != nil {
		return nil, err
	}
	a.planned = &file
	for _, m := range file.Manifests {
		if _, err := os.Stat(absolute(env, m)); m != "-" && errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading plan %q: it is of the manifest %q, which is not there from this folder; run apply in the folder where the plan was made", args[0], m)
		}
	}
	return file.Manifests, nil
}

// openJournal opens and locks the journal before anything is judged, so that
// two applies never judge the same state.
func (a *apply) openJournal(ctx context.Context, env Env, s settings) error {
	path := s.journal
	if path == "" {
		var err error
		if path, err = statePath(env); err != nil {
			return err
		}
	}
	var err error
	a.journal, err = journal.Open(ctx, absolute(env, path), a.lockWait, env.Now)
	if err != nil {
		return err
	}
	if aside := a.journal.SetAside(); aside != "" {
		complain(env.Stderr, fmt.Errorf("the journal ended in an unfinished line, which was moved to %q", aside))
	}
	if n := len(a.journal.Pending()); n > 0 {
		complain(env.Stderr, fmt.Errorf("the journal has no known outcome for some calls of earlier runs (%d); the gateway's own state is judged, see `bindgate journal show`", n))
	}
	return nil
}

// settle journals that calls of earlier runs whose outcome nobody knew are over,
// where the gateway was seen to show what their binding wishes.
func (a *apply) settle(done []applied) {
	for _, call := range a.journal.Pending() {
		if !slices.ContainsFunc(done, func(d applied) bool { return d.stands() && d.is(call) }) {
			continue
		}
		err := a.journal.Append(journal.Entry{Kind: journal.Outcome, Permit: call.Permit, Call: call.Call, Status: "settled",
			DomainName: call.DomainName, GroupID: call.GroupID, RegionID: call.RegionID,
			Message: fmt.Sprintf("of entry %d: the binding was seen to stand", call.Seq)})
		if err != nil {
			complain(a.run.env.Stderr, err)
		}
	}
}

// stands reports that the gateway shows the wish.
func (d applied) stands() bool {
	return d.outcome.Status == bind.Bound || d.outcome.Status == bind.Unchanged
}

// is reports that a call was one of this binding's.
func (d applied) is(call journal.Entry) bool {
	b := d.subject.Binding
	return b.DomainName == call.DomainName && b.GroupID == call.GroupID && b.RegionID == call.RegionID
}
