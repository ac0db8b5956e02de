package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/since"
	"github.com/bindgate/bindgate/internal/usage"
)

// mapping is what writes a map.
type mapping struct{ from, to, region, output string }

func newCutover(env console.Env) *cobra.Command {
	var f settings.Flags
	var a applying
	var m mapping
	var file string
	var apply bool
	c := &cobra.Command{
		Use:   "cutover --map FILE",
		Short: "Say how far domains have moved to the cloud-native gateway; prepare them",
		Long: `For each domain of a map: read the API group that it moves from, the gateway that it
moves to, and DNS; make a TLS handshake at the gateway's own addresses before DNS moves;
and report in which of eight states it is, what is next, and what would break.
With --apply it uploads certificates and creates or updates the domains through the gate.
It never publishes, changes DNS or deletes the old binding: it prints the commands.
With --from and --to it writes a map of what an account has.`,
		Example: `  bindgate cutover --from cn-hangzhou --to gw-cq2avtllh -o map.yaml
  bindgate cutover --map map.yaml -f html=board.html
  bindgate cutover --map map.yaml --apply`,
		Args: usage.None,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case file != "" && m != mapping{}:
				return errors.New("reading flags: --map reads a map, and --from, --to and -o write one; use one or the other")
			case file == "" && m.from != "" && m.to == "":
				return errors.New("reading flags: --to is missing; name the gateway that the domains move to, such as gw-cq2avtllh")
			case file == "" && m.from == "" && m.to != "":
				return errors.New("reading flags: --from is missing; name the region that the domains move from, such as cn-hangzhou")
			case file == "" && (m.from == "" || m.to == ""):
				return errors.New("reading flags: --map is missing; name the map, or write one with --from REGION --to GATEWAY")
			case file == "" && (apply || f.Since != ""):
				return errors.New("reading flags: --apply and --since need --map")
			case file == "":
				return m.write(c.Context(), env, f)
			case apply && f.Since != "":
				return errors.New("reading flags: --since looks back, and --apply changes; use one or the other")
			case apply:
				f.As, f.Map = "apply", true
				return a.do(c.Context(), env, f, []string{file})
			}
			f.Map = true
			return follow(c.Context(), env, f, file)
		},
	}
	f.AddJudging(c)
	f.AddMode(c)
	p := c.Flags()
	p.StringVar(&file, "map", "", "the map, a YAML `FILE`: see bindgate schema cutover-map")
	p.StringVar(&f.Since, "since", "", "an earlier json report of cutover in `FILE`, which shows when DNS changed and the TTL before")
	p.BoolVar(&apply, "apply", false, "upload certificates, create and update domains of the gateway, if every one is allowed")
	p.StringVar(&m.from, "from", "", "write a map of the domains of the classic gateway in this `REGION`")
	p.StringVar(&m.to, "to", "", "the `GATEWAY` that they move to")
	p.StringVar(&m.region, "to-region", "", "the `REGION` of that gateway (default: that of --from)")
	p.StringVarP(&m.output, "output", "o", "", "write the map to `FILE`, which must not exist (default: standard output)")
	a.addFlags(c, &f)
	return c
}

// follow judges the domains of a map and reports how far each has come.
func follow(ctx context.Context, env console.Env, f settings.Flags, file string) error {
	wait := f.Wait
	f.Wait = 0
	return session.Do(ctx, env, f, []string{file}, func(r *session.Run) error {
		if err := readEarlier(r); err != nil {
			return err
		}
		if wait != 0 {
			if err := watch(ctx, r, wait); err != nil {
				return err
			}
		}
		return r.Lint(ctx, r.Settings.Offline || len(r.Settings.Without) > 0)
	})
}

// watch remembers where DNS leads now, then waits until all servers of each zone agree:
// the run that follows knows since when, and which TTL the old record had.
func watch(ctx context.Context, r *session.Run, wait time.Duration) error {
	seen := cutover.Earlier{}
	if err := r.Engine.Judge(ctx, judge.Scope{}, func(v judge.Verdict) error {
		if p := r.MoveOf(v); p != nil {
			seen.Add(v.Binding.DomainName, *p)
		}
		return nil
	}); err != nil {
		return err
	}
	r.Earlier = seen
	r.Settings.Wait = wait
	return r.Await(ctx)
}

// readEarlier reads the report of --since.
func readEarlier(r *session.Run) error {
	if r.Settings.Since == "" {
		return nil
	}
	data, err := confine.ReadBounded(r.Env.Absolute(r.Settings.Since), since.MaxSize)
	if err != nil {
		return fmt.Errorf("reading --since: %w", err)
	}
	if r.Earlier, err = since.Moves(data, r.Settings.Clock()); err != nil {
		return fmt.Errorf("reading --since %q: %w", r.Settings.Since, err)
	}
	return nil
}

// write writes a map of what the classic gateway has in a region.
func (m mapping) write(ctx context.Context, env console.Env, f settings.Flags) error {
	if f.Offline || slices.Contains(f.Without, "group") || f.Evidence != "" {
		return errors.New("reading flags: the domains are read from the gateway; omit --offline, --without group and --evidence")
	}
	return session.Ready(env, f, nil, func(r *session.Run) error {
		out, err := r.List(ctx, binding.Classic, m.from, m.output)
		if err != nil {
			return err
		}
		defer out.Discard()
		if len(r.Held.Bindings) == 0 {
			return exit.With(exit.Refused, fmt.Errorf("%d API groups in %s, and no domain is bound to any, so there is nothing to move", r.Held.Groups, m.from))
		}
		list, further := r.Held.Successors(m.from, m.to, cmp.Or(m.region, m.from))
		if len(further) > 0 {
			env.Complain(fmt.Errorf("names that several API groups hold (%d), of which the map names the first: %s", len(further), some(further)))
		}
		if out == nil {
			return manifest.WriteMap(env.Stdout, list)
		}
		if err := errors.Join(manifest.WriteMap(out, list), out.Commit()); err != nil {
			return fmt.Errorf("writing -o %q: %w", m.output, err)
		}
		return env.Print(fmt.Sprintf("%d domains; put their certificates and keys where the map names them, then run bindgate cutover --map %s\n", len(list), m.output))
	})
}
