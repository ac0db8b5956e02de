package actions

import (
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apierror"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

// deleteDomain succeeds for a domain that is not there.
func deleteDomain(acc *account.Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	if err := acc.Unbind(place); err != nil {
		return nil, err
	}
	return done{r.ID}, nil
}

// reactivateDomain ends DomainLegalStatus=ABNORMAL; the sandbox takes every
// cause of it for repaired.
func reactivateDomain(acc *account.Account, r Request) (any, error) {
	return editDomain(acc, r, func(d *seed.Domain) error {
		d.DomainLegalStatus, d.DomainRemark = "NORMAL", ""
		return nil
	})
}

// setDomainWebSocketStatus takes ActionValue OPEN or CLOSE and shows NORMAL or
// ABNORMAL (not documented).
func setDomainWebSocketStatus(acc *account.Account, r Request) (any, error) {
	return editDomain(acc, r, func(d *seed.Domain) error {
		switch r.Params["ActionValue"] {
		case "OPEN":
			d.DomainWebSocketStatus = "NORMAL"
		case "CLOSE":
			d.DomainWebSocketStatus = "ABNORMAL"
		case "":
			return apierror.Missing("ActionValue")
		default:
			return apierror.Invalid("ActionValue", "it must be OPEN or CLOSE")
		}
		return nil
	})
}

func editDomain(acc *account.Account, r Request, change func(*seed.Domain) error) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	if err := acc.Edit(place, change); err != nil {
		return nil, err
	}
	return done{r.ID}, nil
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
func describeDomain(acc *account.Account, r Request) (any, error) {
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
		answer.CaCertificateBody, answer.SslVerifyDepth = c.Mutual.CaCertificateBody, c.Mutual.SslVerifyDepth
		answer.SslOcspEnable, answer.SslOcspCacheEnable = c.Mutual.SslOcspEnable, c.Mutual.SslOcspCacheEnable
		answer.ClientCertSDnPassThrough = c.Mutual.ClientCertSDnPassThrough
	}
	return answer, nil
}
