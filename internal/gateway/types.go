package gateway

import (
	"encoding/pem"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
)

// The answers, with the API's own field names (DescribeApiGroup, DescribeApiGroups
// and DescribeDomain, version 2016-07-14). JSON matches names without case; the
// tags are for XML. A field that is not here is dropped when an answer is read.

type groupAnswer struct {
	GroupID              string `xml:"GroupId"`
	GroupName            string
	SubDomain            string
	VpcDomain            string
	VpcSlbIntranetDomain string
	BasePath             string
	InstanceID           string `xml:"InstanceId"`
	InstanceType         string
	HTTPSPolicy          string `xml:"HttpsPolicy"`
	RegionID             string `xml:"RegionId"`
	Status               string
	BillingStatus        string
	IllegalStatus        string
	StageItems           struct{ StageInfo list[stageInfo] }
	CustomDomains        struct{ DomainItem list[domainItem] }
}

type stageInfo struct {
	StageID   string `xml:"StageId"`
	StageName string
}

type domainItem struct {
	DomainName            string
	DomainBindingStatus   string
	DomainCNAMEStatus     string
	DomainLegalStatus     string
	DomainRemark          string
	CustomDomainType      string
	BindStageName         string
	BindStageAlias        string
	IsHTTPRedirectToHTTPS bool   `xml:"IsHttpRedirectToHttps"`
	CertificateID         string `xml:"CertificateId"`
	CertificateName       string
	CertificateValidStart int64
	CertificateValidEnd   int64
}

type listAnswer struct {
	TotalCount         *int
	APIGroupAttributes struct {
		APIGroupAttribute list[groupAttribute] `xml:"ApiGroupAttribute"`
	} `xml:"ApiGroupAttributes"`
}

type groupAttribute struct {
	GroupID    string `xml:"GroupId"`
	GroupName  string
	RegionID   string `xml:"RegionId"`
	InstanceID string `xml:"InstanceId"`
	SubDomain  string
}

// domainAnswer has no field for CertificatePrivateKey, so that the key of the
// answer is never held.
type domainAnswer struct {
	GroupID         string `xml:"GroupId"`
	DomainName      string
	CertificateName string
	CertificateBody string
}

func (a groupAnswer) evidence() evidence.Group {
	g := evidence.Group{
		Found: true, GroupID: a.GroupID, GroupName: a.GroupName, RegionID: a.RegionID,
		InstanceID: a.InstanceID, InstanceType: a.InstanceType, BasePath: a.BasePath,
		SubDomain: a.SubDomain, VpcDomain: a.VpcDomain, VpcSlbIntranetDomain: a.VpcSlbIntranetDomain,
		HTTPSPolicy: a.HTTPSPolicy, Status: a.Status, BillingStatus: a.BillingStatus, IllegalStatus: a.IllegalStatus,
	}
	for _, s := range a.StageItems.StageInfo {
		g.Stages = append(g.Stages, evidence.Stage(s))
	}
	for _, d := range a.CustomDomains.DomainItem {
		item := evidence.Domain(d)
		item.CustomDomainType = networkType(d.CustomDomainType)
		g.Domains = append(g.Domains, item)
	}
	return g
}

// networkType returns a network type as SetDomain spells it: answers have it in
// lower case, too. A word that is neither stays as it came.
func networkType(got string) string {
	for _, known := range []string{binding.Internet, binding.Intranet} {
		if strings.EqualFold(got, known) {
			return known
		}
	}
	return got
}

// certificatesOf is the DER of the certificates of a PEM text, in its order.
func certificatesOf(body string) (ders [][]byte) {
	for rest := []byte(body); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			ders = append(ders, block.Bytes)
		}
	}
	return ders
}

// served is what is told of the certificate of an answer: its digest in the
// canonical form in which a certificate file is digested too, and its leaf.
func served(name, body string) evidence.Served {
	s := evidence.Served{CertificateName: name}
	if ders := certificatesOf(body); len(ders) > 0 {
		s.ChainDigest, s.Leaf = pki.Digest(pki.CanonicalChain(ders)), string(pki.CanonicalChain(ders[:1]))
	}
	return s
}
