package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/demo"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/usage"
)

func newDemo(env console.Env) *cobra.Command {
	platform := binding.Classic
	c := &cobra.Command{
		Use:   "demo",
		Short: "See the whole road on a sandbox: lint, refuse, bind, compare",
		Long: `Mint a CA and certificates, start a sandbox on loopback, lint and apply a manifest
with sound and unsound bindings, and compare what the sandbox received with what
was decided. With --platform apig it also makes the same requests without bindgate,
and shows what clients meet then. Exit code 0 only if they agree, 1 if not. It needs
no account, no network and no rights, and it ends in seconds.`,
		Example: `  bindgate demo
  bindgate demo --platform apig
  bindgate demo --dir demo`,
	}
	c.Flags().StringVar(&platform, "platform", binding.Classic, "`PLATFORM` to show: classic or apig, the cloud-native gateway")
	usage.Values(c, "platform", binding.Classic, binding.APIG)
	c.AddCommand(newDemoCutover(env))
	return demoCommand(env, c, &platform, demo.Run)
}

func newDemoCutover(env console.Env) *cobra.Command {
	platform := binding.APIG
	return demoCommand(env, &cobra.Command{
		Use:   "cutover",
		Short: "See eight domains move to the cloud-native gateway, in eight states",
		Long: `Start a sandbox with both gateways and two name servers, and report how far eight domains
have moved. One of them would lose the CA of its clients: it is refused, and what a
plain client does with it is shown. Exit code 0 only if every domain is in its state
and the sandbox received the allowed calls alone, 1 if not.`,
		Example: `  bindgate demo cutover
  bindgate demo cutover --dir move`,
	}, &platform, demo.RunCutover)
}

// demoCommand makes a command that runs a scenario of a platform.
func demoCommand(env console.Env, c *cobra.Command, platform *string, run scenario) *cobra.Command {
	var dir, color string
	usage.Color(c, &color)
	c.Flags().StringVar(&dir, "dir", "", "keep all files in `DIR`, which must be empty or not exist")
	c.Args = usage.None
	c.RunE = func(c *cobra.Command, _ []string) error { return runDemo(c.Context(), env, *platform, dir, color, run) }
	return c
}

// scenario reports whether what the sandbox received agrees with what was decided.
type scenario func(context.Context, demo.Options) (bool, error)

func runDemo(ctx context.Context, env console.Env, platform, dir, color string, run scenario) error {
	if err := usage.CheckColor(color); err != nil {
		return err
	}
	if err := usage.OneOf("platform", platform, binding.Classic, binding.APIG); err != nil {
		return err
	}
	o := demo.Options{Platform: platform, Name: dir, Temp: env.Get("TMPDIR"), Out: env.Stdout, Color: env.Color(color), Now: env.Now, Bindgate: func(ctx context.Context, dir string, environ []string, args ...string) int {
		apart := env.Apart(dir, environ)
		apart.ResolvConf = filepath.Join(dir, demo.ResolvConf) // never the machine's resolvers
		return Run(ctx, append(slices.Clone(args), "--color="+color), apart)
	}}
	if dir != "" {
		var err error
		if o.Dir, err = confine.Unlinked(env.Dir, dir); err != nil {
			return fmt.Errorf("reading --dir: %w", err)
		}
	}
	agree, err := run(ctx, o)
	switch {
	case err != nil && ctx.Err() != nil:
		return exit.With(exit.Interrupted, err)
	case err != nil:
		return err
	case !agree:
		return exit.Ended(exit.Refused)
	}
	return nil
}
