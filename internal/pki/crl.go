package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CRL is a certificate revocation list (RFC 5280 §5), indexed by serial number.
type CRL struct {
	list         *x509.RevocationList
	entries      map[string]int // big-endian serial number → index
	namesIssuers bool           // an entry names its issuer (RFC 5280 §5.3.3)
	unknownEntry string         // the first unknown critical extension of an entry
}

// Revocation is an entry of a CRL.
type Revocation struct {
	Revoked bool
	At      time.Time
	Reason  string // as RFC 5280 §5.3.1 names it; "" for none
}

// ParseCRLs parses the lists of a file: one in DER, or any number in PEM.
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
			if _, listed := c.entries[string(e.SerialNumber.Bytes())]; !listed || e.ReasonCode != reasonRemove {
				c.entries[string(e.SerialNumber.Bytes())] = i
			}
			c.extensions(e.Extensions)
		}
		lists = append(lists, c)
	}
	return lists, nil
}

// extensions records the critical extensions of an entry that affect the whole
// list.
func (c *CRL) extensions(extensions []pkix.Extension) {
	for _, e := range extensions {
		switch {
		case e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 29}):
			c.namesIssuers = true
		case e.Critical && !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 21}) && c.unknownEntry == "":
			c.unknownEntry = e.Id.String()
		}
	}
}

// crlsIn returns the DER of the lists of a file, or a Problem that names its
// content.
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
		Fix: "give the list that the CA publishes; openssl x509 -in CERTIFICATE -noout -ext crlDistributionPoints shows its address"}
}

func notParsedCRL(err error) *Problem {
	if strings.Contains(err.Error(), "unsupported crl version") {
		return &Problem{Kind: KindUnsupported, Message: "contains a CRL of version 1, want version 2 (RFC 5280 §5.1.2.1)",
			Fix: "have the CA make it with extensions: openssl ca -gencrl -crlexts SECTION, where the section contains authorityKeyIdentifier = keyid"}
	}
	return &Problem{Kind: "corrupt", Message: "contains a CRL that cannot be parsed (" + clip(err.Error()) + ")", Fix: "fetch it again from the CA"}
}

// IssuedBy reports whether the list has the name of this issuer.
func (c *CRL) IssuedBy(issuer *x509.Certificate) bool {
	return sameName(c.list.RawIssuer, issuer.RawSubject)
}

// point is an issuingDistributionPoint.
type point struct {
	name                             cryptobyte.String // DistributionPointName
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
			p.named, p.name = true, value
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

// excludes returns why the absence of an entry does not clear the certificate,
// "" if it does. The name of the point must be one of the certificate's (RFC
// 5280 §6.3.3 (b)(2)(i)), or the address that the list was fetched from.
func (p point) excludes(cert *x509.Certificate, from string) string {
	isCA := cert.BasicConstraintsValid && cert.IsCA
	switch {
	case p.indirect:
		return "the list is indirect, so only its entries count"
	case p.someReasons:
		return "the list covers only some reasons, so only its entries count"
	case p.attributes:
		return "the list covers attribute certificates"
	case p.users && isCA:
		return "the list covers only end-entity certificates, and this is a CA certificate"
	case p.cas && !isCA:
		return "the list covers only CA certificates, and this is not one"
	case p.named && !p.isNamed(cert, from):
		return "the list is a partition that the certificate does not name"
	}
	return ""
}

// isNamed reports whether one of the point's names is the certificate's, or the
// address that the list was fetched from.
func (p point) isNamed(cert *x509.Certificate, from string) bool {
	const address = cbasn1.Tag(6)
	if len(p.name) == 0 {
		return false
	}
	own := pointNames(cert)
	if from != "" {
		own = append(own, pointName{address.ContextSpecific(), []byte(from)})
	}
	return slices.ContainsFunc(namesOfPoint(p.name, cert.RawIssuer), func(n pointName) bool { return slices.ContainsFunc(own, n.same) })
}

// Reason returns the name of a reason code (RFC 5280 §5.3.1, also used by
// OCSP).
func Reason(code int) string {
	names := []string{"", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
		"certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise"}
	if code < 0 || code >= len(names) {
		return ""
	}
	return names[code]
}
