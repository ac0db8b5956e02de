package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/sources"
)

func newImport(env console.Env) *cobra.Command {
	var given sources.Given
	c := &cobra.Command{
		Use:   "import -- aliyun PRODUCT ACTION FLAG…",
		Short: "Turn the arguments of a command into a manifest; run nothing",
		Long: `Write to standard output the manifest of the binding that a command of Alibaba
Cloud's CLI would make: cloudapi SetDomain, apig CreateDomain or UpdateDomain.
The command is not run. What it does not say is listed on standard error; labels
are not part of it. A command with a private key or a credential in it is
refused.`,
		Example: `  bindgate import -- aliyun cloudapi SetDomain --region cn-hangzhou --GroupId GROUP --DomainName api.demo.com
  bindgate import --gateway GATEWAY -- aliyun apig create-domain --region cn-hangzhou --name api.demo.com`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			if c.ArgsLenAtDash() != 0 {
				return errors.New("reading arguments: want the command after --, such as bindgate import -- aliyun cloudapi SetDomain …")
			}
			for _, name := range []string{"gateway", "domain"} {
				if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return fmt.Errorf("reading --%s: got an empty value, want one; is a variable not set?", name)
				}
			}
			entry, missing, err := sources.Command(args, given)
			if err != nil {
				return fmt.Errorf("reading the command: %w", err)
			}
			set, err := manifest.FromEntries("command", nil, nil, []manifest.Entry{entry}, manifest.Options{WorkDir: env.Dir})
			if err != nil {
				return fmt.Errorf("reading the command: %w", err)
			}
			for _, m := range missing {
				env.Complain(errors.New("not in the command: " + m))
			}
			return manifest.Write(env.Stdout, slices.Collect(set.All()))
		},
	}
	c.Flags().SetInterspersed(false) // without --, the flags of the command are not read as bindgate's
	c.Flags().StringVar(&given.Gateway, "gateway", "", "the gateway `ID` of a command of apig, which names none")
	c.Flags().StringVar(&given.Domain, "domain", "", "the domain `NAME` of UpdateDomain, which names an id alone")
	return c
}
