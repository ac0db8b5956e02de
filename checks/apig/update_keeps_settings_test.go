package apig

import (
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/checktest"
)

// A tool that makes its own calls may lose what the binding does not state.
func TestOtherToolsKeepNothing(t *testing.T) {
	for name, tc := range map[string]struct{ record, want string }{
		"client certificates": {"mTLSEnabled: true, clientCACert: x", `mTLSEnabled "true"`},
		"the lowest version":  {"tlsMin: TLS 1.2", `tlsMin "TLS 1.2"`},
		"its spelling":        {"tlsMin: TLS1.2", `tlsMin "TLS1.2"`},
		"the default":         {"tlsMin: TLS 1.0, tlsMax: TLS1.3", ""},
		"HTTP/2":              {"http2Option: Close", `http2Option "Close"`},
		"suites":              {"tlsCipherSuitesConfig: {configType: Custom, tlsCipherSuite: [{name: a}]}", `tlsCipherSuitesConfig "Custom"`},
	} {
		s := checktest.Subject(t, "base: apig\nevidence: {records: {facts: {domain: {protocol: HTTP, forceHttps: false, tlsMin: '', tlsMax: '', http2Option: ''}}}}")
		record := tc.record
		for _, field := range []string{"tlsMin", "tlsMax", "http2Option"} {
			if !strings.Contains(record, field) {
				record += ", " + field + ": ''"
			}
		}
		r := checktest.Subject(t, "base: apig\nevidence: {records: {facts: {domain: {"+record+"}}}}").Evidence.Records.Facts.Domain
		r.Protocol, r.CertIdentifier, r.ForceHTTPS = "HTTP", "", false
		s.Evidence.Records.Facts.Domain = r
		b := &s.Binding
		b.TLSMin, b.TLSMax, b.HTTP2Option, b.ForceHTTPS, b.Certificate = "", "", "", nil, nil // protocol HTTPS is the change
		if v := checks.Run(t.Context(), []checks.Check{updateKeepsSettings()}, nil, s)[0]; v.Status == checks.StatusFail {
			t.Errorf("%s: bindgate's own call keeps it, got %+v", name, v)
		}
		b.Called = true
		v := checks.Run(t.Context(), []checks.Check{updateKeepsSettings()}, nil, s)[0]
		if failed := v.Status == checks.StatusFail; failed != (tc.want != "") || failed && !strings.Contains(v.Findings[0].Message, tc.want) {
			t.Errorf("%s: got %+v, want %q", name, v, tc.want)
		}
	}
}

// It makes its call even where nothing that the binding states changes.
func TestOtherToolsCallWithoutAChange(t *testing.T) {
	s := checktest.Subject(t, "base: apig\nevidence: {records: {facts: {domain: {protocol: HTTP, forceHttps: false, mTLSEnabled: true, clientCACert: x}}}}")
	b, r := &s.Binding, s.Evidence.Records.Facts.Domain
	b.TLSMin, b.TLSMax, b.HTTP2Option, b.ForceHTTPS, b.Certificate = "", "", "", nil, nil
	r.Protocol, r.CertIdentifier, r.TLSMin, r.TLSMax, r.HTTP2Option = b.Protocol, "", "", "", ""
	if v := checks.Run(t.Context(), []checks.Check{updateKeepsSettings()}, nil, s)[0]; v.Status != checks.StatusPass {
		t.Fatalf("bindgate makes no call, got %+v", v)
	}
	b.Called = true
	if v := checks.Run(t.Context(), []checks.Check{updateKeepsSettings()}, nil, s)[0]; v.Status != checks.StatusFail || !strings.Contains(v.Findings[0].Message, "mTLSEnabled") {
		t.Errorf("the tool's call loses the client certificates, got %+v", v)
	}
}
