package certificate

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"slices"
	"testing"

	"github.com/youmark/pkcs8"
	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// material is one pair in many forms.
type material struct {
	leaf, ca                                                 pkitest.Identity
	chain, key, request, list, p7, p12, noKey, sealed, other []byte
}

func newMaterial(t *testing.T) material {
	t.Helper()
	m := material{ca: pkitest.Root(t, "Root")}
	m.leaf = m.ca.Leaf(t, []string{"api.demo.com"})
	m.chain, m.key, m.other = pkitest.PEM(m.leaf, m.ca), pkitest.KeyPEM(t, m.leaf.Key), pkitest.KeyPEM(t, m.ca.Key)
	for len(m.leaf.Raw)%3 == 0 { // short.pem needs padding to lose
		m.leaf = m.ca.Leaf(t, []string{"api.demo.com"})
		m.chain, m.key = pkitest.PEM(m.leaf, m.ca), pkitest.KeyPEM(t, m.leaf.Key)
	}
	made := func(der []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	m.request = made(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, m.leaf.Key))
	m.list = made(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: pkitest.Now(),
		NextUpdate: pkitest.Now().AddDate(0, 1, 0)}, m.ca.Certificate, m.ca.Key))
	// SEQUENCE { OID signedData } is enough of a ContentInfo to be recognised.
	m.p7 = []byte{0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	fast := pkcs12.Modern2023.WithIterations(10)
	m.p12 = made(fast.Encode(m.leaf.Key, m.leaf.Certificate, nil, "demo"))
	m.noKey = made(fast.EncodeTrustStore([]*x509.Certificate{m.leaf.Certificate}, "demo"))
	m.sealed = made(pkcs8.MarshalPrivateKey(m.leaf.Key, []byte("demo"), nil))
	return m
}

func (material) base64(data []byte) []byte {
	return []byte(base64.StdEncoding.EncodeToString(data) + "\n")
}

// notCertificates returns the inputs of certificate/is-readable only.
func (m material) notCertificates() map[string]input {
	csr, public := armored("CERTIFICATE REQUEST", m.request), m.leaf.RawSubjectPublicKeyInfo
	return map[string]input{
		"der.cer":     {m.leaf.Raw, "", "a certificate in DER form", "openssl x509 -inform DER -in F -out F.pem"},
		"with blank":  {m.leaf.Raw, "", "DER form", "-in 'with blank' -out 'with blank'.pem"},
		"-option.cer": {m.leaf.Raw, "", "DER form", "-in ./-option.cer -out ./-option.cer.pem"},
		"it's.cer":    {m.leaf.Raw, "", "DER form", `-in 'it'\''s.cer' -out`},
		"chain.p7b":   {armored("PKCS7", m.p7), first, "PKCS#7", "openssl pkcs7 -in F -print_certs -out F.pem"},
		"chain.p7c":   {m.p7, "", "PKCS#7", "openssl pkcs7 -inform DER -in F -print_certs -out F.pem"},
		"cert.p7":     {armored("CERTIFICATE", m.p7), first + ", which is labelled CERTIFICATE", "PKCS#7", "openssl pkcs7 -in F"},
		"trusted.pem": {armored("TRUSTED CERTIFICATE", m.leaf.Raw), first, "TRUSTED CERTIFICATE", "openssl x509 -in F -out F.pem"},
		"hiding.pem":  {slices.Concat(armored("TRUSTED CERTIFICATE", m.leaf.Raw), pkitest.PEM(m.ca)), first, "TRUSTED CERTIFICATE", "openssl x509"},
		"typo.pem":    {armored("CERTIFCATE", m.leaf.Raw), first + ", which is labelled CERTIFCATE", "contains a certificate", "sed -E"},
		"damaged.pem": {armored("CERTIFICATE", m.leaf.Raw[:90]), first, "its certificate is truncated or damaged", "ls -l F"},
		"pair.p12":    {m.p12, "", "PKCS#12 that is encrypted, and no passphrase was given", "--private-key F --passphrase-env NAME"},
		"request.csr": {csr, first, "a certificate signing request", "openssl req -in F -noout -pubkey"},
		"request.der": {m.request, "", "a certificate signing request", "openssl req -inform DER -in F -noout -pubkey"},
		"public.pem":  {armored("PUBLIC KEY", public), first, "a public key", "openssl pkey -pubin -in F"},
		"public.der":  {public, "", "a public key", "openssl pkey -pubin -inform DER -in F"},
		"key.pem":     {m.key, first, "a private key", "openssl pkey -in F -pubout"},
		"key.der":     {m.sealed, "", "an encrypted private key", "openssl pkey -inform DER -in F -pubout"},
		"label.pem":   {armored("CERTIFICATE", m.sealed), first + ", which is labelled CERTIFICATE", "an encrypted private key", "openssl pkey -in F -pubout"},
		"ssh.key":     {armored("OPENSSH PRIVATE KEY", []byte("x")), first, "a private key in OpenSSH format", "give the certificate"},
		"putty.ppk":   {[]byte("PuTTY-User-Key-File-3: ssh-rsa\n"), "", "a PuTTY private key", "give the certificate"},
		"list.pem":    {armored("X509 CRL", m.list), first, "a certificate revocation list", "--crl F"},
		"list.crl":    {m.list, "", "a certificate revocation list", "--crl F"},
	}
}

// notKeys returns the inputs of certificate/key-is-readable only.
func (m material) notKeys() map[string]input {
	p8, _ := x509.MarshalPKCS8PrivateKey(m.leaf.Key)
	return map[string]input{
		"cert.pem":    {m.chain, first, "contains a certificate", "openssl x509 -in F -noout -pubkey"},
		"cert.der":    {m.leaf.Raw, "", "a certificate in DER form", "openssl x509 -inform DER -in F -noout -pubkey"},
		"chain.p7b":   {armored("PKCS7", m.p7), first, "PKCS#7", "cannot contain a private key"},
		"pair.p12":    {m.p12, "", "PKCS#12 that is encrypted, and no passphrase was given", "--private-key F --passphrase-env NAME"},
		"request.csr": {armored("CERTIFICATE REQUEST", m.request), first, "a certificate signing request", "openssl req -in F -noout -pubkey"},
		"public.pem":  {armored("PUBLIC KEY", m.leaf.RawSubjectPublicKeyInfo), first, "a public key", "openssl pkey -pubin -in F"},
		"key.der":     {p8, "", "a private key in DER form", "openssl pkey -inform DER -in F -out F.pem"},
		"sealed.der":  {m.sealed, "", "an encrypted private key in DER form", "openssl pkey -inform DER -in F -aes256 -out F.pem"},
		"sealed.pem":  {armored("ENCRYPTED PRIVATE KEY", m.sealed), first, "an encrypted private key", "--private-key F --passphrase-env NAME"},
		"legacy.pem": {[]byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n"),
			first, "an encrypted private key", "--private-key F --passphrase-env NAME"},
		"two.pem":   {slices.Concat(m.key, m.other), "at block 1 (line 1, byte 0) and block 2 (line 6,", "contains 2 private keys", "openssl pkey -in F -out F.pem"},
		"ssh.key":   {armored("OPENSSH PRIVATE KEY", []byte("x")), first, "a private key in OpenSSH format", "cp F F.pem && ssh-keygen -p -m PKCS8 -f F.pem"},
		"putty.ppk": {[]byte("PuTTY-User-Key-File-3: ssh-rsa\n"), "", "a PuTTY private key", "puttygen F -O private-openssh -o F.pem"},
		"list.pem":  {armored("X509 CRL", m.list), first, "a certificate revocation list", "give the private key"},
		"label.pem": {armored("PRIVATE KEY", m.request), first + ", which is labelled PRIVATE KEY", "a certificate signing request", "openssl req -in F"},
		"noise.pem": {armored("PRIVATE KEY", []byte("?")), first, "labelled PRIVATE KEY but is not a private key", "ls -l F"},
	}
}
