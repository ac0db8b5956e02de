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
	above, serial := authorityOf(child)
	if serial != nil && serial.Cmp(issuer.SerialNumber) != 0 {
		return fmt.Sprintf("the authorityKeyIdentifier of %q wants the serial number %X of its issuer's certificate, but that of %q has %X",
			Name(child), serial, Name(issuer), issuer.SerialNumber)
	}
	if above != nil && !sameName(above, issuer.RawIssuer) {
		wanted := fmt.Sprintf("a directoryName of %d bytes", len(above))
		if len(above) <= mostName {
			wanted = generalName{form: formDirectory, value: above}.String()
		}
		return fmt.Sprintf("the authorityKeyIdentifier of %q wants %s above its issuer, but %q is issued by %q",
			Name(child), wanted, Name(issuer), clip(issuer.Issuer.String()))
	}
	return ""
}

const mostName = 8192 // bytes; no CA's Name comes near

// sameName compares two Names (RFC 5280 §7.1). One that is far larger than any
// CA's is no other's, and costs nothing.
func sameName(a, b []byte) bool {
	if bytes.Equal(a, b) || len(a) > mostName || len(b) > mostName {
		return bytes.Equal(a, b)
	}
	one, ok := rdnsOf(a)
	other, sound := rdnsOf(b)
	return ok && sound && slices.Equal(one, other)
}

// authorityOf gives the first directoryName of authorityCertIssuer, which is the
// one that OpenSSL compares, and authorityCertSerialNumber; nil for what is not
// there. It is asked for every pair of every path, so it looks at few names.
func authorityOf(c *x509.Certificate) (name []byte, serial *big.Int) {
	const mostNames = 20
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 35}) })
	if i < 0 {
		return nil, nil
	}
	field := func(n cbasn1.Tag) cbasn1.Tag { return n.ContextSpecific() }
	outer := cryptobyte.String(c.Extensions[i].Value)
	var body, list, number, one cryptobyte.String
	var hasSerial bool
	var tag cbasn1.Tag
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipOptionalASN1(field(0)) ||
		!body.ReadOptionalASN1(&list, nil, field(1).Constructed()) || !body.ReadOptionalASN1(&number, &hasSerial, field(2)) {
		return nil, nil
	}
	for n := 0; n < mostNames && name == nil && list.ReadAnyASN1(&one, &tag); n++ {
		if tag == field(cbasn1.Tag(formDirectory)).Constructed() {
			name = one
		}
	}
	if hasSerial {
		serial = new(big.Int).SetBytes(number[:min(len(number), 64)]) // RFC 5280 §4.1.2.2: at most 20
	}
	return name, serial
}
