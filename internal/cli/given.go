package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/approval"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/external"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/token"
)

// tokenVariable holds a CI token in place of --ci-token.
const tokenVariable = "BINDGATE_CI_TOKEN"

// savedPlan is the plan that apply was given.
type savedPlan struct {
	file plan.File
	text []byte
}

// prove verifies what the run was given, with the keys and schemas that the owner's
// file names: a token of the CI job, facts, approvals of a saved plan. What was given
// and does not verify is an error, never absent. Signatures and tokens are judged by
// the real clock.
func (s *settings) prove(env console.Env, trust config.Trust) (err error) {
	g := &evidence.Given{}
	if g.CI, err = s.proveJob(env, trust.CI); err != nil {
		return err
	}
	if g.External, err = s.readFacts(env, trust.External); err != nil {
		return err
	}
	if s.saved != nil {
		g.Plan, g.PlanUntil = approval.Digest(s.saved.text), s.saved.file.ValidUntil
		if g.Approvals, err = s.proveApprovals(env, trust, g.CI); err != nil {
			return err
		}
	} else if len(s.approvals) > 0 {
		return errors.New("reading --approval: an approval is of a saved plan; name that with --plan FILE")
	}
	if g.CI != nil || g.External != nil || g.Plan != "" {
		s.given = g
	}
	return nil
}

// proveJob verifies the token of the CI job; nil: none was given.
func (s *settings) proveJob(env console.Env, trusted []config.Issuer) (*evidence.CI, error) {
	from, text := "--ci-token", []byte(nil)
	if s.ciToken != "" {
		if s.evidence != "" {
			return nil, errors.New("reading --ci-token: a replay takes the claims of the saved run; omit --ci-token")
		}
		var err error
		if text, err = confine.ReadBounded(env.Absolute(s.ciToken), token.MaxSize); err != nil {
			return nil, fmt.Errorf("reading --ci-token: %w", err)
		}
	} else if value, ok := env.LookupEnv(tokenVariable); ok && value != "" && s.evidence == "" {
		from, text = tokenVariable, []byte(value)
	}
	if text == nil {
		return nil, nil
	}
	if len(trusted) == 0 {
		return nil, fmt.Errorf("reading %s: the owner's file trusts no issuer of CI tokens; add ci: [{provider: github, jwks: FILE}] to the file of --config", from)
	}
	issuers, err := readIssuers(trusted)
	if err != nil {
		return nil, err
	}
	providers := map[string]string{}
	for _, one := range trusted {
		providers[one.Name] = one.Provider
	}
	ci, err := token.CI(text, issuers, providers, env.Now())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", from, err)
	}
	return ci, nil
}

func readIssuers(list []config.Issuer) ([]token.Issuer, error) {
	var out []token.Issuer
	for _, one := range list {
		data, err := confine.ReadBounded(one.JWKS, token.MaxKeysSize)
		if err != nil {
			return nil, fmt.Errorf("reading the keys of %q: %w", one.Name, err)
		}
		keys, err := token.ReadKeys(data)
		if err != nil {
			return nil, fmt.Errorf("reading the keys of %q from %q: %w", one.Name, one.JWKS, err)
		}
		out = append(out, token.Issuer{Name: one.Name, Audience: one.Audience, Keys: keys})
	}
	return out, nil
}

// readFacts reads the files of --external.
func (s *settings) readFacts(env console.Env, declared []config.External) (map[string]evidence.External, error) {
	schemas, err := readSchemas(declared)
	if err != nil {
		return nil, err
	}
	s.facts = schemas
	var out map[string]evidence.External
	for _, given := range s.external {
		name, path, ok := strings.Cut(given, "=")
		if !ok || path == "" {
			return nil, fmt.Errorf("reading --external: got %q, want NAME=FILE", given)
		}
		i := slices.IndexFunc(declared, func(d config.External) bool { return d.Name == name })
		switch _, twice := out[name]; {
		case s.evidence != "":
			return nil, errors.New("reading --external: a replay takes the facts of the saved run; omit --external")
		case twice:
			return nil, fmt.Errorf("reading --external: got %q twice, want each once", name)
		case i < 0:
			return nil, fmt.Errorf("reading --external: the owner's file declares no facts %q; add external: {%s: {schema: FILE, maxAge: 24h}} to the file of --config", name, name)
		}
		data, err := confine.ReadBounded(env.Absolute(path), external.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("reading --external %s: %w", name, err)
		}
		read, err := external.Read(path, data, schemas[name], declared[i].MaxAge, s.clock())
		if err != nil {
			return nil, fmt.Errorf("reading --external %s: %w", name, err)
		}
		if out == nil {
			out = map[string]evidence.External{}
		}
		out[name] = read
	}
	return out, nil
}

// readSchemas reads the schemas of all declared facts: policies are checked against
// them, whether facts are given or not.
func readSchemas(declared []config.External) (map[string]policy.FactsSchema, error) {
	out := make(map[string]policy.FactsSchema, len(declared))
	for _, d := range declared {
		text, err := confine.ReadBounded(d.Schema, external.MaxSchemaSize)
		if err != nil {
			return nil, fmt.Errorf("reading the schema of external facts %q: %w", d.Name, err)
		}
		if out[d.Name], err = policy.ReadFactsSchema(d.Schema, text); err != nil {
			return nil, fmt.Errorf("reading the schema of external facts %q: %w", d.Name, err)
		}
	}
	return out, nil
}

// proveApprovals verifies the files of --approval.
func (s *settings) proveApprovals(env console.Env, o config.Trust, ci *evidence.CI) ([]evidence.Approval, error) {
	var trust approval.Trust
	var err error
	if o.AllowedSigners != "" {
		if trust.Signers, err = readSigners(o); err != nil {
			return nil, err
		}
	}
	if trust.Services, err = readIssuers(o.Services); err != nil {
		return nil, err
	}
	for i := range trust.Services {
		trust.Services[i].Audience = approval.Audience
	}
	if len(s.approvals) > 0 && s.config == "" {
		return nil, errors.New("reading --approval: only the owner's file says who may approve; name it with --config FILE")
	}
	if len(s.approvals) > 0 {
		if err := s.saved.late(env.Now()); err != nil {
			return nil, err
		}
	}
	var files []approval.File
	for _, path := range s.approvals {
		data, err := confine.ReadBounded(env.Absolute(path), approval.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("reading --approval: %w", err)
		}
		files = append(files, approval.File{Name: path, Text: data})
	}
	p := approval.Plan{Text: s.saved.text, ValidUntil: s.saved.file.ValidUntil, Authors: append(s.saved.file.Authors(), ci.Persons()...)}
	return trust.Verify(p, files, env.Now())
}

func readSigners(o config.Trust) (*approval.Signers, error) {
	data, err := confine.ReadBounded(o.AllowedSigners, approval.MaxSignersSize)
	if err != nil {
		return nil, fmt.Errorf("reading allowedSigners of the owner's file: %w", err)
	}
	signers, err := approval.ReadSigners(data)
	if err != nil || o.RevokedSigners == "" {
		return signers, err
	}
	if data, err = confine.ReadBounded(o.RevokedSigners, approval.MaxSignersSize); err != nil {
		return nil, fmt.Errorf("reading revokedSigners of the owner's file: %w", err)
	}
	return signers, signers.Revoke(data)
}
