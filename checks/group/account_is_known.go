package group

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// accountIsKnown is group/account-is-known.
func accountIsKnown() checks.Check {
	return checks.Check{
		ID: "group/account-is-known", Severity: checks.Error, Core: true,
		Applies: func(b binding.Binding) (bool, string) {
			return !b.CertificateOnly, "the certificate is judged alone, no target was named"
		},
		Judge: judgeAccountKnown,
		Doc: checks.Doc{
			Title: "The account of the credentials is known, and is the one that the owner and the binding's tool name",
			Why: "A domain is bound to a group or gateway of the account that the credentials belong to. Credentials of a machine, of another " +
				"pipeline or of a former employee may remain in a file that is never reviewed, and a plan that was reviewed for one " +
				"account must not be applied to another. Terraform makes its own calls: where its plan names another account than that of " +
				"bindgate's credentials, what was judged is not what is called.",
			Fix: "Let the machine reach STS (sts.<region>.aliyuncs.com). If the installation has no STS, its owner states sts: none in " +
				"the file given to --config.",
			References: []string{"Alibaba Cloud STS, GetCallerIdentity (2015-04-01): every identity may call it"},
			Failing:    "evidence: {run: {command: apply, identity: {accountId: '6543210987654321', expectedAccountId: '1234567890123456'}}}",
			Passing:    "evidence: {run: {command: apply, identity: {accountId: '1234567890123456', arn: 'acs:ram::1234567890123456:user/ci'}}}",
		},
	}
}

func judgeAccountKnown(s checks.Subject) checks.Verdict {
	run, seen := s.Evidence.Run, s.Evidence.Of(target.Need(s.Binding))
	switch id := run.Identity; {
	case !slices.Contains([]string{"plan", "apply"}, run.Command) && len(s.Binding.Accounts) == 0:
		return checks.NotApplicable("only apply makes calls, and plan says which")
	case seen.State == evidence.StateNotCollected:
		return checks.NotRun("who would make the calls was not asked: " + seen.Reason)
	case id == nil:
		return checks.Unknown("who would make the calls was not asked")
	case id.AccountID == "" && !id.NoSTS:
		return checks.Unknown("the account of the credentials could not be had: " + id.Problem)
	}
	if id := run.Identity; id.ExpectedAccountID != "" && id.ExpectedAccountID != id.AccountID {
		return checks.Judge(checks.Fails(target.Pointer(s.Binding), fmt.Sprintf("the credentials belong to account %q, and the owner names account %q", id.AccountID, id.ExpectedAccountID),
			"use credentials of that account"))
	}
	for _, a := range s.Binding.Accounts {
		if run.Identity.AccountID == "" {
			return checks.Unknown(fmt.Sprintf("the file of the binding names account %q (%s), and without an STS nothing says whose the credentials are", a.ID, a.Of))
		}
		if a.ID != run.Identity.AccountID {
			return checks.Judge(checks.Fails(target.Pointer(s.Binding), fmt.Sprintf("the tool of the binding makes its calls in account %q (%s), and the binding was judged in account %q of bindgate's credentials", a.ID, a.Of, run.Identity.AccountID),
				"judge it with credentials of the account that the tool has"))
		}
	}
	return checks.Pass()
}
