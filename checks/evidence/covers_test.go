package evidence

import "testing"

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		wildcard, name string
		any, one       bool
	}{
		{"*.demo.com", "api.demo.com", true, true}, {"*.Demo.com.", "API.demo.COM", true, true},
		{"*.demo.com", "a.api.demo.com", true, false}, {"*.demo.com", "*.api.demo.com", true, false},
		{"*.demo.com", "demo.com", false, false}, {"*.demo.com", "*.demo.com", false, false},
		{"*.demo.com", ".demo.com", false, false}, {"*.demo.com", "apidemo.com", false, false},
		{"api.demo.com", "api.demo.com", false, false}, {"*.", "com", false, false}, {"", "", false, false},
	} {
		if got := Covers(c.wildcard, c.name); got != c.any {
			t.Errorf("Covers(%q, %q): got %t, want %t", c.wildcard, c.name, got, c.any)
		}
		if got := CoversOneLabel(c.wildcard, c.name); got != c.one {
			t.Errorf("CoversOneLabel(%q, %q): got %t, want %t", c.wildcard, c.name, got, c.one)
		}
	}
}
