package actions

import (
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apierror"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

type setDomainAnswer struct {
	RequestID             string `json:"RequestId" xml:"RequestId"`
	GroupID               string `json:"GroupId" xml:"GroupId"`
	DomainName            string
	SubDomain             string
	DomainBindingStatus   string
	DomainLegalStatus     string
	DomainRemark          string
	DomainWebSocketStatus string `json:",omitempty" xml:",omitempty"` // not in the 2017 contract
}

// setDomain speaks one of the published contracts: today's (BindStageName,
// CustomDomainType, IsForce, IsHttpRedirectToHttps), which ignores an inline
// certificate like any parameter that it does not have, or that of 2017 (the
// certificate inline).
func setDomain(acc *account.Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	wish := account.Wish{Place: place}
	part := r.todaysPart
	if r.Contract2017 {
		part = r.part2017
	}
	if err := part(&wish); err != nil {
		return nil, err
	}
	group, domain, err := acc.Bind(wish)
	if err != nil {
		return nil, err
	}
	answer := setDomainAnswer{
		RequestID: r.ID, GroupID: group.GroupID, DomainName: domain.DomainName, SubDomain: group.SubDomain,
		DomainBindingStatus: domain.DomainBindingStatus, DomainLegalStatus: domain.DomainLegalStatus,
		DomainRemark: domain.DomainRemark, DomainWebSocketStatus: domain.DomainWebSocketStatus,
	}
	if r.Contract2017 {
		answer.DomainWebSocketStatus = ""
	}
	return answer, nil
}

func (r Request) todaysPart(w *account.Wish) error {
	w.Stage, w.Type = r.optional("BindStageName"), r.optional("CustomDomainType")
	redirect, err := r.boolean("IsHttpRedirectToHttps")
	if err != nil {
		return err
	}
	force, err := r.boolean("IsForce")
	if err != nil {
		return err
	}
	w.Redirect, w.Force = redirect, force != nil && *force
	return nil
}

// part2017 reads the inline certificate: all three parameters or none.
func (r Request) part2017(w *account.Wish) error {
	for _, name := range [...]string{"BindStageName", "CustomDomainType", "IsForce", "IsHttpRedirectToHttps"} {
		if _, sent := r.Params[name]; sent {
			return apierror.Invalid(name, "the contract of 2017 does not have it")
		}
	}
	names := []string{"CertificateName", "CertificateBody", "PrivateKey"}
	sent := false
	for _, name := range names {
		sent = sent || r.Params[name] != ""
	}
	if !sent {
		return nil
	}
	if err := r.require(names...); err != nil {
		return err
	}
	w.Certificate = &seed.Certificate{Name: r.Params["CertificateName"], Body: r.Params["CertificateBody"], PrivateKey: r.Params["PrivateKey"]}
	return nil
}
