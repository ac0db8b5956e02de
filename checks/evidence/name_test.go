package evidence

import "testing"

func TestSameName(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"api.demo.com", "API.Demo.com.", true},
		{"*.demo.com.", "*.DEMO.com", true},
		{"api.demo.com", "api.demo.com..", false},
		{"api.demo.com", "demo.com", false},
		{"", ".", true},
	} {
		if got := SameName(c.a, c.b); got != c.want {
			t.Errorf("SameName(%q, %q) = %t, want %t", c.a, c.b, got, c.want)
		}
	}
}

func TestParent(t *testing.T) {
	for name, want := range map[string]string{"api.demo.com": "demo.com", "*.demo.com": "demo.com", "com": "", "": ""} {
		if got := Parent(name); got != want {
			t.Errorf("Parent(%q) = %q, want %q", name, got, want)
		}
	}
}
