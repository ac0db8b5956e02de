package policy

import (
	"slices"

	"github.com/bindgate/bindgate/checks/evidence"
)

// needPlan is the need of packages that read input.plan.
const needPlan evidence.Need = "plan"

// Plan is what the whole run would do, whatever the policies say, and what it would
// do for one binding. The totals do not depend on the order of the bindings, and no
// result of a check or a policy changes them.
type Plan struct {
	Bindings  int       `json:"bindings"`  // of the run
	Unchanged int       `json:"unchanged"` // already in effect, so that nothing is sent
	Unplanned int       `json:"unplanned"` // no calls follow from their evidence, so that nothing can be sent
	Calls     PlanCalls `json:"calls"`     // of all bindings
	Forces    int       `json:"forces"`    // bindings with a call that takes a domain from other groups
	Release   int       `json:"release"`   // bindings with a call whose domain then serves RELEASE or all environments

	DisplacedNames  []string `json:"displacedNames"`  // the domain names that groups lose, each once, sorted
	DisplacedGroups []string `json:"displacedGroups"` // ids of the groups that lose a name, each once, sorted

	Own OwnPlan `json:"own"`
}

// PlanCalls counts calls.
type PlanCalls struct {
	Total                int `json:"total"`
	SetDomain            int `json:"setDomain"`
	SetDomainCertificate int `json:"setDomainCertificate"`

	// Of the cloud-native gateway.
	UploadUserCertificate int `json:"uploadUserCertificate"`
	CreateDomain          int `json:"createDomain"`
	UpdateDomain          int `json:"updateDomain"`
}

// OwnPlan is what the run would do for one binding.
type OwnPlan struct {
	Planned   bool            `json:"planned"` // false: no calls follow from its evidence, so that nothing can be sent
	Calls     PlanCalls       `json:"calls"`
	Forces    bool            `json:"forces"`
	Displaces []DisplacedName `json:"displaces"`        // sorted
	Before    *DomainState    `json:"before,omitempty"` // the domain on its group now; not given: it is not bound there, or not planned
	After     *DomainState    `json:"after,omitempty"`  // the same after the calls; not given: not planned
}

// DisplacedName is a domain name that a group loses.
type DisplacedName struct {
	DomainName string `json:"domainName"`
	GroupID    string `json:"groupId"`
}

// DomainState is a custom domain in all that calls change.
type DomainState struct {
	DomainBindingStatus   string `json:"domainBindingStatus"` // BINDING: in effect
	CustomDomainType      string `json:"customDomainType"`
	BindStageName         string `json:"bindStageName"` // empty: all environments
	IsHTTPRedirectToHTTPS bool   `json:"isHttpRedirectToHttps"`

	// Of the cloud-native gateway, where the fields before are empty: it has no stages.
	Protocol       string `json:"protocol,omitempty"` // HTTP or HTTPS
	ForceHTTPS     bool   `json:"forceHttps"`
	MTLSEnabled    bool   `json:"mTLSEnabled"`
	TLSMin         string `json:"tlsMin,omitempty"`
	TLSMax         string `json:"tlsMax,omitempty"`
	CertIdentifier string `json:"certIdentifier,omitempty"` // null: no certificate, or one that is still to be uploaded

	CertificateName   string `json:"certificateName,omitempty"`   // null: no certificate
	CertificateDigest string `json:"certificateDigest,omitempty"` // sha256:<hex> of the PEM chain; null: none, or it was not read
}

// ReadsPlan reports whether some policy reads input.plan, which is known only once
// all bindings of the run were observed.
func (e *Engine) ReadsPlan() bool {
	return slices.ContainsFunc(e.roster.Load().all, func(p *askable) bool {
		return slices.Contains(p.needs, needPlan) || slices.Contains(p.uses, needPlan) || p.unit != nil && p.unit.reads.at("plan") != nil
	})
}
