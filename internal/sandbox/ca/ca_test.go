package ca

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"
)

func authority(t *testing.T) *Authority {
	t.Helper()
	root, err := New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestChainVerifiesToItsRoot(t *testing.T) {
	root := authority(t)
	first, err := root.Intermediate(Options{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Intermediate(Options{CommonName: "Second", Key: P384})
	if err != nil {
		t.Fatal(err)
	}
	for name, issuer := range map[string]*Authority{"root": root, "one": first, "two": second} {
		leaf, err := issuer.Issue(Options{Names: []string{"api.demo.com", "*.demo.com"}, Key: RSA2048})
		if err != nil {
			t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(leaf.Chain, leaf.Key)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		roots, between := x509.NewCertPool(), x509.NewCertPool()
		if !roots.AppendCertsFromPEM(issuer.Root()) {
			t.Fatal("the root is not PEM")
		}
		for _, der := range pair.Certificate[1:] {
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			between.AddCert(cert)
		}
		if _, err := leaf.Certificate.Verify(x509.VerifyOptions{DNSName: "www.demo.com", Roots: roots, Intermediates: between}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongOnesOnRequest(t *testing.T) {
	root := authority(t)
	past := time.Now().Add(-48 * time.Hour)
	leaf, err := root.Issue(Options{
		Names: []string{"api.demo.com"}, NotBefore: past.Add(-time.Hour), NotAfter: past, Key: Ed25519,
		Modify: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := leaf.Certificate
	if !c.NotAfter.Before(time.Now()) || c.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth || c.PublicKeyAlgorithm != x509.Ed25519 {
		t.Errorf("got until %s, usage %v, key %s", c.NotAfter, c.ExtKeyUsage, c.PublicKeyAlgorithm)
	}
	if _, err := root.Issue(Options{Key: KeyType(99)}); err == nil {
		t.Error("an unknown key type was taken")
	}
}
