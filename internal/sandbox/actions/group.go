package actions

import (
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
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

func describeGroup(acc *account.Account, r Request) (any, error) {
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
	}
	return answer, nil
}

func groupFields(g seed.Group) groupAnswer {
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

func item(d seed.Domain) domainItem {
	return domainItem{
		DomainName: d.DomainName, DomainBindingStatus: d.DomainBindingStatus, DomainCNAMEStatus: d.DomainCNAMEStatus,
		DomainLegalStatus: d.DomainLegalStatus, DomainRemark: d.DomainRemark, DomainWebSocketStatus: d.DomainWebSocketStatus,
		CustomDomainType: d.CustomDomainType, BindStageName: d.BindStageName, BindStageAlias: d.BindStageAlias,
		IsHTTPRedirectToHTTPS: d.IsHTTPRedirectToHTTPS, CertificateID: d.CertificateID, CertificateName: d.CertificateName,
		CertificateValidStart: d.CertificateValidStart, CertificateValidEnd: d.CertificateValidEnd,
		WildcardDomainPatterns: d.WildcardDomainPatterns,
	}
}
