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
	return &cobra.Command{
		Use:   "import -- aliyun cloudapi SetDomain FLAG…",
		Short: "Turn the arguments of a command into a manifest; run nothing",
		Long: `Write to standard output the manifest of the binding that a command of Alibaba
Cloud's CLI would make. The command is not run. What it does not say is listed
on standard error; labels are not part of it. A command with a private key or a
credential in it is refused.`,
		Example: `  bindgate import -- aliyun cloudapi SetDomain --region cn-hangzhou --GroupId GROUP --DomainName api.demo.com
  bindgate import -- aliyun cloudapi SetDomain -p prod --RegionId cn-hangzhou --GroupId GROUP --DomainName DOMAIN`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			if c.ArgsLenAtDash() != 0 {
				return errors.New("reading arguments: want the command after --, such as bindgate import -- aliyun cloudapi SetDomain …")
			}
			entry, missing, err := sources.Command(args)
			if err != nil {
				return fmt.Errorf("reading the command: %w", err)
			}
			set, err := manifest.FromEntries("command", nil, []manifest.Entry{entry}, manifest.Options{WorkDir: env.Dir})
			if err != nil {
				return fmt.Errorf("reading the command: %w", err)
			}
			for _, m := range missing {
				env.Complain(errors.New("not in the command: " + m))
			}
			return manifest.Write(env.Stdout, slices.Collect(set.All()))
		},
	}
}
