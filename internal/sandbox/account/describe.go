package account

import (
	"math"
	"strings"
)

type groupAnswer struct {
	RequestID            string `json:"RequestId" xml:"RequestId"`
	GroupID              string `json:"GroupId" xml:"GroupId"`
	GroupName            string
	Description          string
	RegionID             string `json:"RegionId" xml:"RegionId"`
	InstanceID           string `json:"InstanceId" xml:"InstanceId"`
	InstanceType         string
	BasePath             string
	SubDomain            string
	VpcDomain            string
	VpcSlbIntranetDomain string
	ClassicVpcSubDomain  string
	DefaultDomain        string
	HTTPSPolicy          string `json:"HttpsPolicy" xml:"HttpsPolicy"`
	Status               string
	BillingStatus        string
	IllegalStatus        string
	TrafficLimit         int
	CreatedTime          string
	ModifiedTime         string
	CloudMarketCommodity bool
	CmsMonitorGroup      string
	CompatibleFlags      string
	CustomTraceConfig    string
	CustomerConfigs      string
	DisableInnerDomain   bool
	InstanceVipList      string
	Ipv6Status           string
	MigrationError       string
	MigrationStatus      string
	PassthroughHeaders   string
	RPCPattern           string `json:"RpcPattern" xml:"RpcPattern"`
	UserLogConfig        string
	StageItems           struct{ StageInfo []stageInfo }
	CustomDomains        struct{ DomainItem []domainItem }
}

type stageInfo struct {
	StageID     string `json:"StageId" xml:"StageId"`
	StageName   string
	Description string
}

type domainItem struct {
	DomainName             string
	DomainBindingStatus    string
	DomainCNAMEStatus      string
	DomainLegalStatus      string
	DomainRemark           string
	DomainWebSocketStatus  string
	CustomDomainType       string
	BindStageName          string
	BindStageAlias         string
	IsHTTPRedirectToHTTPS  bool   `json:"IsHttpRedirectToHttps" xml:"IsHttpRedirectToHttps"`
	CertificateID          string `json:"CertificateId,omitempty" xml:"CertificateId,omitempty"`
	CertificateName        string `json:",omitempty" xml:",omitempty"`
	CertificateValidStart  int64  `json:",omitempty" xml:",omitempty"`
	CertificateValidEnd    int64  `json:",omitempty" xml:",omitempty"`
	WildcardDomainPatterns string `json:",omitempty" xml:",omitempty"`
}

func describeGroup(acc *Account, r Request) (any, error) {
	place, err := r.place(false)
	if err != nil {
		return nil, err
	}
	g, err := acc.Group(place)
	if err != nil {
		return nil, err
	}
	answer := groupFields(g)
	answer.RequestID = r.ID
	answer.StageItems.StageInfo = make([]stageInfo, len(g.Stages))
	for i, s := range g.Stages {
		answer.StageItems.StageInfo[i] = stageInfo(s)
	}
	answer.CustomDomains.DomainItem = make([]domainItem, len(g.Domains))
	for i, d := range g.Domains {
		answer.CustomDomains.DomainItem[i] = item(d)
		if acc.assume.LowerCase {
			answer.CustomDomains.DomainItem[i].CustomDomainType = strings.ToLower(d.CustomDomainType)
		}
	}
	return answer, nil
}

func groupFields(g Group) groupAnswer {
	return groupAnswer{
		GroupID: g.GroupID, GroupName: g.GroupName, Description: g.Description, RegionID: g.RegionID,
		InstanceID: g.InstanceID, InstanceType: g.InstanceType, BasePath: g.BasePath, SubDomain: g.SubDomain,
		VpcDomain: g.VpcDomain, VpcSlbIntranetDomain: g.VpcSlbIntranetDomain, ClassicVpcSubDomain: g.ClassicVpcSubDomain,
		DefaultDomain: g.DefaultDomain, HTTPSPolicy: g.HTTPSPolicy, Status: g.Status, BillingStatus: g.BillingStatus,
		IllegalStatus: g.IllegalStatus, TrafficLimit: g.TrafficLimit, CreatedTime: g.CreatedTime, ModifiedTime: g.ModifiedTime,
		CloudMarketCommodity: g.CloudMarketCommodity, CmsMonitorGroup: g.CmsMonitorGroup, CompatibleFlags: g.CompatibleFlags,
		CustomTraceConfig: g.CustomTraceConfig, CustomerConfigs: g.CustomerConfigs, DisableInnerDomain: g.DisableInnerDomain,
		InstanceVipList: g.InstanceVipList, Ipv6Status: g.Ipv6Status, MigrationError: g.MigrationError,
		MigrationStatus: g.MigrationStatus, PassthroughHeaders: g.PassthroughHeaders, RPCPattern: g.RPCPattern,
		UserLogConfig: g.UserLogConfig,
	}
}

func item(d Domain) domainItem {
	return domainItem{
		DomainName: d.DomainName, DomainBindingStatus: d.DomainBindingStatus, DomainCNAMEStatus: d.DomainCNAMEStatus,
		DomainLegalStatus: d.DomainLegalStatus, DomainRemark: d.DomainRemark, DomainWebSocketStatus: d.DomainWebSocketStatus,
		CustomDomainType: d.CustomDomainType, BindStageName: d.BindStageName, BindStageAlias: d.BindStageAlias,
		IsHTTPRedirectToHTTPS: d.IsHTTPRedirectToHTTPS, CertificateID: d.CertificateID, CertificateName: d.CertificateName,
		CertificateValidStart: d.CertificateValidStart, CertificateValidEnd: d.CertificateValidEnd,
		WildcardDomainPatterns: d.WildcardDomainPatterns,
	}
}

// Pages of DescribeApiGroups.
const (
	defaultPageSize = 10
	maxPageSize     = 50
)

type groupsAnswer struct {
	RequestID          string `json:"RequestId" xml:"RequestId"`
	TotalCount         int
	PageSize           int
	PageNumber         int
	APIGroupAttributes struct {
		APIGroupAttribute []groupAttribute `json:"ApiGroupAttribute" xml:"ApiGroupAttribute"`
	} `json:"ApiGroupAttributes" xml:"ApiGroupAttributes"`
}

type groupAttribute struct {
	GroupID       string `json:"GroupId" xml:"GroupId"`
	GroupName     string
	SubDomain     string
	Description   string
	CreatedTime   string
	ModifiedTime  string
	RegionID      string `json:"RegionId" xml:"RegionId"`
	TrafficLimit  int
	BillingStatus string
	IllegalStatus string
	InstanceID    string `json:"InstanceId" xml:"InstanceId"`
	InstanceType  string
	BasePath      string
	HTTPSPolicy   string `json:"HttpsPolicy" xml:"HttpsPolicy"`
}

// describeGroups pages the groups, without their domains. GroupName is a part of
// the name; GroupId, InstanceId and BasePath are whole.
func describeGroups(acc *Account, r Request) (any, error) {
	number, err := r.number("PageNumber", 1, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	size, err := r.number("PageSize", defaultPageSize, maxPageSize)
	if err != nil {
		return nil, err
	}
	page, total := acc.Page(number, size, r.fits)
	answer := groupsAnswer{RequestID: r.ID, TotalCount: total, PageSize: size, PageNumber: number}
	attributes := make([]groupAttribute, len(page))
	for i, g := range page {
		attributes[i] = groupAttribute{
			GroupID: g.GroupID, GroupName: g.GroupName, SubDomain: g.SubDomain, Description: g.Description,
			CreatedTime: g.CreatedTime, ModifiedTime: g.ModifiedTime, RegionID: g.RegionID, TrafficLimit: g.TrafficLimit,
			BillingStatus: g.BillingStatus, IllegalStatus: g.IllegalStatus, InstanceID: g.InstanceID,
			InstanceType: g.InstanceType, BasePath: g.BasePath, HTTPSPolicy: g.HTTPSPolicy,
		}
	}
	answer.APIGroupAttributes.APIGroupAttribute = attributes
	return answer, nil
}

func (r Request) fits(g *Group) bool {
	for name, value := range map[string]string{"GroupId": g.GroupID, "InstanceId": g.InstanceID, "BasePath": g.BasePath} {
		if want := r.Params[name]; want != "" && want != value {
			return false
		}
	}
	region := r.region()
	return (region == "" || region == g.RegionID) && strings.Contains(g.GroupName, r.Params["GroupName"])
}

type describeDomainAnswer struct {
	RequestID                string `json:"RequestId" xml:"RequestId"`
	GroupID                  string `json:"GroupId" xml:"GroupId"`
	DomainName               string
	SubDomain                string
	CertificateID            string `json:"CertificateId,omitempty" xml:"CertificateId,omitempty"`
	CertificateName          string `json:",omitempty" xml:",omitempty"`
	CertificateBody          string `json:",omitempty" xml:",omitempty"`
	CertificatePrivateKey    string `json:",omitempty" xml:",omitempty"`
	CaCertificateBody        string `json:",omitempty" xml:",omitempty"`
	SslVerifyDepth           int    `json:",omitempty" xml:",omitempty"`
	SslOcspEnable            bool   `json:",omitempty" xml:",omitempty"`
	SslOcspCacheEnable       bool   `json:",omitempty" xml:",omitempty"`
	ClientCertSDnPassThrough bool   `json:",omitempty" xml:",omitempty"`
	DomainBindingStatus      string
	DomainCNAMEStatus        string
	DomainLegalStatus        string
	DomainWebSocketStatus    string
	DomainRemark             string
}

// describeDomain answers with the private key, as the platform does. It does
// not tell type, stage or redirect.
func describeDomain(acc *Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	group, d, err := acc.Domain(place)
	if err != nil {
		return nil, err
	}
	answer := describeDomainAnswer{
		RequestID: r.ID, GroupID: group.GroupID, DomainName: d.DomainName, SubDomain: group.SubDomain,
		CertificateID: d.CertificateID, CertificateName: d.CertificateName,
		DomainBindingStatus: d.DomainBindingStatus, DomainCNAMEStatus: d.DomainCNAMEStatus,
		DomainLegalStatus: d.DomainLegalStatus, DomainWebSocketStatus: d.DomainWebSocketStatus, DomainRemark: d.DomainRemark,
	}
	if c := d.Certificate; c != nil {
		answer.CertificateBody, answer.CertificatePrivateKey = c.Body, c.PrivateKey
	}
	if c := d.Certificate; c != nil && !acc.assume.HidesClients {
		answer.CaCertificateBody, answer.SslVerifyDepth = c.Mutual.CaCertificateBody, c.Mutual.SslVerifyDepth
		answer.SslOcspEnable, answer.SslOcspCacheEnable = c.Mutual.SslOcspEnable, c.Mutual.SslOcspCacheEnable
		answer.ClientCertSDnPassThrough = c.Mutual.ClientCertSDnPassThrough
	}
	return answer, nil
}
