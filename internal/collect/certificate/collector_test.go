package certificate_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// folder returns the folder of a manifest with a chain, its key and its roots.
func folder(tb testing.TB) (dir string, leaf, ca pkitest.Identity) {
	tb.Helper()
	dir = tb.TempDir()
	root := pkitest.Root(tb, "root")
	ca = root.CA(tb, "ca")
	leaf = ca.Leaf(tb, []string{"api.demo.com"})
	write(tb, dir, "roots.pem", pkitest.PEM(root))
	write(tb, dir, "body.pem", append([]byte("text\r\n"), pkitest.PEM(leaf, ca)...))
	write(tb, dir, "body.key", pkitest.KeyPEM(tb, leaf.Key))
	return dir, leaf, ca
}

func write(tb testing.TB, dir, name string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func collector(tb testing.TB, dir string, environment map[string]string) *certificate.Collector {
	tb.Helper()
	files, err := confine.New([]string{dir})
	if err != nil {
		tb.Fatal(err)
	}
	return with(tb, dir, files, environment)
}

func with(tb testing.TB, dir string, files certificate.Files, environment map[string]string) *certificate.Collector {
	tb.Helper()
	return trusting(tb, "roots.pem", dir, files, environment)
}

func trusting(tb testing.TB, roots, dir string, files certificate.Files, environment map[string]string) *certificate.Collector {
	tb.Helper()
	c, err := certificate.New(certificate.Config{
		Files: files, Dir: dir, Roots: roots, Now: pkitest.Now,
		LookupEnv: func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// requested returns a binding with these files; the manifest is in sub/ of Dir
// if the paths say so.
func requested(body string, key *binding.SecretRef) binding.Binding {
	return binding.Binding{DomainName: "api.demo.com", Source: binding.Position{File: "bindings.yaml"},
		Certificate: &binding.Certificate{Name: "demo", Body: body, PrivateKey: key}}
}

func TestCollect(t *testing.T) {
	dir, leaf, ca := folder(t)
	c := collector(t, dir, nil)
	cert, key := c.Collect(t.Context(), requested("body.pem", &binding.SecretRef{File: "body.key"}))
	if cert.State != evidence.StateObserved || key.State != evidence.StateObserved || !cert.At.Equal(pkitest.Now()) || cert.From != "body.pem" {
		t.Fatalf("got %+v, %+v", cert, key)
	}
	file, err := os.ReadFile(filepath.Join(dir, "body.pem"))
	if err != nil {
		t.Fatal(err)
	}
	f := cert.Facts
	if f.Problem != nil || f.Container != "pem" || f.FileDigest != pki.Digest(file) || f.ChainDigest != pki.Digest(pkitest.PEM(leaf, ca)) ||
		len(f.Chain) != 2 || f.Chain[0].Offset != 6 || strings.Join(f.Path.Subjects, ";") != "CN=api.demo.com;CN=ca,O=bindgate test;CN=root,O=bindgate test" ||
		len(f.Path.DER) != 3 || f.Path.RootsFrom != "roots.pem" {
		t.Errorf("got certificate %+v", f)
	}
	k := key.Facts
	if k.Problem != nil || k.Source != "body.key" || k.Format != "pkcs8" || k.Algorithm != "ECDSA" || k.Bits != 256 ||
		k.PublicKeyDigest != pki.Digest(leaf.RawSubjectPublicKeyInfo) || k.Escaped {
		t.Errorf("got key %+v", k)
	}
	if digest := c.RootsDigest(); !strings.HasPrefix(digest, "sha256:") {
		t.Errorf("got roots digest %q", digest)
	}
}

func TestCollectSkips(t *testing.T) {
	dir, _, _ := folder(t)
	c := collector(t, dir, nil)
	cert, key := c.Collect(t.Context(), binding.Binding{})
	if cert.State != evidence.StateNotCollected || key.State != evidence.StateNotCollected {
		t.Errorf("without a certificate: got %q, %q", cert.State, key.State)
	}
	if cert, key = c.Collect(t.Context(), requested("body.pem", nil)); cert.State != evidence.StateObserved || key.State != evidence.StateNotCollected {
		t.Errorf("without a key: got %q, %q", cert.State, key.State)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if cert, key = c.Collect(cancelled, requested("body.pem", nil)); cert.State != evidence.StateFailed || key.State != evidence.StateFailed {
		t.Errorf("cancelled: got %q, %q", cert.State, key.State)
	}
}

func TestPathsAreRelativeToTheManifest(t *testing.T) {
	dir, _, _ := folder(t)
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	c := collector(t, dir, nil)
	for source, body := range map[string]string{
		"sub/bindings.yaml": "../body.pem", filepath.Join(sub, "bindings.yaml"): "../body.pem",
		"": "body.pem", "<stdin>": "body.pem", "bindings.yaml": filepath.Join(dir, "body.pem"),
	} {
		b := requested(body, nil)
		b.Source.File = source
		if cert, _ := c.Collect(t.Context(), b); cert.State != evidence.StateObserved || cert.Facts.Problem != nil {
			t.Errorf("%q in %q: got %+v", body, source, cert.Facts.Problem)
		}
	}
}

type broken struct{ error }

func (b broken) Read(string, string, int64) (confine.File, error) {
	return confine.File{}, fmt.Errorf("reading %q: %w", "x", b.error)
}

func TestWrongFileIsAProblem(t *testing.T) {
	dir, _, _ := folder(t)
	for kind, err := range map[string]error{
		"missing": fs.ErrNotExist, "unreadable": fs.ErrPermission, "outside": confine.ErrOutside,
		"too-large": confine.ErrTooLarge, "irregular": fmt.Errorf("%w: got a FIFO, want a regular file", confine.ErrIrregular),
	} {
		cert, key := with(t, dir, broken{err}, nil).Collect(t.Context(), requested("x", &binding.SecretRef{File: "x"}))
		for _, p := range []*evidence.Problem{cert.Facts.Problem, key.Facts.Problem} {
			if cert.State != evidence.StateObserved || key.State != evidence.StateObserved || p == nil || p.Kind != kind || p.Fix == "" {
				t.Errorf("%s: got %q, %q, %+v", kind, cert.State, key.State, p)
			}
		}
	}
	// A failure of the machine says nothing about the file.
	fault := with(t, dir, broken{syscall.EIO}, nil)
	for _, ref := range []*binding.SecretRef{nil, {File: "x"}} {
		if cert, key := fault.Collect(t.Context(), requested("x", ref)); cert.State != evidence.StateFailed || key.State != evidence.StateFailed {
			t.Errorf("an input/output error: got %q, %q", cert.State, key.State)
		}
	}
}

func TestNewRefusesRoots(t *testing.T) {
	dir, _, _ := folder(t)
	for _, roots := range []string{"nowhere.pem", "body.key", "."} {
		if _, err := certificate.New(certificate.Config{Dir: dir, Roots: roots}); err == nil || !strings.Contains(err.Error(), "reading roots") {
			t.Errorf("%s: got %v", roots, err)
		}
	}
	for _, roots := range []string{"", "mozilla", "system", filepath.Join(dir, "roots.pem")} {
		if _, err := certificate.New(certificate.Config{Dir: dir, Roots: roots}); err != nil {
			t.Errorf("%q: %v", roots, err)
		}
	}
	if _, err := certificate.New(certificate.Config{Dir: dir, Roots: "nowhere.pem"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
