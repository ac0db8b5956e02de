package account

import "github.com/bindgate/bindgate/internal/sandbox/ca"

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
func setDomain(acc *Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	params := Binding{Place: place}
	part := r.todaysPart
	if r.Contract2017 {
		part = r.part2017
	}
	if err := part(&params); err != nil {
		return nil, err
	}
	group, domain, err := acc.Bind(params)
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

func (r Request) todaysPart(w *Binding) error {
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
func (r Request) part2017(w *Binding) error {
	for _, name := range [...]string{"BindStageName", "CustomDomainType", "IsForce", "IsHttpRedirectToHttps"} {
		if _, sent := r.Params[name]; sent {
			return Invalid(name, "the contract of 2017 does not have it")
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
	w.Certificate = &Certificate{Name: r.Params["CertificateName"], Body: r.Params["CertificateBody"], PrivateKey: r.Params["PrivateKey"]}
	return nil
}

func setDomainCertificate(acc *Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	if err := r.require("CertificateName"); err != nil {
		return nil, err
	}
	if _, err := r.mutual(MutualTLS{}); err != nil {
		return nil, err
	}
	err = acc.Edit(place, func(d *Domain) error {
		was := MutualTLS{}
		if d.Certificate != nil && acc.assume.RenewalKeeps {
			was = d.Certificate.Mutual
		}
		mutual, err := r.mutual(was)
		if err != nil {
			return err
		}
		return r.certify(d, mutual)
	})
	if err != nil {
		return nil, err
	}
	return done{r.ID}, nil
}

// certify attaches what the call carries. Body and key are optional: without
// them the certificate that the domain has keeps, if it bears that name (not
// documented).
func (r Request) certify(d *Domain, mutual MutualTLS) error {
	name, body, key := r.Params["CertificateName"], r.Params["CertificateBody"], r.Params["CertificatePrivateKey"]
	if body == "" && key == "" {
		if d.Certificate == nil || d.CertificateName != name {
			return Refuse("DomainCertificateNotFound", "The certificate is not found.")
		}
		kept := *d.Certificate
		kept.Mutual = mutual
		d.Certificate = &kept
		return nil
	}
	if err := r.require("CertificateBody", "CertificatePrivateKey"); err != nil {
		return err
	}
	return Certify(d, Certificate{Name: name, Body: body, PrivateKey: key, Mutual: mutual}, "CertificatePrivateKey")
}

// mutual reads the settings for client certificates; what is not sent stays as it
// was. SslVerifyDepth travels as a string and comes back as a number.
func (r Request) mutual(was MutualTLS) (MutualTLS, error) {
	m := was
	if body := r.optional("CaCertificateBody"); body != nil {
		if m.CaCertificateBody = *body; *body == "" {
			m.SslVerifyDepth = 0 // of nothing
		}
	}
	if m.CaCertificateBody != "" && ca.ChainDigest(m.CaCertificateBody) == "" {
		return m, Invalid("CaCertificateBody", "it holds no PEM certificate")
	}
	depth, err := r.number("SslVerifyDepth", m.SslVerifyDepth, 100)
	if err != nil {
		return m, err
	}
	m.SslVerifyDepth = depth
	for name, field := range map[string]*bool{"SslOcspEnable": &m.SslOcspEnable, "SslOcspCacheEnable": &m.SslOcspCacheEnable,
		"ClientCertSDnPassThrough": &m.ClientCertSDnPassThrough} {
		value, err := r.boolean(name)
		if err != nil {
			return m, err
		}
		if value != nil {
			*field = *value
		}
	}
	return m, nil
}

// deleteDomainCertificate succeeds for a certificate that is not there; an
// unknown group is InvalidGroupId.NotFound here (page of 2026-03-16).
func deleteDomainCertificate(acc *Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	if err := r.require("CertificateId"); err != nil {
		return nil, err
	}
	if _, err := acc.Group(place); err != nil {
		return nil, Refuse("InvalidGroupId.NotFound", "The API group is not found.")
	}
	err = acc.Edit(place, func(d *Domain) error {
		if d.CertificateID == r.Params["CertificateId"] {
			d.Detach()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done{r.ID}, nil
}

// deleteDomain succeeds for a domain that is not there.
func deleteDomain(acc *Account, r Request) (any, error) {
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
func reactivateDomain(acc *Account, r Request) (any, error) {
	return editDomain(acc, r, func(d *Domain) error {
		d.DomainLegalStatus, d.DomainRemark = "NORMAL", ""
		return nil
	})
}

// setDomainWebSocketStatus takes ActionValue OPEN or CLOSE and shows NORMAL or
// ABNORMAL (not documented).
func setDomainWebSocketStatus(acc *Account, r Request) (any, error) {
	return editDomain(acc, r, func(d *Domain) error {
		switch r.Params["ActionValue"] {
		case "OPEN":
			d.DomainWebSocketStatus = "NORMAL"
		case "CLOSE":
			d.DomainWebSocketStatus = "ABNORMAL"
		case "":
			return missing("ActionValue")
		default:
			return Invalid("ActionValue", "it must be OPEN or CLOSE")
		}
		return nil
	})
}

func editDomain(acc *Account, r Request, change func(*Domain) error) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	if err := acc.Edit(place, change); err != nil {
		return nil, err
	}
	return done{r.ID}, nil
}
