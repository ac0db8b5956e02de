package certificate

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/mkfifo"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// input is a file given by mistake, and what the finding must contain in
// addition to the file's name: the position in the file, the kind of content,
// and the fix, in which F is a placeholder for the file's name.
type input struct {
	data             []byte
	place, what, fix string
}

const first = "at block 1 (line 1, byte 0)"

// eitherWay returns files that are neither certificate nor key. Their commands
// were tested with OpenSSL 3.0, Java 17's keytool and GNU tools.
func (m material) eitherWay() map[string]input {
	oneLine := bytes.ReplaceAll(m.chain, []byte("\n"), []byte(" "))
	return map[string]input{
		"store.jks":   {[]byte("\xFE\xED\xFE\xED\x00\x00\x00\x02"), "", "a Java key store (JKS)", "keytool -importkeystore -srckeystore F -destkeystore F.p12"},
		"store.jceks": {[]byte("\xCE\xCE\xCE\xCE\x00\x00\x00\x02"), "", "a Java key store (JCEKS)", "-srckeystore F -srcstoretype JCEKS"},
		"p12.b64":     {m.base64(m.p12), "", "PKCS#12 that is encoded in base64", "base64 -d < F > F.p12"},
		"p12.pem":     {armored("PKCS12", m.p12), first + ", which is labelled PKCS12", "PKCS#12 in PEM", "sed /-----/d F | base64 -d > F.p12"},
		"pem.b64":     {m.base64(m.chain), "", "PEM that is encoded in base64 again", "base64 -d < F > F.pem"},
		"der.b64":     {m.base64(m.leaf.Raw), "", "a certificate in base64 without BEGIN and END lines", "base64 -d < F | openssl x509 -inform DER -out F.pem"},
		"key.b64":     {m.base64(m.sealed), "", "a private key in base64 without", "base64 -d < F | openssl pkey -inform DER -out F.pem"},
		"p7.b64":      {m.base64(m.p7), "", "PKCS#7 in base64 without", "base64 -d < F | openssl pkcs7 -inform DER -print_certs -out F.pem"},
		"csr.b64":     {m.base64(m.request), "", "base64 text without", "base64 -d < F | openssl asn1parse"},
		"chain.utf16": {utf16(m.chain), "", "UTF-16 text", "iconv -f "},
		"chain.gz":    {[]byte("\x1F\x8B\x08\x00"), "", "compressed with gzip", "gunzip -c F > F.pem"},
		"chain.zip":   {[]byte("PK\x03\x04"), "", "a ZIP archive", "unzip F"},
		"page.html":   {[]byte("\n<!DOCTYPE html><html>"), "", "a web page", "curl -fL -o F.pem URL"},
		"secret.json": {fmt.Appendf(nil, `{"tls.crt": %q}`, m.chain), "", "PEM inside JSON", "jq -r ."},
		"key.asc":     {armored("PGP PRIVATE KEY BLOCK", []byte("x")), first, "an OpenPGP block", "gpg --show-keys F"},
		"message.asc": {[]byte("-----BEGIN PGP MESSAGE-----\n\nMII=\n=abcd\n-----END PGP MESSAGE-----\n"), first, "an OpenPGP message", "gpg --decrypt --output F.pem F"},
		"public.ssh":  {[]byte("ssh-ed25519 AAAA me"), "", "an SSH public key", "give the"},
		"empty.pem":   {[]byte("\r\n"), "", "is empty", "ls -l F"},
		"text.txt":    {[]byte("to do"), "", "text without any PEM block", "give the"},
		"binary":      {[]byte{1, 0, 2}, "", "binary data of unknown form", "give the"},
		"odd.pem":     {armored("SOMETHING", []byte("?")), first, `a block labelled "SOMETHING"`, "give the"},
		"params.pem":  {armored("EC PARAMETERS", []byte{5, 0}), first, "key parameters without a key", "give the"},
		"cut.pem":     {m.chain[:len(m.chain)-40], placeOf(m.chain, 2), "it has no END line; the file is truncated", "ls -l F"},
		"typed.pem":   {bytes.Replace(m.chain, []byte("MII"), []byte("M!I"), 1), first + ": line 2 is not base64", "cannot be read", "ls -l F"},
		"short.pem":   {bytes.Replace(m.chain, []byte("=\n-----END"), []byte("\n-----END"), 1), first + ": its base64 is truncated", "cannot be read", "ls -l F"},
		"line.pem":    {oneLine, first, "line breaks were lost", `s/ *(-----[A-Z0-9 ]+-----) */\n\1\n/g' F | sed`},
		"joined.pem":  {bytes.Replace(m.chain, []byte("-----\n-----"), []byte("----------"), 1), "at block 1 (line ", "files were joined without", "sed -E"},
		"dashes.pem":  {bytes.ReplaceAll(m.chain, []byte("-----"), []byte("—")), first, "lacks its five hyphens", "sed -E"},
		"four.pem":    {bytes.Replace(m.chain, []byte("-----"), []byte("----"), 1), first, "lacks its five hyphens", "sed -E"},
		"end.pem":     {[]byte("-----END CERTIFICATE-----\n"), first, "an END line has no BEGIN line", "awk 1"},
	}
}

func TestRefusedCertificateFilesNameContentAndFix(t *testing.T) {
	m := newMaterial(t)
	inputs := m.eitherWay()
	maps.Copy(inputs, m.notCertificates())
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, name, in.data)
			in.found(t, dir, name, binding.Certificate{Body: name}, "certificate/is-readable", "the certificate file "+fmt.Sprintf("%q", name))
		})
	}
}

func TestRefusedKeyFilesNameContentAndFix(t *testing.T) {
	m := newMaterial(t)
	inputs := m.eitherWay()
	maps.Copy(inputs, m.notKeys())
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, name, in.data)
			write(t, dir, "chain.pem", m.chain)
			c := binding.Certificate{Body: "chain.pem", PrivateKey: &binding.SecretRef{File: name}}
			in.found(t, dir, name, c, "certificate/key-is-readable", "the private key file "+fmt.Sprintf("%q", name))
		})
	}
}

// A folder, a FIFO, a missing file and a variable are named.
func TestIrregularFilesAreNamed(t *testing.T) {
	m := newMaterial(t)
	dir := t.TempDir()
	write(t, dir, "chain.pem", m.chain)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := mkfifo.At(filepath.Join(dir, "fifo")); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]input{
		"folder":  {nil, "", "is not a regular file: got a folder", "ls F"},
		"fifo":    {nil, "", "is not a regular file: got a FIFO", "cat F > F.pem"},
		"nowhere": {nil, "", "does not exist", "ls -l F"},
	} {
		in.found(t, dir, name, binding.Certificate{Body: name}, "certificate/is-readable", fmt.Sprintf("the certificate file %q", name))
		c := binding.Certificate{Body: "chain.pem", PrivateKey: &binding.SecretRef{File: name}}
		in.found(t, dir, name, c, "certificate/key-is-readable", fmt.Sprintf("the private key file %q", name))
	}
	variable := func(name, what, fix string) {
		c := binding.Certificate{Body: "chain.pem", PrivateKey: &binding.SecretRef{Env: name}}
		input{nil, "", what, fix}.found(t, dir, "F", c, "certificate/key-is-readable", fmt.Sprintf("the private key in the environment variable %q", name))
	}
	variable("BINDGATE_NONE", "is not set", `export BINDGATE_NONE="$(cat KEY)"`)
	variable("BINDGATE_BASE64", "base64", "printenv BINDGATE_BASE64 > FILE): base64 -d < FILE")
}

// Variables that are not set or contain the wrong passphrase, and PKCS#12 with
// too little content, are named.
func TestPassphraseErrorsAreNamed(t *testing.T) {
	m := newMaterial(t)
	dir := t.TempDir()
	write(t, dir, "chain.pem", m.chain)
	write(t, dir, "sealed.pem", armored("ENCRYPTED PRIVATE KEY", m.sealed))
	write(t, dir, "pair.p12", m.p12)
	write(t, dir, "store.p12", m.noKey)
	for _, test := range []struct {
		file, variable string
		input
	}{
		{"sealed.pem", "BINDGATE_NONE", input{nil, "", "BINDGATE_NONE, which must contain the passphrase, is not set", "read -rs BINDGATE_NONE"}},
		{"sealed.pem", "BINDGATE_WRONG", input{nil, first, "an encrypted private key", "openssl pkey -in F -noout"}},
		{"pair.p12", "BINDGATE_WRONG", input{nil, "", "is PKCS#12, and the passphrase does not open it", "openssl pkcs12 -in F -noout"}},
		{"store.p12", "BINDGATE_RIGHT", input{nil, "", "is PKCS#12 without a private key", "openssl pkcs12 -in F -nokeys -out F.pem"}},
	} {
		c := binding.Certificate{Body: "chain.pem", PrivateKey: &binding.SecretRef{File: test.file, PassphraseEnv: test.variable}}
		test.found(t, dir, test.file, c, "certificate/key-is-readable", fmt.Sprintf("%q", test.file))
		if c.Body = test.file; strings.HasSuffix(c.Body, ".p12") {
			test.found(t, dir, test.file, c, "certificate/is-readable", fmt.Sprintf("the certificate file %q", test.file))
		}
	}
}

// found checks the one error of a check.
func (in input) found(t *testing.T, dir, name string, c binding.Certificate, id, file string) {
	t.Helper()
	variables := map[string]string{"BINDGATE_BASE64": base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----")),
		"BINDGATE_WRONG": "wrong", "BINDGATE_RIGHT": "demo"}
	collected, err := collector.New(collector.Config{Files: confine.Anywhere(), Dir: dir, Now: pkitest.Now,
		LookupEnv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	s := checks.Subject{Binding: binding.Binding{DomainName: "api.demo.com", Certificate: &c}, Evidence: evidence.Evidence{Run: evidence.Run{Now: pkitest.Now()}}}
	s.Evidence.Certificate, s.Evidence.Key = collected.Collect(t.Context(), s.Binding)
	for _, r := range checks.Run(t.Context(), Checks(), nil, s) {
		if r.ID != id {
			continue
		}
		if r.Status != checks.StatusFail || len(r.Findings) != 1 {
			t.Fatalf("%s: got %s, %+v, want one finding", name, r.Status, r.Findings)
		}
		f := r.Findings[0]
		shown := strings.ReplaceAll(in.fix, "F", name)
		if strings.Contains(in.fix, "FILE") {
			shown = in.fix
		}
		for _, part := range []string{file, in.place, in.what} {
			if !strings.Contains(f.Message, part) {
				t.Errorf("got message %q, want %q in it", f.Message, part)
			}
		}
		if !strings.Contains(f.Fix, shown) {
			t.Errorf("got fix %q, want %q in it", f.Fix, shown)
		}
	}
}

func armored(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// placeOf formats the position of the n-th block of canonical PEM as findings
// do.
func placeOf(text []byte, n int) string {
	offset := 0
	for range n - 1 {
		offset += bytes.Index(text[offset:], []byte("-----END")) // its line ends the block
		offset += bytes.IndexByte(text[offset:], '\n') + 1
	}
	return fmt.Sprintf("at block %d (line %d, byte %d)", n, 1+bytes.Count(text[:offset], []byte("\n")), offset)
}

func utf16(text []byte) []byte {
	wide := []byte{0xFF, 0xFE}
	for _, c := range text {
		wide = append(wide, c, 0)
	}
	return wide
}
