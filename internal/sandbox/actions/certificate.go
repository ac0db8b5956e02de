package actions

import (
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apierror"
	"github.com/bindgate/bindgate/internal/sandbox/material"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

func setDomainCertificate(acc *account.Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	if err := r.require("CertificateName"); err != nil {
		return nil, err
	}
	mutual, err := r.mutual()
	if err != nil {
		return nil, err
	}
	err = acc.Edit(place, func(d *seed.Domain) error { return r.certify(d, mutual) })
	if err != nil {
		return nil, err
	}
	return done{r.ID}, nil
}

// certify attaches what the call carries. Body and key are optional: without
// them the certificate that the domain has keeps, if it bears that name (not
// documented).
func (r Request) certify(d *seed.Domain, mutual seed.MutualTLS) error {
	name, body, key := r.Params["CertificateName"], r.Params["CertificateBody"], r.Params["CertificatePrivateKey"]
	if body == "" && key == "" {
		if d.Certificate == nil || d.CertificateName != name {
			return apierror.New("DomainCertificateNotFound", "The certificate is not found.")
		}
		kept := *d.Certificate
		kept.Mutual = mutual
		d.Certificate = &kept
		return nil
	}
	if err := r.require("CertificateBody", "CertificatePrivateKey"); err != nil {
		return err
	}
	return account.Certify(d, seed.Certificate{Name: name, Body: body, PrivateKey: key, Mutual: mutual}, "CertificatePrivateKey")
}

// mutual reads the settings for client certificates. SslVerifyDepth travels as a
// string and comes back as a number.
func (r Request) mutual() (seed.MutualTLS, error) {
	m := seed.MutualTLS{CaCertificateBody: r.Params["CaCertificateBody"]}
	if m.CaCertificateBody != "" && material.ChainDigest(m.CaCertificateBody) == "" {
		return m, apierror.Invalid("CaCertificateBody", "it holds no PEM certificate")
	}
	depth, err := r.number("SslVerifyDepth", 0, 100)
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
		*field = value != nil && *value
	}
	return m, nil
}

// deleteDomainCertificate succeeds for a certificate that is not there; an
// unknown group is InvalidGroupId.NotFound here (page of 2026-03-16).
func deleteDomainCertificate(acc *account.Account, r Request) (any, error) {
	place, err := r.place(true)
	if err != nil {
		return nil, err
	}
	if err := r.require("CertificateId"); err != nil {
		return nil, err
	}
	if _, err := acc.Group(place); err != nil {
		return nil, apierror.New("InvalidGroupId.NotFound", "The API group is not found.")
	}
	err = acc.Edit(place, func(d *seed.Domain) error {
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
