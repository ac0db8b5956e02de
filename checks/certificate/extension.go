package certificate

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Object identifiers of extensions, as text: a package has no mutable state.
const (
	oidKeyUsage    = "2.5.29.15"               // RFC 5280 §4.2.1.3
	oidExtKeyUsage = "2.5.29.37"               // RFC 5280 §4.2.1.12
	oidTLSFeature  = "1.3.6.1.5.5.7.1.24"      // RFC 7633
	oidSCTs        = "1.3.6.1.4.1.11129.2.4.2" // RFC 6962 §3.3
	oidPoison      = "1.3.6.1.4.1.11129.2.4.3" // RFC 6962 §3.1

	oidNetscapeType          = "2.16.840.1.113730.1.1"   // Netscape Certificate Specifications, 1998
	oidPrecertificateSigning = "1.3.6.1.4.1.11129.2.4.4" // an extended key usage, RFC 6962 §3.1
)

func hasExtension(c *x509.Certificate, oid string) bool {
	_, ok := extension(c, oid)
	return ok
}

func extension(c *x509.Certificate, oid string) ([]byte, bool) {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == oid })
	if i < 0 {
		return nil, false
	}
	return c.Extensions[i].Value, true
}

// sctLogs returns the ids of the logs whose SCTs a certificate embeds.
func sctLogs(c *x509.Certificate) (map[string]bool, error) {
	value, ok := extension(c, oidSCTs)
	logs := map[string]bool{}
	if !ok {
		return logs, nil
	}
	malformed := errors.New("it is malformed")
	outer := cryptobyte.String(value)
	var list, scts cryptobyte.String
	if !outer.ReadASN1(&list, cbasn1.OCTET_STRING) || !outer.Empty() || !list.ReadUint16LengthPrefixed(&scts) || !list.Empty() {
		return nil, malformed
	}
	for !scts.Empty() {
		var sct cryptobyte.String
		var version uint8
		var log []byte
		if !scts.ReadUint16LengthPrefixed(&sct) || !sct.ReadUint8(&version) || !sct.ReadBytes(&log, 32) {
			return nil, malformed
		}
		if version == 0 {
			logs[string(log)] = true
		}
	}
	return logs, nil
}

// publicOnly returns the verdict if a rule of the CA/Browser Forum does not
// apply, nil if it does.
func publicOnly(s checks.Subject) *checks.Verdict {
	switch s.Evidence.Certificate.Facts.Profile {
	case evidence.ProfilePublic:
		return nil
	case evidence.ProfilePrivate:
		v := checks.NotApplicable("the rule is for public CAs, and the certificate is judged by profile private")
		return &v
	}
	return cannotTell("the evidence does not name the certificate profile")
}
