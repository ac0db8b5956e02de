package pki

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

func TestInOrder(t *testing.T) {
	root := pkitest.Root(t, "Root")
	upper := root.CA(t, "Upper")
	lower := upper.CA(t, "Lower")
	leaf := lower.Leaf(t, []string{"api.demo.com"})
	want := pkitest.PEM(leaf, lower, upper)
	for name, chain := range map[string][]pkitest.Identity{
		"in order": {leaf, lower, upper}, "with root": {leaf, lower, upper, root}, "reversed": {root, upper, lower, leaf},
		"duplicates": {leaf, leaf, upper, lower, lower}, "a stranger": {leaf, pkitest.Root(t, "Stranger").CA(t, "x"), upper, lower},
	} {
		got, err := InOrder(ders(chain), nil)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	for name, test := range map[string]struct{ chain, path []pkitest.Identity }{
		"by the path":               {[]pkitest.Identity{leaf, root, upper, lower}, []pkitest.Identity{leaf, lower, upper, root}},
		"reversed, the CA's path":   {[]pkitest.Identity{lower, upper, leaf}, []pkitest.Identity{lower, upper, root}},
		"reversed, the root's path": {[]pkitest.Identity{root, upper, lower, leaf}, []pkitest.Identity{root}},
	} {
		if got, err := InOrder(ders(test.chain), ders(test.path)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	unsaid := root.Certify(t, "Old", root.CA(t, "Old").Key, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = false, false })
	below := unsaid.Leaf(t, []string{"api.demo.com"})
	if got, err := InOrder(ders([]pkitest.Identity{unsaid, below}), nil); err != nil || !bytes.Equal(got, pkitest.PEM(below, unsaid)) {
		t.Errorf("a CA that does not say so comes first: got %s, %v", got, err)
	}
	if _, err := InOrder([][]byte{{1}}, nil); err == nil {
		t.Error("noise was put in order")
	}
}

func TestExcess(t *testing.T) {
	root := pkitest.Root(t, "Root")
	if got := LimitsExceeded([]*x509.Certificate{root.Leaf(t, []string{"a.example"}).Certificate, root.Certificate}); got != nil {
		t.Errorf("a sound chain: got %q", got)
	}
	many := root.CA(t, "Constrained", func(c *x509.Certificate) {
		for i := range 1000 {
			c.ExcludedDNSDomains = append(c.ExcludedDNSDomains, string(rune('a'+i%26))+"x.example")
		}
	})
	leaf := many.Leaf(t, []string{"a.example"}, func(c *x509.Certificate) {
		for range 500 {
			c.DNSNames = append(c.DNSNames, "b.example")
		}
	})
	if got := LimitsExceeded([]*x509.Certificate{leaf.Certificate, many.Certificate}); len(got) != 1 {
		t.Errorf("much constraint work: got %q", got)
	}
}

func ders(list []pkitest.Identity) (out [][]byte) {
	for _, i := range list {
		out = append(out, i.Raw)
	}
	return out
}
