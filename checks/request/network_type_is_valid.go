package request

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/spelling"
)

// networkTypeIsValid is request/network-type-is-valid.
func networkTypeIsValid() checks.Check {
	return checks.Check{
		ID: "request/network-type-is-valid", Severity: checks.Error, Core: true,
		MustPass: checks.Proves(checks.RequestIsValid),
		Applies:  setsDomain,
		Judge:    judgeNetworkType,
		Doc: checks.Doc{
			Title: "The network type is INTERNET or INTRANET",
			Why: "The network type decides who can reach the domain, and which name its CNAME record must have as target. With any other " +
				"value the binding cannot be judged further, and it must not fall back to the public type.",
			Fix:        "Write INTERNET or INTRANET in capitals, or omit customDomainType for INTERNET.",
			References: []string{pageSetDomain},
			Failing:    "binding: {customDomainType: intranet}",
			Passing:    "binding: {customDomainType: INTRANET}",
		},
	}
}

func judgeNetworkType(s checks.Subject) checks.Verdict {
	got, networkTypes := s.Binding.CustomDomainType, []string{binding.Internet, binding.Intranet}
	if slices.Contains(networkTypes, got) {
		return checks.Pass()
	}
	message := fmt.Sprintf("got network type %q, want INTERNET or INTRANET", got)
	if meant := spelling.Nearest(got, networkTypes, 1); meant != "" {
		return checks.Judge(checks.Fails("/customDomainType", message+fmt.Sprintf("; did you mean %s?", meant), "write customDomainType: "+meant).Writing(meant))
	}
	return checks.Judge(checks.Fails("/customDomainType", message, "write customDomainType: INTERNET or customDomainType: INTRANET"))
}
