package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// dial makes a handshake with the listener of the cloud-native gateway, and reads a
// response, which is when a client of TLS 1.3 learns that its certificate is refused.
func (c *cloud) dial(name string, change func(*tls.Config)) (tls.ConnectionState, error) {
	config := &tls.Config{ServerName: name, RootCAs: x509.NewCertPool()}
	config.RootCAs.AddCert(c.root.Certificate())
	if change != nil {
		change(config)
	}
	conn, err := tls.Dial("tcp", c.GatewayListener(), config)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = conn.Close() }()
	state := conn.ConnectionState()
	if state.NegotiatedProtocol == "h2" {
		return state, nil
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+name+"\r\n\r\n"); err != nil {
		return state, err
	}
	_, err = conn.Read(make([]byte, 1))
	return state, err
}

// only replaces the domains and what publishes them on gw-1.
func (c *cloud) only(domains ...apig.Domain) {
	c.Helper()
	seed, err := apig.Seed{Gateways: []apig.Gateway{{GatewayID: "gw-1"}}, Domains: domains}.Complete()
	if err != nil {
		c.Fatal(err)
	}
	c.EditAPIG(func(s *apig.Seed) { s.Domains, s.HTTPAPIs = seed.Domains, seed.HTTPAPIs })
}

func TestServesWhatIsPublished(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	served := func(name string) bool {
		_, err := c.dial(name, nil)
		return err == nil
	}
	if !served("api.demo.com") || served("other.demo.com") || served("none.demo.com") {
		t.Fatal("the published domain alone is served")
	}
	c.EditAPIG(func(s *apig.Seed) { s.HTTPAPIs[1].Routes[0].DeployStatus = "DeployedWithChanges" })
	if !served("api.demo.com") {
		t.Error("a changed route no longer serves")
	}
	for name, change := range map[string]func(*apig.Seed){
		"stopped gateway":   func(s *apig.Seed) { s.Gateways[0].Status = "Restarting" },
		"released gateway":  func(s *apig.Seed) { s.Gateways[0].Released = true },
		"failed route":      func(s *apig.Seed) { s.HTTPAPIs[1].Routes[0].DeployStatus = "DeployFailed" },
		"undeployed route":  func(s *apig.Seed) { s.HTTPAPIs[1].Routes[0].DeployStatus = "NotDeployed" },
		"route without it":  func(s *apig.Seed) { s.HTTPAPIs[1].Routes[0].DomainIDs = nil },
		"HTTP":              func(s *apig.Seed) { s.Domains[0].Protocol = "HTTP" },
		"no certificate":    func(s *apig.Seed) { s.Domains[0].CertIdentifier = "" },
		"no key":            func(s *apig.Seed) { s.Domains[0].CertIdentifier = "102-cn-hangzhou" },
		"other certificate": func(s *apig.Seed) { s.Domains[0].CertIdentifier = "101-cn-hangzhou" },
	} {
		before := c.StateAPIG()
		c.EditAPIG(change)
		if served("api.demo.com") {
			t.Errorf("%s: the domain is still served as before", name)
		}
		c.EditAPIG(func(s *apig.Seed) { *s = before })
		if !served("api.demo.com") {
			t.Fatalf("after %s: not restored", name)
		}
	}
}

// TestServesTheNewCertificate attaches by the API and looks at the handshake.
func TestServesTheNewCertificate(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	leaf := c.issue("api.demo.com")
	up, err := c.form("UploadUserCertificate", object{"Name": "new", "Cert": string(leaf.Chain), "Key": string(leaf.Key)})
	if err != nil {
		t.Fatal(err)
	}
	detail, err := c.form("GetUserCertificateDetail", object{"CertId": up["CertId"], "CertFilter": "true"})
	if err != nil {
		t.Fatal(err)
	}
	c.must("UpdateDomain", "PUT", "/v1/domains/"+apiID, nil, object{"protocol": "HTTPS", "forceHttps": true, "certIdentifier": detail["CertIdentifier"]})
	state, err := c.dial("api.demo.com", nil)
	if err != nil || !state.PeerCertificates[0].Equal(leaf.Certificate) {
		t.Errorf("got %v", err)
	}
}

func TestWildcards(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	var domains []apig.Domain
	for id, name := range map[string]string{"d-1": "*.demo.com", "d-2": "*.w.demo.com", "d-3": "x.w.demo.com"} {
		leaf := c.issue("a.b.demo.com", "y.w.demo.com", "x.w.demo.com", "z.demo.com")
		_, err := c.form("UploadUserCertificate", object{"Name": id, "Cert": string(leaf.Chain), "Key": string(leaf.Key)})
		if err != nil {
			t.Fatal(err)
		}
		domains = append(domains, apig.Domain{DomainID: id, Name: name, CertIdentifier: c.identifier(id), PublishedOn: []string{"gw-1"}})
	}
	c.only(domains...)
	for name, want := range map[string]string{"z.demo.com": "d-1", "a.b.demo.com": "d-1", "y.w.demo.com": "d-2", "x.w.demo.com": "d-3", "X.W.demo.com": "d-3"} {
		state, err := c.dial(name, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, _ := c.certs.Find(c.identifier(want)); !state.PeerCertificates[0].Equal(got.Leaf) {
			t.Errorf("%s: got another certificate than that of %s", name, want)
		}
	}
	if _, err := c.dial("demo.com", nil); err == nil {
		t.Error("a wildcard serves its own parent")
	}
	c.EditAPIG(func(s *apig.Seed) { s.Domains[0].Default = true })
	if _, err := c.dial("z.example.com", func(config *tls.Config) { config.InsecureSkipVerify = true }); err != nil {
		t.Errorf("the default domain: %v", err)
	}
}

// identifier returns that of a certificate with this name.
func (c *cloud) identifier(name string) string {
	c.Helper()
	for _, cert := range c.Certificates() {
		if cert.Name == name {
			return cert.Identifier
		}
	}
	c.Fatalf("there is no certificate %s", name)
	return ""
}

func TestVersionsAndSuites(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	rsa, err := c.root.Issue(ca.Options{Names: []string{"api.demo.com"}, Key: ca.RSA2048})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.form("UploadUserCertificate", object{"Name": "rsa", "Cert": string(rsa.Chain), "Key": string(rsa.Key)}); err != nil {
		t.Fatal(err)
	}
	custom := func(names ...string) *apig.Suites {
		out := &apig.Suites{ConfigType: "Custom"}
		for _, name := range names {
			out.List = append(out.List, apig.Suite{Name: name})
		}
		return out
	}
	for _, tc := range []struct {
		name     string
		domain   apig.Domain
		min, max uint16
		want     uint16 // version; 0: no handshake
		suite    uint16 // 0: any
	}{
		{"range", apig.Domain{TLSMin: "TLS 1.2", TLSMax: "TLS 1.3"}, tls.VersionTLS10, tls.VersionTLS13, tls.VersionTLS13, 0},
		{"maximum", apig.Domain{TLSMin: "TLS 1.0", TLSMax: "TLS 1.2"}, tls.VersionTLS10, tls.VersionTLS13, tls.VersionTLS12, 0},
		{"minimum", apig.Domain{TLSMin: "TLS 1.2", TLSMax: "TLS 1.3"}, tls.VersionTLS10, tls.VersionTLS11, 0, 0},
		{"old client", apig.Domain{TLSMin: "TLS 1.0", TLSMax: "TLS 1.3"}, tls.VersionTLS10, tls.VersionTLS10, tls.VersionTLS10, 0},
		{"min above max", apig.Domain{TLSMin: "TLS 1.3", TLSMax: "TLS 1.2"}, tls.VersionTLS10, tls.VersionTLS13, 0, 0},
		{"suite", apig.Domain{TLSMax: "TLS 1.2", CipherSuites: custom("AES256-GCM-SHA384")}, tls.VersionTLS10, tls.VersionTLS13, tls.VersionTLS12, tls.TLS_RSA_WITH_AES_256_GCM_SHA384},
		{"CHACHA20", apig.Domain{TLSMax: "TLS 1.2", CipherSuites: custom("ECDHE-RSA-CHACHA20-POLY1305")}, tls.VersionTLS10, tls.VersionTLS13, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
		{"suite of another key", apig.Domain{TLSMax: "TLS 1.2", CipherSuites: custom("ECDHE-ECDSA-AES128-GCM-SHA256")}, tls.VersionTLS10, tls.VersionTLS13, 0, 0},
		{"suite above its version", apig.Domain{CipherSuites: custom("ECDHE-ECDSA-AES128-GCM-SHA256")}, tls.VersionTLS10, tls.VersionTLS13, tls.VersionTLS13, 0},
	} {
		d := tc.domain
		d.DomainID, d.Name, d.CertIdentifier, d.PublishedOn = apiID, "api.demo.com", c.identifier("rsa"), []string{"gw-1"}
		c.only(d)
		state, err := c.dial("api.demo.com", func(config *tls.Config) {
			config.MinVersion, config.MaxVersion = tc.min, tc.max
			for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
				config.CipherSuites = append(config.CipherSuites, suite.ID)
			}
		})
		if state.Version != tc.want || (err == nil) != (tc.want != 0) || tc.suite != 0 && state.CipherSuite != tc.suite {
			t.Errorf("%s: got version %x, suite %s, %v", tc.name, state.Version, tls.CipherSuiteName(state.CipherSuite), err)
		}
	}
	for _, name := range apig.SuiteNames() {
		if libraryID(name) == 0 {
			t.Errorf("%s is no suite of the library", name)
		}
	}
}

func libraryID(name string) uint16 {
	return suites(&apig.Suites{ConfigType: "Custom", List: []apig.Suite{{Name: name}}})[0]
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	for _, tc := range []struct{ option, feature, want string }{
		{"Open", "false", "h2"}, {"Close", "true", "http/1.1"}, {"GlobalConfig", "true", "h2"}, {"GlobalConfig", "false", "http/1.1"},
	} {
		c.EditAPIG(func(s *apig.Seed) {
			s.Domains[0].HTTP2Option = tc.option
			s.Gateways[0].Features = []apig.Feature{{Name: "EnableHttp2", Value: tc.feature}}
		})
		state, err := c.dial("api.demo.com", func(config *tls.Config) { config.NextProtos = []string{"h2", "http/1.1"} })
		if err != nil || state.NegotiatedProtocol != tc.want {
			t.Errorf("%s, EnableHttp2 %s: got %q, %v", tc.option, tc.feature, state.NegotiatedProtocol, err)
		}
	}
	c.EditAPIG(func(s *apig.Seed) { s.Domains[0].HTTP2Option = "Open" })
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool()},
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", c.GatewayListener()) }}
	transport.TLSClientConfig.RootCAs.AddCert(c.root.Certificate())
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://api.demo.com/")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.ProtoMajor != 2 || string(text) != "api.demo.com\n" {
		t.Errorf("got %s %q", response.Proto, text)
	}
}

func TestMutualTLSOfTheListener(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	clients, err := ca.New(c.options.Now())
	if err != nil {
		t.Fatal(err)
	}
	stranger := c.issue("client")
	friend, err := clients.Issue(ca.Options{Names: []string{"client"}, Modify: func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }})
	if err != nil {
		t.Fatal(err)
	}
	with := func(leaf ca.Leaf) func(*tls.Config) {
		pair, err := tls.X509KeyPair(leaf.Chain, leaf.Key)
		if err != nil {
			t.Fatal(err)
		}
		return func(config *tls.Config) { config.Certificates = []tls.Certificate{pair} }
	}
	domain := apig.Domain{DomainID: apiID, Name: "api.demo.com", CertIdentifier: "100-cn-hangzhou", MTLSEnabled: true, PublishedOn: []string{"gw-1"}}
	for _, tc := range []struct {
		name   string
		pem    string
		client func(*tls.Config)
		want   bool
	}{
		{"no client certificate", string(clients.Root()), nil, false},
		{"of the CA", string(clients.Root()), with(friend), true},
		{"of another CA", string(clients.Root()), with(stranger), false},
		{"unreadable CA", "pem", with(friend), false},
	} {
		d := domain
		d.ClientCACert = tc.pem
		c.only(d)
		if _, err := c.dial("api.demo.com", tc.client); (err == nil) != tc.want {
			t.Errorf("%s: got %v, want a connection: %t", tc.name, err, tc.want)
		}
	}
	domain.CACertIdentifier = "102-cn-hangzhou" // of the store: the root that issued stranger
	if c.only(domain); t.Failed() {
		return
	}
	if _, err := c.dial("api.demo.com", with(friend)); err == nil {
		t.Error("a CA of the store is not looked at")
	}
}

func TestPlainHTTPOfTheListener(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	c.EditAPIG(func(s *apig.Seed) {
		s.Domains = append(s.Domains, apig.Domain{DomainID: "d-plain", Name: "plain.demo.com", Protocol: "HTTP"})
		s.Domains[0].ForceHTTPS = true
		s.HTTPAPIs[1].Routes[0].DomainIDs = append(s.HTTPAPIs[1].Routes[0].DomainIDs, "d-plain")
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", c.GatewayListener()) }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, want := range map[string]int{"api.demo.com": 301, "plain.demo.com": 200, "other.demo.com": 404, "none.demo.com": 404, "API.demo.com:80": 301} {
		response, err := client.Get("http://" + name + "/path?q=1")
		if err != nil || response.StatusCode != want {
			t.Errorf("%s: got %v, %v, want status %d", name, response, err, want)
			continue
		}
		_ = response.Body.Close()
		if location := response.Header.Get("Location"); want == 301 && !strings.EqualFold(location, "https://api.demo.com/path?q=1") {
			t.Errorf("%s: got location %q", name, location)
		}
	}
}

// TestOfTwoTheOlderServes has a name twice, as the platform may allow.
func TestOfTwoTheOlderServes(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	c.only(apig.Domain{DomainID: "d-z", Name: "api.demo.com", CertIdentifier: "100-cn-hangzhou", PublishedOn: []string{"gw-1"}},
		apig.Domain{DomainID: "d-a", Name: "api.demo.com", CertIdentifier: "101-cn-hangzhou", PublishedOn: []string{"gw-1"}})
	for range 20 { // a map is behind it
		if served, _ := c.apig.Serving("api.demo.com"); served.Domain.DomainID != "d-z" {
			t.Fatalf("got %s", served.Domain.DomainID)
		}
	}
}
