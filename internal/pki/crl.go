package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CRL is a certificate revocation list (RFC 5280 §5), indexed by serial number.
type CRL struct {
	list    *x509.RevocationList
	entries map[string]int // serial number, big-endian → index
}

// Revocation is what a CRL says of one certificate.
type Revocation struct {
	Revoked bool
	At      time.Time
	Reason  string // in the words of RFC 5280 §5.3.1; "" for none
}

// ParseCRLs reads the lists of a file: one in DER, or any number in PEM.
func ParseCRLs(file []byte) ([]*CRL, *Problem) {
	ders, problem := crlsIn(file)
	if problem != nil {
		return nil, problem
	}
	lists := make([]*CRL, 0, len(ders))
	for _, der := range ders {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, notParsedCRL(err)
		}
		c := &CRL{list: list, entries: make(map[string]int, len(list.RevokedCertificateEntries))}
		for i, e := range list.RevokedCertificateEntries {
			c.entries[string(e.SerialNumber.Bytes())] = i
		}
		lists = append(lists, c)
	}
	return lists, nil
}

// crlsIn gives the DER of the lists of a file, or names what it holds instead.
func crlsIn(file []byte) (ders [][]byte, problem *Problem) {
	if kindOfDER(file) == kindCRL {
		return [][]byte{file}, nil
	}
	text, _ := clean(file)
	blocks, problem := scan(text)
	if problem != nil {
		return nil, problem
	}
	if len(blocks) == 0 {
		return nil, notCRL(foundIn(file))
	}
	for _, b := range blocks {
		if kindOfLabel(b.Type) == kindCRL {
			ders = append(ders, b.Bytes)
		}
	}
	if len(ders) == 0 {
		return nil, notCRL(named(blocks))
	}
	return ders, nil
}

func notCRL(f found) *Problem {
	return &Problem{Kind: f.kind, Message: describe(f).message + f.where() + ", want a CRL in DER or PEM",
		Fix: "give the list that the CA publishes; openssl x509 -in CERTIFICATE -noout -ext crlDistributionPoints tells where"}
}

func notParsedCRL(err error) *Problem {
	if strings.Contains(err.Error(), "unsupported crl version") {
		return &Problem{Kind: KindUnsupported, Message: "holds a CRL of version 1, want version 2 (RFC 5280 §5.1.2.1)",
			Fix: "have the CA make it with extensions: openssl ca -gencrl -crlexts SECTION, where the section holds authorityKeyIdentifier = keyid"}
	}
	return &Problem{Kind: "corrupt", Message: "holds a CRL that cannot be parsed (" + clip(err.Error()) + ")", Fix: "fetch it again from the CA"}
}

// IssuedBy reports whether the list has the name of this issuer.
func (c *CRL) IssuedBy(issuer *x509.Certificate) bool {
	return bytes.Equal(c.list.RawIssuer, issuer.RawSubject)
}

// Says what the list says of a certificate. from is the address that the list
// was fetched from, "" for a file. The error is why the list cannot be used for
// it: another issuer, signature, age or scope (RFC 5280 §6.3.3).
func (c *CRL) Says(cert, issuer *x509.Certificate, from string, now time.Time) (Revocation, error) {
	if !c.IssuedBy(issuer) || !bytes.Equal(cert.RawIssuer, issuer.RawSubject) {
		return Revocation{}, fmt.Errorf("the list is of another issuer: of %q, want %q; indirect lists are not evaluated", clip(c.list.Issuer.String()), Name(issuer))
	}
	if err := c.list.CheckSignatureFrom(issuer); err != nil {
		return Revocation{}, fmt.Errorf("the list is not signed by the issuer: %s", clip(err.Error()))
	}
	switch next := c.list.NextUpdate; {
	case now.Before(c.list.ThisUpdate):
		return Revocation{}, fmt.Errorf("the list is of the future: thisUpdate %s", c.list.ThisUpdate.UTC().Format(time.RFC3339))
	case next.IsZero():
		return Revocation{}, errors.New("the list has no nextUpdate, so nobody can tell whether it is fresh")
	case now.After(next):
		return Revocation{}, fmt.Errorf("the list is out of date: nextUpdate %s", next.UTC().Format(time.RFC3339))
	}
	if err := c.inScope(cert, from); err != nil {
		return Revocation{}, err
	}
	i, listed := c.entries[string(cert.SerialNumber.Bytes())]
	if !listed {
		return Revocation{}, nil
	}
	entry := c.list.RevokedCertificateEntries[i]
	for _, e := range entry.Extensions {
		if e.Critical && !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 21}) {
			return Revocation{}, fmt.Errorf("the list has an entry with the critical extension %s, which cannot be evaluated", e.Id)
		}
	}
	return Revocation{Revoked: true, At: entry.RevocationTime, Reason: Reason(entry.ReasonCode)}, nil
}

// inScope holds the extensions of the list to the certificate. The one critical
// extension that is known is issuingDistributionPoint (RFC 5280 §5.2.5).
func (c *CRL) inScope(cert *x509.Certificate, from string) error {
	for _, e := range c.list.Extensions {
		switch {
		case e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 27}):
			return errors.New("it is a delta list, which says nothing alone")
		case e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 28}):
			point, err := parsePoint(e.Value)
			if err != nil {
				return err
			}
			if why := point.excludes(cert, from); why != "" {
				return errors.New(why)
			}
		case e.Critical:
			return fmt.Errorf("the list has the critical extension %s, which cannot be evaluated", e.Id)
		}
	}
	return nil
}

// point is an issuingDistributionPoint.
type point struct {
	urls                             []string
	named                            bool
	users, cas, indirect, attributes bool
	someReasons                      bool
}

func parsePoint(der []byte) (p point, err error) {
	malformed := errors.New("the list's issuingDistributionPoint is malformed")
	flags := map[cbasn1.Tag]*bool{
		cbasn1.Tag(1).ContextSpecific(): &p.users, cbasn1.Tag(2).ContextSpecific(): &p.cas,
		cbasn1.Tag(4).ContextSpecific(): &p.indirect, cbasn1.Tag(5).ContextSpecific(): &p.attributes,
	}
	outer := cryptobyte.String(der)
	var body cryptobyte.String
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !outer.Empty() {
		return p, malformed
	}
	for !body.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !body.ReadAnyASN1(&value, &tag) {
			return p, malformed
		}
		switch flag := flags[tag]; {
		case tag == cbasn1.Tag(0).ContextSpecific().Constructed():
			p.named, p.urls = true, fullName(value)
		case tag == cbasn1.Tag(3).ContextSpecific():
			p.someReasons = true
		case flag == nil || len(value) != 1:
			return p, malformed
		default:
			*flag = value[0] != 0
		}
	}
	return p, nil
}

// fullName gives the addresses among the names of a distributionPoint.
func fullName(value cryptobyte.String) (urls []string) {
	var names, name cryptobyte.String
	var tag cbasn1.Tag
	if !value.ReadASN1(&names, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return nil
	}
	for !names.Empty() && names.ReadAnyASN1(&name, &tag) {
		if tag == cbasn1.Tag(6).ContextSpecific() && len(name) > 0 {
			urls = append(urls, string(name))
		}
	}
	return urls
}

// excludes says why the list does not speak of a certificate, "" if it does.
// The name of the point must be one of the certificate's own (RFC 5280 §6.3.3
// (b)(2)(i)), or the address that the list came from.
func (p point) excludes(cert *x509.Certificate, from string) string {
	isCA := cert.BasicConstraintsValid && cert.IsCA
	switch {
	case p.indirect, p.someReasons, p.attributes:
		return "the list is indirect, or of some reasons or of attribute certificates only; it cannot be evaluated"
	case p.users && isCA:
		return "the list is of certificates of users only, and this is a CA's"
	case p.cas && !isCA:
		return "the list is of certificates of CAs only, and this is none"
	case p.named && !slices.ContainsFunc(p.urls, func(u string) bool { return u == from || slices.Contains(cert.CRLDistributionPoints, u) }):
		return "the list is a part that the certificate does not name"
	}
	return ""
}

// Reason is a reason code in the words of RFC 5280 §5.3.1, which OCSP shares.
func Reason(code int) string {
	names := []string{"", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
		"certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise"}
	if code < 0 || code >= len(names) {
		return ""
	}
	return names[code]
}
