package pki

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// otherAuthority says how the authorityKeyIdentifier of a certificate (RFC 5280
// §4.2.1.1) names another certificate than its issuer's, "" for not at all:
// another key, or the same key's certificate of before the CA renewed it, by its
// serial number or its issuer. crypto/x509 looks at none of these.
func otherAuthority(child, issuer *x509.Certificate) string {
	if len(child.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 && !bytes.Equal(child.AuthorityKeyId, issuer.SubjectKeyId) {
		return fmt.Sprintf("the authorityKeyIdentifier of %q is not the subjectKeyIdentifier of %q", Name(child), Name(issuer))
	}
	names, serial := authorityOf(child)
	if serial != nil && serial.Cmp(issuer.SerialNumber) != 0 {
		return fmt.Sprintf("the authorityKeyIdentifier of %q wants the serial number %X of its issuer's certificate, but that of %q has %X",
			Name(child), serial, Name(issuer), issuer.SerialNumber)
	}
	above, ok := rdnsOf(issuer.RawIssuer)
	if i := slices.IndexFunc(names, func(n generalName) bool { return n.form == formDirectory }); i >= 0 && (!ok || !slices.Equal(names[i].rdns, above)) {
		return fmt.Sprintf("the authorityKeyIdentifier of %q wants %s above its issuer, but %q is issued by %q",
			Name(child), names[i], Name(issuer), clip(issuer.Issuer.String()))
	}
	return ""
}

// authorityOf gives authorityCertIssuer and authorityCertSerialNumber; nil for
// what is not there. crypto/x509 has refused what is malformed up to the first.
func authorityOf(c *x509.Certificate) (names []generalName, serial *big.Int) {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 35}) })
	if i < 0 {
		return nil, nil
	}
	field := func(n cbasn1.Tag) cbasn1.Tag { return n.ContextSpecific() }
	outer := cryptobyte.String(c.Extensions[i].Value)
	var body, list, number cryptobyte.String
	var hasSerial bool
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipOptionalASN1(field(0)) ||
		!body.ReadOptionalASN1(&list, nil, field(1).Constructed()) || !body.ReadOptionalASN1(&number, &hasSerial, field(2)) {
		return nil, nil
	}
	for !list.Empty() {
		name, ok := readGeneralName(&list)
		if !ok {
			return nil, nil
		}
		names = append(names, name)
	}
	if hasSerial {
		serial = new(big.Int).SetBytes(number)
	}
	return names, serial
}
