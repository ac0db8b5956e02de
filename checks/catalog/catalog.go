// Package catalog is the one list of all checks. What `bindgate checks` prints
// and what docs/checks holds come from it, so neither can drift from the code.
package catalog

import (
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/certificate"
	"github.com/bindgate/bindgate/checks/dns"
	"github.com/bindgate/bindgate/checks/group"
	"github.com/bindgate/bindgate/checks/policy"
	"github.com/bindgate/bindgate/checks/rebind"
	"github.com/bindgate/bindgate/checks/request"
)

// All is every check, in the order in which reports show them.
func All() []checks.Check {
	return []checks.Check{
		request.StageIsValid(),
		request.NetworkTypeIsValid(),
		request.DomainIsWellFormed(),
		request.DomainIsRegistrable(),
		request.IsExpressible(),
		request.DomainIsBoundOnce(),
		request.RedirectHasCertificate(),
		request.GroupIDIsWellFormed(),
		request.ForceIsExplained(),
		request.StageIsExplicit(),

		certificate.IsReadable(),
		certificate.FileIsClean(),
		certificate.HoldsNoPrivateKey(),
		certificate.IsBounded(),
		certificate.KeyIsReadable(),
		certificate.KeyIsGuarded(),
		certificate.KeyMatches(),
		certificate.KeyIsSound(),
		certificate.KeyIsStrong(),
		certificate.KeyIsAcceptedByGateway(),
		certificate.LeafComesFirst(),
		certificate.ChainIsOrdered(),
		certificate.ChainIsTrusted(),
		certificate.LeafIsAServerCertificate(),
		certificate.CoversDomain(),
		certificate.NamesAreWellFormed(),
		certificate.IsInValidity(),
		certificate.LastsLongEnough(),
		certificate.LifetimeIsAllowed(),
		certificate.IsNotRevoked(),
		certificate.RevocationWasChecked(),
		certificate.MustStapleIsPossible(),
		certificate.HasEnoughSCTs(),
		certificate.LintsClean(),
		certificate.ReplacesSafely(),

		dns.CNAMEReachesGroup(),
		dns.OwnershipIsProved(),
		dns.NameExists(),
		dns.ChainIsSound(),
		dns.CNAMEStandsAlone(),
		dns.IsNotFlattened(),
		dns.ServersAgree(),
		dns.AuthorityWasAsked(),
		dns.ResolversAgree(),
		dns.TargetResolves(),
		dns.IsNotDangling(),
		dns.CAAAllowsRenewal(),
		dns.ValidatesDNSSEC(),
		dns.TTLAllowsCutover(),
		dns.HTTPSRecordsAgree(),

		group.Exists(),
		group.DomainIsFree(),
		group.AllGroupsWereListed(),
		group.HasRoom(),
		group.BindingIsHealthy(),

		rebind.ForceIsAllowed(),
		rebind.TrafficHasMoved(),
		rebind.ForceIsNeeded(),

		policy.NoDenials(),
	}
}

// Passes parts a list in two: the checks whose results policies see, and those
// that read what policies said, the families rebind and policy.
func Passes(list []checks.Check) (first, second []checks.Check) {
	for _, c := range list {
		if c.Family() == "rebind" || c.Family() == "policy" {
			second = append(second, c)
		} else {
			first = append(first, c)
		}
	}
	return first, second
}

// Find is the check with an id.
func Find(id string) (checks.Check, bool) {
	for _, c := range All() {
		if c.ID == id {
			return c, true
		}
	}
	return checks.Check{}, false
}

// Suggest is the id that was probably meant by one that no check has: the
// nearest one in letters, or the one with that statement in another family.
// Nothing near: "".
func Suggest(id string) string {
	statement := id[strings.LastIndex(id, "/")+1:]
	best, distance := "", len(id)/3+1
	for _, c := range All() {
		if strings.HasSuffix(c.ID, "/"+statement) {
			return c.ID
		}
		if d := levenshtein.ComputeDistance(strings.ToLower(id), c.ID); d < distance {
			best, distance = c.ID, d
		}
	}
	return best
}
