package group

import (
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/checktest"
)

// A tool that makes its own calls sends neither stage nor redirect: what bindgate would
// send back is lost.
func TestOtherToolsKeepNothing(t *testing.T) {
	for name, tc := range map[string]struct{ record, want string }{
		"new":            {"[]", ""},
		"the same":       {"[{domainName: api.demo.com, domainBindingStatus: BINDING}]", ""},
		"with a stage":   {"[{domainName: api.demo.com, domainBindingStatus: BINDING, bindStageName: TEST}]", `bound to the stage "TEST"`},
		"with redirect":  {"[{domainName: api.demo.com, domainBindingStatus: BOUND, isHttpRedirectToHttps: true}]", "redirects to HTTPS"},
		"nothing else":   {"[{domainName: api.demo.com, domainBindingStatus: BINDING, isHttpRedirectToHttps: true}]", "redirects to HTTPS"},
		"of no redirect": {"[{domainName: api.demo.com, domainBindingStatus: BOUND}]", ""},
	} {
		s := checktest.Subject(t, "binding: {bindStageName: ''}\nevidence: {group: {facts: {domains: "+tc.record+"}}}")
		s.Binding.IsHTTPRedirectToHTTPS = nil
		if v := checks.Run(t.Context(), []checks.Check{updateKeepsSettings()}, nil, s)[0]; v.Status == checks.StatusFail {
			t.Errorf("%s: bindgate's own call keeps it, got %+v", name, v)
		}
		s.Binding.Called = true
		v := checks.Run(t.Context(), []checks.Check{updateKeepsSettings()}, nil, s)[0]
		if failed := v.Status == checks.StatusFail; failed != (tc.want != "") || failed && !strings.Contains(v.Findings[0].Message, tc.want) {
			t.Errorf("%s: got %+v, want %q", name, v, tc.want)
		}
	}
}
