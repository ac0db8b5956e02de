package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/sources"
)

// planFlags are the flags that add what a Terraform plan cannot say.
func planFlags() []string {
	return strings.Fields("region gateway proof certificate certificate-name label")
}

// loadTerraform reads the bindings of a Terraform plan.
func loadTerraform(env console.Env, c *cobra.Command, s settings.Settings, paths []string, o manifest.Options) (*manifest.Set, error) {
	if len(paths) > 0 {
		return nil, fmt.Errorf("reading arguments: got both a manifest %q and --terraform, want one of them", paths[0])
	}
	for _, name := range settings.BindingFlags() {
		if c.Flags().Changed(name) && !slices.Contains(planFlags(), name) {
			return nil, fmt.Errorf("reading --%s: the plan of --terraform says it, or a manifest must; with a plan there are --%s", name, strings.Join(planFlags(), ", --"))
		}
	}
	w := s.Binding
	if w.CertificateName != "" && w.Certificate == "" {
		return nil, errors.New("reading --certificate-name: got no --certificate, want both")
	}
	text, err := confine.ReadBounded(env.Absolute(s.Terraform), sources.MaxFileSize)
	if err != nil {
		return nil, fmt.Errorf("reading --terraform: %w", err)
	}
	entries, err := sources.Terraform(text, sources.Given{Region: w.Region, Gateway: w.Gateway, Proof: w.Proof,
		Certificate: w.Certificate, CertificateName: w.CertificateName, Labels: w.Labels})
	if err != nil {
		return nil, fmt.Errorf("reading --terraform %s: %w", s.Terraform, err)
	}
	if len(entries) == 0 && !s.Quiet {
		env.Complain(fmt.Errorf("nothing to judge: the plan %s creates, changes and keeps no custom domain of API Gateway", s.Terraform))
	}
	return manifest.FromEntries(s.Terraform, text, entries, o)
}

// notRun is a binding that could not be judged, as the report has it. Where its domain is
// not known, the address of its resource is its name.
func notRun(b manifest.NotRun) report.Binding {
	var reasons []string
	for _, reason := range b.Reasons {
		reasons = append(reasons, fmt.Sprintf("%s (%s)", reason, b.Binding.Source.Address))
	}
	return report.Binding{Platform: b.Binding.Platform(), DomainName: cmp.Or(b.Binding.DomainName, b.Binding.Source.Address), Source: b.Binding.Source, Decision: gate.Undetermined, Reasons: reasons}
}

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
