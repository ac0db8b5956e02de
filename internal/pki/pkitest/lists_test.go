package pkitest_test

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// lists creates CRLs in addition to list.crl, which is valid and empty: one
// that revokes the leaf of sound.pem, and copies of it that are out of date, of
// another CA, and signed by another key.
func lists(t *testing.T, all map[string][]byte, ca, leaf pkitest.Identity) {
	list := func(name string, from, until time.Time, issuer pkitest.Identity) {
		all[name+".crl"] = block("X509 CRL", must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
			Number: big.NewInt(2), ThisUpdate: from, NextUpdate: until,
			RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: leaf.SerialNumber, ReasonCode: 1,
				RevocationTime: time.Date(2026, 11, 1, 8, 30, 0, 0, time.UTC)}},
		}, issuer.Certificate, issuer.Key)))
	}
	now, later := pkitest.Now(), pkitest.Now().AddDate(40, 0, 0)
	list("revoked", now, later, ca)
	list("stale", now.AddDate(0, -1, 0), now.AddDate(0, 0, -1), ca)
	list("other", now, later, pkitest.Root(t, "Demo Other CA"))
	impostor := ca
	impostor.Key = pkitest.Root(t, "Demo Impostor").Key
	public := *ca.Certificate
	public.PublicKey = impostor.Key.Public() // else CreateRevocationList would refuse to sign
	impostor.Certificate = &public
	list("forged", now, later, impostor)
}
