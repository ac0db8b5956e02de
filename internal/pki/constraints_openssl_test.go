//go:build dataplane

package pki_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// OpenSSL decides all cases alike, except those with a reason, and refuses no
// other case that passes.
func TestConstraintsAgainstOpenSSL(t *testing.T) {
	root := pkitest.Root(t, "root")
	dir := t.TempDir()
	write := func(name string, identity pkitest.Identity) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pkitest.PEM(identity), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	roots, at := write("root.pem", root), fmt.Sprint(pkitest.Now().Unix())
	differ := 0
	for _, test := range constraintCases() {
		chain := test.chain(t, root, true)
		out, err := exec.Command("openssl", "verify", "-attime", at, "-CAfile", roots,
			"-untrusted", write("ca.pem", chain[1]), write("leaf.pem", chain[0])).CombinedOutput()
		if same := (err == nil) == (test.want == ""); same != (test.openssl == "") {
			t.Errorf("%s over %s: want %q, OpenSSL (%q): %v %s", test.constraints, test.names, test.want, test.openssl, err, out)
		}
		if test.openssl != "" {
			t.Logf("%s over %s: %q here; %s", test.constraints, test.names, test.want, test.openssl)
			differ++
		}
	}
	t.Logf("name constraints: %d cases, OpenSSL decides %d otherwise", len(constraintCases()), differ)
}
