package evidence

import (
	"fmt"
	"slices"
	"strings"
)

// Group is what DescribeApiGroup says of the group that the binding names.
// Names of the JSON fields are the API's in lower camel case.
type Group struct {
	Found                bool     `json:"found"` // false: the gateway says that there is no such group
	GroupID              string   `json:"groupId,omitempty"`
	GroupName            string   `json:"groupName,omitempty"`
	RegionID             string   `json:"regionId,omitempty"`
	InstanceID           string   `json:"instanceId,omitempty"`
	InstanceType         string   `json:"instanceType,omitempty"`
	BasePath             string   `json:"basePath,omitempty"`
	SubDomain            string   `json:"subDomain,omitempty"`
	VpcDomain            string   `json:"vpcDomain,omitempty"`
	VpcSlbIntranetDomain string   `json:"vpcSlbIntranetDomain,omitempty"`
	HTTPSPolicy          string   `json:"httpsPolicy,omitempty"`
	Status               string   `json:"status,omitempty"`        // NORMAL, DELETE
	BillingStatus        string   `json:"billingStatus,omitempty"` // NORMAL, LOCKED
	IllegalStatus        string   `json:"illegalStatus,omitempty"` // NORMAL, LOCKED
	Stages               []Stage  `json:"stages,omitempty"`        // StageItems
	Domains              []Domain `json:"domains,omitempty"`       // CustomDomains
	Served               *Served  `json:"served,omitempty"`        // nil: DescribeDomain was not needed
}

// Stage is one environment of a group.
type Stage struct {
	StageID   string `json:"stageId,omitempty"`
	StageName string `json:"stageName"`
}

// Domain is one custom domain of a group, a DomainItem.
type Domain struct {
	DomainName            string `json:"domainName"`
	DomainBindingStatus   string `json:"domainBindingStatus,omitempty"` // BINDING: in effect; BOUND: not
	DomainCNAMEStatus     string `json:"domainCNAMEStatus,omitempty"`   // RESOLVED, UNRESOLVED
	DomainLegalStatus     string `json:"domainLegalStatus,omitempty"`   // NORMAL, ABNORMAL
	DomainRemark          string `json:"domainRemark,omitempty"`
	CustomDomainType      string `json:"customDomainType,omitempty"`
	BindStageName         string `json:"bindStageName,omitempty"`
	BindStageAlias        string `json:"bindStageAlias,omitempty"`
	IsHTTPRedirectToHTTPS bool   `json:"isHttpRedirectToHttps,omitempty"`
	CertificateID         string `json:"certificateId,omitempty"`
	CertificateName       string `json:"certificateName,omitempty"`
	CertificateValidStart int64  `json:"certificateValidStart,omitempty"` // ms since the epoch
	CertificateValidEnd   int64  `json:"certificateValidEnd,omitempty"`   // ms since the epoch

	WildcardDomainPatterns string `json:"wildcardDomainPatterns,omitempty"` // a JSON array

	UnknownFields []string `json:"unknownFields,omitempty"` // names of the fields of the record that bindgate does not know and that are set, sorted
}

// NotKept returns why an update could not leave as it is what a binding does not
// name, as predicates of the domain's record. Only known fields can be sent back.
func (d Domain) NotKept(contract string, typeStated bool) (why []string) {
	if len(d.UnknownFields) > 0 {
		why = append(why, fmt.Sprintf("its record has fields that bindgate does not know (%s)", strings.Join(d.UnknownFields, ", ")))
	}
	if d.BindStageName == "" && d.BindStageAlias != "" {
		why = append(why, fmt.Sprintf("its record has the stage alias %q without a stage", d.BindStageAlias))
	}
	internet := d.CustomDomainType == "" || strings.EqualFold(d.CustomDomainType, "INTERNET")
	switch {
	case contract == Contract2017:
		for what, set := range map[string]bool{"stage": d.BindStageName != "", "network type": !internet, "redirect": d.IsHTTPRedirectToHTTPS} {
			if set {
				why = append(why, fmt.Sprintf("its record has a %s, which the 2017 contract cannot send back", what))
			}
		}
		slices.Sort(why)
	case !internet && !typeStated:
		why = append(why, fmt.Sprintf("its network type is %q, and the binding does not state customDomainType", d.CustomDomainType))
	}
	return why
}

// Served is the certificate that DescribeDomain says the group serves for the
// binding's domain now. The private key of that answer is dropped when it is read.
type Served struct {
	CertificateName string `json:"certificateName,omitempty"`
	ChainDigest     string `json:"chainDigest,omitempty"` // as Certificate.ChainDigest
	Leaf            string `json:"leaf,omitempty"`        // PEM of its first certificate

	ClientCertificates *ClientCertificates `json:"clientCertificates,omitempty"` // nil: the answer shows none, which its documentation does not promise
}

// ClientCertificates are the settings of a domain for its callers' certificates
// (mutual TLS), as an answer shows them.
type ClientCertificates struct {
	CADigest      string `json:"caDigest,omitempty"` // sha256:<hex> of the canonical PEM of the CA certificates
	VerifyDepth   int    `json:"verifyDepth,omitempty"`
	PassSubjectDN bool   `json:"passSubjectDN,omitempty"`
	OCSP          bool   `json:"ocsp,omitempty"`
	OCSPCache     bool   `json:"ocspCache,omitempty"`
}

// MayRequestClientCertificates reports whether an answer shows that the domain may ask its callers
// for certificates: its settings, or fields of a record whose names speak of them.
func (g Group) MayRequestClientCertificates(domain string) bool {
	d, _ := g.Domain(domain)
	return g.Served != nil && g.Served.ClientCertificates != nil || slices.ContainsFunc(d.UnknownFields, func(name string) bool {
		name = strings.ToLower(name)
		return strings.HasPrefix(name, "ssl") || strings.HasPrefix(name, "clientcert") || strings.HasPrefix(name, "cacert")
	})
}

// Domain is the group's own item for a domain name, compared without case.
func (g Group) Domain(name string) (Domain, bool) {
	for _, d := range g.Domains {
		if SameName(d.DomainName, name) {
			return d, true
		}
	}
	return Domain{}, false
}

// Account is what the other groups of the account and region say.
type Account struct {
	GroupsRead  int          `json:"groupsRead"`            // how many were read
	Complete    bool         `json:"complete"`              // every group of the region was read
	Problem     string       `json:"problem,omitempty"`     // why it is not complete
	BoundGroups []BoundGroup `json:"boundGroups,omitempty"` // other groups with this domain, or a wildcard that overlaps it
	CNAMETarget *GroupRef    `json:"cnameTarget,omitempty"` // the other group whose own name the CNAME chain leads to
}

// GroupRef names a group.
type GroupRef struct {
	GroupID    string `json:"groupId"`
	GroupName  string `json:"groupName,omitempty"`
	RegionID   string `json:"regionId,omitempty"`
	InstanceID string `json:"instanceId,omitempty"`
	BasePath   string `json:"basePath,omitempty"`
	SubDomain  string `json:"subDomain,omitempty"`
}

// BoundGroup is another group that the domain is bound to.
type BoundGroup struct {
	GroupRef
	Domain    Domain `json:"domain"`
	Conflicts bool   `json:"conflicts"` // same instance and base path, so IsForce would take the domain from it
}

// Conflicts are the groups that a force would unbind.
func (a Account) Conflicts() []BoundGroup {
	var out []BoundGroup
	for _, h := range a.BoundGroups {
		if h.Conflicts {
			out = append(out, h)
		}
	}
	return out
}

// MaxSameGroup bounds Siblings.SameGroup: more names than a group takes by default.
const MaxSameGroup = 10

// Siblings are the other bindings of this run for the same domain, or for a
// wildcard that overlaps it.
type Siblings struct {
	Others []Sibling `json:"others,omitempty"`
	// SameGroup are the names of other bindings for the same group and network type,
	// each once, at most MaxSameGroup.
	SameGroup []string `json:"sameGroup,omitempty"`
}

// Sibling is one of them. InstanceID and BasePath are its group's, and empty
// when its group was not read.
type Sibling struct {
	DomainName       string `json:"domainName"`
	GroupID          string `json:"groupId"`
	GatewayID        string `json:"gatewayId,omitempty"` // instead of GroupID
	RegionID         string `json:"regionId"`
	CustomDomainType string `json:"customDomainType"`
	GroupKnown       bool   `json:"groupKnown"` // its group was read
	InstanceID       string `json:"instanceId,omitempty"`
	BasePath         string `json:"basePath,omitempty"`
	At               string `json:"at"` // file:line:column
}

// Ref names the group.
func (g Group) Ref() GroupRef {
	return GroupRef{GroupID: g.GroupID, GroupName: g.GroupName, RegionID: g.RegionID,
		InstanceID: g.InstanceID, BasePath: g.BasePath, SubDomain: g.SubDomain}
}
