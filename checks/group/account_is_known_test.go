package group

import (
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/checktest"
)

// What another tool calls is judged only in the account that it calls, by lint, too.
func TestAccountOfTheTool(t *testing.T) {
	for name, tc := range map[string]struct {
		run      string
		accounts []binding.Account
		want     checks.Status
	}{
		"no account":      {"identity: {accountId: '42'}", nil, checks.StatusNotApplicable},
		"the same":        {"identity: {accountId: '42'}", []binding.Account{{ID: "42", Of: "a"}}, checks.StatusPass},
		"another":         {"identity: {accountId: '42'}", []binding.Account{{ID: "43", Of: "a"}}, checks.StatusFail},
		"one of two":      {"identity: {accountId: '42'}", []binding.Account{{ID: "42", Of: "a"}, {ID: "43", Of: "b"}}, checks.StatusFail},
		"not known":       {"identity: {problem: no answer}", []binding.Account{{ID: "42", Of: "a"}}, checks.StatusUnknown},
		"without an STS":  {"identity: {noSts: true}", []binding.Account{{ID: "42", Of: "a"}}, checks.StatusUnknown},
		"nobody is asked": {"", []binding.Account{{ID: "42", Of: "a"}}, checks.StatusUnknown},
	} {
		s := checktest.Subject(t, "evidence: {run: {command: lint, "+tc.run+"}}")
		s.Binding.Accounts = tc.accounts
		if tc.run == "" {
			s.Evidence.Run.Identity = nil
		}
		v := checks.Run(t.Context(), []checks.Check{accountIsKnown()}, nil, s)[0]
		if v.Status != tc.want || v.Status == checks.StatusFail && !strings.Contains(v.Findings[0].Message, `in account "43"`) {
			t.Errorf("%s: got %+v, want %v", name, v, tc.want)
		}
	}
}
