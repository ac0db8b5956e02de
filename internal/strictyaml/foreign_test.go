package strictyaml

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestForeign(t *testing.T) {
	for text, want := range map[string]string{
		"a: !Ref b\nc: &x |\n  d\n  e\nf: *x\n": "",
		"---\na: b\n":                           "",
		"a: b\n---\nc: d\n":                     "f:2:1: got a second document",
		"a: b\n'a': c\n":                        `f:2:1: duplicate key "a", first at 1:1`,
		"a:\n  - {b: 1, b: 2}\n":                `f:2:12: duplicate key "b"`,
		"? [a]\n: b\n":                          "got a list as a key",
		"a: *x\n":                               "got an alias",
		"%TAG ! tag:x,2000:\n---\na: b\n":       "got a directive",
		"":                                      "file is empty",
		"a: \x01\n":                             "control character",
		strings.Repeat("[", 101):                "more than 100 levels",
		strings.Repeat("a,", 400_000):           "more than 300000 values",
	} {
		root, errs := Foreign("f", []byte(text))
		if want == "" && (errs != nil || root == nil) || want != "" && (errs == nil || root != nil || !strings.Contains(errs.Error(), want)) {
			t.Errorf("%.40q: got %v, want %q", text, errs, want)
		}
	}
}

func TestIsPrivateKeyText(t *testing.T) {
	const key = "-----BEGIN EC PRIVATE KEY-----\nMHc=\n"
	const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n"
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for text, want := range map[string]bool{
		"": false, key: true, certificate: false, certificate + key: true, "x " + encoded(key): true, encoded(certificate): false,
		encoded(certificate) + " " + encoded(key): true, "-----BEGIN ENCRYPTED PRIVATE KEY-----": true, "PRIVATE KEY": false,
		"-----BEGIN PUBLIC KEY-----": false, "-----BEGIN": false,
	} {
		if got := IsPrivateKeyText(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}
