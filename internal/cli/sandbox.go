package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ram"
	"github.com/bindgate/bindgate/internal/usage"
)

// sandboxFlags are what the sandbox command was called with.
type sandboxFlags struct {
	sandbox.Options
	seed, faults, envFile, ram, contract string
	log                                  bool
	rate, assume                         []string
}

func newSandbox(env console.Env) *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use:   "sandbox --seed FILE [-- COMMAND…]",
		Short: "Run both gateways and a DNS server on loopback",
		Long: `Run the classic and the cloud-native gateway, the certificate store and a DNS
server of the seed's state on loopback. Prints one "export NAME=value" a line,
then serves until it is interrupted. With a command it runs that in the same
environment and ends with its exit code.

What the platforms' pages leave open is chosen with --assume NAME=VALUE. The first
value is the default:

` + sandbox.AssumptionsText(),
		Example: `  bindgate sandbox --seed seed.yaml --env-file sandbox.env
  bindgate sandbox --seed seed.yaml --roots ca.pem -- bash`,
		RunE: func(c *cobra.Command, args []string) error { return runSandbox(c.Context(), env, f, args) },
	}
	p := c.Flags()
	p.StringVar(&f.seed, "seed", "", "YAML `FILE` with groups, gateways, domains, certificates and zone; - for standard input")
	p.StringVar(&f.GatewayAddr, "gateway", "", "loopback `ADDR:PORT` of the gateway (default: any free port)")
	p.StringVar(&f.DNSAddr, "dns", "", "loopback `ADDR:PORT` of the DNS server (default: any free port)")
	p.StringVar(&f.faults, "faults", "", "what goes wrong: `ACTION:FAULT[:COUNT],…`, such as SetDomain:reset-after-commit:1")
	p.StringVar(&f.envFile, "env-file", "", "write the export lines to `FILE` too (0600)")
	p.StringVar(&f.Roots, "roots", "", "PEM `FILE` to hand out as BINDGATE_ROOTS")
	p.StringVar(&f.ram, "ram-policy", "", "RAM policy document, a JSON `FILE`: the gateway refuses every call that it does not allow (default: all are allowed)")
	usage.Duration(p, &f.Latency, "latency", 0, "time before each answer of the gateway")
	usage.List(p, &f.rate, "rate", "", "calls a second of one action before it throttles, repeatable: `N` for each, ACTION=N, or documented (default: no limit)")
	usage.List(p, &f.Deny, "deny", "", "`PRODUCT:ACTION` that a RAM policy denies, repeatable: such as apig:Create* or yundun-cert:*")
	p.StringVar(&f.contract, "contract", "2026", "SetDomain contract to speak: 2026 or 2017")
	usage.List(p, &f.assume, "assume", "", "`NAME=VALUE` where the platforms' pages are silent, repeatable; see above")
	usage.Values(c, "contract", "2026", "2017")
	usage.Values(c, "rate", "documented")
	usage.Values(c, "assume", sandbox.AssumptionValues()...)
	p.BoolVar(&f.log, "log", false, "log one line a call, without parameters, on standard error")
	return c
}

func runSandbox(ctx context.Context, env console.Env, f sandboxFlags, command []string) error {
	o, err := f.options(env)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, err := sandbox.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	lines := sandbox.Exports(s.Env())
	if f.envFile != "" {
		if err := confine.WriteFile(env.Dir, f.envFile, []byte(lines), 0o600); err != nil {
			return fmt.Errorf("writing --env-file: %w", err)
		}
	}
	if len(command) > 0 {
		code, err := s.Run(ctx, command, sandbox.Process{Dir: env.Dir, Environ: env.Environ, Path: env.Get("PATH"),
			Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr})
		if err != nil {
			return fmt.Errorf("running the command: %w", err)
		}
		return exit.Ended(code)
	}
	if err := env.Print(lines); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (f sandboxFlags) options(env console.Env) (sandbox.Options, error) {
	o := f.Options
	err := usage.OneOf("contract", f.contract, "2026", "2017")
	if err != nil {
		return o, err
	}
	o.Now, o.Contract2017 = env.Now, f.contract == "2017"
	if o.RatePerSecond, o.Rates, err = sandbox.ParseRates(f.rate); err != nil {
		return o, fmt.Errorf("reading --rate: %w", err)
	}
	if o.Assume, err = sandbox.ParseAssumptions(f.assume); err != nil {
		return o, fmt.Errorf("reading --assume: %w", err)
	}
	if f.seed == "" {
		return o, errors.New("reading flags: --seed is missing; `bindgate demo --dir DIR` writes one to look at")
	}
	if f.log {
		o.AccessLog = env.Stderr
	}
	if f.Roots != "" {
		o.Roots = env.Absolute(f.Roots)
	}
	if f.ram != "" {
		text, err := confine.ReadBounded(env.Absolute(f.ram), maxSeed)
		if err != nil {
			return o, fmt.Errorf("reading --ram-policy: %w", err)
		}
		policy, err := ram.Parse(text)
		if err != nil {
			return o, fmt.Errorf("%s: %w", f.ram, err)
		}
		o.Policy = &policy
	}
	data, dir, err := readSeed(env, f.seed)
	if err != nil {
		return o, err
	}
	if o.Seed, err = account.ParseSeed(data, dir); err != nil {
		return o, err
	}
	if f.faults != "" {
		o.Faults, err = sandbox.ParseFaults(f.faults)
	}
	return o, err
}

// maxSeed bounds a seed, in bytes.
const maxSeed = 64 << 20

func readSeed(env console.Env, path string) (data []byte, dir string, err error) {
	if path == "-" {
		data, err = env.ReadStdin(maxSeed)
		return data, env.Dir, err
	}
	path = env.Absolute(path)
	data, err = confine.ReadBounded(path, maxSeed)
	if err != nil {
		err = fmt.Errorf("reading --seed: %w", err)
	}
	return data, filepath.Dir(path), err
}
