package client

import (
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
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
	StageItems           struct{ StageInfo wire.List[stageInfo] }
	CustomDomains        struct{ DomainItem wire.List[domainItem] }
}

type stageInfo struct {
	StageID   string `xml:"StageId"`
	StageName string
}

// domainItem is one domain of a group. Fields that are set and have no place here
// are kept by name: an update could reset what they say.
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

	// No call of bindgate changes these.
	DomainWebSocketStatus  string // not kept
	WildcardDomainPatterns string

	Others []otherField `json:"-" xml:",any"`
}

// otherField is a field of a record that has no place in its type.
type otherField struct {
	XMLName xml.Name
	Value   string `xml:",innerxml"`
}

// UnmarshalJSON reads the known fields and notes the others. It matches names
// without case, as encoding/json does.
func (d *domainItem) UnmarshalJSON(data []byte) error {
	type known domainItem
	if err := json.Unmarshal(data, (*known)(d)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	d.Others = nil
	for name, value := range all {
		if !isField(name) {
			d.Others = append(d.Others, otherField{XMLName: xml.Name{Local: name}, Value: strings.Trim(string(value), `"`)})
		}
	}
	return nil
}

// isField reports whether a name is that of a field of domainItem.
func isField(name string) bool {
	_, known := reflect.TypeFor[domainItem]().FieldByNameFunc(func(field string) bool {
		return field != "Others" && strings.EqualFold(field, name)
	})
	return known
}

// unknown returns the names of the other fields that are set, sorted and bounded.
func (d domainItem) unknown() (names []string) {
	for _, f := range d.Others {
		if !slices.Contains([]string{"", "null", "false", "0", "[]", "{}"}, strings.ToLower(strings.TrimSpace(f.Value))) {
			names = append(names, fmt.Sprintf("%.64s", f.XMLName.Local))
		}
	}
	slices.Sort(names)
	return names[:min(len(names), 20)]
}

// patterns returns the patterns of a wildcard domain; empty: there are none.
func (d domainItem) patterns() string {
	if text := strings.TrimSpace(d.WildcardDomainPatterns); text != "[]" {
		return fmt.Sprintf("%.256s", text)
	}
	return ""
}

func (d domainItem) evidence() evidence.Domain {
	return evidence.Domain{
		DomainName: d.DomainName, DomainBindingStatus: d.DomainBindingStatus, DomainCNAMEStatus: d.DomainCNAMEStatus,
		DomainLegalStatus: d.DomainLegalStatus, DomainRemark: d.DomainRemark, CustomDomainType: networkType(d.CustomDomainType),
		BindStageName: d.BindStageName, BindStageAlias: d.BindStageAlias, IsHTTPRedirectToHTTPS: d.IsHTTPRedirectToHTTPS,
		CertificateID: d.CertificateID, CertificateName: d.CertificateName,
		CertificateValidStart: d.CertificateValidStart, CertificateValidEnd: d.CertificateValidEnd,
		WildcardDomainPatterns: d.patterns(), UnknownFields: d.unknown(),
	}
}

type listAnswer struct {
	TotalCount         *int
	APIGroupAttributes struct {
		APIGroupAttribute wire.List[groupAttribute] `xml:"ApiGroupAttribute"`
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

	// No page promises these; an answer that has them is believed.
	CaCertificateBody        string
	SslVerifyDepth           loose
	SslOcspEnable            loose
	SslOcspCacheEnable       loose
	ClientCertSDnPassThrough loose
}

// loose is a number or a boolean that is written with quotes or without.
type loose string

// UnmarshalJSON takes the text of a scalar.
func (l *loose) UnmarshalJSON(data []byte) error {
	*l = loose(strings.Trim(string(data), `"`))
	return nil
}

func (l loose) yes() bool { return strings.EqualFold(string(l), "true") || l == "1" }

// clients returns the settings for callers' certificates; nil where the answer shows none.
func (a domainAnswer) clients() *evidence.ClientCertificates {
	c := evidence.ClientCertificates{PassSubjectDN: a.ClientCertSDnPassThrough.yes(), OCSP: a.SslOcspEnable.yes(), OCSPCache: a.SslOcspCacheEnable.yes()}
	c.VerifyDepth, _ = strconv.Atoi(string(a.SslVerifyDepth))
	if ders := certificatesOf(a.CaCertificateBody); len(ders) > 0 {
		c.CADigest = pki.Digest(pki.CanonicalChain(ders))
	} else if a.CaCertificateBody != "" {
		c.CADigest = pki.Digest([]byte(a.CaCertificateBody))
	}
	if c == (evidence.ClientCertificates{}) {
		return nil
	}
	return &c
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
		g.Domains = append(g.Domains, d.evidence())
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

// served returns what evidence contains of the certificate of an answer: its digest in the
// canonical form in which a certificate file is digested too, and its leaf.
func served(a domainAnswer) evidence.Served {
	s := evidence.Served{CertificateName: a.CertificateName, ClientCertificates: a.clients()}
	if ders := certificatesOf(a.CertificateBody); len(ders) > 0 {
		s.ChainDigest, s.Leaf = pki.Digest(pki.CanonicalChain(ders)), string(pki.CanonicalChain(ders[:1]))
	}
	return s
}
