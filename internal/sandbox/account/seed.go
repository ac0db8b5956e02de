package account

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

// Seed is the state that a sandbox starts from.
type Seed struct {
	Groups    []Group  `yaml:"groups"`
	Zone      string   `yaml:"zone"`      // master-file records of any owner
	ZoneFiles []string `yaml:"zoneFiles"` // paths of more of them, relative to the seed's folder
	Records   []dns.RR `yaml:"-"`         // ParseSeed: what ZoneFiles hold; in Go: more records

	APIG         apig.Seed               `yaml:",inline"`      // gateways, domains and httpApis of the cloud-native gateway
	Certificates []certstore.Certificate `yaml:"certificates"` // of the certificate store; domains name them by id or by name
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
// paths, relative to the seed's folder; everywhere else they are PEM text. A
// reported state does not contain the private key.
type Certificate struct {
	Name       string `yaml:"name"`
	Body       string `yaml:"body"`
	PrivateKey string `yaml:"privateKey"`

	ChainDigest     string    `yaml:"-"` // sha256:<hex> of the chain in canonical PEM
	PublicKeyDigest string    `yaml:"-"` // sha256:<hex> of the SubjectPublicKeyInfo
	Mutual          MutualTLS `yaml:"mutual"`
}

// MutualTLS are the settings of SetDomainCertificate for client certificates.
type MutualTLS struct {
	CaCertificateBody        string `yaml:"caCertificateBody"` // in a seed the path of a PEM file, elsewhere PEM text
	SslVerifyDepth           int    `yaml:"sslVerifyDepth"`
	SslOcspEnable            bool   `yaml:"sslOcspEnable"`
	SslOcspCacheEnable       bool   `yaml:"sslOcspCacheEnable"`
	ClientCertSDnPassThrough bool   `yaml:"clientCertSDnPassThrough"`
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

// Complete checks a seed and fills in what it leaves out: region cn-hangzhou,
// instance shared-1 of type VPC_SHARED, base path /, SubDomain
// <groupId>-<region>.alicloudapi.com, statuses NORMAL, BINDING and RESOLVED,
// the stages TEST, PRE and RELEASE, and the facts of a certificate that is
// given. The seed that it is called on does not change.
func (s Seed) Complete() (Seed, error) {
	groups := make([]Group, len(s.Groups))
	seen := map[string]bool{}
	for i, g := range s.Groups {
		g = g.Clone()
		if err := g.complete(); err != nil {
			return Seed{}, fmt.Errorf("group %q: %w", g.GroupID, err)
		}
		if seen[g.GroupID] {
			return Seed{}, fmt.Errorf("group %q: the groupId is given twice", g.GroupID)
		}
		seen[g.GroupID] = true
		groups[i] = g
	}
	s.Groups = groups
	if err := s.completeAPIG(); err != nil {
		return Seed{}, err
	}
	if _, err := s.AllRecords(); err != nil {
		return Seed{}, err
	}
	return s, nil
}

// completeAPIG completes the cloud-native gateway and the certificate store, and
// turns the names of certificates in domains into identifiers.
func (s *Seed) completeAPIG() error {
	var err error
	if s.Certificates, err = certstore.Complete(s.Certificates); err != nil {
		return err
	}
	if s.APIG, err = s.APIG.Complete(); err != nil {
		return err
	}
	byName := map[string]string{}
	for _, c := range s.Certificates {
		byName[c.Name] = c.Identifier
	}
	for i := range s.APIG.Domains {
		d := &s.APIG.Domains[i]
		for _, id := range []*string{&d.CertIdentifier, &d.CACertIdentifier} {
			if identifier, named := byName[*id]; named {
				*id = identifier
			}
		}
	}
	return nil
}

func (g *Group) complete() error {
	if g.GroupID == "" {
		return fmt.Errorf("got no groupId, want one, e.g. 927d50c0f2e54b359919923d908bb015")
	}
	fill(&g.GroupName, g.GroupID)
	fill(&g.RegionID, "cn-hangzhou")
	fill(&g.InstanceID, "shared-1")
	fill(&g.InstanceType, "VPC_SHARED")
	fill(&g.BasePath, "/")
	fill(&g.SubDomain, g.GroupID+"-"+g.RegionID+".alicloudapi.com")
	fill(&g.HTTPSPolicy, "HTTPS2_TLS1_2")
	fill(&g.Status, "NORMAL")
	fill(&g.BillingStatus, "NORMAL")
	fill(&g.IllegalStatus, "NORMAL")
	fill(&g.CreatedTime, "2026-01-01T00:00:00Z")
	fill(&g.ModifiedTime, g.CreatedTime)
	g.TrafficLimit = cmp.Or(g.TrafficLimit, 500)
	if g.Stages == nil {
		g.Stages = []Stage{{StageName: "TEST"}, {StageName: "PRE"}, {StageName: "RELEASE"}}
	}
	for i := range g.Stages {
		fill(&g.Stages[i].StageID, fmt.Sprintf("%s-%d", g.GroupID, i+1))
	}
	for i := range g.Domains {
		if err := g.Domains[i].complete(); err != nil {
			return fmt.Errorf("domain %q: %w", g.Domains[i].DomainName, err)
		}
	}
	return nil
}

func (d *Domain) complete() error {
	if d.DomainName == "" {
		return fmt.Errorf("got no domainName, want one, e.g. api.demo.com")
	}
	d.DomainName = strings.ToLower(d.DomainName)
	fill(&d.CustomDomainType, "INTERNET")
	fill(&d.DomainBindingStatus, "BINDING")
	fill(&d.DomainCNAMEStatus, "RESOLVED")
	fill(&d.DomainLegalStatus, "NORMAL")
	fill(&d.DomainWebSocketStatus, "NORMAL")
	if d.Certificate == nil {
		return nil
	}
	pair, err := ca.ParsePair(d.Certificate.Body, d.Certificate.PrivateKey)
	if err != nil {
		return fmt.Errorf("reading its certificate: %w", err)
	}
	id := d.CertificateID
	d.Attach(*d.Certificate, pair)
	fill(&id, d.CertificateID)
	d.CertificateID = id
	return nil
}

// Attach makes a certificate the domain's, with the facts that describing the
// domain says. Another chain gets another certificate id.
func (d *Domain) Attach(c Certificate, pair ca.Pair) {
	c.ChainDigest, c.PublicKeyDigest = pair.ChainDigest, pair.PublicKeyDigest
	if d.Certificate == nil || d.Certificate.ChainDigest != c.ChainDigest {
		d.CertificateID = NewID()
	}
	d.CertificateName = c.Name
	d.CertificateValidStart = pair.Leaf.NotBefore.UnixMilli()
	d.CertificateValidEnd = pair.Leaf.NotAfter.UnixMilli()
	d.Certificate = &c
}

// Detach takes the certificate, and every fact of it, away.
func (d *Domain) Detach() {
	d.Certificate, d.CertificateID, d.CertificateName = nil, "", ""
	d.CertificateValidStart, d.CertificateValidEnd = 0, 0
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
