package certificate

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"
)

// A prime shared by two keys of a run is found, whichever is read first.
func TestModuliOfARun(t *testing.T) {
	var p [5]*big.Int
	for i := range p {
		prime, err := rand.Prime(rand.Reader, 512)
		if err != nil {
			t.Fatal(err)
		}
		p[i] = prime
	}
	key := func(i, j, e int) *x509.Certificate {
		return &x509.Certificate{PublicKey: &rsa.PublicKey{N: new(big.Int).Mul(p[i], p[j]), E: e}}
	}
	m := newModuli()
	for _, step := range []struct {
		file string
		c    *x509.Certificate
		want string
	}{
		{"a", key(0, 1, 65537), ""},
		{"b", key(2, 3, 65537), ""},
		{"the same key again", key(0, 1, 65537), ""},
		{"another exponent", key(0, 1, 3), "a"},
		{"c", key(3, 4, 65537), "b"},
		{"b, read again", key(2, 3, 65537), "c"},
		{"no RSA", &x509.Certificate{}, ""},
	} {
		if got := m.related(step.c, step.file); got != step.want {
			t.Errorf("%s: got %q, want %q", step.file, got, step.want)
		}
	}
}

func BenchmarkModuli(b *testing.B) {
	m := newModuli()
	random := func() *x509.Certificate {
		n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 2048))
		return &x509.Certificate{PublicKey: &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}}
	}
	for range maxProduct / 2048 {
		m.related(random(), "x")
	}
	one := random()
	for b.Loop() {
		m.related(one, "y")
	}
}
