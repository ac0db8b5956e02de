//go:build dataplane

package certificate

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/revocation"
	"github.com/bindgate/bindgate/internal/confine"
)

// TestDataPlane compares the verdict on every pair of flaws with nginx and two
// TLS clients that have the same roots. A pair that passes must load and
// complete a handshake as sent; a refused pair that works is printed, because
// docs/design/certificates.md lists every stricter verdict.
func TestDataPlane(t *testing.T) {
	f := newForge(t)
	passed, refused, stricter := 0, 0, map[string][]string{}
	for _, c := range cases() {
		dir := t.TempDir()
		f.write(t, dir, c)
		failing, material := judgePair(t, dir)
		chain, key := read(t, dir, "chain.pem"), read(t, dir, "key.pem")
		if len(failing) == 0 {
			chain, key = material.Chain, material.Key
		}
		err := shake(t, dir, chain, key)
		switch {
		case len(failing) == 0 && err != nil:
			t.Errorf("%s passes, but: %v", c, err)
		case len(failing) == 0:
			passed++
		case err == nil:
			reason := strings.Join(failing, " ")
			stricter[reason] = append(stricter[reason], c.String())
			refused++
		default:
			refused++
		}
	}
	t.Logf("%d pairs: %d passed and shook hands, %d refused", passed+refused, passed, refused)
	reasons := make([]string, 0, len(stricter))
	for reason := range stricter {
		reasons = append(reasons, reason)
	}
	sort.Strings(reasons)
	for _, reason := range reasons {
		t.Logf("stricter, %d pairs, as %s: %s", len(stricter[reason]), reason, stricter[reason][0])
	}
}

// judgePair runs the whole family as lint does, and returns the blocking checks
// that did not pass.
func judgePair(t *testing.T, dir string) ([]string, collector.Material) {
	t.Helper()
	b := binding.Binding{DomainName: domain, Certificate: &binding.Certificate{Body: "chain.pem",
		PrivateKey: &binding.SecretRef{File: "key.pem", PassphraseEnv: "PASSPHRASE"}}}
	if _, err := os.Stat(filepath.Join(dir, "pair.p12")); err == nil {
		b.Certificate.Body, b.Certificate.PrivateKey.File = "pair.p12", "pair.p12"
	}
	c, err := collector.New(collector.Config{Files: confine.Anywhere(), Dir: dir, Roots: "roots.pem", Now: time.Now,
		LookupEnv: func(string) (string, bool) { return passphrase, true }})
	if err != nil {
		t.Fatal(err)
	}
	r, err := revocation.New(revocation.Config{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := checks.Subject{Binding: b, Evidence: evidence.Evidence{Run: evidence.Run{Now: time.Now()}}}
	s.Evidence.Certificate, s.Evidence.Key = c.Collect(t.Context(), b)
	s.Evidence.Revocation = r.Collect(t.Context(), s.Evidence.Certificate)
	var failing []string
	for _, check := range Checks() {
		if check.Severity != checks.Error {
			continue
		}
		if got := checks.Run(t.Context(), []checks.Check{check}, nil, s)[0].Status; got != checks.StatusPass && got != checks.StatusNotApplicable {
			failing = append(failing, strings.TrimPrefix(check.ID, "certificate/"))
		}
	}
	material, err := c.Material(b)
	if len(failing) == 0 && err != nil {
		t.Errorf("it passes and cannot be sent: %v", err)
	}
	return failing, material
}

// shake loads the pair into nginx and does a handshake with OpenSSL's client
// and with Go's.
func shake(t *testing.T, dir string, chain, key []byte) error {
	t.Helper()
	save(t, dir, "served.pem", chain)
	save(t, dir, "served.key", key)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	save(t, dir, "nginx.conf", []byte(fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
server { listen %[2]s ssl; ssl_certificate %[1]s/served.pem; ssl_certificate_key %[1]s/served.key; return 204; } }
`, dir, address)))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	test := exec.CommandContext(ctx, "nginx", "-t", "-q", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	test.Stdin = strings.NewReader("\n")
	if out, err := test.CombinedOutput(); err != nil {
		return fmt.Errorf("nginx -t: %w: %.200s", err, out)
	}
	server := exec.CommandContext(ctx, "nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	client := exec.CommandContext(ctx, "openssl", "s_client", "-connect", address, "-servername", domain, "-verify_hostname", domain,
		"-verify_return_error", "-CAfile", filepath.Join(dir, "roots.pem"), "-no-CApath", "-no-CAstore")
	client.Stdin = strings.NewReader("")
	out, err := client.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Verify return code: 0 (ok)")) {
		return fmt.Errorf("openssl s_client: %v: %.300s", err, out)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(read(t, dir, "roots.pem"))
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: pool, ServerName: domain})
	if err != nil {
		return fmt.Errorf("crypto/tls: %w", err)
	}
	return conn.Close()
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func save(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	domain     = "api.demo.com"
	passphrase = "demo"
)

// axis is a property that can be wrong; its first value is valid.
type axis struct {
	name   string
	values []string
}

func axes() []axis {
	return []axis{
		{"order", []string{"leaf first", "reversed", "leaf in the middle", "leaf twice", "with root"}},
		{"intermediate", []string{"there", "missing"}},
		{"key", []string{"its own", "wrong"}},
		{"ca", []string{"same key type", "other key type"}},
		{"encryption", []string{"none", "pkcs8"}},
		{"text", []string{"clean", "bom", "crlf", "text between", "literal \\n"}},
		{"dates", []string{"valid", "leaf expired", "ca expired"}},
		{"kind", []string{"p256", "p384", "rsa2048", "rsa3072", "rsa4096", "rsa1024", "p224", "p521", "ed25519", "sha1"}},
		{"container", []string{"pem", "pkcs12"}},
	}
}

// pair is one value for each axis.
type pair map[string]string

func (p pair) String() string {
	var words []string
	for _, a := range axes() {
		if p[a.name] != a.values[0] {
			words = append(words, a.name+": "+p[a.name])
		}
	}
	return strings.Join(slices.Concat([]string{"sound"}[:1-min(1, len(words))], words), ", ")
}

// cases returns the valid pair, every single flaw and every two together.
func cases() []pair {
	sound := func() pair {
		p := pair{}
		for _, a := range axes() {
			p[a.name] = a.values[0]
		}
		return p
	}
	list := []pair{sound()}
	for i, a := range axes() {
		for _, v := range a.values[1:] {
			one := sound()
			one[a.name] = v
			list = append(list, one)
			for _, b := range axes()[i+1:] {
				for _, w := range b.values[1:] {
					two := sound()
					two[a.name], two[b.name] = v, w
					list = append(list, two)
				}
			}
		}
	}
	return list
}
