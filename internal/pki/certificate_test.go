package pki_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// sound returns a valid chain of two and its key.
func sound(tb testing.TB) (leaf, intermediate pkitest.Identity) {
	tb.Helper()
	intermediate = pkitest.Root(tb, "root").CA(tb, "intermediate")
	return intermediate.Leaf(tb, []string{"api.demo.com"}), intermediate
}

// at formats a position as problems do: block and line from 1, byte from 0.
func at(block, line, offset int) string {
	return fmt.Sprintf("block %d (line %d, byte %d)", block, line, offset)
}

func block(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func utf16le(text []byte) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(string(text))) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestParseCertificatesReadsDirtyPEM(t *testing.T) {
	leaf, intermediate := sound(t)
	clean := pkitest.PEM(leaf, intermediate)
	second := bytes.LastIndex(clean, []byte("-----BEGIN"))
	crlf := bytes.ReplaceAll(clean, []byte("\n"), []byte("\r\n"))
	escaped := bytes.ReplaceAll(clean, []byte("\n"), []byte(`\n`))
	tests := map[string]struct {
		file          []byte
		blocks        [2]int
		first, second int
	}{
		"clean":            {clean, [2]int{0, 1}, 0, second},
		"bom":              {append([]byte("\xEF\xBB\xBF"), clean...), [2]int{0, 1}, 3, second + 3},
		"crlf":             {crlf, [2]int{0, 1}, 0, bytes.LastIndex(crlf, []byte("-----BEGIN"))},
		"old mac":          {bytes.ReplaceAll(clean, []byte("\n"), []byte("\r")), [2]int{0, 1}, 0, second},
		"text between":     {append([]byte("subject=CN = api\n"), clean...), [2]int{0, 1}, 17, second + 17},
		"no final newline": {bytes.TrimSpace(clean), [2]int{0, 1}, 0, second},
		"escaped":          {escaped, [2]int{0, 1}, 0, bytes.LastIndex(escaped, []byte("-----BEGIN"))},
		"indented":         {bytes.ReplaceAll(clean, []byte("\n"), []byte("\n    ")), [2]int{0, 1}, 0, second + 4*bytes.Count(clean[:second], []byte("\n"))},
		"other blocks":     {append(block("DH PARAMETERS", []byte{1}), clean...), [2]int{1, 2}, -1, -1},
		"old label":        {append(block("X509 CERTIFICATE", leaf.Raw), block("X509 CERTIFICATE", intermediate.Raw)...), [2]int{0, 1}, 0, -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, problem := pki.ParseCertificates(test.file, "")
			if problem != nil {
				t.Fatal(problem)
			}
			if got.Container != pki.ContainerPEM || len(got.List) != 2 || !got.List[0].Equal(leaf.Certificate) || !got.List[1].Equal(intermediate.Certificate) {
				t.Fatalf("got %d certificates in %s", len(got.List), got.Container)
			}
			if blocks := [2]int{got.List[0].Block, got.List[1].Block}; blocks != test.blocks {
				t.Errorf("got blocks %v, want %v", blocks, test.blocks)
			}
			if test.first >= 0 && got.List[0].Offset != test.first {
				t.Errorf("got first offset %d, want %d", got.List[0].Offset, test.first)
			}
			if test.second >= 0 && got.List[1].Offset != test.second {
				t.Errorf("got second offset %d, want %d", got.List[1].Offset, test.second)
			}
		})
	}
}

func TestParseCertificatesNamesWhatItFinds(t *testing.T) {
	leaf, intermediate := sound(t)
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: pkitest.Now(), NextUpdate: pkitest.Now().AddDate(1, 0, 0)}, intermediate.Certificate, intermediate.Key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(leaf.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	key := pkitest.KeyPEM(t, leaf.Key)
	keyDER, _ := pem.Decode(key)
	chain := pkitest.PEM(leaf, intermediate)
	// SEQUENCE { OID signedData } is enough of a ContentInfo to be recognised.
	pkcs7 := []byte{0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	tests := map[string]struct {
		file      []byte
		kind, fix string
	}{
		"empty":             {nil, "empty", "leaf first"},
		"blank with bom":    {[]byte("\xEF\xBB\xBF \r\n"), "empty", "leaf first"},
		"der":               {leaf.Raw, "der", "openssl x509 -inform DER"},
		"pkcs7 pem":         {block("PKCS7", pkcs7), "pkcs7", "openssl pkcs7"},
		"pkcs7 der":         {pkcs7, "pkcs7", "openssl pkcs7"},
		"jks":               {[]byte("\xFE\xED\xFE\xED\x00\x00\x00\x02"), "jks", "keytool"},
		"csr":               {block("CERTIFICATE REQUEST", request), "csr", "send the request"},
		"csr der":           {request, "csr", "send the request"},
		"private key":       {key, "private-key", "swapped"},
		"private key der":   {keyDER.Bytes, "private-key", "swapped"},
		"public key":        {block("PUBLIC KEY", public), "public-key", "leaf first"},
		"public key der":    {public, "public-key", "leaf first"},
		"crl":               {block("X509 CRL", list), "crl", "leaf first"},
		"crl der":           {list, "crl", "leaf first"},
		"openssh":           {block("OPENSSH PRIVATE KEY", []byte("openssh-key-v1")), "openssh-key", "leaf first"},
		"trusted":           {block("TRUSTED CERTIFICATE", leaf.Raw), "trusted-certificate", "openssl x509"},
		"text":              {[]byte("hello\n"), "text", "leaf first"},
		"binary":            {[]byte{1, 2, 0, 255}, "binary", "leaf first"},
		"utf-16":            {utf16le(chain), "utf-16", "iconv -f UTF-16"},
		"labelled wrongly":  {block("CERTIFICATE", request), "csr", "send the request"},
		"key as a cert":     {block("CERTIFICATE", keyDER.Bytes), "private-key", "swapped"},
		"too many":          {bytes.Repeat(block("CERTIFICATE", leaf.Raw), 101), "too-many", "bundle"},
		"too large":         {make([]byte, pki.MaxFileSize+1), "too-large", "one server certificate"},
		"unknown label":     {block("SOMETHING", []byte{1}), "unknown", "leaf first"},
		"pkcs12 of nothing": {[]byte{0x30, 0x0d, 0x02, 0x01, 0x03, 0x30, 0x08, 0x06, 0x01, 0x2a, 0x30, 0x03, 0x02, 0x01, 0x00}, "unsupported", "openssl pkcs12"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, problem := pki.ParseCertificates(test.file, "")
			if problem == nil {
				t.Fatal("got no problem")
			}
			if problem.Kind != test.kind || !strings.Contains(problem.Fix, test.fix) || problem.Message == "" {
				t.Errorf("got %+v, want kind %q and a fix with %q", *problem, test.kind, test.fix)
			}
		})
	}
}

func TestParseCertificatesPlacesTheCorruptBlock(t *testing.T) {
	leaf, intermediate := sound(t)
	first, second := string(pkitest.PEM(leaf)), string(pkitest.PEM(intermediate))
	lines := strings.Count(first, "\n")
	tests := map[string]struct{ file, where string }{
		"not base64":  {first + strings.Replace(second, "MII", "M!I", 1), at(2, lines+1, len(first))},
		"cut":         {first + second[:len(second)-30], at(2, lines+1, len(first))},
		"no end":      {strings.Replace(first, "-----END CERTIFICATE-----\n", "", 1) + second, at(1, 1, 0)},
		"glued":       {strings.TrimSpace(first) + second, "has other text on it"},
		"no begin":    {first + strings.Replace(second, "-----BEGIN CERTIFICATE-----\n", "", 1), "an END line"},
		"other label": {strings.Replace(first, "-----END CERTIFICATE", "-----END PUBLIC KEY", 1), at(1, 1, 0)},
		"not DER":     {first + string(block("CERTIFICATE", []byte("hello"))), at(2, lines+1, len(first))},
		"behind text": {"x -----BEGIN CERTIFICATE-----\n", at(1, 1, 0)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, problem := pki.ParseCertificates([]byte(test.file), "")
			if problem == nil || problem.Kind != "corrupt" || !strings.Contains(problem.Message, test.where) {
				t.Errorf("got %+v, want %q", problem, test.where)
			}
		})
	}
}

func TestCanonicalChain(t *testing.T) {
	leaf, intermediate := sound(t)
	got := pki.CanonicalChain([][]byte{leaf.Raw, intermediate.Raw})
	if want := pkitest.PEM(leaf, intermediate); !bytes.Equal(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	parsed, problem := pki.ParseCertificates(append([]byte("stray text\r\n"), got...), "")
	if problem != nil || len(parsed.List) != 2 {
		t.Fatalf("got %+v, %+v", parsed, problem)
	}
	if again := pki.CanonicalChain([][]byte{parsed.List[0].Raw, parsed.List[1].Raw}); !bytes.Equal(again, got) {
		t.Error("the canonical text of the canonical text differs")
	}
}

func TestDigest(t *testing.T) {
	if got, want := pki.Digest(nil), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
