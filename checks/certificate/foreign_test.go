package certificate

import (
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// A key of a kind that browsers do not accept is refused by name: in the leaf,
// in an intermediate and as a private key, supported by crypto/x509 or not.
func TestForeignKeysAreRefusedByName(t *testing.T) {
	root := pkitest.Root(t, "Root")
	ca := root.CA(t, "CA")
	leaf := ca.Leaf(t, []string{"api.demo.com"})
	for _, f := range pkitest.Foreigners(t) {
		for where, chain := range map[string][]byte{
			"leaf":                       slices.Concat(armored("CERTIFICATE", f.Holding(t, ca, leaf)), pkitest.PEM(ca)),
			"intermediate":               slices.Concat(armored("CERTIFICATE", f.Signed(t, leaf)), armored("CERTIFICATE", f.Holding(t, root, ca))),
			"intermediate not in a path": slices.Concat(pkitest.PEM(leaf), armored("CERTIFICATE", f.Holding(t, root, ca))),
		} {
			dir := t.TempDir()
			write(t, dir, "roots.pem", pkitest.PEM(root))
			write(t, dir, "chain.pem", chain)
			write(t, dir, "key.pem", pkitest.KeyPEM(t, leaf.Key))
			namedBy(t, f.Name+" "+where, judgeFiles(t, dir), f.Name, "certificate/is-readable", "certificate/key-is-strong")
		}
		for what, key := range map[string][]byte{
			" private key":           armored("PRIVATE KEY", f.PrivateKey),
			" encrypted private key": armored("ENCRYPTED PRIVATE KEY", pkitest.Seal(t, f.PrivateKey, "demo", nil)),
		} {
			dir := t.TempDir()
			write(t, dir, "roots.pem", pkitest.PEM(root))
			write(t, dir, "chain.pem", slices.Concat(armored("CERTIFICATE", f.Holding(t, ca, leaf)), pkitest.PEM(ca)))
			write(t, dir, "key.pem", key)
			namedBy(t, f.Name+what, judgeFiles(t, dir), f.Name, "certificate/key-is-readable", "certificate/key-is-strong")
		}
	}
}

// namedBy checks that one of the checks fails with the name and the reason.
func namedBy(t *testing.T, what string, results []checks.Result, name string, ids ...string) {
	t.Helper()
	var messages []string
	for _, r := range results {
		if r.Status != checks.StatusFail || !slices.Contains(ids, r.ID) {
			continue
		}
		for _, f := range r.Findings {
			messages = append(messages, f.Message)
			if strings.Contains(f.Message, " is "+name+", which browsers") && strings.Contains(f.Fix, "openssl ecparam -name prime256v1") {
				return
			}
		}
	}
	t.Errorf("%s: none of %v names it; got %q", what, ids, messages)
}

// If the issuer's certificate is not in the file, only the signature identifies
// the algorithm.
func TestAForeignIssuerIsNamed(t *testing.T) {
	root := pkitest.Root(t, "Root")
	leaf := root.Leaf(t, []string{"api.demo.com"})
	for _, f := range pkitest.Foreigners(t) {
		dir := t.TempDir()
		write(t, dir, "roots.pem", pkitest.PEM(root))
		write(t, dir, "chain.pem", armored("CERTIFICATE", f.Signed(t, leaf)))
		write(t, dir, "key.pem", pkitest.KeyPEM(t, leaf.Key))
		for _, r := range judgeFiles(t, dir) {
			if r.ID != "certificate/chain-is-trusted" {
				continue
			}
			known := f.Name == "Ed25519" || f.Name == "DSA" // to crypto/x509
			if r.Status == checks.StatusPass || !known && (r.Status != checks.StatusUnknown || !strings.Contains(r.Reason, "its signature is "+f.Name)) {
				t.Errorf("%s: got %s, %q, %+v", f.Name, r.Status, r.Reason, r.Findings)
			}
		}
	}
}
