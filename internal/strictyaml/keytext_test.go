package strictyaml

import (
	"strings"
	"testing"
)

func TestKeyTextIsNeverRepeated(t *testing.T) {
	body := "MHcCAQEE" + strings.Repeat("Ab+/", 30)
	for name, key := range map[string]string{
		"PEM":                 "'-----BEGIN EC PRIVATE KEY----- " + body + " -----END EC PRIVATE KEY-----'",
		"PEM behind words":    "'my key: -----BEGIN PRIVATE KEY-----\\n" + body + "'",
		"DER":                 body,
		"DER, wrapped":        "|\n  " + body[:64] + "\n  " + body[64:],
		"base64 of PEM":       "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1I" + body,
		"base64 of PEM, JSON": `"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1I` + body + `"`,
	} {
		f := Parse("f", []byte("v: "+key+"\nw: sound\n"))
		o := f.Documents()[0].Object("w")
		v := f.Documents()[0].Object("v", "w").Get("v")
		for _, read := range []func(){func() { v.Text() }, func() { v.OneOf("a") }, func() { v.Bool() }, func() { v.Int(1, 2) }, func() { v.List() }, func() { v.Object("x") }} {
			read()
		}
		got := f.Errors().Error()
		if !strings.HasPrefix(got, "f:1:1: unknown key \"v\"") || strings.Count(got, "\n") != 1 ||
			!strings.Contains(got, "f:1:4: got the text of a key or certificate") || strings.Contains(got, "Ab+/") {
			t.Errorf("%s: got %s", name, got)
		}
		if text, ok := o.Get("w").Text(); !ok || text != "sound" {
			t.Errorf("%s: the other value is %q", name, text)
		}
	}
	f := Parse("f", []byte(body+": v\n"+body+": v\n"))
	f.Documents()[0].Object("w")
	if got := f.Errors().Error(); strings.Count(got, "got the text of a key") != 2 || strings.Count(got, "\n") != 1 || strings.Contains(got, "Ab+/") {
		t.Errorf("as a key: got %s", got)
	}
}

func TestNoKeyText(t *testing.T) {
	for _, text := range []string{"", "api.demo.com", "MAINTENANCE", "certs/MAIN/" + strings.Repeat("a", 80) + ".pem", "Many words that are no key, " + strings.Repeat("x ", 40),
		"sha256:" + strings.Repeat("0a", 32), "927d50c0f2e54b359919923d908bb015", "-----", strings.Repeat("MA", 20)} {
		if IsKeyText(text) {
			t.Errorf("%q is taken for a key", text)
		}
	}
}
