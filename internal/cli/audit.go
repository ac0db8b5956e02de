package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/followup"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/notify"
	"github.com/bindgate/bindgate/internal/starter"
	"github.com/bindgate/bindgate/internal/usage"
)

func newAudit(env console.Env) *cobra.Command {
	var f settings.Flags
	var a auditing
	c := &cobra.Command{
		Use:   "audit --region ID",
		Short: "Judge every binding that an account has in a region; change nothing",
		Long: `Check every bound custom domain of a region as if it were in a manifest, to find
bindings that no longer work: names that resolve elsewhere, certificates that expire.
With -o it also writes the bindings as a manifest.
With --platform apig it checks the domains of the cloud-native gateway, each on every
gateway whose routes serve it. A domain that no gateway serves is a warning, and is
not written to -o.
For an audit that runs every day: --since compares it with the one before, --metrics
writes it for Prometheus, and --notify sends it to a chat.`,
		Args: usage.None,
		Example: `  bindgate audit --region cn-hangzhou
  bindgate audit --region cn-hangzhou -f html=account.html -o found.yaml
  bindgate audit --region cn-hangzhou --platform apig --only d-cpu1aullhtgkidg7sa4g
  bindgate audit --region cn-hangzhou -f json=audit.json --since audit.json --metrics bindgate.prom --notify slack`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.do(c.Context(), env, f)
		},
	}
	f.AddJudging(c)
	f.AddMode(c)
	f.AddProbe(c)
	addFollowUp(c, &a.again)
	c.Flags().StringVar(&a.region, "region", "", "the region `ID` to audit, such as cn-hangzhou")
	c.Flags().StringVar(&a.platform, "platform", binding.Classic, "the `PLATFORM` to audit: classic or apig, the cloud-native gateway")
	usage.List(c.Flags(), &a.only, "only", "", "audit only this `NAME`, or id of a domain of the cloud-native gateway, repeatable")
	usage.Values(c, "region", binding.Regions()...)
	usage.Values(c, "platform", binding.Classic, binding.APIG)
	c.Flags().StringVarP(&a.output, "output", "o", "", "write the bindings as a manifest to `FILE`, which must not exist")
	return c
}

// addFollowUp adds the flags of an audit that runs again and again.
func addFollowUp(c *cobra.Command, f *followup.Options) {
	p := c.Flags()
	p.StringVar(&f.Metrics, "metrics", "", "write metrics to `FILE` for Prometheus (the textfile collector of node_exporter reads *.prom)")
	p.StringVar(&f.Notify, "notify", "", "send the outcome to a webhook of this `KIND` if there is something to do: dingtalk, feishu, json or slack; its URL is in "+followup.Variable+" or in the owner's file")
	p.StringVar(&f.Since, "since", "", "report what is new, fixed and changed since the report of an earlier audit in `FILE`, written with -f json=FILE; may be the same file")
	p.BoolVar(&f.OnlyNew, "only-new", false, "with --since: let only new and worse results count in the exit code")
	usage.Values(c, "notify", notify.Kinds()...)
}

// auditing is one call of the command.
type auditing struct {
	region, platform, output string
	only                     []string
	again                    followup.Options
}

func (a auditing) do(ctx context.Context, env console.Env, f settings.Flags) error {
	if a.region == "" {
		return errors.New("reading flags: --region is missing; name the region to audit, such as cn-hangzhou")
	}
	if err := usage.OneOf("platform", a.platform, binding.Classic, binding.APIG); err != nil {
		return err
	}
	if f.Offline || slices.Contains(f.Without, "group") || f.Evidence != "" {
		return errors.New("reading flags: audit reads the bindings from the gateway; omit --offline, --without group and --evidence")
	}
	if len(a.only) > 0 && (a.again.Since != "" || a.again.Metrics != "" || a.again.Notify != "") {
		return errors.New("reading flags: --since, --metrics and --notify are of the whole account; omit --only")
	}
	return session.Ready(env, f, nil, func(r *session.Run) (err error) {
		if err := auditable(a.region, r.Settings.Gateway.Endpoint); err != nil {
			return err
		}
		if err := a.followUp(r); err != nil {
			return err
		}
		defer func() { r.FollowUp.End(ctx, err) }()
		file, err := r.List(ctx, a.platform, a.region, a.output)
		if err != nil {
			return err
		}
		defer file.Discard()
		if err := r.FollowUp.Listing(r.Held.Identity); err != nil {
			return err
		}
		if len(a.only) > 0 {
			if err := r.Held.Only(a.only); err != nil {
				return err
			}
		}
		bindings := r.Held.Bindings
		all := slices.Concat(bindings, r.Held.Unserved)
		held := func() (*manifest.Set, error) { return manifest.Of(all, env.Dir) }
		if file != nil && len(all) == 0 {
			env.Complain(fmt.Errorf("writing -o %q: it is not written, because nothing is bound", a.output))
		} else if file != nil {
			_, err := io.WriteString(file, starter.SchemaLine(filepath.Dir(env.Absolute(a.output))))
			if err := errors.Join(err, manifest.Write(file, bindings), file.Commit()); err != nil {
				return fmt.Errorf("writing -o %q: %w", a.output, err)
			}
			if len(all) == len(bindings) { // a manifest has no binding without a gateway
				held = func() (*manifest.Set, error) { return r.Load([]string{a.output}) } // findings name its lines
			}
		}
		if err := r.Open(ctx, held); err != nil {
			return err
		}
		return r.Lint(ctx, true)
	})
}

// auditable returns an error for the id of a region that is not one: the gateway would
// list nothing, or the findings would be about the id. A private cloud has its own.
func auditable(region, endpoint string) error {
	known, meant := binding.KnownRegion(region)
	switch {
	case known, meant == "" && endpoint != "":
		return nil
	case meant != "":
		return fmt.Errorf("reading --region: got %.64q, which is in no published list; did you mean %s?", region, meant)
	}
	return fmt.Errorf("reading --region: got %.64q, which is in no published list; write the region id as the console shows it, such as cn-hangzhou", region)
}

// followUp opens what follows up an audit. No output may go over the earlier report but the
// report itself.
func (a auditing) followUp(r *session.Run) (err error) {
	o := a.again
	if o.Since != "" { // the next run compares with it
		r.Keeps = []string{o.Since}
	}
	reports := r.Out.Reports.Files()
	if r.FollowUp, err = followup.Open(r.Env, o, followup.Audit{Account: r.Settings.Gateway.Account, Platform: a.platform, Region: a.region, Live: r.Settings.Live, NotifyURL: r.Settings.NotifyURL, Reports: reports}); err != nil {
		return err
	}
	r.Out.Metrics = r.FollowUp.File()
	for _, out := range r.Out.Files() {
		if session.Overwrites(r.Env, out, r.Keeps) && !slices.Contains(reports, out) {
			return fmt.Errorf("looking at the files to write: %q is the report of --since too, want a separate file for each", out.Path())
		}
	}
	return nil
}
