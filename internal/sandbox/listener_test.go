package sandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

func TestListenerServesWhatIsBound(t *testing.T) {
	t.Parallel()
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Issue(ca.Options{Names: []string{"api.demo.com", "*.w.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	held := &account.Certificate{Name: "name", Body: string(leaf.Chain), PrivateKey: string(leaf.Key)}
	s, err := sandbox.Start(t.Context(), sandbox.Options{Now: time.Now, Seed: account.Seed{Groups: []account.Group{{GroupID: "g", Domains: []account.Domain{
		{DomainName: "api.demo.com", Certificate: held, IsHTTPRedirectToHTTPS: true},
		{DomainName: "*.w.demo.com", Certificate: held}, {DomainName: "plain.demo.com"},
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root.Root())
	for name, want := range map[string]bool{"api.demo.com": true, "any.w.demo.com": true, "plain.demo.com": false, "other.demo.com": false} {
		conn, err := tls.Dial("tcp", s.Listener(), &tls.Config{ServerName: name, RootCAs: pool})
		if (err == nil) != want {
			t.Errorf("%s: %v, want a handshake %t", name, err, want)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", s.Listener()) }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, want := range map[string]int{"api.demo.com": 301, "plain.demo.com": 403, "other.demo.com": 404} {
		answer, err := client.Head("http://" + name + "/")
		if err != nil || answer.StatusCode != want {
			t.Errorf("%s: %v, %v, want status %d", name, answer, err, want)
		}
	}
	idle, err := net.Dial("tcp", s.Listener()) // Close does not wait for it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idle.Close() }()
}
