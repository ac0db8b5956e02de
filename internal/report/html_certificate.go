package report

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

// certificateView is what one certificate says.
type certificateView struct {
	Subject, Issuer, Serial, Names, Key, Signature, Digest string
	NotBefore, NotAfter                                    time.Time
	Problem                                                string // why it cannot be shown
}

func certificatesOf(chain []evidence.Cert) []certificateView {
	var out []certificateView
	for _, c := range chain {
		sum := sha256.Sum256(c.DER)
		v := certificateView{Digest: "sha256:" + hex.EncodeToString(sum[:])}
		cert, err := x509.ParseCertificate(c.DER)
		if err != nil {
			v.Problem = err.Error()
			out = append(out, v)
			continue
		}
		v.Subject, v.Issuer = cert.Subject.String(), cert.Issuer.String()
		v.Serial = fmt.Sprintf("%x", cmp.Or(cert.SerialNumber, new(big.Int)))
		names := slices.Clone(cert.DNSNames)
		for _, ip := range cert.IPAddresses {
			names = append(names, ip.String())
		}
		v.Names = strings.Join(names, ", ")
		v.Key, v.Signature = cert.PublicKeyAlgorithm.String(), cert.SignatureAlgorithm.String()
		v.NotBefore, v.NotAfter = cert.NotBefore, cert.NotAfter
		out = append(out, v)
	}
	return out
}
