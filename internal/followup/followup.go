// Package followup is what an audit that runs again and again does in addition to its
// reports: metrics, a notification, the comparison with an earlier report.
package followup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/metrics"
	"github.com/bindgate/bindgate/internal/notify"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/since"
)

// Variable holds the address of the webhook in place of the owner's file.
const Variable = "BINDGATE_NOTIFY_URL"

// Options are what a run is asked to do.
type Options struct {
	Metrics string // file
	Notify  string // kind of webhook
	Since   string // file of an earlier report
	OnlyNew bool
}

// Audit is the run.
type Audit struct {
	Account, Platform, Region string

	Live      bool              // it reads all evidence, and now
	NotifyURL string            // of the owner's file; it holds a token
	Reports   []*confine.Output // that it writes
}

// FollowUp follows up one audit. A nil one does nothing.
type FollowUp struct {
	options Options
	env     console.Env
	scope   metrics.Scope

	file     *confine.Output // of --metrics; may be nil
	recorder metrics.Recorder
	earlier  metrics.Earlier

	comparison *since.Comparison // nil: no --since
	found      *report.Since

	webhook *notify.Webhook // nil: no --notify
	message notify.Message

	start, listed time.Time
	whole         bool // every binding was listed and judged
}

// Open opens and reads everything that the follow-up of an audit needs. Every error is
// usage.
func Open(env console.Env, o Options, a Audit) (u *FollowUp, err error) {
	u = &FollowUp{options: o, env: env, start: env.Now(), scope: metrics.Scope{Account: a.Account, Platform: a.Platform, Region: a.Region},
		message: notify.Message{Version: built.Version(), Account: a.Account, Platform: a.Platform, Region: a.Region}}
	switch {
	case o.OnlyNew && o.Since == "":
		return nil, errors.New("reading --only-new: it needs an earlier report; name it with --since FILE")
	case o.Metrics != "" && !a.Live:
		return nil, errors.New("reading --metrics: metrics are of the whole evidence of now; omit --now and --without")
	}
	if o.Notify != "" {
		if u.webhook, err = webhook(env, o.Notify, a.NotifyURL); err != nil {
			return nil, err
		}
	}
	if o.Since != "" {
		if u.comparison, err = readReport(env, o.Since, a); err != nil {
			return nil, fmt.Errorf("reading --since %q: %w", o.Since, err)
		}
	}
	if o.Metrics != "" {
		if u.file, err = confine.Create(env.Dir, o.Metrics, 0o644); err != nil {
			return nil, fmt.Errorf("opening --metrics %q: %w", o.Metrics, err)
		}
		u.readMetrics()
	}
	return u, nil
}

// File returns the file of --metrics; nil without.
func (u *FollowUp) File() *confine.Output { return u.file }

// webhook returns the webhook of --notify. Its address is never part of an error.
func webhook(env console.Env, kind, address string) (*notify.Webhook, error) {
	if !slices.Contains(notify.Kinds(), kind) {
		got := fmt.Sprintf("%.64q", kind)
		if strings.ContainsAny(kind, ":/.") {
			got = "an address"
		}
		return nil, fmt.Errorf("reading --notify: got %s, want dingtalk, feishu, json or slack; the address belongs in %s", got, Variable)
	}
	from := "notifyURL of the owner's file"
	if address == "" {
		from, address = Variable, env.Get(Variable)
	}
	if address == "" {
		return nil, fmt.Errorf("reading --notify: no address of the webhook; set %s, or notifyURL in the owner's file", Variable)
	}
	w, err := notify.New(kind, address)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", from, err)
	}
	either := func(a, b string) string {
		if v := env.Get(a); v != "" {
			return v
		}
		return env.Get(b)
	}
	w.Proxy = (&httpproxy.Config{HTTPSProxy: either("https_proxy", "HTTPS_PROXY"), NoProxy: either("no_proxy", "NO_PROXY")}).ProxyFunc()
	return w, nil
}

// readReport reads the report of --since. If the run itself is to write it, it may be
// missing: the first of many runs has none.
func readReport(env console.Env, path string, a Audit) (*since.Comparison, error) {
	data, err := confine.ReadBounded(env.Absolute(path), since.MaxSize)
	switch {
	case err == nil:
		return since.Read(data, a.Platform, a.Region)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	for _, out := range a.Reports {
		if resolved, err := confine.Unlinked(env.Dir, path); err == nil && resolved == out.Path() {
			return since.First(), nil
		}
	}
	return nil, fmt.Errorf("%w; name the report of an earlier audit, or write this one with -f json=%s", err, path)
}

// readMetrics reads what the file of --metrics has from the run before. What is not of
// bindgate is replaced with a warning.
func (u *FollowUp) readMetrics() {
	if u.file.Existing() == nil || !u.file.Regular() {
		return
	}
	data, err := confine.ReadBounded(u.file.Path(), metrics.MaxSize)
	if err == nil {
		u.earlier, err = metrics.Read(data, u.scope, u.start)
	}
	if err != nil {
		u.env.Complain(fmt.Errorf("reading --metrics %q of the run before: %w; the times of the last success and of unread certificates are lost", u.options.Metrics, err))
	}
}

// Listing takes note that the bindings are known, and of the account that they are of.
func (u *FollowUp) Listing(id *evidence.Identity) error {
	u.listed = u.env.Now()
	if id != nil && id.AccountID != "" {
		u.scope.Account, u.message.Account = id.AccountID, id.AccountID
	}
	if u.comparison == nil {
		return nil
	}
	if err := u.comparison.SameAccount(id); err != nil {
		return fmt.Errorf("reading --since %q: %w", u.options.Since, err)
	}
	return nil
}

// Add takes note of a binding, and reports whether it counts in the exit code.
func (u *FollowUp) Add(b report.Binding) (counts bool) {
	if u == nil {
		return true
	}
	if u.file != nil {
		u.recorder.Add(b)
	}
	worse := true
	if u.comparison != nil {
		worse = u.comparison.Add(b)
	}
	u.message.Bindings++
	switch b.Decision {
	case gate.Allowed, gate.Partial:
		return worse || !u.options.OnlyNew
	case gate.Refused:
		u.message.Refused++
	default:
		u.message.Undetermined++
	}
	if worse {
		item := notify.Item{Domain: b.DomainName, Target: b.Target(), Decision: string(b.Decision)}
		for _, c := range b.Checks {
			if c.Status == checks.StatusFail || c.Status == checks.StatusUnknown {
				item.Checks = append(item.Checks, c.ID)
			}
		}
		slices.Sort(item.Checks)
		u.message.Add(item)
	}
	return worse || !u.options.OnlyNew
}

// Compared ends the comparison; nil without --since.
func (u *FollowUp) Compared(whole bool) *report.Since {
	if u == nil {
		return nil
	}
	u.whole = whole
	if u.comparison != nil && u.found == nil {
		u.found = u.comparison.Result(whole)
	}
	return u.found
}

// End writes the metrics and sends the notification of a run that ended with err, also of
// one that failed. Neither changes the exit code: a failure is a warning.
func (u *FollowUp) End(ctx context.Context, err error) {
	if u == nil {
		return
	}
	code := exit.CodeOf(err)
	if err != nil && !errors.Is(err, exit.ErrReported) {
		u.whole = false
	}
	if u.file != nil {
		err := u.recorder.Write(u.file, metrics.Run{Scope: u.scope, Start: u.start, Listed: u.listed, End: u.env.Now(), Whole: u.whole, ExitCode: code}, u.earlier)
		if err == nil {
			err = u.file.Commit()
		}
		if err != nil {
			u.env.Complain(fmt.Errorf("writing --metrics %q: %w", u.options.Metrics, err))
		}
	}
	quiet := code == exit.Clean
	if s := u.found; s != nil && u.whole {
		u.message.Changes = &notify.Changes{New: len(s.New), Fixed: len(s.Fixed), Changed: len(s.Changed), Bound: len(s.Bound), Gone: len(s.Gone)}
		quiet = s.Empty()
	}
	if u.webhook == nil || ctx.Err() != nil || quiet {
		return
	}
	u.message.At, u.message.ExitCode, u.message.Whole = u.env.Now().UTC(), code, u.whole
	if err := u.webhook.Send(ctx, u.message, "bindgate/"+built.Version()); err != nil {
		u.env.Complain(err)
	}
}
