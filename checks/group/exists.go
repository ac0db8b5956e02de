package group

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// exists is group/exists.
func exists() checks.Check {
	return checks.Check{
		ID: "group/exists", Severity: checks.Error, Core: true,
		MustPass: target.Proves(checks.TargetExists, target.Group),
		Needs:    []evidence.Need{evidence.NeedGroup},
		Applies:  target.Group,
		Judge:    judgeExists,
		Doc: checks.Doc{
			Title: "The API group exists in its region and is not locked",
			Why: "A domain that is bound to a deleted group, or to a group that is locked for unpaid bills or illegal content, answers " +
				"no caller. A group id belongs to one " +
				"region: a call to another region goes to the wrong place.",
			Fix:        "Correct groupId and regionId as the console or DescribeApiGroups shows them; have a lock lifted first.",
			References: []string{pageGroup},
			Failing:    "evidence:\n  group:\n    facts: {billingStatus: LOCKED}",
			Passing:    "evidence: {}",
		},
	}
}

func judgeExists(s checks.Subject) checks.Verdict {
	b, g := s.Binding, s.Evidence.Group.Facts
	if !g.Found {
		return checks.Judge(checks.Fails("/groupId",
			fmt.Sprintf("there is no API group %q in region %q", b.GroupID, b.RegionID),
			"correct groupId or regionId, and check that the credentials are the right account's"))
	}
	if g.GroupID != b.GroupID {
		return checks.Unknown(fmt.Sprintf("the evidence is about group %q, the binding names %q", g.GroupID, b.GroupID))
	}
	if g.Status == "" || g.RegionID == "" {
		return checks.Unknown(fmt.Sprintf("the gateway left out what must be known of the group: Status %q, RegionId %q", g.Status, g.RegionID))
	}
	return checks.Judge(faults(b, g)...)
}

// faults are all that is wrong with a group that was found. BillingStatus and
// IllegalStatus are known by their documented words only: empty is not locked.
func faults(b binding.Binding, g evidence.Group) []checks.Finding {
	var out []checks.Finding
	fail := func(pointer, fix, format string, args ...any) {
		out = append(out, checks.Fails(pointer, fmt.Sprintf(format, args...), fix))
	}
	if g.RegionID != b.RegionID {
		fail("/regionId", fmt.Sprintf("set regionId: %s", g.RegionID), "the group is in region %q, not in %q", g.RegionID, b.RegionID)
	}
	if g.Status != "NORMAL" {
		fail("/groupId", "bind to a group whose Status is NORMAL", "the group's Status is %q, want NORMAL", g.Status)
	}
	if g.BillingStatus != "" && g.BillingStatus != "NORMAL" {
		fail("/groupId", "settle the account's bills, which unlocks the group", "the group's BillingStatus is %q, want NORMAL: it is locked for unpaid bills and serves no request", g.BillingStatus)
	}
	if g.IllegalStatus != "" && g.IllegalStatus != "NORMAL" {
		fail("/groupId", "open a ticket with Alibaba Cloud to have the lock lifted", "the group's IllegalStatus is %q, want NORMAL: it is locked for its content and serves no request", g.IllegalStatus)
	}
	return out
}
