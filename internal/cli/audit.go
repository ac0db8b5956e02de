package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"
	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gateway"
	"github.com/bindgate/bindgate/internal/manifest"
)

func newAudit(env Env) *cobra.Command {
	var f flags
	var region, output string
	c := &cobra.Command{
		Use:   "audit --region ID",
		Short: "Judge every binding that an account has in a region; change nothing",
		Long: `List the API groups of a region, take every custom domain that they hold for a
wish, and judge it as lint does. It shows what has rotted since it was bound: names that
lead elsewhere, certificates that end. With -o it also writes what it found as a manifest.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return audit(c.Context(), env, c, f, region, output) },
	}
	f.addJudging(c)
	f.addMode(c)
	c.Flags().StringVar(&region, "region", "", "the region `ID` to audit, such as cn-hangzhou")
	c.Flags().StringVarP(&output, "output", "o", "", "write the bindings as a manifest to `FILE`, which must not exist")
	return c
}

func audit(ctx context.Context, env Env, c *cobra.Command, f flags, region, output string) error {
	if region == "" {
		return errors.New("reading flags: --region is missing; name the region to audit, such as cn-hangzhou")
	}
	if f.offline || len(f.without) > 0 && slices.Contains(f.without, "group") || f.evidence != "" {
		return errors.New("reading flags: audit reads the bindings from the gateway; leave out --offline, --without group and --evidence")
	}
	r, err := ready(env, c, f)
	if err != nil {
		return err
	}
	defer r.close()
	file, err := openNew(env, output)
	if err != nil {
		return fmt.Errorf("opening -o %q: %w", output, err)
	}
	defer func() { _ = file.Close() }()
	text, err := r.boundManifest(ctx, region)
	if err != nil || text == nil {
		return err
	}
	from := "-"
	r.env.Stdin = bytes.NewReader(text)
	if file != nil {
		from = output
		_, err := file.Write(text)
		if err = errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("writing -o %q: %w", output, err)
		}
	}
	if err := r.open(ctx, c, []string{from}); err != nil {
		return err
	}
	return r.lint(ctx)
}

// openNew opens a file that is not there yet; none without a path.
func openNew(env Env, path string) (*outFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := openOutFile(absolute(env, path), 0o644)
	if err == nil && !f.fresh {
		err = errors.Join(os.ErrExist, f.Close())
	}
	return f, err
}

// boundManifest is what a region has bound, as a manifest; nil when it is nothing.
func (r *run) boundManifest(ctx context.Context, region string) ([]byte, error) {
	// One binding, not yet known: enough to say that the gateway is wanted.
	r.set = &manifest.Set{Bindings: make([]binding.Binding, 1)}
	if err := r.openGateway(); err != nil {
		return nil, err
	}
	groups, err := readGroups(ctx, gateway.NewReader(r.transport), region, r.s.concurrency)
	if err != nil {
		return nil, withCode(exitCannotTell, err)
	}
	m := boundFile{APIVersion: "bindgate/v1"}
	for _, g := range groups {
		for _, d := range g.Domains {
			m.Bindings = append(m.Bindings, boundDomain{DomainName: d.DomainName, GroupID: g.GroupID, RegionID: region,
				BindStageName: d.BindStageName, CustomDomainType: d.CustomDomainType, Redirect: d.IsHTTPRedirectToHTTPS})
		}
	}
	if len(m.Bindings) == 0 {
		_, err := fmt.Fprintf(r.env.Stdout, "%d API groups in %s, and no domain is bound to any\n", len(groups), region)
		return nil, err
	}
	text, err := yaml.Dump(m, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return nil, fmt.Errorf("writing down what is bound: %w", err)
	}
	return text, nil
}

// boundFile is a manifest of what stands.
type boundFile struct {
	APIVersion string        `yaml:"apiVersion"`
	Bindings   []boundDomain `yaml:"bindings"`
}

type boundDomain struct {
	DomainName       string `yaml:"domainName"`
	GroupID          string `yaml:"groupId"`
	RegionID         string `yaml:"regionId"`
	BindStageName    string `yaml:"bindStageName"` // empty: all environments
	CustomDomainType string `yaml:"customDomainType,omitempty"`
	Redirect         bool   `yaml:"isHttpRedirectToHttps,omitempty"`
}

// readGroups reads every group of a region, in the order of their listing. One
// that cannot be read fails all: an audit that misses a group misleads.
func readGroups(ctx context.Context, reader *gateway.Reader, region string, parallel int) ([]evidence.Group, error) {
	refs, err := reader.Groups(ctx, region)
	if err != nil {
		return nil, err
	}
	groups := make([]evidence.Group, len(refs))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(max(parallel, 1))
	for i, ref := range refs {
		work.Go(func() error {
			g, err := reader.Group(ctx, region, ref.GroupID)
			if err != nil {
				return fmt.Errorf("reading the API group %q: %w", ref.GroupID, err)
			}
			groups[i] = g
			return nil
		})
	}
	return groups, work.Wait()
}
