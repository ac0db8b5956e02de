package usage

import "testing"

func TestOneOf(t *testing.T) {
	if err := OneOf("without", "dns", "group", "dns", "revocation"); err != nil {
		t.Error(err)
	}
	for _, got := range []string{"", "DNS", "dns,group"} {
		want := `reading --without: got "` + got + `", want group, dns or revocation`
		if err := OneOf("without", got, "group", "dns", "revocation"); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := CheckColor(""); err != nil {
		t.Errorf("no --color: %v", err)
	}
}
