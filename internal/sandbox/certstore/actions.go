package certstore

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/refusal"
)

// Version is the only version of the API there is.
const Version = "2020-04-07"

// Request is one authenticated call of an action.
type Request struct {
	ID     string // the answer's RequestId
	Params map[string]string
}

// Action is one action of the API.
type Action struct {
	Name   string
	Writes bool
	Rate   float64 // documented calls a second; 0: not documented
	params []string
	do     func(*Store, Request) (any, error)
}

// Actions returns the actions of the API.
func Actions() []Action {
	return []Action{
		{Name: "UploadUserCertificate", Rate: 100, Writes: true, do: upload, params: []string{"Name", "Cert", "Key", "SignCert", "SignPrivateKey", "EncryptCert", "EncryptPrivateKey", "ResourceGroupId"}},
		{Name: "GetUserCertificateDetail", Rate: 100, do: userDetail, params: []string{"CertId", "CertFilter"}},
		{Name: "GetCertificateDetail", Rate: 100, do: detail, params: []string{"CertificateId"}},
		{Name: "ListUserCertificateOrder", Rate: 10, do: list, params: []string{"OrderType", "Keyword", "Status", "CurrentPage", "ShowSize", "ResourceGroupId"}},
		{Name: "DeleteUserCertificate", Writes: true, do: remove, params: []string{"CertId"}},
	}
}

// Do carries the action out. A parameter that the action does not have is refused,
// which is the sandbox's strictness: the platform ignores it. Errors are
// *refusal.Error.
func (a Action) Do(s *Store, r Request) (any, error) {
	for name := range r.Params {
		if !slices.Contains(a.params, name) && !strings.HasPrefix(name, "Tags.") {
			return nil, bad("InvalidParameter", "The parameter %q is not one of %s.", name, a.Name)
		}
	}
	return a.do(s, r)
}

// bad is HTTP 400: the platform's pages name no status.
func bad(code, format string, args ...any) error {
	return refusal.New(http.StatusBadRequest, code, format, args...)
}

func notFound() error {
	return refusal.New(http.StatusNotFound, "NotFound", "The certificate is not found.")
}

// maxName is the length of a name on the English page.
const maxName = 64

type uploadAnswer struct {
	RequestID  string `json:"RequestId" xml:"RequestId"`
	CertID     int64  `json:"CertId" xml:"CertId"`
	ResourceID string `json:"ResourceId" xml:"ResourceId"`
}

// upload checks that the key belongs to the certificate. The codes of its refusals
// are inventions.
func upload(s *Store, r Request) (any, error) {
	for _, name := range [...]string{"SignCert", "SignPrivateKey", "EncryptCert", "EncryptPrivateKey"} {
		if r.Params[name] != "" {
			return nil, bad("InvalidParameter", "The sandbox takes no SM2 certificate: %s.", name)
		}
	}
	c := Certificate{Name: r.Params["Name"], Body: r.Params["Cert"], PrivateKey: r.Params["Key"], Status: "ISSUED"}
	for _, name := range [...]string{"Name", "Cert", "Key"} {
		if r.Params[name] == "" {
			return nil, bad("MissingParameter", "The parameter %s is required.", name)
		}
	}
	if len(c.Name) > maxName {
		return nil, bad("InvalidParameter", "The parameter Name is longer than %d.", maxName)
	}
	pair, err := ca.ParsePair(c.Body, c.PrivateKey)
	if c.parse(); err != nil || c.Leaf == nil {
		return nil, bad("InvalidCertificate", "The certificate or its key cannot be used.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.certs {
		if other.Name == c.Name {
			return nil, bad("NameRepeat", "The certificate name is used already.")
		}
		if s.assume.RefusesSame && ca.ChainDigest(other.Body) == pair.ChainDigest {
			return nil, bad("CertRepeat", "The certificate is in the store already.")
		}
	}
	c.ID = s.next
	c.Identifier = identifier(c.ID)
	s.next++
	s.certs = append(s.certs, c)
	return uploadAnswer{RequestID: r.ID, CertID: c.ID, ResourceID: "cas-upload-" + strings.ToLower(rand.Text()[:6])}, nil
}

func (s *Store) byID(r Request, name string) (Certificate, error) {
	if r.Params[name] == "" {
		return Certificate{}, bad("MissingParameter", "The parameter %s is required.", name)
	}
	id, err := strconv.ParseInt(r.Params[name], 10, 64)
	if err != nil {
		return Certificate{}, bad("InvalidParameter", "The parameter %s is not a whole number.", name)
	}
	c, found := s.find(func(c Certificate) bool { return c.ID == id })
	if !found {
		return c, notFound()
	}
	return c, nil
}

type chainItem struct {
	CommonName, IssuerCommonName string
	NotBefore, NotAfter          int64
	RemainDay                    int
}

type userDetailAnswer struct {
	RequestID      string      `json:"RequestId" xml:"RequestId"`
	ID             int64       `json:"Id" xml:"Id"`
	CertIdentifier string      `json:"CertIdentifier" xml:"CertIdentifier"`
	InstanceID     string      `json:"InstanceId" xml:"InstanceId"`
	Name           string      `json:"Name" xml:"Name"`
	Common         string      `json:"Common" xml:"Common"`
	Sans           string      `json:"Sans" xml:"Sans"`
	Issuer         string      `json:"Issuer" xml:"Issuer"`
	SerialNo       string      `json:"SerialNo" xml:"SerialNo"`
	Fingerprint    string      `json:"Fingerprint" xml:"Fingerprint"`
	Sha2           string      `json:"Sha2" xml:"Sha2"`
	Algorithm      string      `json:"Algorithm" xml:"Algorithm"`
	StartDate      string      `json:"StartDate" xml:"StartDate"`
	EndDate        string      `json:"EndDate" xml:"EndDate"`
	NotBefore      int64       `json:"NotBefore" xml:"NotBefore"`
	NotAfter       int64       `json:"NotAfter" xml:"NotAfter"`
	Expired        bool        `json:"Expired" xml:"Expired"`
	BuyInAliyun    bool        `json:"BuyInAliyun" xml:"BuyInAliyun"`
	CertChain      []chainItem `json:"CertChain" xml:"CertChain>CertChain"`
	Cert           string      `json:"Cert,omitempty" xml:"Cert,omitempty"`
	Key            string      `json:"Key,omitempty" xml:"Key,omitempty"`
}

// userDetail returns the private key unless CertFilter is true, as the platform
// does.
func userDetail(s *Store, r Request) (any, error) {
	filter := r.Params["CertFilter"]
	if filter != "" && filter != "true" && filter != "false" {
		return nil, bad("InvalidParameter", "The parameter CertFilter is neither true nor false.")
	}
	c, err := s.byID(r, "CertId")
	if err != nil {
		return nil, err
	}
	f := s.FactsOf(c)
	a := userDetailAnswer{RequestID: r.ID, ID: c.ID, CertIdentifier: c.Identifier, InstanceID: "cas-upload-" + strconv.FormatInt(c.ID, 10), Name: c.Name,
		Common: f.CommonName, Sans: f.Sans, Issuer: f.Issuer, SerialNo: f.Serial, Fingerprint: f.SHA1, Sha2: f.SHA256, Algorithm: f.Algorithm,
		StartDate: c.Leaf.NotBefore.UTC().Format("2006-01-02"), EndDate: c.Leaf.NotAfter.UTC().Format("2006-01-02"),
		NotBefore: f.NotBefore, NotAfter: f.NotAfter, Expired: f.Expired, CertChain: s.chain(c)}
	if filter != "true" {
		a.Cert, a.Key = c.Body, c.PrivateKey
	}
	return a, nil
}

func (s *Store) chain(c Certificate) []chainItem {
	items := make([]chainItem, len(c.Chain))
	for i, cert := range c.Chain {
		items[i] = chainItem{CommonName: cert.Subject.CommonName, IssuerCommonName: cert.Issuer.CommonName,
			NotBefore: cert.NotBefore.UnixMilli(), NotAfter: cert.NotAfter.UnixMilli(), RemainDay: int(cert.NotAfter.Sub(s.now()).Hours() / 24)}
	}
	return items
}

type certificateChain struct {
	Subject, Issuer     string
	NotBefore, NotAfter int64
	RemainDay           int
}

type detailAnswer struct {
	RequestID               string             `json:"RequestId" xml:"RequestId"`
	CertificateID           int64              `json:"CertificateId" xml:"CertificateId"`
	CertIdentifier          string             `json:"CertIdentifier" xml:"CertIdentifier"`
	CertificateName         string             `json:"CertificateName" xml:"CertificateName"`
	CertificateStatus       string             `json:"CertificateStatus" xml:"CertificateStatus"`
	CertificateSource       string             `json:"CertificateSource" xml:"CertificateSource"`
	ExistPrivateKey         bool               `json:"ExistPrivateKey" xml:"ExistPrivateKey"`
	FingerPrint             string             `json:"FingerPrint" xml:"FingerPrint"`
	Serial                  string             `json:"Serial" xml:"Serial"`
	Algorithm               string             `json:"Algorithm" xml:"Algorithm"`
	KeySize                 int                `json:"KeySize" xml:"KeySize"`
	Domain                  string             `json:"Domain" xml:"Domain"`
	CommonName              string             `json:"CommonName" xml:"CommonName"`
	SubjectAlternativeNames []string           `json:"SubjectAlternativeNames" xml:"SubjectAlternativeNames>SubjectAlternativeNames"`
	Issuer                  string             `json:"Issuer" xml:"Issuer"`
	NotBefore               int64              `json:"NotBefore" xml:"NotBefore"`
	NotAfter                int64              `json:"NotAfter" xml:"NotAfter"`
	CertificateChainList    []certificateChain `json:"CertificateChainList" xml:"CertificateChainList>CertificateChainList"`
	UsingProductList        []string           `json:"UsingProductList" xml:"UsingProductList>UsingProductList"`
}

// detail returns no body and no key. Its words for status and source are
// inventions.
func detail(s *Store, r Request) (any, error) {
	c, err := s.byID(r, "CertificateId")
	if err != nil {
		return nil, err
	}
	f := s.FactsOf(c)
	a := detailAnswer{RequestID: r.ID, CertificateID: c.ID, CertIdentifier: c.Identifier, CertificateName: c.Name, CertificateStatus: s.status(c, f),
		CertificateSource: "UPLOAD", ExistPrivateKey: f.HasKey, FingerPrint: f.SHA1, Serial: f.Serial, Algorithm: f.Algorithm, KeySize: f.KeySize,
		Domain: f.CommonName, CommonName: f.CommonName, SubjectAlternativeNames: c.Leaf.DNSNames, Issuer: f.Issuer, NotBefore: f.NotBefore, NotAfter: f.NotAfter,
		UsingProductList: []string{}}
	if s.assume.LongDetail {
		a.FingerPrint = f.SHA256
	}
	for _, item := range s.chain(c) {
		a.CertificateChainList = append(a.CertificateChainList, certificateChain{Subject: item.CommonName, Issuer: item.IssuerCommonName,
			NotBefore: item.NotBefore, NotAfter: item.NotAfter, RemainDay: item.RemainDay})
	}
	if len(s.inUse(c.Identifier)) > 0 {
		a.UsingProductList = append(a.UsingProductList, "APIG") // the word is an invention
	}
	return a, nil
}

func (s *Store) status(c Certificate, f Facts) string {
	if f.Expired && c.Status == "ISSUED" {
		return "EXPIRED"
	}
	return c.Status
}

type orderItem struct {
	CertificateID int64 `json:"CertificateId" xml:"CertificateId"`
	Name          string
	CommonName    string
	Sans          string
	Issuer        string
	SerialNo      string
	Fingerprint   string
	Sha2          string
	Algorithm     string
	StartDate     string
	EndDate       string
	CertEndTime   int64
	Expired       bool
	Upload        bool
	Status        string
}

type listAnswer struct {
	RequestID            string      `json:"RequestId" xml:"RequestId"`
	CurrentPage          int         `json:"CurrentPage" xml:"CurrentPage"`
	ShowSize             int         `json:"ShowSize" xml:"ShowSize"`
	TotalCount           int         `json:"TotalCount" xml:"TotalCount"`
	CertificateOrderList []orderItem `json:"CertificateOrderList" xml:"CertificateOrderList>CertificateOrderList"`
}

// list returns uploaded certificates; an empty Status means those that are valid.
func list(s *Store, r Request) (any, error) {
	page, err := number(r, "CurrentPage", 1, 1<<20)
	if err != nil {
		return nil, err
	}
	size, err := number(r, "ShowSize", 50, 100)
	if err != nil {
		return nil, err
	}
	if kind := r.Params["OrderType"]; kind != "CERT" && kind != "UPLOAD" {
		return nil, bad("InvalidParameter", "The sandbox lists OrderType CERT and UPLOAD.")
	}
	a := listAnswer{RequestID: r.ID, CurrentPage: page, ShowSize: size, CertificateOrderList: []orderItem{}}
	for _, c := range s.All() {
		f := s.FactsOf(c)
		valid := s.status(c, f) == "ISSUED"
		if status := r.Params["Status"]; status == "" && !valid || status != "" && status != s.status(c, f) {
			continue
		}
		keyword := strings.ToLower(r.Params["Keyword"])
		if !strings.Contains(strings.ToLower(c.Name+","+f.CommonName+","+f.Sans), keyword) {
			continue
		}
		if a.TotalCount >= (page-1)*size && len(a.CertificateOrderList) < size {
			a.CertificateOrderList = append(a.CertificateOrderList, orderItem{CertificateID: c.ID, Name: c.Name, CommonName: f.CommonName, Sans: f.Sans,
				Issuer: f.Issuer, SerialNo: f.Serial, Fingerprint: f.SHA1, Sha2: f.SHA256, Algorithm: f.Algorithm,
				StartDate: c.Leaf.NotBefore.UTC().Format("2006-01-02"), EndDate: c.Leaf.NotAfter.UTC().Format("2006-01-02"), CertEndTime: f.NotAfter,
				Expired: f.Expired, Upload: true, Status: s.status(c, f)})
		}
		a.TotalCount++
	}
	return a, nil
}

func number(r Request, name string, def, most int) (int, error) {
	if r.Params[name] == "" {
		return def, nil
	}
	n, err := strconv.Atoi(r.Params[name])
	if err != nil || n < 1 || n > most {
		return 0, bad("InvalidParameter", "The parameter %s is not a whole number from 1 to %d.", name, most)
	}
	return n, nil
}

type done struct {
	RequestID string `json:"RequestId" xml:"RequestId"`
}

func remove(s *Store, r Request) (any, error) {
	c, err := s.byID(r, "CertId")
	if err != nil {
		return nil, err
	}
	// Asked before the lock: the users have a lock of their own and ask this store.
	if users := s.inUse(c.Identifier); len(users) > 0 && !s.assume.DeletesInUse {
		return nil, bad("CertificateInUse", "The certificate is used by %s.", strings.Join(users, ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certs = slices.DeleteFunc(s.certs, func(other Certificate) bool { return other.ID == c.ID })
	return done{RequestID: r.ID}, nil
}

// String names a certificate without its content.
func (c Certificate) String() string { return fmt.Sprintf("%s (%s)", c.Identifier, c.Name) }
