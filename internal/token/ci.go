package token

import (
	"fmt"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Providers of CI tokens.
const (
	GitHub = "github"
	GitLab = "gitlab"
)

// CI verifies an OIDC token of a CI system and returns the claims that policies and
// reports may see. providers says for each trusted issuer which system it is.
func CI(text []byte, trusted []Issuer, providers map[string]string, now time.Time) (*evidence.CI, error) {
	c, err := Verify(text, trusted, now)
	if err != nil {
		return nil, err
	}
	out := evidence.CI{Provider: providers[c.Issuer], Issuer: c.Issuer, Subject: c.Subject, Expires: c.Expires}
	var fields map[string]*string
	var kind string // of the ref: GitLab keeps it apart
	switch out.Provider {
	case GitHub:
		fields = map[string]*string{"repository": &out.Repository, "repository_id": &out.RepositoryID, "ref": &out.Ref, "sha": &out.Commit,
			"event_name": &out.Event, "environment": &out.Environment, "job_workflow_ref": &out.Workflow,
			"actor": &out.Actor, "actor_id": &out.ActorID, "run_id": &out.RunID}
	case GitLab:
		fields = map[string]*string{"project_path": &out.Repository, "project_id": &out.RepositoryID, "ref": &out.Ref, "ref_type": &kind, "sha": &out.Commit,
			"pipeline_source": &out.Event, "environment": &out.Environment, "ci_config_ref_uri": &out.Workflow,
			"user_login": &out.Actor, "user_id": &out.ActorID, "user_email": &out.ActorEmail, "pipeline_id": &out.RunID}
	default:
		return nil, fmt.Errorf("reading the token of %q: its provider %q is not known", c.Issuer, out.Provider)
	}
	for name, field := range fields {
		if *field, err = c.Text(name); err != nil {
			return nil, fmt.Errorf("reading the token of %q: %w", c.Issuer, err)
		}
	}
	out.RefProtected = c.Bool("ref_protected")
	if out.Provider == GitLab {
		prefix, known := map[string]string{"branch": "refs/heads/", "tag": "refs/tags/"}[kind]
		if !known && out.Ref != "" && !strings.HasPrefix(out.Ref, "refs/") {
			return nil, fmt.Errorf("reading the token of %q: its ref_type is %.32q, want branch or tag", c.Issuer, kind)
		}
		if !strings.HasPrefix(out.Ref, "refs/merge-requests/") {
			out.Ref = prefix + out.Ref
		}
	}
	if out.Subject == "" || out.Repository == "" || out.Actor == "" || out.Ref == "" {
		return nil, fmt.Errorf("reading the token of %q: it lacks the subject, the repository, the ref or the actor of a job; want the token that %s issues to a job", c.Issuer, out.Provider)
	}
	return &out, nil
}
