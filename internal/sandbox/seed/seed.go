// Package seed holds the words in which a sandbox's state is told: API groups,
// their custom domains and the records of the name server. A seed is read from
// YAML or built in Go; a running sandbox tells its state in the same words.
package seed

import "github.com/miekg/dns"

// Seed is the state that a sandbox starts from.
type Seed struct {
	Groups    []Group  `yaml:"groups"`
	Zone      string   `yaml:"zone"`      // master-file records of any owner
	ZoneFiles []string `yaml:"zoneFiles"` // paths of more of them, relative to the seed's folder
	Records   []dns.RR `yaml:"-"`         // Parse: what ZoneFiles hold; in Go: more records
}

// Group is an API group, field by field as DescribeApiGroup returns it. Empty
// fields get the default that Complete says.
type Group struct {
	GroupID              string   `yaml:"groupId"`
	GroupName            string   `yaml:"groupName"`
	Description          string   `yaml:"description"`
	RegionID             string   `yaml:"regionId"`
	InstanceID           string   `yaml:"instanceId"`
	InstanceType         string   `yaml:"instanceType"` // CLASSIC_SHARED, VPC_SHARED, VPC_DEDICATED
	BasePath             string   `yaml:"basePath"`
	SubDomain            string   `yaml:"subDomain"`
	VpcDomain            string   `yaml:"vpcDomain"`
	VpcSlbIntranetDomain string   `yaml:"vpcSlbIntranetDomain"`
	ClassicVpcSubDomain  string   `yaml:"classicVpcSubDomain"`
	DefaultDomain        string   `yaml:"defaultDomain"`
	HTTPSPolicy          string   `yaml:"httpsPolicy"`
	Status               string   `yaml:"status"`        // NORMAL, DELETE
	BillingStatus        string   `yaml:"billingStatus"` // NORMAL, LOCKED
	IllegalStatus        string   `yaml:"illegalStatus"` // NORMAL, LOCKED
	TrafficLimit         int      `yaml:"trafficLimit"`
	CreatedTime          string   `yaml:"createdTime"`
	ModifiedTime         string   `yaml:"modifiedTime"`
	CloudMarketCommodity bool     `yaml:"cloudMarketCommodity"`
	CmsMonitorGroup      string   `yaml:"cmsMonitorGroup"`
	CompatibleFlags      string   `yaml:"compatibleFlags"`
	CustomTraceConfig    string   `yaml:"customTraceConfig"`
	CustomerConfigs      string   `yaml:"customerConfigs"`
	DisableInnerDomain   bool     `yaml:"disableInnerDomain"`
	InstanceVipList      string   `yaml:"instanceVipList"`
	Ipv6Status           string   `yaml:"ipv6Status"`
	MigrationError       string   `yaml:"migrationError"`
	MigrationStatus      string   `yaml:"migrationStatus"`
	PassthroughHeaders   string   `yaml:"passthroughHeaders"`
	RPCPattern           string   `yaml:"rpcPattern"`
	UserLogConfig        string   `yaml:"userLogConfig"`
	Stages               []Stage  `yaml:"stageItems"`
	Domains              []Domain `yaml:"domains"`
}

// Stage is one environment of a group, a StageInfo.
type Stage struct {
	StageID     string `yaml:"stageId"`
	StageName   string `yaml:"stageName"`
	Description string `yaml:"description"`
}

// Domain is one custom domain of a group, a DomainItem.
type Domain struct {
	DomainName             string       `yaml:"domainName"`
	CustomDomainType       string       `yaml:"customDomainType"` // INTERNET, INTRANET
	BindStageName          string       `yaml:"bindStageName"`    // empty: all environments
	BindStageAlias         string       `yaml:"bindStageAlias"`
	IsHTTPRedirectToHTTPS  bool         `yaml:"isHttpRedirectToHttps"`
	DomainBindingStatus    string       `yaml:"domainBindingStatus"`   // BINDING: in effect; BOUND: not
	DomainCNAMEStatus      string       `yaml:"domainCNAMEStatus"`     // RESOLVED, UNRESOLVED
	DomainLegalStatus      string       `yaml:"domainLegalStatus"`     // NORMAL, ABNORMAL
	DomainWebSocketStatus  string       `yaml:"domainWebSocketStatus"` // NORMAL, ABNORMAL
	DomainRemark           string       `yaml:"domainRemark"`
	WildcardDomainPatterns string       `yaml:"wildcardDomainPatterns"` // a JSON array
	CertificateID          string       `yaml:"certificateId"`
	CertificateName        string       `yaml:"certificateName"`
	CertificateValidStart  int64        `yaml:"certificateValidStart"` // ms since the epoch
	CertificateValidEnd    int64        `yaml:"certificateValidEnd"`   // ms since the epoch
	Certificate            *Certificate `yaml:"certificate"`           // nil: none, or only its facts above
}

// Certificate is what is served for a domain. In YAML, body and privateKey are
// paths, relative to the seed's folder; everywhere else they are PEM text. In a
// told state the private key is left out.
type Certificate struct {
	Name       string `yaml:"name"`
	Body       string `yaml:"body"`
	PrivateKey string `yaml:"privateKey"`

	ChainDigest     string    `yaml:"-"` // sha256:<hex> of the chain in canonical PEM
	PublicKeyDigest string    `yaml:"-"` // sha256:<hex> of the SubjectPublicKeyInfo
	Mutual          MutualTLS `yaml:"-"`
}

// MutualTLS are the settings of SetDomainCertificate for client certificates.
type MutualTLS struct {
	CaCertificateBody        string
	SslVerifyDepth           int
	SslOcspEnable            bool
	SslOcspCacheEnable       bool
	ClientCertSDnPassThrough bool
}

// Clone shares nothing with the group that could change.
func (g Group) Clone() Group {
	g.Stages = append([]Stage(nil), g.Stages...)
	g.Domains = append([]Domain(nil), g.Domains...)
	for i, d := range g.Domains {
		if d.Certificate != nil {
			c := *d.Certificate
			g.Domains[i].Certificate = &c
		}
	}
	return g
}
