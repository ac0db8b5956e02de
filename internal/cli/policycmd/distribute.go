package policycmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/given"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/policy/lock"
	"github.com/bindgate/bindgate/internal/policy/registry"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

// distribution are the options of policies whose distribution a command deals with.
func distribution(env console.Env, owner config.Config) (policy.Options, *registry.Client, error) {
	schemas, err := given.Schemas(owner.Trust.External)
	if err != nil {
		return policy.Options{}, nil, err
	}
	client := settings.Registries(env, owner.Registries, "")
	return policy.Options{Dir: env.Dir, Fetch: client.Fetch, Results: judge.PolicyResults(catalog.All()), Labels: owner.Labels, External: schemas}, client, nil
}

func newPolicyBuild(env console.Env) *cobra.Command {
	var out string
	var f policyFlags
	c := &cobra.Command{
		Use: "build FOLDER -o FILE", Short: "Pack a folder of policies as an OPA bundle; the same files give the same bytes", Args: usage.One("folder of policies"),
		Long: `Pack a folder of policies, their tests and data as an OPA bundle (.tar.gz), if they
load. The same files give the same bytes on any machine. The printed reference, with
its digest, can be written into the owner's file (policy).`,
		Example: `  bindgate policy build policies -o policies.tar.gz
  bindgate policy build policies -o policies.tar.gz --config owner.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			if !strings.HasSuffix(out, ".tar.gz") && !strings.HasSuffix(out, ".tgz") {
				return fmt.Errorf("reading flags: got -o %q, want a FILE whose name ends in .tar.gz", out)
			}
			if rel, err := filepath.Rel(env.Absolute(args[0]), env.Absolute(out)); err == nil && filepath.IsLocal(rel) {
				return fmt.Errorf("reading flags: -o %q is in the folder that is packed; name a file elsewhere", out)
			}
			o, _, err := f.options(env, args)
			if err != nil {
				return err
			}
			archive, err := policy.Build(c.Context(), o)
			if err != nil {
				return err
			}
			if err := confine.WriteFile(env.Dir, out, archive, 0o644); err != nil {
				return err
			}
			return env.Println(bundle.Ref{Path: out, Digest: bundle.Digest(archive)}.String())
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the bundle's `FILE`")
	f.add(c)
	return c
}

func newPolicyPush(env console.Env) *cobra.Command {
	var f policyFlags
	c := &cobra.Command{
		Use: "push PATH oci://REGISTRY/REPOSITORY:TAG", Short: "Push a folder or bundle of policies to a registry, and print the digest",
		Long: `Push a folder of policies, packed as by "bindgate policy build", or a bundle to an OCI
registry, if the policies load. The printed reference, with its digest, is what
--policy and the owner's file (policy) take. Credentials are static: those of
"docker login" without a credential helper, or registries in the owner's file.`,
		Example: `  bindgate policy push policies oci://registry.example.com/team/policies:v7
  bindgate policy push policies.tar.gz oci://registry.example.com/team/policies:v7`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("reading arguments: got %d, want a folder or bundle and oci://registry/repository:tag", len(args))
			}
			to, err := bundle.ParseRef(args[1])
			if err != nil {
				return fmt.Errorf("reading arguments: %w", err)
			}
			if !to.OCI() || to.Tag == "" || to.Digest != "" {
				return fmt.Errorf("reading arguments: got %q, want oci://registry/repository:tag without a digest", args[1])
			}
			o, client, err := f.options(env, args[:1])
			if err != nil {
				return err
			}
			archive, err := policy.Archive(c.Context(), o)
			if err != nil {
				return err
			}
			if to.Digest, err = client.Push(c.Context(), to, archive); err != nil {
				return err
			}
			return env.Println(to.String())
		},
	}
	f.add(c)
	return c
}

func newPolicyLock(env console.Env) *cobra.Command {
	o := lock.Options{Dir: env.Dir, Now: env.Now, To: env.Stdout, Escape: report.Escape,
		Policies: func(owner config.Config) (policy.Options, *registry.Client, error) { return distribution(env, owner) }}
	c := &cobra.Command{
		Use: "lock [REFERENCE]", Short: "Write the digest of policies into the owner's file, after showing what changes",
		Long: `Compare what the owner's file locks with what its policies are now: a registry is
asked for the tag, a bundle or folder with a digest is read. For each digest that
changes, show the difference of the files, verify a signature by one of the owner's
policySigners, and write the new digest into the file. Nothing is written without a
valid signature, or with --print.

REFERENCE names the entry, and may have a new tag or digest: a path or
oci://registry/repository:tag. Without --config, its digest is printed.

The signature is the bundle's own, by "opa sign", or one of ssh-keygen over the line
with the new digest (--signature); the command to sign is printed.

Exit codes: 0 locked, or nothing changed; 1 not written for want of a signature.`,
		Example: `  bindgate policy lock --config owner.yaml
  bindgate policy lock --config owner.yaml --signature digest.sig oci://registry.example.com/team/policies:v8`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("reading arguments: got %d, want at most one reference", len(args))
			}
			o.Reference = strings.Join(args, "")
			err := lock.Lock(c.Context(), o)
			if errors.Is(err, lock.ErrUnsigned) {
				return exit.With(exit.Refused, err)
			}
			return err
		},
	}
	c.Flags().StringVar(&o.Config, "config", "", "the gate owner's configuration `FILE`, which is changed")
	c.Flags().StringVar(&o.Signature, "signature", "", "signature of the new digest in `FILE`, by ssh-keygen -Y sign")
	c.Flags().BoolVar(&o.Print, "print", false, "show the difference and the new reference, and write nothing")
	return c
}
