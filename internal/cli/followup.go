package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
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
	"github.com/bindgate/bindgate/internal/usage"
)

// notifyVariable holds the address of the webhook in place of the owner's file.
const notifyVariable = "BINDGATE_NOTIFY_URL"

// following are the flags of an audit that runs again and again.
type following struct {
	metrics string // file
	notify  string // kind of webhook
	since   string // file of an earlier report
	onlyNew bool
}

func (f *following) add(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.metrics, "metrics", "", "write metrics to `FILE` for Prometheus (the textfile collector of node_exporter reads *.prom)")
	p.StringVar(&f.notify, "notify", "", "send the outcome to a webhook of this `KIND` if there is something to do: "+"dingtalk, feishu, json or slack; its URL is in "+notifyVariable+" or in the owner's file")
	p.StringVar(&f.since, "since", "", "report what is new, fixed and changed since the report of an earlier audit in `FILE`, written with -f json=FILE; may be the same file")
	p.BoolVar(&f.onlyNew, "only-new", false, "with --since: let only new and worse results count in the exit code")
	usage.Values(c, "notify", notify.Kinds()...)
}

// followUp is what an audit does in addition to its reports. A nil one does nothing.
type followUp struct {
	following
	env   console.Env
	scope metrics.Scope

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

// follow opens and reads everything that the follow-up of an audit needs. Every error is
// usage.
func (r *run) follow(f following, platform, region string) (err error) {
	u := &followUp{following: f, env: r.env, start: r.env.Now(), scope: metrics.Scope{Account: r.s.Account, Platform: platform, Region: region}}
	r.after = u
	u.message = notify.Message{Version: built.Version(), Account: r.s.Account, Platform: platform, Region: region}
	switch {
	case f.onlyNew && f.since == "":
		return errors.New("reading --only-new: it needs an earlier report; name it with --since FILE")
	case f.metrics != "" && !r.s.Live:
		return errors.New("reading --metrics: metrics are of the whole evidence of now; omit --now and --without")
	}
	if f.notify != "" {
		if u.webhook, err = webhook(r.env, f.notify, r.s.NotifyURL); err != nil {
			return err
		}
	}
	if f.since != "" {
		if err := r.readReport(u, platform, region); err != nil {
			return fmt.Errorf("reading --since %q: %w", f.since, err)
		}
	}
	if f.metrics != "" {
		if u.file, err = confine.Create(r.env.Dir, f.metrics, 0o644); err != nil {
			return fmt.Errorf("opening --metrics %q: %w", f.metrics, err)
		}
		r.out.metrics = u.file
		u.readMetrics()
	}
	reports := r.out.reports.Files()
	for _, out := range r.out.files() {
		if f.since != "" && overwrites(r.env, out, []string{f.since}) && !slices.Contains(reports, out) {
			return fmt.Errorf("looking at the files to write: %q is the report of --since too, want a separate file for each", out.Path())
		}
	}
	return nil
}

// webhook returns the webhook of --notify. Its address is never part of an error.
func webhook(env console.Env, kind, address string) (*notify.Webhook, error) {
	if !slices.Contains(notify.Kinds(), kind) {
		got := fmt.Sprintf("%.64q", kind)
		if strings.ContainsAny(kind, ":/.") {
			got = "an address"
		}
		return nil, fmt.Errorf("reading --notify: got %s, want dingtalk, feishu, json or slack; the address belongs in %s", got, notifyVariable)
	}
	from := "notifyURL of the owner's file"
	if address == "" {
		from, address = notifyVariable, env.Get(notifyVariable)
	}
	if address == "" {
		return nil, fmt.Errorf("reading --notify: no address of the webhook; set %s, or notifyURL in the owner's file", notifyVariable)
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
func (r *run) readReport(u *followUp, platform, region string) error {
	path := r.env.Absolute(u.since)
	data, err := confine.ReadBounded(path, since.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		for _, out := range r.out.reports.Files() {
			if resolved, err := confine.Unlinked(r.env.Dir, u.since); err == nil && resolved == out.Path() {
				u.comparison = since.First()
				return nil
			}
		}
		return fmt.Errorf("%w; name the report of an earlier audit, or write this one with -f json=%s", err, u.since)
	}
	if err != nil {
		return err
	}
	u.comparison, err = since.Read(data, platform, region)
	return err
}

// readMetrics reads what the file of --metrics has from the run before. What is not of
// bindgate is replaced with a warning.
func (u *followUp) readMetrics() {
	if u.file.Existing() == nil || !u.file.Regular() {
		return
	}
	data, err := confine.ReadBounded(u.file.Path(), metrics.MaxSize)
	if err == nil {
		u.earlier, err = metrics.Read(data, u.scope, u.start)
	}
	if err != nil {
		u.env.Complain(fmt.Errorf("reading --metrics %q of the run before: %w; the times of the last success and of unread certificates are lost", u.metrics, err))
	}
}

// listing takes note that the bindings are known, and of the account that they are of.
func (u *followUp) listing(id *evidence.Identity) error {
	u.listed = u.env.Now()
	if id != nil && id.AccountID != "" {
		u.scope.Account, u.message.Account = id.AccountID, id.AccountID
	}
	if u.comparison == nil {
		return nil
	}
	if err := u.comparison.SameAccount(id); err != nil {
		return fmt.Errorf("reading --since %q: %w", u.since, err)
	}
	return nil
}

// add takes note of a binding, and reports whether it counts in the exit code.
func (u *followUp) add(b report.Binding) (counts bool) {
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
		return worse || !u.onlyNew
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
	return worse || !u.onlyNew
}

// compared ends the comparison; nil without --since.
func (u *followUp) compared(whole bool) *report.Since {
	if u == nil {
		return nil
	}
	u.whole = whole
	if u.comparison != nil && u.found == nil {
		u.found = u.comparison.Result(whole)
	}
	return u.found
}

// end writes the metrics and sends the notification of a run that ended with err, also of
// one that failed. Neither changes the exit code: a failure is a warning.
func (u *followUp) end(ctx context.Context, err error) {
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
			u.env.Complain(fmt.Errorf("writing --metrics %q: %w", u.metrics, err))
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
