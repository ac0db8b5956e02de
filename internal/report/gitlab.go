package report

import (
	"encoding/json"
	"io"

	"github.com/bindgate/bindgate/checks"
)

// gitlabIssue is one entry of GitLab's Code Quality report (docs.gitlab.com,
// "Code Quality report format", 2026). Fingerprints must be unique in a file.
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"` // info, minor, major, critical or blocker
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

func writeGitLab(w io.Writer, r Report, _ Options) error {
	issues := []gitlabIssue{}
	for _, n := range notes(r) {
		severity := "minor"
		if n.Severity == checks.Error {
			severity = "blocker"
		}
		issues = append(issues, gitlabIssue{Description: Escape(n.text()), CheckName: n.Rule, Fingerprint: n.fingerprint, Severity: severity,
			Location: gitlabLocation{Path: n.file(), Lines: gitlabLines{n.line()}}})
	}
	doc, err := json.MarshalIndent(issues, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(escapeJSON(doc), '\n'))
	return err
}
