package group

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// updateKeepsSettings is group/update-keeps-settings.
func updateKeepsSettings() checks.Check {
	return checks.Check{
		ID: "group/update-keeps-settings", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedGroup},
		Applies: target.Group,
		Judge:   judgeKept,
		Doc: checks.Doc{
			Title: "An update keeps every setting that the binding does not name",
			Why: "SetDomain of a bound domain replaces its record: an absent BindStageName means all environments, so a call that only " +
				"changes the redirect would publish TEST and PRE to everyone. bindgate sends back the settings that it read. A setting " +
				"that it does not know, or that the API version has no parameter for, would be lost. Terraform and ROS make their own " +
				"calls, which have neither stage nor redirect.",
			Fix:        "State the setting in the binding, or make this change in the console, which shows the whole record.",
			References: []string{pageForce, pageGroup},
			Failing: "binding: {isHttpRedirectToHttps: true}\nevidence:\n  group:\n    facts:\n" +
				"      domains: [{domainName: api.demo.com, bindStageName: RELEASE,\n        domainBindingStatus: BINDING, unknownFields: [WssEnable]}]",
			Passing: "binding: {isHttpRedirectToHttps: true}\nevidence:\n  group:\n    facts:\n" +
				"      domains: [{domainName: api.demo.com, bindStageName: RELEASE,\n        domainBindingStatus: BINDING}]",
		},
	}
}

func judgeKept(s checks.Subject) checks.Verdict {
	d, bound := s.Evidence.Group.Facts.Domain(s.Binding.DomainName)
	if !bound {
		return checks.NotApplicable("the domain is not bound to the group yet, so there is nothing to keep")
	}
	if !s.Binding.Called && !updates(s.Binding, d) { // another tool makes its call whatever bindgate would change
		return checks.Pass()
	}
	why := d.NotKept(s.Evidence.Run.Contract, s.Binding.CustomDomainTypeGiven)
	if b := s.Binding; b.Called {
		if d.BindStageName != "" {
			why = append(why, fmt.Sprintf("it is bound to the stage %.64q, and the call of the binding's tool has none, which means all environments", d.BindStageName))
		}
		if d.IsHTTPRedirectToHTTPS && b.IsHTTPRedirectToHTTPS == nil {
			why = append(why, "it redirects to HTTPS, and the call of the binding's tool does not say so")
		}
	}
	if len(why) == 0 {
		return checks.Pass()
	}
	return checks.Judge(checks.Fails("/domainName",
		fmt.Sprintf("an update of %q cannot keep what the binding does not name: %s", s.Binding.DomainName, strings.Join(why, "; ")),
		"state the setting in the binding if it has a key there; else make this change in the console"))
}

// updates reports whether the binding differs from the record of a bound domain in
// what SetDomain carries.
func updates(b binding.Binding, d evidence.Domain) bool {
	stage := b.BindStageName != nil && *b.BindStageName != d.BindStageName && (*b.BindStageName == "" || *b.BindStageName != d.BindStageAlias)
	redirect := b.IsHTTPRedirectToHTTPS != nil && *b.IsHTTPRedirectToHTTPS != d.IsHTTPRedirectToHTTPS
	return d.DomainBindingStatus != "BINDING" || stage || redirect || !strings.EqualFold(networkType(d), b.CustomDomainType)
}
