package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
)

// handshake makes a TLS handshake and records every presented certificate, without verifying
// it: the checks judge it. The server has proved possession of its key once the handshake
// completes or the server requests a client certificate; none is sent.
func (c *Collector) handshake(ctx context.Context, conn net.Conn, name string) (answer, error) {
	var asked bool
	var chain []evidence.Cert
	client := tls.Client(conn, &tls.Config{
		ServerName: name, NextProtos: []string{"http/1.1"},
		MinVersion:         tls.VersionTLS10, // an old policy of the group is for other checks to judge
		InsecureSkipVerify: true,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			for i, der := range raw[:min(len(raw), maxChain)] {
				parsed, err := x509.ParseCertificate(der)
				if err != nil {
					return err
				}
				chain = append(chain, evidence.NewCert(parsed, i, 0))
			}
			return nil
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return new(tls.Certificate), nil
		},
	})
	err := client.HandshakeContext(ctx)
	if err != nil && (!asked || len(chain) == 0) {
		return answer{}, classifyTLS(err)
	}
	served := &evidence.Presented{Version: "unknown", RequestsClientCertificate: asked, Chain: chain}
	if v := client.ConnectionState().Version; v != 0 {
		served.Version = tls.VersionName(v)
	}
	return answer{served: served}, nil
}

// classifyTLS returns the reason why the handshake failed.
func classifyTLS(err error) error {
	var record tls.RecordHeaderError
	var alert *net.OpError
	switch {
	case errors.As(err, new(*silence)):
		return err
	case errors.As(err, &record):
		return &silence{evidence.ProbeNotTLS, "the answer is not TLS"}
	case errors.As(err, &alert) && alert.Op == "remote error" && strings.Contains(alert.Err.Error(), "unrecognized name"):
		return &silence{evidence.ProbeNoName, "the server knows no such name"}
	case errors.As(err, &alert) && alert.Op == "remote error": // the text is of crypto/tls, by the alert's number
		return &silence{evidence.ProbeNoHandshake, "the server ended the handshake: " + strings.TrimPrefix(alert.Err.Error(), "tls: ")}
	case strings.HasPrefix(err.Error(), "tls: failed to parse certificate"):
		return &silence{evidence.ProbeNoHandshake, "the certificate that it presents cannot be parsed"}
	case strings.HasPrefix(err.Error(), "tls: "):
		return &silence{evidence.ProbeNoHandshake, "no handshake came about"}
	}
	return err
}

// plain sends a HEAD request and reads the header of the response.
func (c *Collector) plain(_ context.Context, conn net.Conn, name string) (answer, error) {
	if _, err := io.WriteString(conn, "HEAD / HTTP/1.1\r\nHost: "+name+"\r\nUser-Agent: bindgate\r\nConnection: close\r\n\r\n"); err != nil {
		return answer{}, err
	}
	request := &http.Request{Method: http.MethodHead}
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, 64<<10)), request)
	if err != nil {
		var network net.Error
		if errors.As(err, &network) {
			return answer{}, err
		}
		return answer{}, &silence{evidence.ProbeNotTLS, "the answer is not HTTP"}
	}
	defer func() { _ = response.Body.Close() }()
	out := &evidence.HTTPAnswer{Status: response.StatusCode}
	if to, err := url.Parse(response.Header.Get("Location")); err == nil && response.StatusCode/100 == 3 && to.Host != "" {
		out.RedirectTo = (&url.URL{Scheme: to.Scheme, Host: to.Host}).String() // a path may hold a secret
	}
	return answer{plain: out}, nil
}
