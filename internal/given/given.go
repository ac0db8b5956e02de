// Package given verifies what a run is given in addition to its manifests, with the keys and
// schemas that the owner's file names: a token of the CI job, facts, a saved plan and its
// approvals. What was given and does not verify is an error, never absent.
package given

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/approval"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/external"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/token"
)

// tokenVariable holds a CI token in place of --ci-token.
const tokenVariable = "BINDGATE_CI_TOKEN"

// Things are what a run was given, as paths from the working directory.
type Things struct {
	CIToken   string
	External  []string // NAME=FILE
	Approvals []string
	Plan      *Plan // nil: no saved plan

	Replays bool             // saved evidence, which holds what its run was given
	Owned   bool             // there is an owner's file
	Trust   config.Trust     // of that file
	Clock   func() time.Time // of the run
}

// Verify returns what was given, nil if nothing was, and the schemas of all declared facts.
// Signatures and tokens are judged by the real clock.
func Verify(env console.Env, t Things) (*evidence.Given, map[string]policy.FactsSchema, error) {
	g := &evidence.Given{}
	var err error
	if g.CI, err = t.job(env); err != nil {
		return nil, nil, err
	}
	schemas, err := Schemas(t.Trust.External)
	if err != nil {
		return nil, nil, err
	}
	if g.External, err = t.facts(env, schemas); err != nil {
		return nil, nil, err
	}
	if t.Plan != nil {
		g.Plan, g.PlanUntil = approval.Digest(t.Plan.text), t.Plan.File.ValidUntil
		if g.Approvals, err = t.approvals(env, g.CI); err != nil {
			return nil, nil, err
		}
	} else if len(t.Approvals) > 0 {
		return nil, nil, errors.New("reading --approval: an approval is of a saved plan; name that with --plan FILE")
	}
	if g.CI == nil && g.External == nil && g.Plan == "" {
		g = nil
	}
	return g, schemas, nil
}

// job verifies the token of the CI job; nil: none was given.
func (t Things) job(env console.Env) (*evidence.CI, error) {
	from, text := "--ci-token", []byte(nil)
	if t.CIToken != "" {
		if t.Replays {
			return nil, errors.New("reading --ci-token: a replay takes the claims of the saved run; omit --ci-token")
		}
		var err error
		if text, err = confine.ReadBounded(env.Absolute(t.CIToken), token.MaxSize); err != nil {
			return nil, fmt.Errorf("reading --ci-token: %w", err)
		}
	} else if value := env.Get(tokenVariable); value != "" && !t.Replays {
		from, text = tokenVariable, []byte(value)
	}
	if text == nil {
		return nil, nil
	}
	if len(t.Trust.CI) == 0 {
		return nil, fmt.Errorf("reading %s: the owner's file trusts no issuer of CI tokens; add ci: [{provider: github, jwks: FILE}] to the file of --config", from)
	}
	issuers, err := readIssuers(t.Trust.CI)
	if err != nil {
		return nil, err
	}
	providers := map[string]string{}
	for _, one := range t.Trust.CI {
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

// facts reads the files of --external.
func (t Things) facts(env console.Env, schemas map[string]policy.FactsSchema) (map[string]evidence.External, error) {
	var out map[string]evidence.External
	for _, given := range t.External {
		name, path, ok := strings.Cut(given, "=")
		if !ok || path == "" {
			return nil, fmt.Errorf("reading --external: got %q, want NAME=FILE", given)
		}
		i := slices.IndexFunc(t.Trust.External, func(d config.External) bool { return d.Name == name })
		switch _, twice := out[name]; {
		case t.Replays:
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
		read, err := external.Read(path, data, schemas[name], t.Trust.External[i].MaxAge, t.Clock())
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

// Schemas reads the schemas of all declared facts: policies are checked against
// them, whether facts are given or not.
func Schemas(declared []config.External) (map[string]policy.FactsSchema, error) {
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

// approvals verifies the files of --approval.
func (t Things) approvals(env console.Env, ci *evidence.CI) ([]evidence.Approval, error) {
	var trust approval.Trust
	var err error
	if t.Trust.AllowedSigners != "" {
		if trust.Signers, err = readSigners(t.Trust); err != nil {
			return nil, err
		}
	}
	if trust.Services, err = readIssuers(t.Trust.Services); err != nil {
		return nil, err
	}
	for i := range trust.Services {
		trust.Services[i].Audience = approval.Audience
	}
	if len(t.Approvals) > 0 && !t.Owned {
		return nil, errors.New("reading --approval: only the owner's file says who may approve; name it with --config FILE")
	}
	if len(t.Approvals) > 0 {
		if err := t.Plan.Late(env.Now()); err != nil {
			return nil, err
		}
	}
	var files []approval.File
	for _, path := range t.Approvals {
		data, err := confine.ReadBounded(env.Absolute(path), approval.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("reading --approval: %w", err)
		}
		files = append(files, approval.File{Name: path, Text: data})
	}
	t.Plan.trust = trust
	p := approval.Plan{Text: t.Plan.text, ValidUntil: t.Plan.File.ValidUntil, Authors: append(t.Plan.File.Authors(), ci.Persons()...)}
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
