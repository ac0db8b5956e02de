package policycmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
	"github.com/bindgate/bindgate/internal/waiver"
)

// question is what the commands that ask policies about bindings are called with.
type question struct {
	settings.Flags
	binding string
}

func (q *question) add(c *cobra.Command) {
	q.AddSources(c)
	q.AddReplay(c)
}

func (q *question) addBinding(c *cobra.Command) {
	c.Flags().StringVar(&q.binding, "binding", "", "the binding of this domain `NAME`, or NAME@GROUP, of several in the manifest")
	q.add(c)
}

// asked are the policies that are asked, with the owner's waivers.
type asked struct {
	*policy.Engine
	s settings.Settings
}

// load loads the policies. They print to standard error.
func load(ctx context.Context, env console.Env, s settings.Settings) (asked, error) {
	engine, err := policy.Load(ctx, policy.Options{Dir: env.Dir, Dirs: s.Policies, Fetch: s.FetchPolicy, Data: s.Data, Labels: s.Labels, External: s.External,
		Results: judge.PolicyResults(catalog.All()), Prints: printer{env.Stderr}})
	return asked{engine, s}, err
}

// waive marks what the owner waives of what policies said of a domain, as a run does.
func (a asked) waive(domain string, now time.Time, said *evidence.Policy) error {
	set, err := waiver.New(a.s.Waivers, catalog.All(), a.s.Severities, a.s.Raised, a.s.Clock())
	if err != nil {
		return err
	}
	if err := set.Rules(a.Rules()); err != nil {
		return err
	}
	set.Policy(said, domain, now)
	return nil
}

// printer writes what policies print, which may hold anything.
type printer struct{ to io.Writer }

func (p printer) Write(line []byte) (int, error) {
	if _, err := io.WriteString(p.to, report.Escape(strings.TrimSuffix(string(line), "\n"))+"\n"); err != nil {
		return 0, fmt.Errorf("printing for a policy: %w", err)
	}
	return len(line), nil
}

// ask collects the evidence of the bindings with a name, or of all, as lint does, and
// hands the input of each on.
func (q *question) ask(ctx context.Context, env console.Env, manifests []string, each func(settings.Settings, policy.Input) error) error {
	return session.Silent(ctx, env, q.Flags, manifests, func(r *session.Run) error {
		number := -1
		for b := range r.Engine.Bindings().All() {
			if number++; !named(b, q.binding) {
				continue
			}
			in, err := r.Engine.PolicyInput(ctx, number, b)
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = each(r.Settings, in)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// one is ask for exactly one binding, which the name selects.
func (q *question) one(ctx context.Context, env console.Env, manifests []string, do func(settings.Settings, policy.Input) error) error {
	var names []string
	var s settings.Settings
	var in policy.Input
	err := q.ask(ctx, env, manifests, func(with settings.Settings, got policy.Input) error {
		s, in = with, got
		names = append(names, got.Binding.DomainName+"@"+got.Binding.Target())
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		return q.none()
	case len(names) > 1:
		const most = 5
		list := strings.Join(names[:min(len(names), most)], ", ")
		return fmt.Errorf("reading arguments: got %d bindings, want one; name it with --binding, such as %s", len(names), list)
	}
	return do(s, in)
}

// none is the error for a manifest without a binding of the name.
func (q *question) none() error {
	return fmt.Errorf("reading arguments: the manifest has no binding %q; name its domainName, or domainName@groupId", q.binding)
}

// named reports whether a binding has the name; every binding has the empty one.
func named(b binding.Binding, name string) bool {
	return name == "" || name == b.DomainName || name == b.DomainName+"@"+b.Target()
}

func newPolicyInput(env console.Env) *cobra.Command {
	var q question
	c := &cobra.Command{
		Use:   "input MANIFEST",
		Short: "Write the input that policies read of a binding",
		Long: `Collect the evidence of one binding as lint does, run the checks, and write what
policies would read as a document of bindgate.policy-input/v1: for a test, or for
policy eval --input. It holds no key material.`,
		Example: `  bindgate policy input bindings.yaml --binding api.demo.com > input.json
  bindgate policy input --offline bindings.yaml`,
		Args: usage.One("manifest"),
		RunE: func(c *cobra.Command, args []string) error {
			q.Plan = true
			return q.one(c.Context(), env, args, func(s settings.Settings, in policy.Input) error {
				a, err := load(c.Context(), env, s)
				if err != nil {
					return err
				}
				text, err := a.Document(in)
				if err != nil {
					return err
				}
				return env.Print(string(text))
			})
		},
	}
	q.addBinding(c)
	return c
}

func newPolicyEval(env console.Env) *cobra.Command {
	var q question
	var input string
	c := &cobra.Command{
		Use:   "eval --input FILE [POLICY…]",
		Short: "Ask policies about one binding: a manifest's, or a document of bindgate.policy-input/v1",
		Long: `Ask policies (those of the arguments, of --policy and of --config, and the shipped
ones) about one binding, and print what they say. FILE is a document of
bindgate.policy-input/v1, or a manifest: its evidence is collected as lint does.
Exit code 1: a denial that the owner does not waive, or a force that is not allowed. 3: a policy could not be asked.`,
		Example: `  bindgate policy eval --input input.json policies
  bindgate policy eval --input bindings.yaml --binding api.demo.com --offline policies`,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		q.Policies = append(q.Policies, args...)
		data, err := readInput(env, input)
		if err != nil {
			return err
		}
		if input != "-" && !isDocument(data) {
			return q.one(c.Context(), env, []string{input}, func(s settings.Settings, in policy.Input) error {
				a, err := load(c.Context(), env, s)
				if err != nil {
					return err
				}
				return a.answer(env, in.Binding.DomainName, in.Run.Now, a.Evaluate(c.Context(), in))
			})
		}
		if q.binding != "" {
			return errors.New("reading --binding: a policy input is about one binding; omit the flag")
		}
		s, err := settings.Settle(env, q.Flags)
		if err != nil {
			return err
		}
		a, err := load(c.Context(), env, s)
		if err != nil {
			return err
		}
		said, err := a.EvaluateDocument(c.Context(), data)
		if err != nil {
			return err
		}
		var document struct {
			Binding struct{ DomainName string }
			Run     struct{ Now time.Time }
		}
		if err := json.Unmarshal(data, &document); err != nil {
			return fmt.Errorf("reading the policy input: %w", err)
		}
		return a.answer(env, document.Binding.DomainName, document.Run.Now, said)
	}
	c.Flags().StringVar(&input, "input", "", "JSON or manifest `FILE`; - for a JSON document on standard input")
	q.addBinding(c)
	return c
}

// maxInput bounds a policy input, in bytes.
const maxInput = 16 << 20

func readInput(env console.Env, path string) ([]byte, error) {
	switch path {
	case "":
		return nil, errors.New("reading flags: --input is missing; name a manifest, or a policy input that `bindgate policy input` writes, such as --input bindings.yaml")
	case "-":
		return env.ReadStdin(maxInput)
	}
	data, err := confine.ReadBounded(env.Absolute(path), maxInput)
	if err != nil {
		return nil, fmt.Errorf("reading --input: %w", err)
	}
	return data, nil
}

// answer prints what the packages said of a domain. A denial, or a force that is not
// allowed, is a refusal, unless the owner waives it. A policy that could not be evaluated ends with exit code 3.
func (a asked) answer(env console.Env, domain string, now time.Time, said evidence.Observation[evidence.Policy]) error {
	if err := a.waive(domain, now, &said.Facts); err != nil {
		return err
	}
	enc := json.NewEncoder(env.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(said); err != nil {
		return fmt.Errorf("printing the verdict: %w", err)
	}
	if said.State != evidence.StateObserved {
		return exit.Ended(exit.CannotTell)
	}
	code := exit.Clean
	for _, p := range said.Facts.Packages {
		if p.NotRun != "" {
			code = exit.Worst(code, exit.CannotTell)
		}
		if slices.ContainsFunc(p.Denials, evidence.PolicyMessage.Counts) {
			code = exit.Worst(code, exit.Refused)
		}
	}
	for _, p := range said.Facts.PackagesUnder("bindgate.force") {
		if !p.Allow {
			code = exit.Worst(code, exit.Refused)
		}
	}
	return exit.Ended(code)
}

// isDocument reports whether a file is to be read as JSON with a schema, and not as a
// manifest, which may be JSON too.
func isDocument(data []byte) bool {
	var head struct {
		APIVersion *string `json:"apiVersion"`
	}
	err := json.Unmarshal(data, &head)
	return bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && (err != nil || head.APIVersion == nil)
}

func newPolicyWhy(env console.Env) *cobra.Command {
	var q question
	c := &cobra.Command{
		Use:   "why MANIFEST [NAME]",
		Short: "Explain for each rule whether it holds for a binding, or where it stops",
		Long: `Ask the policies of --policy and --config, and the shipped ones, about the bindings
of a manifest, or the one with the domain NAME. For each rule: it holds, or the
expression at which it stops, because that is false or because a value is missing. It
also prints which messages the owner waives.`,
		Example: `  bindgate policy why --policy policies bindings.yaml api.demo.com
  bindgate policy why --policy policies --evidence evidence.json bindings.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return usage.One("manifest")(c, args)
		},
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 2 {
			q.binding = args[1]
		}
		var a asked
		err := q.ask(c.Context(), env, args[:1], func(s settings.Settings, in policy.Input) (err error) {
			if a.Engine == nil {
				if a, err = load(c.Context(), env, s); err != nil {
					return err
				}
			}
			list, err := a.Why(c.Context(), in)
			if err != nil {
				return err
			}
			for _, x := range list {
				if err := a.waive(in.Binding.DomainName, in.Run.Now, &evidence.Policy{Packages: []evidence.PolicyPackage{x.Answer}}); err != nil {
					return err
				}
			}
			return env.Print(fmt.Sprintf("%s %s\n%s", report.Escape(in.Binding.DomainName), report.Escape(in.Binding.Target()), policy.WhyText(list, report.Escape)))
		})
		if err == nil && a.Engine == nil {
			return q.none()
		}
		return err
	}
	q.add(c)
	return c
}
