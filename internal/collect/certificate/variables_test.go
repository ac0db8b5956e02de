package certificate_test

import (
	"crypto/ecdsa"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/youmark/pkcs8"

	"github.com/bindgate/bindgate/checks/binding"
)

// A variable that is empty, contains a path, or is a passphrase with a line
// break is named, without its value.
func TestVariablesWithOtherContent(t *testing.T) {
	dir, leaf, _ := folder(t)
	der, err := pkcs8.MarshalPrivateKey(leaf.Key.(*ecdsa.PrivateKey), []byte("secret1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "sealed.key", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
	for name, test := range map[string]struct {
		ref                   binding.SecretRef
		value, kind, say, fix string
	}{
		"a secret of a fork":      {binding.SecretRef{Env: "BINDGATE_K"}, "", "empty", "has an empty value", "forks"},
		"a variable of type File": {binding.SecretRef{Env: "BINDGATE_K"}, "/builds/group/project.tmp/TLS_KEY", "path", "type File", `--private-key "$BINDGATE_K"`},
		"no passphrase":           {binding.SecretRef{File: "sealed.key", PassphraseEnv: "BINDGATE_K"}, "", "encrypted", "has an empty value", "forks"},
		"a line break":            {binding.SecretRef{File: "sealed.key", PassphraseEnv: "BINDGATE_K"}, "secret1\n", "passphrase", "line break", "printf %s"},
		"another passphrase":      {binding.SecretRef{File: "sealed.key", PassphraseEnv: "BINDGATE_K"}, "secret2", "passphrase", "does not open", "openssl pkey"},
	} {
		_, key := collector(t, dir, map[string]string{"BINDGATE_K": test.value}).Collect(t.Context(), requested("body.pem", &test.ref))
		p := key.Facts.Problem
		if p == nil || p.Kind != test.kind || !strings.Contains(p.Message, test.say) || !strings.Contains(p.Fix, test.fix) {
			t.Errorf("%s: got %+v", name, p)
			continue
		}
		if value := strings.TrimSpace(test.value); value != "" && strings.Contains(p.Message+p.Fix, value) {
			t.Errorf("%s: the value is shown: %+v", name, p)
		}
	}
}
