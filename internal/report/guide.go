package report

// Headings of the pages for a person whose deploy is blocked, as paths in the
// repository. A test holds that each exists.
const (
	GuideRefused     = "docs/blocked.md#refused"
	GuideFailed      = "docs/blocked.md#a-call-failed"
	GuideUnknown     = "docs/blocked.md#the-outcome-is-unknown"
	GuideIncomplete  = "docs/blocked.md#incomplete"
	GuideInterrupted = "docs/blocked.md#interrupted"
	GuideChanged     = "docs/blocked.md#the-plan-is-out-of-date"
	GuideCredentials = "docs/blocked.md#credentials"
	GuideLocked      = "docs/blocked.md#another-apply-is-running"
	GuideTooLong     = "docs/blocked.md#a-list-is-too-long"
	GuidePolicies    = "docs/blocked.md#a-policy-does-not-load"
	GuideJournal     = "docs/blocked.md#the-journal-is-broken"

	GuideUndetermined = "docs/exit-3.md#find-the-cause"
	GuideNotRun       = "docs/exit-3.md#not-run"
	GuideRegistry     = "docs/exit-3.md#the-policy-registry-does-not-answer"
)
