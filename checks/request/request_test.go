package request

import (
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/checktest"
)

// A stage one edit away from a well-known one is a slip; any other may be a group's own.
func TestStageSlip(t *testing.T) {
	for got, want := range map[string]string{
		"RELAESE": "RELEASE", "release": "RELEASE", "Release": "RELEASE", "RELEAS": "RELEASE", "RELEASEE": "RELEASE",
		" RELEASE\t": "RELEASE", "test": "TEST", "TSET": "TEST", "TETS": "TEST", "TEXT": "TEST", "PER": "PRE", "PR": "PRE", "PREE": "PRE",
		"PROD": "", "STAGING": "", "BLUE": "", "RELAESA": "", "": "", "TEST": "", "🚀": "",
	} {
		if word := stageSlip(binding.Binding{BindStageName: &got}); word != want {
			t.Errorf("%q: got %q, want %q", got, word, want)
		}
	}
}

func TestDomainForm(t *testing.T) {
	long := strings.Repeat("a", 63)
	for name, want := range map[string]string{ // what the message says; "" for a plain pass
		"api.demo.com":                          "",
		"API.Demo.com":                          "",
		"*.demo.com":                            "",
		"xn--bcher-kva.demo.com":                "",
		"xn--fa-hia.de":                         "",
		"1.api.demo.com":                        "",
		long + ".demo.com":                      "",
		strings.Repeat("a.", 125) + "com":       "",
		"bücher.demo.com":                       `is "xn--bcher-kva.demo.com" in DNS`,
		"faß.de":                                `is "xn--fa-hia.de" in DNS`,
		"*.bücher.demo.com":                     `is "*.xn--bcher-kva.demo.com" in DNS`,
		"":                                      "is empty",
		"\xff.demo.com":                         "is not valid UTF-8",
		" api.demo.com":                         "holds white space",
		"api.demo.com\n":                        "holds white space",
		"api demo.com":                          "holds white space",
		"https://api.demo.com:443/x":            "holds a scheme",
		"192.0.2.1":                             "is an IP address",
		"192.0.2.1:443":                         "is an IP address",
		"192.0.2.0/24":                          "is an IP address",
		"2001:db8::1":                           "is an IP address",
		"[2001:db8::1]":                         "is an IP address",
		"[2001:db8::1]:443":                     "is an IP address",
		"api.demo.com/v1":                       "holds a path",
		"api.demo.com?x":                        "holds a path",
		"admin@demo.com":                        "holds an @",
		"api.demo.com:443":                      "holds a port",
		"api.demo.com.":                         "ends with a dot",
		"*":                                     "holds a * that is not the whole",
		"*.*.demo.com":                          "holds a * that is not the whole",
		"api*.demo.com":                         "holds a * that is not the whole",
		"api.*.com":                             "holds a * that is not the whole",
		"**.demo.com":                           "holds a * that is not the whole",
		"*.":                                    "ends with a dot",
		"api_v1.demo.com":                       "holds an underscore",
		".demo.com":                             "holds an empty label",
		"*..demo.com":                           "holds an empty label",
		"api..demo.com":                         "holds an empty label",
		"api.demo.256":                          "ends with a label of digits alone",
		"-api.demo.com":                         "begins or ends with a hyphen",
		"api-.demo.com":                         "begins or ends with a hyphen",
		"ab--cd.demo.com":                       "hyphens in places 3 and 4",
		"api,v1.demo.com":                       "no letter, digit or hyphen",
		"XN--A.demo.com":                        "is not valid in IDNA2008",
		"xn--a.demo.com":                        "is not valid in IDNA2008",
		"xn--zz-.demo.com":                      "begins or ends with a hyphen",
		"a\x1b[31m.demo.com":                    "no letter, digit or hyphen",
		"a\u200db.demo.com":                     "is not valid in IDNA2008",
		"ａpi.demo.com":                          `reads as "api.demo.com"`,
		"api\u200b.demo.com":                    `reads as "api.demo.com"`,
		"api。demo.com":                          `reads as "api.demo.com"`,
		long + "a.demo.com":                     "a label of 64 octets",
		strings.Repeat("ü", 60) + ".demo.com":   "a label of ",
		strings.Repeat("a.", 126) + "com":       "is 255 octets long",
		"*." + strings.Repeat("a.", 125) + "co": "is 254 octets long",
		strings.Repeat("ü", 100_000):            "is 200000 octets long",
	} {
		s := checktest.Subject(t, "")
		s.Binding.DomainName = name
		findings := checks.Run(t.Context(), []checks.Check{domainIsWellFormed()}, nil, s)[0].Findings
		switch {
		case want == "" && len(findings) > 0:
			t.Errorf("%q: got %q, want nothing", name, findings[0].Message)
		case want != "" && (len(findings) != 1 || !strings.Contains(findings[0].Message, want)):
			t.Errorf("%q: got %+v, want %q", name, findings, want)
		case want != "" && len(findings[0].Message) > 4_000:
			t.Errorf("the message is %d bytes long", len(findings[0].Message))
		}
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		wildcard, name string
		want           bool
	}{
		{"*.demo.com", "api.demo.com", true}, {"*.demo.com", "a.api.demo.com", false}, {"*.demo.com", "demo.com", false},
		{"*.demo.com", "*.demo.com", true}, {"api.demo.com", "api.demo.com", false}, {"*.demo.com", ".demo.com", false},
		{"*.demo.com", "apidemo.com", false},
	} {
		if got := covers(c.wildcard, c.name); got != c.want {
			t.Errorf("covers(%q, %q): got %v, want %v", c.wildcard, c.name, got, c.want)
		}
	}
}

func FuzzDomainForm(f *testing.F) {
	for _, seed := range []string{"api.demo.com", "*.bücher.de", "xn--a.com", "https://x:1/", "[::1]", "a\u200b。b", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s := checks.Subject{Binding: binding.Binding{DomainName: name}}
		r := checks.Run(t.Context(), []checks.Check{domainIsWellFormed()}, nil, s)[0]
		switch r.Status {
		case checks.StatusFail:
		case checks.StatusPass:
			ascii, err := asciiName(name)
			if err != nil {
				t.Fatalf("%q passes and has no A-label form: %v", name, err)
			}
			if strings.Trim(ascii, "*.-abcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Fatalf("%q passes as %q", name, ascii)
			}
			if again, err := asciiName(ascii); err != nil || again != ascii {
				t.Fatalf("%q: mapping %q again gives %q, %v", name, ascii, again, err)
			}
		default:
			t.Fatalf("%q: got %s: %s", name, r.Status, r.Reason)
		}
	})
}

// The call of a tool that has no stage fits an API that has none.
func TestNoStageOfAnotherTool(t *testing.T) {
	s := checktest.Subject(t, "evidence: {run: {contract: '2017'}}\nbinding: {bindStageName: '', isHttpRedirectToHttps: null}")
	for called, want := range map[bool]checks.Status{false: checks.StatusFail, true: checks.StatusPass} {
		s.Binding.Called = called
		if got := checks.Run(t.Context(), []checks.Check{contractSupportsFields()}, nil, s)[0]; got.Status != want {
			t.Errorf("called %t: got %+v, want %s", called, got, want)
		}
	}
}
