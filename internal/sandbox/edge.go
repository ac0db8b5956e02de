package sandbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/apig"
)

// cloudSide is the cloud-native gateway: it serves the domains that a deployment or
// a route publishes on a running gateway, with the settings of the domain's record.
type cloudSide struct{ store *apig.Store }

func (c cloudSide) config() *tls.Config { return &tls.Config{GetConfigForClient: c.forClient} }

// forClient returns the settings of the domain that the client names; an error ends
// the handshake. A Serverless domain, whose certificate the platform manages, is not
// served here.
func (c cloudSide) forClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	served, found := c.store.Serving(strings.ToLower(hello.ServerName))
	d := served.Domain
	if !found || d.Protocol != "HTTPS" || served.Certificate.PrivateKey == "" {
		return nil, errors.New("no certificate for this name")
	}
	pair, err := tls.X509KeyPair([]byte(served.Certificate.Body), []byte(served.Certificate.PrivateKey))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tlsVersion(d.TLSMin), MaxVersion: tlsVersion(d.TLSMax), CipherSuites: suites(d.CipherSuites),
		NextProtos: []string{"http/1.1"}}
	if served.HTTP2 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	if d.MTLSEnabled {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM([]byte(served.ClientCAs)) // unreadable: every client is refused
	}
	return config, nil
}

func tlsVersion(name string) uint16 {
	return map[string]uint16{"TLS 1.0": tls.VersionTLS10, "TLS 1.1": tls.VersionTLS11, "TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}[name]
}

// suites returns those below TLS 1.3; nil: the library's. The versions of a single
// suite are not enforced.
func suites(config *apig.Suites) []uint16 {
	if config == nil || config.ConfigType != "Custom" {
		return nil
	}
	ids := map[string]uint16{}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids[suite.Name] = suite.ID
	}
	out := []uint16{}
	for _, suite := range config.List {
		out = append(out, ids[libraryName(suite.Name)])
	}
	return out
}

// libraryName turns the platform's name of a suite (OpenSSL's) into IANA's.
func libraryName(name string) string {
	exchange := "RSA"
	for _, prefix := range [...]string{"ECDHE-ECDSA-", "ECDHE-RSA-"} {
		if rest, found := strings.CutPrefix(name, prefix); found {
			exchange, name = strings.ReplaceAll(strings.TrimSuffix(prefix, "-"), "-", "_"), rest
		}
	}
	return "TLS_" + exchange + "_WITH_" + map[string]string{
		"AES128-SHA": "AES_128_CBC_SHA", "AES256-SHA": "AES_256_CBC_SHA", "CHACHA20-POLY1305": "CHACHA20_POLY1305_SHA256",
		"AES128-GCM-SHA256": "AES_128_GCM_SHA256", "AES256-GCM-SHA384": "AES_256_GCM_SHA384",
	}[name]
}

// plain answers without TLS. The status of a redirect is not documented.
func (c cloudSide) plain(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	served, found := c.store.Serving(strings.ToLower(host))
	switch {
	case !found:
		return "404 Not Found"
	case served.Domain.ForceHTTPS:
		return "301 Moved Permanently\r\nLocation: https://" + host + r.URL.RequestURI()
	}
	return "200 OK\r\nX-Sandbox-Domain: " + served.Domain.DomainID
}

// serve answers requests with the name of the server, on HTTP/2 or HTTP/1.1.
func (c cloudSide) serve(conn *tls.Conn) {
	name := conn.ConnectionState().ServerName
	one := &oneConn{conn: conn, ended: make(chan struct{})}
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name+"\n") }), // an error: the client is gone
		ReadHeaderTimeout: listenerTimeout,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState:         func(_ net.Conn, state http.ConnState) { one.state(state) },
	}
	server.SetKeepAlivesEnabled(false)
	_ = server.Serve(one) // ends when the connection does
}

// oneConn is a listener of one connection, until that ends.
type oneConn struct {
	conn  net.Conn
	taken bool
	ended chan struct{}
}

func (o *oneConn) Accept() (net.Conn, error) {
	if !o.taken {
		o.taken = true
		return o.conn, nil
	}
	<-o.ended
	return nil, net.ErrClosed
}

func (o *oneConn) state(state http.ConnState) {
	if state == http.StateClosed {
		close(o.ended)
	}
}

func (o *oneConn) Close() error   { return nil }
func (o *oneConn) Addr() net.Addr { return o.conn.LocalAddr() }
